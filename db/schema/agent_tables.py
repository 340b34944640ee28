"""The table of agents' threads, as SQLAlchemy sees it; their state is in LangGraph's own tables, in another schema."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.agents.threads import THREAD_STATUSES
from db.schema.tables import TableBase


class AgentThreadRow(TableBase):
    """One thread of an agent."""

    __tablename__ = "agent_threads"
    __table_args__ = (
        CheckConstraint(f"status IN ({', '.join(map(repr, THREAD_STATUSES))})", name="status"),
        Index("ix_agent_threads_changed_at", "changed_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    agent: Mapped[str]
    status: Mapped[str]
    request: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    reason: Mapped[str | None]
    is_cancelled: Mapped[bool] = mapped_column(server_default=text("false"))
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
