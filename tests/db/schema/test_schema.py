"""Migrations and tables say the same, from an empty database and from every older one."""

import gzip
import importlib
import subprocess
import uuid
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import create_engine, make_url

from core.text.mailboxes import is_shared
from db.schema import upgrade as schema
from db.schema.tables import TableBase
from db.server import embedded
from db.server.backup import restore
from db.server.embedded_postgres import bin_dir

DUMPS = sorted((Path(__file__).parents[2] / "data" / "upgrade").glob("*.sql.gz"))


@pytest.fixture
def empty_database(postgres_url: str) -> str:
    """Return the URL of a database without tables."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return embedded.with_database(postgres_url, name)


for tables in Path(schema.__file__).parent.glob("*_tables.py"):
    importlib.import_module(f"db.schema.{tables.stem}")  # they join the metadata


def differences(url: str) -> list[object]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), TableBase.metadata)
    engine.dispose()
    return list(found)


@pytest.mark.parametrize("older", [None, *schema.revisions()])
def test_upgrade_from(older: str | None, empty_database: str) -> None:
    if older:
        schema.upgrade(empty_database, older)
    schema.upgrade(empty_database)
    schema.upgrade(empty_database)
    assert differences(empty_database) == []


def test_addresses_in_letters_get_their_canonical_spelling(empty_database: str) -> None:
    schema.upgrade(empty_database, "0012")
    written, canonical = "nora@bücher.example", "nora@xn--bcher-kva.example"
    with psycopg.connect(empty_database) as connection:
        connection.execute(
            "INSERT INTO leads (id, dedupe_key, contact_email) VALUES (gen_random_uuid(), %s, %s)",
            [f"email:{written}", written],
        )
        connection.execute(
            "INSERT INTO suppressions (id, kind, value, reason, added_by, added_at) VALUES "
            "(gen_random_uuid(), 'address', %s, 'opt_out', 'Odo', now()), "
            "(gen_random_uuid(), 'domain', 'bücher.example', 'opt_out', 'Odo', now())",
            [written],
        )
    schema.upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT contact_email FROM contacts").fetchall() == [(canonical,)]
        assert connection.execute("SELECT value FROM suppressions ORDER BY 1").fetchall() == [
            (canonical,),
            ("xn--bcher-kva.example",),
        ]


def test_older_tables_are_copied_before_they_are_migrated(empty_database: str, tmp_path: Path) -> None:
    now, directory = datetime(2026, 11, 30, tzinfo=UTC), tmp_path / "backups"
    assert schema.upgrade_with_copy(empty_database, directory, now=now) is None  # there was nothing yet
    assert schema.upgrade_with_copy(empty_database, directory, now=now) is None
    assert not directory.exists()


def test_a_copy_holds_what_was_there_before(empty_database: str, tmp_path: Path) -> None:
    schema.upgrade(empty_database, "0017")
    with psycopg.connect(empty_database) as connection:
        connection.execute("INSERT INTO leads (id, dedupe_key, company_name) VALUES (gen_random_uuid(), 'x', 'Acme')")
    copy = schema.upgrade_with_copy(empty_database, tmp_path / "backups", now=datetime(2026, 11, 30, tzinfo=UTC))
    assert copy is not None
    assert copy.stat().st_mode & 0o777 == 0o600
    restore(empty_database, copy, overwrite=True)
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT dedupe_key, company_name FROM leads").fetchall() == [("x", "Acme")]
    schema.upgrade(empty_database)


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        count = sql.SQL("SELECT count(*) FROM {}")
        return {name: connection.execute(count.format(sql.Identifier(name))).fetchall()[0][0] for (name,) in names}


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.name)
def test_upgrade_of_a_filled_database(dump: Path, empty_database: str) -> None:
    psql = [str(bin_dir() / "psql"), "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", empty_database]
    done = subprocess.run(psql, input=gzip.decompress(dump.read_bytes()), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    before = counts(empty_database)
    assert [name for name, count in before.items() if not count] == []
    with psycopg.connect(empty_database) as connection:
        old = connection.execute("SELECT id, contact_email, contact_name FROM leads").fetchall()
        found = connection.execute("SELECT lead_id, name FROM contacts").fetchall()
    schema.upgrade(empty_database)
    assert differences(empty_database) == []
    after = counts(empty_database)
    assert {name for name, count in before.items() if after[name] != count} <= JOINED | UNLOGGED
    assert all(after[name] <= before[name] for name in JOINED - {"contacts", "import_changes", "import_met"})
    with psycopg.connect(empty_database) as connection:
        answers = {row[0] for row in connection.execute("SELECT id FROM leads UNION SELECT old_id FROM merged_records")}
        people = connection.execute("SELECT lead_id, contact_name, contact_email FROM contacts").fetchall()
        linked = connection.execute(
            "SELECT count(*) FROM crm_links k WHERE k.remote_id IS NOT NULL AND NOT k.is_gone"
            " AND NOT EXISTS (SELECT FROM leads l WHERE l.id = k.own_id)"
            " AND NOT EXISTS (SELECT FROM contacts c WHERE c.id = k.own_id)"
        ).fetchall()
        orphans = connection.execute(
            "SELECT count(*) FROM contacts c WHERE NOT EXISTS (SELECT FROM identities i WHERE i.owner_id = c.person_id)"
        ).fetchall()
    assert {lead_id for lead_id, _, _ in old} <= answers
    assert {email for _, email, _ in old if email and not is_shared(email)} <= {email for _, _, email in people}
    assert {name for _, _, name in old if name} <= {name for _, name, _ in people}
    assert {name for _, name in found if name} <= {name for _, name, _ in people}
    assert (linked, orphans) == ([(0,)], [(0,)])


JOINED = {
    *("leads", "contacts", "assessments", "lead_enrichments", "lead_discoveries", "enrichment_attempts"),
    *("field_provenance", "crm_links", "campaign_letters", "import_changes", "import_met"),
}
"""Tables with fewer rows, or others, where leads are joined."""
UNLOGGED = {"assessment_claims", "enrichment_claims"}
