"""The tables of contacts and of the looks for them, as SQLAlchemy sees them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Double, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.tables import TableBase

_EMPTY = text("'{}'::jsonb")
_EMPTY_LIST = text("'[]'::jsonb")
_NOW = text("now()")
_OUTCOMES = "outcome IN ('found', 'nobody', 'unknown', 'failed', 'skipped')"


class ContactRow(TableBase):
    """A person who decides at a lead's company. One row per lead and person.

    `provenance` holds what each source says, by source; `source`, `source_url`, `evidence` and `confidence` are the
    best one's. `not_seen_since` is when the person was first looked for and not found; nobody is ever deleted for that.
    `field_edits` says of a field who wrote it last and when, where that was a person: `{field: {"at", "by"}}`.
    """

    __tablename__ = "contacts"

    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True)
    person_key: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    name: Mapped[str]
    title: Mapped[str]
    role: Mapped[str | None]
    is_owner_like: Mapped[bool] = mapped_column(Boolean)
    linkedin_url: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    source: Mapped[str]
    source_url: Mapped[str | None]
    evidence: Mapped[str]
    confidence: Mapped[float | None] = mapped_column(Double)
    provenance: Mapped[dict[str, Any]]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    not_seen_since: Mapped[datetime | None]
    field_edits: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)


class DiscoveryRunRow(TableBase):
    """One run over the leads that were due for it."""

    __tablename__ = "discovery_runs"
    __table_args__ = (Index("ix_discovery_runs_started_at", "started_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    request: Mapped[dict[str, Any]]
    flow_run_id: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    finished_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None]


class DiscoveryRow(TableBase):
    """The last look for the people of one site, by the run `run_id`; shared by all leads with that site."""

    __tablename__ = "discoveries"
    __table_args__ = (
        CheckConstraint(_OUTCOMES, name="outcome"),
        Index("ix_discoveries_run_id", "run_id"),
    )

    site: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    website: Mapped[str]
    domain: Mapped[str | None]
    linkedin_url: Mapped[str | None]
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    contacts: Mapped[list[Any]] = mapped_column(JSONB, server_default=_EMPTY_LIST)
    pages: Mapped[list[Any]] = mapped_column(JSONB, server_default=_EMPTY_LIST)
    sources: Mapped[list[Any]] = mapped_column(JSONB, server_default=_EMPTY_LIST)
    finished_at: Mapped[datetime | None]
    fresh_until: Mapped[datetime | None]


class DiscoveryClaimRow(TableBase):
    """Who is visiting a site; as `assessment_claims`."""

    __tablename__ = "discovery_claims"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    site: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    token: Mapped[int]


class LeadDiscoveryRow(TableBase):
    """What the last look came to for one lead, by the run `run_id`.

    `address` is what the lead named then: a new one makes it due.
    """

    __tablename__ = "lead_discoveries"
    __table_args__ = (
        CheckConstraint(_OUTCOMES, name="outcome"),
        Index("ix_lead_discoveries_site", "site"),
        Index("ix_lead_discoveries_run_id", "run_id"),
    )

    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True)
    site: Mapped[str | None] = mapped_column(Text(collation="C"))
    address: Mapped[str]
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    planned_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    discovered_at: Mapped[datetime | None]
    fresh_until: Mapped[datetime | None]
