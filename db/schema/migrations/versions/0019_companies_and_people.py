"""A lead is a company, contacts are its people; identities are rows of their own."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"

# Written out, not taken from `core.leads.fields`: a migration says what was true when it was made.
_PERSON = (
    "contact_name",
    "first_name",
    "last_name",
    "contact_title",
    "contact_email",
    "contact_phone",
    "linkedin_url",
)
_COMPANY = (
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
)
_ROW = ("notes", "source", "external_id")
_WORDS = "array_to_tsvector(array_remove(string_to_array(name_key, ' '), ''))"
_NOW = sa.text("now()")
_EMPTY = sa.text("'{}'::jsonb")
_NONE = sa.text("'{}'::text[]")
_NO_IDS = sa.text("'{}'::uuid[]")
_TEXTS = postgresql.ARRAY(sa.Text)
_IDS = postgresql.ARRAY(sa.Uuid)


def _text(name: str, *, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=default is None, server_default=default and sa.text(f"'{default}'"))


def _at(name: str, *, default: Any = None) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=default is None, server_default=default)


def _json(name: str, default: Any = _EMPTY) -> sa.Column[Any]:
    return sa.Column(name, postgresql.JSONB, nullable=False, server_default=default)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0"))


_REMOVE_OF_LEADS = """
CREATE FUNCTION remove_identities_of_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM identities i USING gone g WHERE i.owner_id = g.id;
    RETURN NULL;
END $$
"""
_REMOVE_OF_CONTACTS = """
CREATE FUNCTION remove_what_hangs_on_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM identities i USING gone g
    WHERE i.owner_id = g.person_id AND NOT EXISTS (SELECT FROM contacts c WHERE c.person_id = g.person_id);
    DELETE FROM field_provenance p USING gone g WHERE p.record_id = g.id;
    DELETE FROM enrichment_attempts a USING gone g WHERE a.record_id = g.id;
    DELETE FROM import_changes c USING gone g WHERE c.record_id = g.id;
    DELETE FROM campaign_letters m USING gone g WHERE m.contact_id = g.id;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER {name} AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION {function}()
