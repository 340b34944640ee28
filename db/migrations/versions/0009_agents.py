"""Agents' threads, and the schema in which LangGraph keeps its own tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0006"

_TIME = sa.DateTime(timezone=True)
_STATUSES = "status IN ('running', 'waiting', 'finished', 'stopped', 'failed')"


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS langgraph")
    op.create_table(
        "agent_threads",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("request", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("reason", sa.Text),
        sa.Column("is_cancelled", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("started_at", _TIME, nullable=False, server_default=sa.text("now()")),
        sa.Column("changed_at", _TIME, nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint(_STATUSES, name="status"),
    )
    op.create_index("ix_agent_threads_changed_at", "agent_threads", ["changed_at"])
