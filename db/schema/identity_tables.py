"""Who is who: the tables of identities, of possible duplicates, of merged ids and of what was done to records."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, SmallInteger, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.tables import TableBase

_EMPTY = text("'{}'::jsonb")


class IdentityRow(TableBase):
    """One identity of a lead or a person: `key` is a hash of its kind and value (`core.leads.identities`).

    `owner_id` is a lead's id or a person's (`contacts.person_id`), by kind. `value` is the identity in words where no
    column of the owner says the same. No foreign key, which would cost as much as storing the row: triggers remove the
    identities of leads and contacts that are deleted.
    """

    __tablename__ = "identities"
    __table_args__ = (Index("ix_identities_owner_id", "owner_id"),)

    key: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[int] = mapped_column(SmallInteger)
    value: Mapped[str | None]


class PossibleDuplicateRow(TableBase):
    """Two leads, or two people, that may be one; a pair stands once, whatever the order. Decided, it asks no more."""

    __tablename__ = "possible_duplicates"
    __table_args__ = (
        CheckConstraint("kind IN ('lead', 'person')", name="kind"),
        CheckConstraint("first_id < second_id", name="pair"),
        CheckConstraint("decision IN ('merge', 'apart')", name="decision"),
        CheckConstraint("(decision IS NULL) = (decided_by IS NULL) AND btrim(decided_by) <> ''", name="decided_by"),
        Index("ix_possible_duplicates_second_id", "second_id"),
        Index(
            "ix_possible_duplicates_open",
            "found_at",
            "first_id",
            "second_id",
            postgresql_where=text("decision IS NULL"),
        ),
        # What people name a pair by.
        Index("ix_possible_duplicates_handle", text('"left"(md5(first_id::text || second_id::text), 12)')),
    )

    first_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    second_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str]
    reason: Mapped[str]
    import_id: Mapped[UUID | None] = mapped_column(Uuid)
    found_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]


class MergedRecordRow(TableBase):
    """An id that is no more: whoever asks for it is answered with the one it was merged into."""

    __tablename__ = "merged_records"
    __table_args__ = (
        CheckConstraint("kind IN ('lead', 'contact', 'person')", name="kind"),
        Index("ix_merged_records_new_id", "new_id"),
    )

    old_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    new_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str]
    merged_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class RecordHistoryRow(TableBase):
    """What was done to a lead or contact, by whom: merge, apart, move, edit, delete, erase. Values before and after."""

    __tablename__ = "record_history"
    __table_args__ = (
        Index("ix_record_history_record_id", "record_id", "at"),
        CheckConstraint("btrim(done_by) <> ''", name="done_by"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    record_id: Mapped[UUID] = mapped_column(Uuid)
    lead_id: Mapped[UUID | None] = mapped_column(Uuid)
    action: Mapped[str]
    done_by: Mapped[str]
    reason: Mapped[str | None]
    before: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    after: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
