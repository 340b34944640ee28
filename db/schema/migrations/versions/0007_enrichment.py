"""Enrichment: runs, questions and their answers, attempts, provenance; what of the spending is assumed."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

_TIME = sa.DateTime(timezone=True)
_OUTCOMES = "outcome IN ('hit', 'miss', 'error', 'skipped', 'due')"
_LEAD_OUTCOMES = "outcome IN ('enriched', 'complete', 'nothing_found', 'skipped', 'failed', 'due')"
_STATES = "state IN ('idle', 'open', 'parked', 'answered', 'unanswered')"


def _texts(*names: str, nullable: bool) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _times(*names: str, nullable: bool) -> list[sa.Column[Any]]:
    return [sa.Column(name, _TIME, nullable=nullable) for name in names]


def _key(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), nullable=nullable)


def _uuid(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid, nullable=nullable)


def _lead_id() -> sa.Column[Any]:
    return sa.Column("lead_id", sa.Uuid, sa.ForeignKey("leads.id", ondelete="CASCADE"), nullable=False)


def _money(name: str, *, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(20, 10), nullable=False, server_default=sa.text(default) if default else None)


def upgrade() -> None:
    op.add_column("spend", _money("assumed_usd", default="0"))
    op.add_column("spend", _money("assumed_credits", default="0"))
    op.create_table(
        "enrichment_runs",
        _uuid("id"),
        *_texts("version", "selection", nullable=False),
        sa.Column("config", postgresql.JSONB, nullable=False),
        *_texts("flow_run_id", nullable=True),
        sa.Column("started_at", _TIME, nullable=False, server_default=sa.text("clock_timestamp()")),
        *_times("finished_at", nullable=True),
        sa.Column("report", postgresql.JSONB),
        sa.PrimaryKeyConstraint("id", name="pk_enrichment_runs"),
    )
    op.create_index("ix_enrichment_runs_started_at", "enrichment_runs", ["started_at"])
    _create_questions()
    _create_attempts()
    op.create_table(
        "lead_enrichments",
        _lead_id(),
        *_texts("outcome", nullable=False),
        *_texts("reason", nullable=True),
        *_texts("version", "facts_hash", nullable=False),
        _uuid("run_id"),
        *_times("enriched_at", "fresh_until", nullable=False),
        sa.Column("values_count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name="pk_lead_enrichments"),
        sa.CheckConstraint(_LEAD_OUTCOMES, name=op.f("ck_lead_enrichments_outcome")),
    )
    op.create_index("ix_lead_enrichments_run_id", "lead_enrichments", ["run_id"])
    op.create_table(
        "enrichment_claims",
        _uuid("lead_id"),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name="pk_enrichment_claims"),
        prefixes=["UNLOGGED"],
    )


def _create_questions() -> None:
    op.create_table(
        "enrichment_questions",
        _key("provider"),
        _key("question_hash"),
        *_texts("state", nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        _uuid("run_id", nullable=True),
        *_times("asked_at", "answered_at", "fresh_until", "hold_until", nullable=True),
        *_texts("outcome", "reason", nullable=True),
        sa.Column("found", postgresql.JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
        _money("cost_usd", default="0"),
        _money("cost_credits", default="0"),
        sa.Column("latency_ms", sa.Integer),
        *_texts("request_id", "ticket", nullable=True),
        *_times("collect_at", nullable=True),
        sa.PrimaryKeyConstraint("provider", "question_hash", name="pk_enrichment_questions"),
        sa.CheckConstraint(_STATES, name=op.f("ck_enrichment_questions_state")),
        sa.CheckConstraint(
            "outcome IN ('hit', 'miss', 'error', 'skipped')", name=op.f("ck_enrichment_questions_outcome")
        ),
    )
    op.create_index("ix_enrichment_questions_run_id", "enrichment_questions", ["run_id"])


def _create_attempts() -> None:
    op.create_table(
        "enrichment_attempts",
        _lead_id(),
        _uuid("run_id"),
        _key("provider"),
        _key("question_hash", nullable=True),
        *_texts("outcome", nullable=False),
        *_texts("reason", nullable=True),
        _money("cost_usd"),
        _money("cost_credits"),
        sa.Column("latency_ms", sa.Integer),
        *_texts("request_id", nullable=True),
        sa.Column("is_reused", sa.Boolean, nullable=False),
        *_times("asked_at", nullable=True),
        *_times("attempted_at", nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "run_id", "provider", name="pk_enrichment_attempts"),
        sa.CheckConstraint(_OUTCOMES, name=op.f("ck_enrichment_attempts_outcome")),
    )
    op.create_index("ix_enrichment_attempts_run_id", "enrichment_attempts", ["run_id"])
    op.create_table(
        "field_provenance",
        _lead_id(),
        _key("field"),
        *_texts("value", nullable=True),
        *_texts("source", nullable=False),
        *_texts("source_url", nullable=True),
        *_times("observed_at", nullable=False),
        sa.Column("confidence", sa.Double),
        _uuid("run_id", nullable=True),
        _key("question_hash", nullable=True),
        *_texts("original", "edited_by", nullable=True),
        sa.PrimaryKeyConstraint("lead_id", "field", name="pk_field_provenance"),
    )
    op.create_index("ix_field_provenance_run_id", "field_provenance", ["run_id"])
