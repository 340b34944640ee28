"""A copy of Prefect's database is made where a newer server is going to migrate it, and only there."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from db.server import embedded, prefect_backup
from db.server.backup import restore

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def of_prefect(postgres_url: str) -> Iterator[str]:
    """A database that a Prefect server has made tables in, at the migration that is installed."""
    name = f"prefect_{uuid.uuid4().hex[:12]}"
    url = embedded.create_database(postgres_url, name)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", [prefect_backup.newest_revision()])
        connection.execute("CREATE TABLE flow_run AS SELECT 'kept' AS name")
    yield url
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_nothing_is_copied_where_nothing_is_migrated(of_prefect: str, database: str, tmp_path: Path) -> None:
    assert prefect_backup.before_migration(of_prefect, tmp_path / "backups", now=NOW) is None
    with psycopg.connect(database) as connection:
        connection.execute("DROP TABLE alembic_version")
    assert prefect_backup.before_migration(database, tmp_path / "backups", now=NOW) is None
    assert list(tmp_path.iterdir()) == []


def test_an_older_database_is_copied_whole_for_its_owner_alone(of_prefect: str, tmp_path: Path) -> None:
    with psycopg.connect(of_prefect) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '25f4b90a7a42'")
    copy = prefect_backup.before_migration(of_prefect, tmp_path / "backups", now=NOW)
    assert copy == tmp_path / "backups" / "prefect-25f4b90a7a42-20261130T120000Z.dump"
    assert copy.stat().st_mode & 0o077 == copy.parent.stat().st_mode & 0o077 == 0
    with psycopg.connect(of_prefect) as connection:
        connection.execute("DROP TABLE flow_run")
    restore(of_prefect, copy, overwrite=True)
    with psycopg.connect(of_prefect) as connection:
        assert connection.execute("SELECT name FROM flow_run").fetchall() == [("kept",)]


@pytest.mark.parametrize(
    ("given", "libpq"),
    [
        ("postgresql+asyncpg://ada:pw@h:5432/x?ssl=require", "postgresql://ada:pw@h:5432/x?sslmode=require"),
        ("postgresql+asyncpg://postgres:@/x?host=%2Frun", "postgresql://postgres:@/x?host=%2Frun"),
        ("sqlite+aiosqlite:////somewhere/x.db", None),
    ],
)
def test_the_servers_address_is_put_as_libpq_has_it(given: str, libpq: str | None) -> None:
    assert prefect_backup.libpq_url(given) == libpq
