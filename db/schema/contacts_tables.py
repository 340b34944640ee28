"""The tables of contacts and of the looks for them, as SQLAlchemy sees them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Double, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.leads.fields import FIELDS_OF_CONTACT
from db.schema.tables import WORDS_OF_NAME, TableBase

_EMPTY = text("'{}'::jsonb")
_EMPTY_LIST = text("'[]'::jsonb")
_NOW = text("now()")
_OUTCOMES = "outcome IN ('found', 'nobody', 'unknown', 'failed', 'skipped')"


class ContactRow(TableBase):
    """A person at a lead, from whichever source: a file, the CRM, a website, a provider, somebody's edit.

    Contacts with one `person_id` are one human being at several leads. `name_key` is what equal names share
    (`core.leads.names`). `state`: an import never ends a contact, a person or the CRM does ('former').
    `origin` says where the contact was met first: 'import', 'person', 'crm', or the name of a source of people. For
    such a source `provenance` holds what each says, by source, and `source_url`, `evidence` and `confidence` are the
    best one's; `not_seen_since` is when the person was first looked for and not found; nobody is deleted for that.
    `title_points` are those of the profile's last assessment, None before it.
    `field_edits` says of a field who wrote it last and when, where that was a person: `{field: {"at", "by"}}`.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'former')", name="state"),
        Index("ix_contacts_lead_id", "lead_id", "name_key"),
        Index("ix_contacts_person_id", "person_id"),
        Index("ix_contacts_name_words", text(WORDS_OF_NAME), postgresql_using="gin"),
        Index(
            "ix_contacts_contact_email",
            text("lower(contact_email)"),
            postgresql_where=text("contact_email IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"))
    person_id: Mapped[UUID] = mapped_column(Uuid)
    # One column a row of `core.leads.fields.TABLE`, as in `LeadRow`.
    locals().update({name: mapped_column(Text, nullable=True) for name in FIELDS_OF_CONTACT})
    name_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    state: Mapped[str] = mapped_column(server_default=text("'active'"))
    role: Mapped[str | None]
    is_owner_like: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    title_points: Mapped[float | None] = mapped_column(Double)
    origin: Mapped[str] = mapped_column(server_default=text("'import'"))
    source_url: Mapped[str | None]
    evidence: Mapped[str | None]
    confidence: Mapped[float | None] = mapped_column(Double)
    provenance: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    extra: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    original: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    created_import_id: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    edited_at: Mapped[datetime | None]
    edited_by: Mapped[str | None]
    last_seen_at: Mapped[datetime | None]
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
