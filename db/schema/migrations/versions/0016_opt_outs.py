"""Opt-outs that arrive as data: of persons and companies without an address too, each from where it was heard.

Addresses of suppressions, leads and contacts whose domain is written in letters get their one canonical spelling.
"""

from collections.abc import Iterator
from typing import Any

import idna
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

_IN_LETTERS = "[^ -~]"


def upgrade() -> None:
    empty = sa.text("'{}'::text[]")
    op.add_column("suppressions", sa.Column("keys", postgresql.ARRAY(sa.Text), server_default=empty, nullable=False))
    op.add_column("suppressions", sa.Column("origin", sa.Text))
    op.drop_constraint(op.f("ck_suppressions_kind"), "suppressions")
    kinds = "kind IN ('address', 'domain', 'person', 'company')"
    op.create_check_constraint(op.f("ck_suppressions_kind"), "suppressions", kinds)
    standing = sa.text("removed_at IS NULL")
    op.create_index("ix_suppressions_keys", "suppressions", ["keys"], postgresql_using="gin", postgresql_where=standing)
    _respell()


def _respell() -> None:
    connection = op.get_bind()
    for row, spelling in _written_in_letters(connection, "id", "value", "suppressions"):
        connection.execute(
            sa.text(
                "UPDATE suppressions s SET value = :new WHERE id = :id AND NOT EXISTS (SELECT FROM suppressions o "
                "WHERE o.value = :new AND o.removed_at IS NULL AND s.removed_at IS NULL)"
            ),
            {"new": spelling, "id": row},
        )
    for row, spelling in _written_in_letters(connection, "id", "contact_email", "leads"):
        connection.execute(
            sa.text("UPDATE leads SET contact_email = :new WHERE id = :id"), {"new": spelling, "id": row}
        )
        connection.execute(
            sa.text(
                "UPDATE leads l SET dedupe_key = :new WHERE id = :id AND dedupe_key LIKE 'email:%' "
                "AND NOT EXISTS (SELECT FROM leads o WHERE o.dedupe_key = :new)"
            ),
            {"new": f"email:{spelling}", "id": row},
        )
    for row, spelling in _written_in_letters(connection, "ctid::text", "email", "contacts"):
        connection.execute(
            sa.text("UPDATE contacts SET email = :new WHERE ctid = CAST(:id AS tid)"), {"new": spelling, "id": row}
        )


def _written_in_letters(connection: sa.Connection, row: str, column: str, table: str) -> Iterator[tuple[Any, str]]:
    """Yield the rows whose domain is not in ASCII, with the spelling that is; what has none stays as it is."""
    query = sa.text(f"SELECT {row}, {column} FROM {table} WHERE {column} ~ :letters")
    for found, written in connection.execute(query, {"letters": _IN_LETTERS}).all():
        local, sign, domain = written.rpartition("@")
        try:
            yield found, f"{local}{sign}{idna.encode(domain, uts46=True).decode('ascii').lower()}"
        except idna.IDNAError:
            continue


def downgrade() -> None:
    op.execute("DELETE FROM suppressions WHERE kind IN ('person', 'company')")
    op.drop_index("ix_suppressions_keys", "suppressions")
    op.drop_constraint(op.f("ck_suppressions_kind"), "suppressions")
    op.create_check_constraint(op.f("ck_suppressions_kind"), "suppressions", "kind IN ('address', 'domain')")
    op.drop_column("suppressions", "origin")
    op.drop_column("suppressions", "keys")
