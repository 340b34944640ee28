"""Approvals."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TIME = sa.DateTime(timezone=True)
_STATUSES = "status IN ('pending', 'approved', 'rejected', 'expired', 'stale', 'executing', 'executed', 'failed')"
_CHECKS = {
    "status": _STATUSES,
    "decision": "decision IN ('approve', 'reject')",
    "decided_by": "(decision IS NULL) = (decided_by IS NULL) AND btrim(decided_by) <> ''",
    "approved": "status NOT IN ('approved', 'executing', 'executed') OR decision = 'approve'",
}


def _texts(*names: str, nullable: bool) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _times(*names: str, nullable: bool) -> list[sa.Column[Any]]:
    return [sa.Column(name, _TIME, nullable=nullable) for name in names]


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Uuid, nullable=False),
        *_texts("kind", "subject_id", "title", nullable=False),
        *_texts("recipient", nullable=True),
        sa.Column("lead_id", sa.Uuid),
        *_texts("proposed_by", nullable=False),
        *_texts("thread_id", "flow_run_id", nullable=True),
        *_texts("content", "facts", "digest", nullable=False),
        *_texts("original_content", "edited_by", nullable=True),
        *_times("edited_at", nullable=True),
        *_texts("status", nullable=False),
        *_texts("reason", "decision", "decided_by", nullable=True),
        *_times("decided_at", nullable=True),
        *_texts("claimed_by", nullable=True),
        *_times("lease_until", nullable=True),
        *_times("requested_at", "expires_at", nullable=False),
        *_times("closed_at", nullable=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_approvals_{name}")) for name, rule in _CHECKS.items()),
    )
    open_ = sa.text("status IN ('pending', 'approved', 'executing')")
    pending = sa.text("status = 'pending'")
    op.create_index("uq_approvals_pending", "approvals", ["kind", "subject_id"], unique=True, postgresql_where=pending)
    op.create_index("ix_approvals_open", "approvals", ["status", "expires_at"], postgresql_where=open_)
    op.create_index("ix_approvals_requested_at", "approvals", ["requested_at"])
    for name in ("lead_id", "recipient"):
        named = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_approvals_{name}", "approvals", [name], postgresql_where=named)
