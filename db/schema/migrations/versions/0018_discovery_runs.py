"""Runs of discovery as rows, and sites claimed as leads are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "discovery_runs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("request", postgresql.JSONB, nullable=False),
        sa.Column("flow_run_id", sa.Text),
        sa.Column("started_at", _TIME, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("finished_at", _TIME),
        sa.Column("report", postgresql.JSONB),
        sa.PrimaryKeyConstraint("id", name="pk_discovery_runs"),
    )
    op.create_index("ix_discovery_runs_started_at", "discovery_runs", ["started_at"])
    op.create_table(
        "discovery_claims",
        sa.Column("site", sa.Text(collation="C"), nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site", name="pk_discovery_claims"),
        prefixes=["UNLOGGED"],
    )
    for name in ("claimed_by", "lease_until", "started_at"):
        op.drop_column("discoveries", name)


def downgrade() -> None:
    op.add_column("discoveries", sa.Column("claimed_by", sa.Uuid))
    op.add_column("discoveries", sa.Column("lease_until", _TIME))
    op.add_column("discoveries", sa.Column("started_at", _TIME))
    op.drop_table("discovery_claims")
    op.drop_table("discovery_runs")
