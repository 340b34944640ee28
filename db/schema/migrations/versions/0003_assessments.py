"""Assessments of leads by profiles."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _at(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[Any]:
    server_default = sa.text(default) if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=server_default)


def upgrade() -> None:
    op.create_table(
        "icps",
        _text("version"),
        _text("name"),
        sa.Column("profile", postgresql.JSONB, nullable=False),
        _at("first_used_at", default="now()"),
        sa.PrimaryKeyConstraint("version", name="pk_icps"),
    )
    op.create_table(
        "qualification_runs",
        sa.Column("id", sa.Uuid, nullable=False),
        _text("icp_version"),
        _text("selection"),
        _text("flow_run_id", nullable=True),
        _at("started_at", default="clock_timestamp()"),
        _at("finished_at", nullable=True),
        sa.Column("report", postgresql.JSONB),
        sa.PrimaryKeyConstraint("id", name="pk_qualification_runs"),
        sa.ForeignKeyConstraint(["icp_version"], ["icps.version"], name="fk_qualification_runs_icp_version"),
    )
    op.create_index("ix_qualification_runs_started_at", "qualification_runs", ["started_at"])
    op.create_table(
        "assessments",
        sa.Column("lead_id", sa.Uuid, nullable=False),
        _text("outcome"),
        _text("reason", nullable=True),
        sa.Column("score", sa.Numeric),
        sa.Column("rules_score", sa.Numeric),
        _text("tier", nullable=True),
        sa.Column("confidence", sa.Numeric),
        sa.Column("breakdown", postgresql.JSONB, nullable=False),
        _text("reasoning", nullable=True),
        _text("model", nullable=True),
        _text("icp_version"),
        _text("facts_hash"),
        sa.Column("run_id", sa.Uuid, nullable=False),
        _at("assessed_at"),
        sa.PrimaryKeyConstraint("lead_id", name="pk_assessments"),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name="fk_assessments_lead_id", ondelete="CASCADE"),
        sa.CheckConstraint(
            "outcome IN ('scored', 'scored_by_rules', 'skipped', 'failed', 'due')", name=op.f("ck_assessments_outcome")
        ),
    )
    op.create_index("ix_assessments_score", "assessments", ["score"])
    op.create_table(
        "assessment_claims",
        sa.Column("lead_id", sa.Uuid, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name="pk_assessment_claims"),
        prefixes=["UNLOGGED"],
    )
