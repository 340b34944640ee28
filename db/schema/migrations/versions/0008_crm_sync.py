"""Keeping leads in step with a CRM: links, cursors, what was read of change logs, audit, conflicts, dead letters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

_TIME = sa.DateTime(timezone=True)
_KEY = sa.Text(collation="C")
_EMPTY = sa.text("'{}'::jsonb")


def upgrade() -> None:
    _create_conflicts()
    _create_cursors()
    _create_dead_letters()
    _create_events()
    _create_links()
    _create_staged()
    _create_sync_logs()
    op.add_column("contacts", sa.Column("field_edits", postgresql.JSONB, server_default=_EMPTY, nullable=False))
    op.add_column("leads", sa.Column("field_edits", postgresql.JSONB, server_default=_EMPTY, nullable=False))


def _create_conflicts() -> None:
    op.create_table(
        "crm_conflicts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("own_id", sa.Uuid, nullable=False),
        sa.Column("remote_id", sa.Text),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("base", postgresql.JSONB, nullable=False),
        sa.Column("ours", postgresql.JSONB, nullable=False),
        sa.Column("theirs", postgresql.JSONB, nullable=False),
        sa.Column("winner", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_conflicts")),
    )
    op.create_index("ix_crm_conflicts_at", "crm_conflicts", ["provider", "at"])


def _create_cursors() -> None:
    op.create_table(
        "crm_cursors",
        sa.Column("provider", _KEY, nullable=False),
        sa.Column("cursor_at", _TIME),
        sa.Column("needs_full", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("newest_at", _TIME),
        sa.Column("own_keys", postgresql.ARRAY(sa.Text), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("description", postgresql.JSONB),
        sa.Column("described_at", _TIME),
        sa.Column("described_for", sa.Text),
        sa.Column("pulled_at", _TIME),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_crm_cursors")),
    )


def _create_dead_letters() -> None:
    op.create_table(
        "crm_dead_letters",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("own_id", sa.Uuid, nullable=False),
        sa.Column("remote_id", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("payload", postgresql.JSONB, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("failures", sa.BigInteger, server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.Text, server_default=sa.text("'open'"), nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("tried_at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("closed_at", _TIME),
        sa.Column("closed_by", sa.Text),
        sa.CheckConstraint("status IN ('open', 'replayed', 'dropped')", name=op.f("ck_crm_dead_letters_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_dead_letters")),
    )
    op.create_index(
        "uq_crm_dead_letters_open",
        "crm_dead_letters",
        ["provider", "kind", "own_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )


def _create_events() -> None:
    op.create_table(
        "crm_events",
        sa.Column("provider", _KEY, nullable=False),
        sa.Column("event_id", _KEY, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("lead_id", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("merged_into", sa.Text),
        sa.Column("fields", postgresql.ARRAY(sa.Text)),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("is_settled", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("provider", "event_id", "at", name=op.f("pk_crm_events")),
    )
    op.create_index("ix_crm_events_at", "crm_events", ["provider", "at"])
    op.create_index("ix_crm_events_is_settled", "crm_events", ["provider"], postgresql_where=sa.text("NOT is_settled"))


def _create_links() -> None:
    op.create_table(
        "crm_links",
        sa.Column("provider", _KEY, nullable=False),
        sa.Column("kind", _KEY, nullable=False),
        sa.Column("own_id", sa.Uuid, nullable=False),
        sa.Column("lead_id", sa.Uuid, nullable=False),
        sa.Column("person_key", sa.Text, server_default=sa.text("''"), nullable=False),
        sa.Column("remote_id", _KEY),
        sa.Column("base", postgresql.JSONB, server_default=_EMPTY, nullable=False),
        sa.Column("seen_edits", postgresql.JSONB, server_default=_EMPTY, nullable=False),
        sa.Column("other_values", postgresql.JSONB, server_default=_EMPTY, nullable=False),
        sa.Column("state", sa.Text, server_default=sa.text("'pending'"), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("since", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("failures", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", _TIME),
        sa.Column("create_sent_at", _TIME),
        sa.Column("is_made_here", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("remote_updated_at", _TIME),
        sa.Column("is_gone", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.Column("local_token", sa.Text),
        sa.Column("config_digest", sa.Text),
        sa.Column("listed_at", _TIME),
        sa.CheckConstraint("state IN ('in_sync', 'pending', 'excluded', 'failing')", name=op.f("ck_crm_links_state")),
        sa.PrimaryKeyConstraint("provider", "kind", "own_id", name=op.f("pk_crm_links")),
    )
    op.create_index("ix_crm_links_lead_id", "crm_links", ["provider", "lead_id"])
    op.create_index(
        "ix_crm_links_open",
        "crm_links",
        ["provider", "kind", "own_id"],
        postgresql_where=sa.text("state IN ('pending', 'failing')"),
    )
    op.create_index("uq_crm_links_remote_id", "crm_links", ["provider", "kind", "remote_id"], unique=True)


def _create_staged() -> None:
    op.create_table(
        "crm_staged",
        sa.Column("provider", _KEY, nullable=False),
        sa.Column("remote_id", _KEY, nullable=False),
        sa.Column("merged_into", sa.Text),
        sa.Column("times", postgresql.JSONB, server_default=_EMPTY, nullable=False),
        sa.Column("unit", postgresql.JSONB),
        sa.Column("fetched_at", _TIME),
        sa.Column("failures", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", _TIME),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("provider", "remote_id", name=op.f("pk_crm_staged")),
    )


def _create_sync_logs() -> None:
    op.create_table(
        "crm_sync_logs",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("own_id", sa.Uuid),
        sa.Column("remote_id", sa.Text),
        sa.Column("before", postgresql.JSONB, server_default=_EMPTY, nullable=False),
        sa.Column("after", postgresql.JSONB, server_default=_EMPTY, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_sync_logs")),
    )
    op.create_index("ix_crm_sync_logs_at", "crm_sync_logs", ["provider", "at"])
    op.create_index("ix_crm_sync_logs_own_id", "crm_sync_logs", ["own_id", "at"])
