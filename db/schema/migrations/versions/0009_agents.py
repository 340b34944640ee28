"""Agents' threads, the schema in which LangGraph keeps its own tables, and campaigns."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

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
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("variants", postgresql.JSONB, nullable=False),
        sa.Column("created_at", _TIME, nullable=False, server_default=sa.text("now()")),
    )
    op.create_table(
        "campaign_letters",
        _key("campaign_id", "campaigns.id"),
        _key("lead_id", "leads.id"),
        sa.Column("approval_id", sa.Uuid, nullable=False),
        sa.Column("persona", sa.Text, nullable=False),
        sa.Column("tone", sa.Text, nullable=False),
        sa.Column("facts", postgresql.JSONB, nullable=False),
    )
    op.create_index("ix_campaign_letters_lead_id", "campaign_letters", ["lead_id"])


def _key(name: str, of: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid, sa.ForeignKey(of, ondelete="CASCADE"), primary_key=True)