"""


_ON_LEADS = (
    "import_changes",
    "assessments",
    "lead_discoveries",
    "enrichment_attempts",
    "field_provenance",
    "lead_enrichments",
    "campaign_letters",
)
"""Tables whose rows go with their lead."""


def upgrade() -> None:
    """Join the old leads into companies with their people (`joining`), and let what hangs on them follow (`moving`)."""
    from db.schema.migrations import joining, moving

    _set_old_ones_aside()
    _make_leads()
    _make_contacts()
    _make_who_is_who()
    _change_imports()
    _change_the_rest()
    connection = op.get_bind().connection.driver_connection
    if connection is None:
        raise AssertionError("an upgrade has a connection")
    joining.join(connection)
    for statement in moving.STATEMENTS:
        connection.execute(statement, {"person": list(_PERSON)} if "%(person)s" in statement else None)
    op.drop_table("old_contacts")
    op.drop_table("old_leads")
    _finish()


def _set_old_ones_aside() -> None:
    for table in _ON_LEADS:
        op.drop_constraint(f"fk_{table}_lead_id", table)
    op.drop_constraint("fk_contacts_lead_id", "contacts")
    for table in ("contacts", "leads"):
        op.rename_table(table, f"old_{table}")
        op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_old_{table}")
    op.execute("ALTER INDEX uq_leads_dedupe_key RENAME TO uq_old_leads_dedupe_key")
    op.execute("ALTER INDEX ix_leads_company_domain RENAME TO ix_old_leads_company_domain")
    op.create_index("ix_old_leads_created_at", "old_leads", ["created_at", "id"])


def _finish() -> None:
    for table in _ON_LEADS:
        op.create_foreign_key(f"fk_{table}_lead_id", table, "leads", ["lead_id"], ["id"], ondelete="CASCADE")
    op.alter_column("campaign_letters", "contact_id", nullable=False)
    op.create_primary_key("pk_campaign_letters", "campaign_letters", ["campaign_id", "contact_id"])
    op.drop_column("crm_links", "person_key")
    op.execute(_REMOVE_OF_LEADS)
    op.execute(_REMOVE_OF_CONTACTS)
    for table, function in (
        ("leads", "remove_identities_of_leads"),
        ("contacts", "remove_what_hangs_on_contacts"),
    ):
        op.execute(_TRIGGER.format(name=f"tr_{table}_deleted", table=table, function=function))


def _make_contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("lead_id", sa.Uuid, sa.ForeignKey("leads.id", ondelete="CASCADE"), nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Text) for name in (*_PERSON, *_ROW)),
        sa.Column("name_key", sa.Text(collation="C")),
        _text("state", default="active"),
        _text("role"),
        sa.Column("is_owner_like", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("title_points", sa.Double),
        _text("origin", default="import"),
        _text("source_url"),
        _text("evidence"),
        sa.Column("confidence", sa.Double),
        _json("provenance"),
        _json("extra"),
        _json("original"),
        sa.Column("created_import_id", sa.Uuid),
        _at("created_at", default=_NOW),
        _at("updated_at", default=_NOW),
        _at("edited_at"),
        _text("edited_by"),
        _at("last_seen_at"),
        _at("not_seen_since"),
        _json("field_edits"),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.CheckConstraint("state IN ('active', 'former')", name="state"),
    )
    op.create_index("ix_contacts_lead_id", "contacts", ["lead_id", "name_key"])
    op.create_index("ix_contacts_person_id", "contacts", ["person_id"])
    op.create_index("ix_contacts_name_words", "contacts", [sa.text(_WORDS)], postgresql_using="gin")
    op.create_index(
        "ix_contacts_contact_email",
        "contacts",
        [sa.text("lower(contact_email)")],
        postgresql_where=sa.text("contact_email IS NOT NULL"),
    )


def _make_who_is_who() -> None:
    op.create_table(
        "identities",
        sa.Column("key", sa.Uuid, nullable=False),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("value", sa.Text),
        sa.PrimaryKeyConstraint("key", name="pk_identities"),
    )
    op.create_index("ix_identities_owner_id", "identities", ["owner_id"])
    op.create_table(
        "possible_duplicates",
        sa.Column("first_id", sa.Uuid, nullable=False),
        sa.Column("second_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("import_id", sa.Uuid),
        _at("found_at", default=_NOW),
        _text("decision"),
        _text("decided_by"),
        _at("decided_at"),
        _text("decision_reason"),
        sa.PrimaryKeyConstraint("first_id", "second_id", name="pk_possible_duplicates"),
        sa.CheckConstraint("kind IN ('lead', 'person')", name="kind"),
        sa.CheckConstraint("first_id < second_id", name="pair"),
        sa.CheckConstraint("decision IN ('merge', 'apart')", name="decision"),
        sa.CheckConstraint("(decision IS NULL) = (decided_by IS NULL) AND btrim(decided_by) <> ''", name="decided_by"),
    )
    op.create_index("ix_possible_duplicates_second_id", "possible_duplicates", ["second_id"])
    op.create_index(
        "ix_possible_duplicates_open",
        "possible_duplicates",
        ["found_at", "first_id", "second_id"],
        postgresql_where=sa.text("decision IS NULL"),
    )
    op.create_index(
        "ix_possible_duplicates_handle",
        "possible_duplicates",
        [sa.text('"left"(md5(first_id::text || second_id::text), 12)')],
    )
    op.create_table(
        "merged_records",
        sa.Column("old_id", sa.Uuid, nullable=False),
        sa.Column("new_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        _at("merged_at", default=_NOW),
        sa.PrimaryKeyConstraint("old_id", name="pk_merged_records"),
        sa.CheckConstraint("kind IN ('lead', 'contact', 'person')", name="kind"),
    )
    op.create_index("ix_merged_records_new_id", "merged_records", ["new_id"])
    op.create_table(
        "record_history",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        _at("at", default=sa.text("clock_timestamp()")),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("lead_id", sa.Uuid),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("done_by", sa.Text, nullable=False),
        _text("reason"),
        _json("before"),
        _json("after"),
        sa.PrimaryKeyConstraint("id", name="pk_record_history"),
        sa.CheckConstraint("btrim(done_by) <> ''", name="done_by"),
    )
    op.create_index("ix_record_history_record_id", "record_history", ["record_id", "at"])


def _make_leads() -> None:
    op.create_table(
        "leads",
        sa.Column("id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Text) for name in (*_COMPANY, *_ROW)),
        sa.Column("name_key", sa.Text(collation="C")),
        _text("stands_for", default="company"),
        sa.Column("aliases", _TEXTS, nullable=False, server_default=_NONE),
        sa.Column("alias_keys", _TEXTS, nullable=False, server_default=_NONE),
        sa.Column("is_domain_shared", sa.Boolean, nullable=False, server_default=sa.text("false")),
        _json("places", sa.text("'[]'::jsonb")),
        sa.Column("tags", _TEXTS, nullable=False, server_default=_NONE),
        _text("assigned_to"),
        _json("extra"),
        _json("original"),
        sa.Column("created_import_id", sa.Uuid),
        _at("created_at", default=_NOW),
        _at("updated_at", default=_NOW),
        _at("edited_at"),
        _text("edited_by"),
        _json("field_edits"),
        sa.PrimaryKeyConstraint("id", name="pk_leads"),
    )
    op.create_index(
        "ix_leads_company_domain", "leads", ["company_domain"], postgresql_where=sa.text("company_domain IS NOT NULL")
    )
    op.create_index("ix_leads_name_key", "leads", ["name_key"], postgresql_where=sa.text("name_key IS NOT NULL"))
    op.create_index(
        "ix_leads_alias_keys",
        "leads",
        ["alias_keys"],
        postgresql_using="gin",
        postgresql_where=sa.text("alias_keys <> '{}'"),
    )
    op.create_index("ix_leads_name_words", "leads", [sa.text(_WORDS)], postgresql_using="gin")
    op.create_index(
        "ix_leads_tags", "leads", ["tags"], postgresql_using="gin", postgresql_where=sa.text("tags <> '{}'")
    )
    op.create_index(
        "ix_leads_assigned_to", "leads", ["assigned_to", "id"], postgresql_where=sa.text("assigned_to IS NOT NULL")
    )


def _change_imports() -> None:
    op.drop_column("import_batches", "updated")
    for name in ("leads", "contacts", "elsewhere", "duplicates", "known"):
        op.add_column("import_batches", _count(name))
    for name in ("contact_ids", "changed_ids", "thing_ids", "updated_ids", "keys"):
        op.add_column("import_met", sa.Column(name, _IDS, nullable=False, server_default=_NO_IDS))
    _key_by_record("import_changes", ("import_id",))


def _key_by_record(table: str, others: tuple[str, ...], last: tuple[str, ...] = ()) -> None:
    """Let rows be about a lead or one of its contacts: keyed by `record_id`, which was the lead's id."""
    op.add_column(table, sa.Column("record_id", sa.Uuid))
    op.execute(f"UPDATE {table} SET record_id = lead_id")
    op.alter_column(table, "record_id", nullable=False)
    op.drop_constraint(f"pk_{table}", table)
    op.create_primary_key(f"pk_{table}", table, [*others, "record_id", *last])


def _change_the_rest() -> None:
    op.create_index("ix_import_changes_record_id", "import_changes", ["record_id"])
    _key_by_record("enrichment_attempts", (), ("run_id", "provider"))
    op.create_index("ix_enrichment_attempts_lead_id", "enrichment_attempts", ["lead_id"])
    _key_by_record("field_provenance", (), ("field",))
    op.create_index("ix_field_provenance_lead_id", "field_provenance", ["lead_id"])
    op.add_column("assessments", sa.Column("best_contact_id", sa.Uuid))
    op.add_column("approvals", sa.Column("contact_id", sa.Uuid))
    op.create_index(
        "ix_approvals_contact_id", "approvals", ["contact_id"], postgresql_where=sa.text("contact_id IS NOT NULL")
    )
    op.add_column("campaign_letters", sa.Column("contact_id", sa.Uuid))
    op.drop_constraint("pk_campaign_letters", "campaign_letters")
