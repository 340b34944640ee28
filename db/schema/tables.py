"""The tables, as SQLAlchemy sees them. Rows end in `Row`, load nothing lazily and do not leave this package.

Migrations under `migrations/` create them; `tests/db/schema/test_schema.py` compares the two.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Numeric,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.leads.fields import FIELDS_OF_LEAD

_EMPTY = text("'{}'::jsonb")
_NONE = text("'{}'::text[]")
_NOW = text("now()")
_ZERO = text("0")
_NO_IDS = text("'{}'::uuid[]")
WORDS_OF_NAME = "array_to_tsvector(array_remove(string_to_array(name_key, ' '), ''))"
"""The words of a name, each found by its beginning: what a person looks for a lead or contact by."""


class TableBase(DeclarativeBase):
    """Common metadata: constraint names are fixed, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        int: BigInteger,
        Decimal: Numeric,
    }


class LeadRow(TableBase):
    """A company that may buy; where no company is known, the person alone stands for it.

    `name_key` is what equal names share (`core.leads.names`); `aliases` are further names the company was met under, by
    their keys as well (`alias_keys`). `is_domain_shared`: other companies have this domain too, it finds nobody alone.
    `places` are further addresses of one company.
    `field_edits` says of a field who wrote it last and when, where that was a person: `{field: {"at", "by"}}`.
    """

    __tablename__ = "leads"
    __table_args__ = (
        Index("ix_leads_company_domain", "company_domain", postgresql_where=text("company_domain IS NOT NULL")),
        Index("ix_leads_name_key", "name_key", postgresql_where=text("name_key IS NOT NULL")),
        Index("ix_leads_alias_keys", "alias_keys", postgresql_using="gin", postgresql_where=text("alias_keys <> '{}'")),
        Index("ix_leads_name_words", text(WORDS_OF_NAME), postgresql_using="gin"),
        Index("ix_leads_tags", "tags", postgresql_using="gin", postgresql_where=text("tags <> '{}'")),
        Index("ix_leads_assigned_to", "assigned_to", "id", postgresql_where=text("assigned_to IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    # One column a row of `core.leads.fields.TABLE`; a class body's names may be written like any other mapping's.
    locals().update({name: mapped_column(Text, nullable=True) for name in FIELDS_OF_LEAD})
    name_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    stands_for: Mapped[str] = mapped_column(server_default=text("'company'"))
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_NONE)
    alias_keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_NONE)
    is_domain_shared: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    places: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_NONE)
    assigned_to: Mapped[str | None]
    extra: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    original: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    created_import_id: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    edited_at: Mapped[datetime | None]
    edited_by: Mapped[str | None]
    field_edits: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)


