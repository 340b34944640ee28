"""Runs of language models and agents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def _texts(*names: str, nullable: bool) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "agent_executions",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_texts("job", nullable=False),
        *_texts("node", nullable=True),
        sa.Column("lead_id", sa.Uuid()),
        sa.Column("run_id", sa.Uuid()),
        *_texts("model", nullable=False),
        *_texts("prompt_version", nullable=True),
        *_texts("status", nullable=False),
        *_texts("reason", nullable=True),
        *_counts("input_tokens", "output_tokens", "cached_tokens"),
        sa.Column("cost_usd", sa.Numeric(20, 10), nullable=False),
        sa.Column("spend_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        *_counts("latency_ms"),
        *_texts("trace_id", nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent_executions"),
        sa.CheckConstraint(
            "status IN ('answered', 'malformed', 'failed', 'refused')", name=op.f("ck_agent_executions_status")
        ),
    )
    for name in ("lead_id", "run_id"):
        op.create_index(
            f"ix_agent_executions_{name}",
            "agent_executions",
            [name],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.create_index("ix_agent_executions_started_at", "agent_executions", ["started_at"])


def downgrade() -> None:
    op.drop_table("agent_executions")
