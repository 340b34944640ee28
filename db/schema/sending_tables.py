"""The tables around writing to people, as SQLAlchemy sees them: whom never, what was sent, which slots are held."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.tables import TableBase

_STANDS = text("removed_at IS NULL")
_TAKEN = text("status IN ('held', 'booked')")


class SuppressionRow(TableBase):
    """Who is not written to. One that was removed stays as a record of who did so.

    `value` is an address or a domain, or names a person or a company whose address is not known; `keys` finds those
    (`core.outreach.opt_outs`). `origin` names the statement that was heard, in a file or in the CRM; none where a
    person did.
    """

    __tablename__ = "suppressions"
    __table_args__ = (
        CheckConstraint("kind IN ('address', 'domain', 'person', 'company')", name="kind"),
        CheckConstraint("btrim(added_by) <> ''", name="added_by"),
        Index("uq_suppressions_value", "value", unique=True, postgresql_where=_STANDS),
        Index("ix_suppressions_keys", "keys", postgresql_using="gin", postgresql_where=_STANDS),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str]
    value: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str | None]
    added_by: Mapped[str]
    added_at: Mapped[datetime]
    removed_by: Mapped[str | None]
    removed_at: Mapped[datetime | None]
    keys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    origin: Mapped[str | None]


class TombstoneRow(TableBase):
    """An erased person: a keyed hash of the address, which says nothing to who has no key. `key_id` names the key."""

    __tablename__ = "tombstones"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    key_id: Mapped[str]
    erased_by: Mapped[str]
    erased_at: Mapped[datetime]


class SendRow(TableBase):
    """One message that an approval allows: the intent to send it, written before, and what became of it, after."""

    __tablename__ = "sends"
    __table_args__ = (
        CheckConstraint("status IN ('sending', 'sent', 'not_sent', 'refused', 'unknown')", name="status"),
        CheckConstraint("resolved_by IS NULL OR btrim(resolved_by) <> ''", name="resolved_by"),
        Index("uq_sends_message_id", "message_id", unique=True),
        Index("ix_sends_open", "status", postgresql_where=text("status IN ('sending', 'unknown')")),
        Index("ix_sends_recipient", "recipient"),
    )

    approval_id: Mapped[UUID] = mapped_column(ForeignKey("approvals.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    message_id: Mapped[str]
    digest: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(Integer)
    sent_by: Mapped[str]
    intended_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    detail: Mapped[str | None]
    resolved_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]


class MailPauseRow(TableBase):
    """An account that nothing is sent through for now. `tried_by`: who tried last whether the trouble is over."""

    __tablename__ = "mail_pauses"

    account: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    since: Mapped[datetime]
    retry_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(Integer)
    tried_by: Mapped[str]


class MeetingRow(TableBase):
    """A meeting, proposed, and booked once its prospect has chosen. `uid` and `sequence` are its invitation's."""

    __tablename__ = "meetings"
    __table_args__ = (CheckConstraint("status IN ('proposed', 'booked', 'cancelled')", name="status"),)

    approval_id: Mapped[UUID] = mapped_column(ForeignKey("approvals.id"), primary_key=True)
    uid: Mapped[str]
    sequence: Mapped[int] = mapped_column(Integer)
    status: Mapped[str]
    slot: Mapped[int | None] = mapped_column(Integer)
    booked_at: Mapped[datetime | None]
    crm_activity: Mapped[str | None]


class SlotRow(TableBase):
    """A time that is held for a meeting. Of times that are held or booked, no two overlap."""

    __tablename__ = "slots"
    __table_args__ = (
        CheckConstraint("status IN ('held', 'booked', 'released')", name="status"),
        CheckConstraint("starts_at < ends_at", name="times"),
        ExcludeConstraint(
            (func.tstzrange(text("starts_at"), text("ends_at")), "&&"),
            name="ex_slots_taken",
            using="gist",
            where=_TAKEN,
        ),
    )

    approval_id: Mapped[UUID] = mapped_column(ForeignKey("meetings.approval_id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    held_until: Mapped[datetime]
    status: Mapped[str]
