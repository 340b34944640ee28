"""The tables of the synchronisation with a CRM, as SQLAlchemy sees them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Identity, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.tables import TableBase

_EMPTY = text("'{}'::jsonb")
_NOW = text("now()")
_FALSE = text("false")
_NONE = text("'{}'::text[]")


def _key() -> Mapped[str]:
    return mapped_column(Text(collation="C"), primary_key=True)


class CrmLinkRow(TableBase):
    """What is known of one record's twin in a CRM, and the record's state.

    No foreign key to the lead: that a lead was deleted is news for the CRM. `base` is what both sides last agreed on;
    `other_values` are items of lists beyond the one that a lead's column holds. `local_token` and `config_digest` are
    those of the lead when it was looked at last: while they are the same, there is nothing to do.
    """

    __tablename__ = "crm_links"
    __table_args__ = (
        CheckConstraint("state IN ('in_sync', 'pending', 'excluded', 'failing')", name="state"),
        Index("uq_crm_links_remote_id", "provider", "kind", "remote_id", unique=True),
        Index("ix_crm_links_lead_id", "provider", "lead_id"),
        Index(
            "ix_crm_links_open", "provider", "kind", "own_id", postgresql_where=text("state IN ('pending', 'failing')")
        ),
    )

    provider: Mapped[str] = _key()
    kind: Mapped[str] = _key()
    own_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(Uuid)
    remote_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    base: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    seen_edits: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    other_values: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    reason: Mapped[str | None]
    since: Mapped[datetime] = mapped_column(server_default=_NOW)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    next_try_at: Mapped[datetime | None]
    create_sent_at: Mapped[datetime | None]
    is_made_here: Mapped[bool] = mapped_column(Boolean, server_default=_FALSE)
    remote_updated_at: Mapped[datetime | None]
    is_gone: Mapped[bool] = mapped_column(Boolean, server_default=_FALSE)
    local_token: Mapped[str | None]
    config_digest: Mapped[str | None]
    listed_at: Mapped[datetime | None]


class CrmCursorRow(TableBase):
    """How far a CRM's change log was read, and what the CRM said of itself.

    Everything up to `cursor_at` (the CRM's clock) is known. `needs_full` asks for a comparison of every record.
    """

    __tablename__ = "crm_cursors"

    provider: Mapped[str] = _key()
    cursor_at: Mapped[datetime | None]
    needs_full: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    newest_at: Mapped[datetime | None]
    own_keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_NONE)
    description: Mapped[dict[str, Any] | None]
    described_at: Mapped[datetime | None]
    described_for: Mapped[str | None]
    pulled_at: Mapped[datetime | None]


class CrmEventRow(TableBase):
    """An entry of the change log that was read, so that reading it again through the overlap costs nothing."""

    __tablename__ = "crm_events"
    __table_args__ = (
        Index("ix_crm_events_is_settled", "provider", postgresql_where=text("NOT is_settled")),
        Index("ix_crm_events_at", "provider", "at"),
    )

    provider: Mapped[str] = _key()
    event_id: Mapped[str] = _key()
    at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str]
    record_id: Mapped[str]
    lead_id: Mapped[str | None]
    action: Mapped[str]
    merged_into: Mapped[str | None]
    fields: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    verdict: Mapped[str]
    overwritten: Mapped[dict[str, Any] | None]
    is_settled: Mapped[bool] = mapped_column(Boolean, server_default=_FALSE)


class CrmStagedRow(TableBase):
    """A company of the CRM that asks for a look; with `fetched_at`, what was seen (no `unit`: it is gone)."""

    __tablename__ = "crm_staged"

    provider: Mapped[str] = _key()
    remote_id: Mapped[str] = _key()
    merged_into: Mapped[str | None]
    times: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    overwritten: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    unit: Mapped[dict[str, Any] | None]
    fetched_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    next_try_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class CrmSyncLogRow(TableBase):
    """One operation on one side: who, what, before and after."""

    __tablename__ = "crm_sync_logs"
    __table_args__ = (
        Index("ix_crm_sync_logs_own_id", "own_id", "at"),
        Index("ix_crm_sync_logs_at", "provider", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[UUID] = mapped_column(Uuid)
    provider: Mapped[str]
    side: Mapped[str]
    action: Mapped[str]
    kind: Mapped[str]
    own_id: Mapped[UUID | None] = mapped_column(Uuid)
    remote_id: Mapped[str | None]
    before: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    after: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    actor: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    request_id: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class CrmConflictRow(TableBase):
    """Both sides wanted something different of one field: both values, and who won by which rule."""

    __tablename__ = "crm_conflicts"
    __table_args__ = (Index("ix_crm_conflicts_at", "provider", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    run_id: Mapped[UUID] = mapped_column(Uuid)
    provider: Mapped[str]
    kind: Mapped[str]
    own_id: Mapped[UUID] = mapped_column(Uuid)
    remote_id: Mapped[str | None]
    field: Mapped[str]
    base: Mapped[Any] = mapped_column(JSONB)
    ours: Mapped[Any] = mapped_column(JSONB)
    theirs: Mapped[Any] = mapped_column(JSONB)
    winner: Mapped[str]
    rule: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class DeadLetterRow(TableBase):
    """What could not be sent, as it was, and why. At most one is open for a record."""

    __tablename__ = "crm_dead_letters"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'replayed', 'dropped')", name="status"),
        Index(
            "uq_crm_dead_letters_open",
            "provider",
            "kind",
            "own_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    provider: Mapped[str]
    kind: Mapped[str]
    own_id: Mapped[UUID] = mapped_column(Uuid)
    remote_id: Mapped[str | None]
    action: Mapped[str]
    payload: Mapped[dict[str, Any]]
    reason: Mapped[str]
    failures: Mapped[int] = mapped_column(server_default=text("1"))
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    tried_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
