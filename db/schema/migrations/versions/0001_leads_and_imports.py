"""Leads and imports."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# Written out, not taken from `core.leads.lead`: a migration says what was true when it was made.
_FIELDS = (
    "company_name",
    "company_website",
    "company_domain",
    "industry",
    "company_size",
    "annual_revenue",
    "street",
    "city",
    "state",
    "country",
    "postal_code",
    "company_phone",
    "company_linkedin_url",
    "contact_name",
    "first_name",
    "last_name",
    "contact_title",
    "contact_email",
    "contact_phone",
    "linkedin_url",
    "notes",
    "source",
    "external_id",
)

_NOW = sa.text("now()")
_EMPTY = sa.text("'{}'::jsonb")


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=None if nullable else _NOW)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _import_id() -> sa.Column[Any]:
    return sa.Column("import_id", sa.Uuid, sa.ForeignKey("imports.id", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "leads",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("dedupe_key", sa.Text(collation="C"), nullable=False),
        *(sa.Column(field, sa.Text) for field in _FIELDS),
        sa.Column("extra", postgresql.JSONB, nullable=False, server_default=_EMPTY),
        sa.Column("original", postgresql.JSONB, nullable=False, server_default=_EMPTY),
        sa.Column("created_import_id", sa.Uuid),
        _at("created_at"),
        _at("updated_at"),
        _at("edited_at", nullable=True),
        sa.Column("edited_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_leads"),
        sa.UniqueConstraint("dedupe_key", name="uq_leads_dedupe_key"),
    )
    op.create_index(
        "ix_leads_company_domain", "leads", ["company_domain"], postgresql_where=sa.text("company_domain IS NOT NULL")
    )
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("file_sha256", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default=sa.text("'running'")),
        sa.Column("options", postgresql.JSONB, nullable=False),
        sa.Column("format", postgresql.JSONB, nullable=False),
        _count("records"),
        sa.Column("report", postgresql.JSONB),
        sa.Column("flow_run_id", sa.Text),
        _at("started_at"),
        _at("finished_at", nullable=True),
        _at("undone_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.CheckConstraint("status IN ('running', 'finished', 'undone')", name=op.f("ck_imports_status")),
    )
    op.create_index("ix_imports_fingerprint", "imports", ["fingerprint"])
    op.create_table(
        "import_batches",
        _import_id(),
        *map(_count, ["first_record", "next_record", "inserted", "matched", "updated", "repeated", "rejected"]),
        sa.PrimaryKeyConstraint("import_id", "first_record", name="pk_import_batches"),
    )
    op.create_table(
        "import_met",
        _import_id(),
        _count("first_record"),
        sa.Column("lead_ids", postgresql.ARRAY(sa.Uuid), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "first_record", name="pk_import_met"),
    )
    op.create_table(
        "import_rejects",
        _import_id(),
        _count("record"),
        _count("line"),
        sa.Column("column", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("cells", postgresql.JSONB, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "record", name="pk_import_rejects"),
    )
    op.create_table(
        "import_changes",
        _import_id(),
        sa.Column("lead_id", sa.Uuid, sa.ForeignKey("leads.id", ondelete="CASCADE"), nullable=False),
        sa.Column("before", postgresql.JSONB, nullable=False),
        sa.Column("after", postgresql.JSONB, nullable=False),
        sa.Column(
            "changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.PrimaryKeyConstraint("import_id", "lead_id", name="pk_import_changes"),
    )
    op.create_index("ix_import_changes_lead_id", "import_changes", ["lead_id"])
    op.create_table(
        "header_mappings",
        sa.Column("header_sha256", sa.Text, nullable=False),
        sa.Column("mapping", postgresql.JSONB, nullable=False),
        _at("confirmed_at"),
        sa.PrimaryKeyConstraint("header_sha256", name="pk_header_mappings"),
    )
