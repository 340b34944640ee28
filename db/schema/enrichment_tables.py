"""The tables of enrichment, as SQLAlchemy sees them."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Double, ForeignKey, Index, Integer, Numeric, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.tables import TableBase

_MONEY = Numeric(20, 10)
_EMPTY_LIST = text("'[]'::jsonb")
_OUTCOMES = "outcome IN ('hit', 'miss', 'error', 'skipped', 'due')"
_LEAD_OUTCOMES = "outcome IN ('enriched', 'complete', 'nothing_found', 'skipped', 'failed', 'due')"
_STATES = "state IN ('idle', 'open', 'parked', 'answered', 'unanswered')"


class EnrichmentRunRow(TableBase):
    """One run over the leads that were due for it. `version` is of the configuration and of who was there to ask."""

    __tablename__ = "enrichment_runs"
    __table_args__ = (Index("ix_enrichment_runs_started_at", "started_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[str]
    selection: Mapped[str]
    config: Mapped[dict[str, Any]]
    flow_run_id: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    finished_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None]


class EnrichmentQuestionRow(TableBase):
    """What a provider was asked, whoever of the leads it was for, and its last answer.

    `open`: somebody asks it now, while the advisory lock of `token` is held. `parked`: the provider works on it and
    gives its answer under `ticket`. `unanswered`: it may have been charged, no answer came, and it is not asked again
    before `hold_until`. `idle`: nobody asks, and there is no answer.

    `found` are the values taken from the answer; what else a provider says of a person is not kept.
    """

    __tablename__ = "enrichment_questions"
    __table_args__ = (
        CheckConstraint(_STATES, name="state"),
        CheckConstraint("outcome IN ('hit', 'miss', 'error', 'skipped')", name="outcome"),
        Index("ix_enrichment_questions_run_id", "run_id"),
    )

    provider: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    question_hash: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    state: Mapped[str]
    token: Mapped[int]
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    fresh_until: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    found: Mapped[list[Any]] = mapped_column(JSONB, server_default=_EMPTY_LIST)
    cost_usd: Mapped[Decimal] = mapped_column(_MONEY, server_default=text("0"))
    cost_credits: Mapped[Decimal] = mapped_column(_MONEY, server_default=text("0"))
    latency_ms: Mapped[int | None] = mapped_column(Integer)
    request_id: Mapped[str | None]
    ticket: Mapped[str | None]
    collect_at: Mapped[datetime | None]
    is_asked_again: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class EnrichmentAttemptRow(TableBase):
    """What a lead or one of its contacts got from a provider in a run.

    `record_id` is whom the question was about: the lead's own id, or a contact's of it. The answer itself stands in
    `enrichment_questions`.

    `cost_*` stand with the lead a question was asked for; where an answer was there already they are 0.
    """

    __tablename__ = "enrichment_attempts"
    __table_args__ = (
        CheckConstraint(_OUTCOMES, name="outcome"),
        Index("ix_enrichment_attempts_run_id", "run_id"),
        Index("ix_enrichment_attempts_lead_id", "lead_id"),
    )

    record_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"))
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    provider: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    question_hash: Mapped[str | None] = mapped_column(Text(collation="C"))
    outcome: Mapped[str]
    reason: Mapped[str | None]
    cost_usd: Mapped[Decimal] = mapped_column(_MONEY)
    cost_credits: Mapped[Decimal] = mapped_column(_MONEY)
    latency_ms: Mapped[int | None] = mapped_column(Integer)
    request_id: Mapped[str | None]
    is_reused: Mapped[bool] = mapped_column(Boolean)
    asked_at: Mapped[datetime | None]
    attempted_at: Mapped[datetime]


class FieldProvenanceRow(TableBase):
    """Where the present value of a field of a lead or a contact comes from, where that is not an import.

    `record_id` is the lead's own id, or a contact's of it.

    `source` is a provider, or 'person' with `edited_by`; a person's `value` may be empty. `original` is what stood
    there before the first provider's value. It counts while the lead still has `value`.
    """

    __tablename__ = "field_provenance"
    __table_args__ = (
        Index("ix_field_provenance_run_id", "run_id"),
        Index("ix_field_provenance_lead_id", "lead_id"),
    )

    record_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    value: Mapped[str | None]
    source: Mapped[str]
    source_url: Mapped[str | None]
    observed_at: Mapped[datetime]
    confidence: Mapped[float | None] = mapped_column(Double)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    question_hash: Mapped[str | None] = mapped_column(Text(collation="C"))
    original: Mapped[str | None]
    edited_by: Mapped[str | None]


class LeadEnrichmentRow(TableBase):
    """What the last look came to for one lead; current while version and facts are those it names."""

    __tablename__ = "lead_enrichments"
    __table_args__ = (CheckConstraint(_LEAD_OUTCOMES, name="outcome"), Index("ix_lead_enrichments_run_id", "run_id"))

    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True)
    outcome: Mapped[str]
    reason: Mapped[str | None]
    version: Mapped[str]
    facts_hash: Mapped[str]
    run_id: Mapped[UUID] = mapped_column(Uuid)
    enriched_at: Mapped[datetime]
    fresh_until: Mapped[datetime]
    values_count: Mapped[int] = mapped_column(Integer)


class EnrichmentClaimRow(TableBase):
    """Who is working on a lead; as `assessment_claims`."""

    __tablename__ = "enrichment_claims"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    lead_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token: Mapped[int]
