"""Suppressions, tombstones, sends, meetings and the slots they hold."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"

_TIME = sa.DateTime(timezone=True)


def _texts(*names: str, nullable: bool) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _times(*names: str, nullable: bool) -> list[sa.Column[Any]]:
    return [sa.Column(name, _TIME, nullable=nullable) for name in names]


def _checks(table: str, **rules: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in rules.items()]


def _approval_id() -> sa.Column[Any]:
    return sa.Column("approval_id", sa.Uuid, sa.ForeignKey("approvals.id"), nullable=False)


def upgrade() -> None:
    _create_suppressions()
    op.create_table(
        "sends",
        _approval_id(),
        *_texts("purpose", "recipient", "message_id", "digest", "status", nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        *_texts("sent_by", nullable=False),
        *_times("intended_at", "lease_until", nullable=False),
        *_times("finished_at", nullable=True),
        *_texts("detail", "resolved_by", nullable=True),
        *_times("resolved_at", nullable=True),
        sa.PrimaryKeyConstraint("approval_id", "purpose", name="pk_sends"),
        *_checks(
            "sends",
            status="status IN ('sending', 'sent', 'not_sent', 'refused', 'unknown')",
            resolved_by="resolved_by IS NULL OR btrim(resolved_by) <> ''",
        ),
    )
    op.create_index("uq_sends_message_id", "sends", ["message_id"], unique=True)
    op.create_index("ix_sends_recipient", "sends", ["recipient"])
    open_ = sa.text("status IN ('sending', 'unknown')")
    op.create_index("ix_sends_open", "sends", ["status"], postgresql_where=open_)
    _create_meetings()


def _create_suppressions() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", sa.Uuid, nullable=False),
        *_texts("kind", "value", "reason", nullable=False),
        *_texts("note", nullable=True),
        *_texts("added_by", nullable=False),
        *_times("added_at", nullable=False),
        *_texts("removed_by", nullable=True),
        *_times("removed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_suppressions"),
        *_checks("suppressions", kind="kind IN ('address', 'domain')", added_by="btrim(added_by) <> ''"),
    )
    stands = sa.text("removed_at IS NULL")
    op.create_index("uq_suppressions_value", "suppressions", ["value"], unique=True, postgresql_where=stands)
    op.create_table(
        "tombstones",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        *_texts("key_id", "erased_by", nullable=False),
        *_times("erased_at", nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_tombstones"),
    )


def _create_meetings() -> None:
    op.create_table(
        "meetings",
        _approval_id(),
        *_texts("uid", nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        *_texts("status", nullable=False),
        sa.Column("slot", sa.Integer),
        *_times("booked_at", nullable=True),
        *_texts("crm_activity", nullable=True),
        sa.PrimaryKeyConstraint("approval_id", name="pk_meetings"),
        *_checks("meetings", status="status IN ('proposed', 'booked', 'cancelled')"),
    )
    op.create_table(
        "slots",
        sa.Column("approval_id", sa.Uuid, sa.ForeignKey("meetings.approval_id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        *_times("starts_at", "ends_at", "held_until", nullable=False),
        *_texts("status", nullable=False),
        sa.PrimaryKeyConstraint("approval_id", "number", name="pk_slots"),
        *_checks("slots", status="status IN ('held', 'booked', 'released')", times="starts_at < ends_at"),
        postgresql.ExcludeConstraint(
            (sa.func.tstzrange(sa.text("starts_at"), sa.text("ends_at")), "&&"),
            name="ex_slots_taken",
            using="gist",
            where=sa.text("status IN ('held', 'booked')"),
        ),
    )