class ImportRow(TableBase):
    """One import of one file with one set of options. `fingerprint` names both, for resuming."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'finished', 'undone')", name="status"),
        Index("ix_imports_fingerprint", "fingerprint"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    fingerprint: Mapped[str]
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'running'"))
    options: Mapped[dict[str, Any]]
    format: Mapped[dict[str, Any]]
    records: Mapped[int]
    report: Mapped[dict[str, Any] | None]
    flow_run_id: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class ImportBatchRow(TableBase):
    """One commit of an import: the records it covered and what became of them, in rows.

    `inserted` brought a lead or a contact; `matched` name what was there before this import, `repeated` what an earlier
    row of the file brought. `leads` and `contacts` are those the batch made. `kept_apart` counts the rows with an
    identity that is somebody else's, by its kind; `elsewhere` those whose person also stands at another company.
    `known` are rows of a file that was imported before and are known to change nothing.
    """

    __tablename__ = "import_batches"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    first_record: Mapped[int] = mapped_column(primary_key=True)
    next_record: Mapped[int]
    inserted: Mapped[int]
    matched: Mapped[int]
    repeated: Mapped[int]
    rejected: Mapped[int]
    leads: Mapped[int] = mapped_column(server_default=_ZERO)
    contacts: Mapped[int] = mapped_column(server_default=_ZERO)
    elsewhere: Mapped[int] = mapped_column(server_default=_ZERO)
    duplicates: Mapped[int] = mapped_column(server_default=_ZERO)
    known: Mapped[int] = mapped_column(server_default=_ZERO)
    kept_apart: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)


class ImportMetRow(TableBase):
    """The leads and contacts a batch named that were there before its import, and those of them that it changed.

    `thing_ids` are what its rows were about: a contact, or a lead without one; each once a batch; `updated_ids` those
    of them of which a value was stored.

    Arrays a batch, because a row a lead costs ten times the write-ahead log. A lead is in it once for each batch that
    named it. `keys` are identities that the batch added to what was there before.
    """

    __tablename__ = "import_met"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    first_record: Mapped[int] = mapped_column(primary_key=True)
    lead_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    contact_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=_NO_IDS)
    changed_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=_NO_IDS)
    thing_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=_NO_IDS)
    updated_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=_NO_IDS)
    keys: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=_NO_IDS)


class ImportRejectRow(TableBase):
    """A record that was not imported, as it stood in the file, and why."""

    __tablename__ = "import_rejects"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    record: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int]
    column: Mapped[str]
    value: Mapped[str]
    reason: Mapped[str]
    cells: Mapped[list[str]] = mapped_column(JSONB)


class ImportChangeRow(TableBase):
    """What an import changed in a lead or contact that was there before: values before and after, for undo.

    `record_id` is the lead's own id, or a contact's of it.
    """

    __tablename__ = "import_changes"
    __table_args__ = (Index("ix_import_changes_lead_id", "lead_id"), Index("ix_import_changes_record_id", "record_id"))

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class HeaderMappingRow(TableBase):
    """A column mapping a person confirmed for a header, used again for files with the same header."""

    __tablename__ = "header_mappings"

    header_sha256: Mapped[str] = mapped_column(primary_key=True)
    mapping: Mapped[dict[str, Any]]
    confirmed_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class IcpRow(TableBase):
    """A version of the ideal customer profile that leads were assessed by."""

    __tablename__ = "icps"

    version: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    profile: Mapped[dict[str, Any]]
    first_used_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class QualificationRunRow(TableBase):
    """One run over the leads that were due for it."""

    __tablename__ = "qualification_runs"
    __table_args__ = (Index("ix_qualification_runs_started_at", "started_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    icp_version: Mapped[str] = mapped_column(ForeignKey("icps.version"))
    selection: Mapped[str]
    flow_run_id: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    finished_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None]


class AssessmentRow(TableBase):
    """The last assessment of a lead. It is current while profile and facts are those it names."""

    __tablename__ = "assessments"
    __table_args__ = (
        CheckConstraint("outcome IN ('scored', 'scored_by_rules', 'skipped', 'failed', 'due')", name="outcome"),
        Index("ix_assessments_score", "score"),
    )

    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True)
    outcome: Mapped[str]
    reason: Mapped[str | None]
    best_contact_id: Mapped[UUID | None] = mapped_column(Uuid)
    score: Mapped[Decimal | None]
    rules_score: Mapped[Decimal | None]
    tier: Mapped[str | None]
    confidence: Mapped[Decimal | None]
    breakdown: Mapped[list[Any]] = mapped_column(JSONB)
    reasoning: Mapped[str | None]
    model: Mapped[str | None]
    icp_version: Mapped[str]
    facts_hash: Mapped[str]
    run_id: Mapped[UUID] = mapped_column(Uuid)
    assessed_at: Mapped[datetime]


class AssessmentClaimRow(TableBase):
    """Who is working on a lead: a claim counts while its advisory lock is held, so a killed process holds none.

    Unlogged: after a crash of the server, which ends every session, there is nothing to remember.
    """

    __tablename__ = "assessment_claims"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    lead_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    token: Mapped[int]
