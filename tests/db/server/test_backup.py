"""A backup brings back exactly what was there, and nothing is replaced by accident."""

import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

from core.errors import ConfigurationError, Conflict, InvalidFile
from db.server import embedded
from db.server.backup import backup, restore


@pytest.fixture
def empty(postgres_url: str) -> Iterator[str]:
    """An empty database."""
    name = f"backup_{uuid.uuid4().hex[:12]}"
    yield embedded.create_database(postgres_url, name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(url: str, statement: sql.LiteralString) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_restore_brings_back_what_was_there(empty: str, tmp_path: Path) -> None:
    file = tmp_path / "leads of today.dump"
    run(empty, "CREATE TABLE kept (id int PRIMARY KEY, name text); INSERT INTO kept VALUES (1, 'Jürgen'), (2, NULL)")
    assert backup(empty, file) == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]
    run(empty, "DELETE FROM kept; CREATE TABLE later (id int)")
    with pytest.raises(Conflict, match="--force"):
        restore(empty, file)
    restore(empty, file, overwrite=True)
    assert run(empty, "SELECT * FROM kept ORDER BY id") == [(1, "Jürgen"), (2, None)]
    assert run(empty, "SELECT to_regclass('later') IS NULL") == [(True,)]


def test_restore_needs_no_force_where_nothing_is(empty: str, database: str, tmp_path: Path) -> None:
    file = tmp_path / "migrated.dump"
    backup(database, file)
    restore(empty, file)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    assert run(empty, tables) == run(database, tables) != []


def test_failed_restore_changes_nothing(empty: str, tmp_path: Path) -> None:
    run(empty, "CREATE TABLE kept AS SELECT 1 AS id")
    file = tmp_path / "half.dump"
    backup(empty, file)
    file.write_bytes(file.read_bytes()[:-20] + b"\0" * 20)
    (tmp_path / "short.dump").write_bytes(file.read_bytes()[:200])
    with pytest.raises(ConfigurationError, match="pg_restore"):
        restore(empty, tmp_path / "short.dump", overwrite=True)
    assert run(empty, "SELECT id FROM kept") == [(1,)]


def test_backup_does_not_overwrite_unasked(empty: str, tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("something else")
    with pytest.raises(Conflict, match="--force"):
        backup(empty, file)
    with pytest.raises(InvalidFile, match="no backup"):
        restore(empty, file)
    backup(empty, file, overwrite=True)
    restore(empty, file)


def test_paths_that_cannot_be_are_named(empty: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        backup(empty, tmp_path / "no" / "such" / "file")
    with pytest.raises(InvalidFile, match="no such file"):
        restore(empty, tmp_path / "absent")


def test_no_password_is_in_an_argument_that_other_accounts_can_read(tmp_path: Path) -> None:
    # The server does not answer, so the program waits, and can be looked at.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://ada:made-up@127.0.0.1:{silent.getsockname()[1]}/x"
        place = str(tmp_path / "f")
        code = f"from pathlib import Path; from db.server.backup import backup; backup({url!r}, Path({place!r}))"
        parent = psutil.Popen([sys.executable, "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        assert parent.stdin is not None
        parent.stdin.write(code.encode())
        parent.stdin.close()
        connection, _ = silent.accept()
        (child,) = parent.children()
        arguments = child.cmdline()
        connection.close()
        parent.wait(900)
        parent.stderr.close()
    assert arguments[0].endswith("pg_dump")
    assert "made-up" not in " ".join(arguments)
