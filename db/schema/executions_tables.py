"""The table of model and agent runs, as SQLAlchemy sees it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, Numeric, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.tables import TableBase


class AgentExecutionRow(TableBase):
    """One run of a language model or an agent.

    `spend_ids` are the entries of the cost book that hold what it cost. There is no foreign key to leads: what was paid
    for a lead is remembered after the lead is gone.
    """

    __tablename__ = "agent_executions"
    __table_args__ = (
        CheckConstraint("status IN ('answered', 'malformed', 'failed', 'refused')", name="status"),
        Index("ix_agent_executions_lead_id", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
        Index("ix_agent_executions_run_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        Index("ix_agent_executions_started_at", "started_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    job: Mapped[str]
    node: Mapped[str | None]
    lead_id: Mapped[UUID | None] = mapped_column(Uuid)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    model: Mapped[str]
    prompt_version: Mapped[str | None]
    status: Mapped[str]
    reason: Mapped[str | None]
    input_tokens: Mapped[int] = mapped_column(Integer)
    output_tokens: Mapped[int] = mapped_column(Integer)
    cached_tokens: Mapped[int] = mapped_column(Integer)
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(20, 10))
    spend_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    latency_ms: Mapped[int] = mapped_column(Integer)
    trace_id: Mapped[str | None]
    started_at: Mapped[datetime]
