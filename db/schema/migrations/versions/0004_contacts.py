"""Contacts and the looks for them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

_TIME = sa.DateTime(timezone=True)
_OUTCOMES = "outcome IN ('found', 'nobody', 'unknown', 'failed', 'skipped')"


def _texts(*names: str, nullable: bool) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _times(*names: str, nullable: bool) -> list[sa.Column[Any]]:
    return [sa.Column(name, _TIME, nullable=nullable) for name in names]


def _list(name: str) -> sa.Column[Any]:
    return sa.Column(name, postgresql.JSONB, nullable=False, server_default=sa.text("'[]'::jsonb"))


def _lead_id() -> sa.Column[Any]:
    return sa.Column("lead_id", sa.Uuid, sa.ForeignKey("leads.id", ondelete="CASCADE"), nullable=False)


def _key(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "contacts",
        _lead_id(),
        _key("person_key"),
        *_texts("name", "title", nullable=False),
        *_texts("role", nullable=True),
        sa.Column("is_owner_like", sa.Boolean, nullable=False),
        *_texts("linkedin_url", "email", "phone", nullable=True),
        *_texts("source", nullable=False),
        *_texts("source_url", nullable=True),
        *_texts("evidence", nullable=False),
        sa.Column("confidence", sa.Double, nullable=True),
        sa.Column("provenance", postgresql.JSONB, nullable=False),
        *_times("first_seen_at", "last_seen_at", nullable=False),
        *_times("not_seen_since", nullable=True),
        sa.PrimaryKeyConstraint("lead_id", "person_key", name="pk_contacts"),
    )
    op.create_table(
        "discoveries",
        _key("site"),
        *_texts("website", nullable=False),
        *_texts("domain", "linkedin_url", nullable=True),
        sa.Column("claimed_by", sa.Uuid),
        *_times("lease_until", nullable=True),
        sa.Column("run_id", sa.Uuid),
        *_texts("outcome", "reason", nullable=True),
        *map(_list, ["contacts", "pages", "sources"]),
        *_times("started_at", "finished_at", "fresh_until", nullable=True),
        sa.PrimaryKeyConstraint("site", name="pk_discoveries"),
        sa.CheckConstraint(_OUTCOMES, name=op.f("ck_discoveries_outcome")),
    )
    op.create_index("ix_discoveries_run_id", "discoveries", ["run_id"])
    op.create_table(
        "lead_discoveries",
        _lead_id(),
        _key("site", nullable=True),
        *_texts("address", nullable=False),
        sa.Column("run_id", sa.Uuid),
        *_texts("outcome", "reason", nullable=True),
        sa.Column("planned_at", _TIME, nullable=False, server_default=sa.text("now()")),
        *_times("discovered_at", "fresh_until", nullable=True),
        sa.PrimaryKeyConstraint("lead_id", name="pk_lead_discoveries"),
        sa.CheckConstraint(_OUTCOMES, name=op.f("ck_lead_discoveries_outcome")),
    )
    op.create_index("ix_lead_discoveries_site", "lead_discoveries", ["site"])
    op.create_index("ix_lead_discoveries_run_id", "lead_discoveries", ["run_id"])
