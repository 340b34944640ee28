"""The table of approvals, as SQLAlchemy sees it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.tables import TableBase

_STATUSES = "status IN ('pending', 'approved', 'rejected', 'expired', 'stale', 'executing', 'executed', 'failed')"


class ApprovalRow(TableBase):
    """Something a person has to agree to.

    `content`, `facts` and `original_content` are text, not jsonb: they are the very characters that were hashed.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint(_STATUSES, name="status"),
        CheckConstraint("decision IN ('approve', 'reject')", name="decision"),
        CheckConstraint("(decision IS NULL) = (decided_by IS NULL) AND btrim(decided_by) <> ''", name="decided_by"),
        CheckConstraint("status NOT IN ('approved', 'executing', 'executed') OR decision = 'approve'", name="approved"),
        Index("uq_approvals_pending", "kind", "subject_id", unique=True, postgresql_where=text("status = 'pending'")),
        Index(
            "ix_approvals_open",
            "status",
            "expires_at",
            postgresql_where=text("status IN ('pending', 'approved', 'executing')"),
        ),
        Index("ix_approvals_requested_at", "requested_at"),
        Index("ix_approvals_lead_id", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
        Index("ix_approvals_contact_id", "contact_id", postgresql_where=text("contact_id IS NOT NULL")),
        Index("ix_approvals_recipient", "recipient", postgresql_where=text("recipient IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    title: Mapped[str]
    recipient: Mapped[str | None]
    lead_id: Mapped[UUID | None] = mapped_column(Uuid)
    contact_id: Mapped[UUID | None] = mapped_column(Uuid)
    proposed_by: Mapped[str]
    thread_id: Mapped[str | None]
    flow_run_id: Mapped[str | None]
    content: Mapped[str]
    facts: Mapped[str]
    digest: Mapped[str]
    original_content: Mapped[str | None]
    edited_by: Mapped[str | None]
    edited_at: Mapped[datetime | None]
    status: Mapped[str]
    reason: Mapped[str | None]
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
    proved_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    revision: Mapped[int]
