"""Backup and restore by `pg_dump` and `pg_restore`: those of the wheel, which are as new as the newest server."""

import os
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.errors import ConfigurationError, Conflict, InvalidFile
from db.server.embedded_postgres import bin_dir

# Agents' threads have a schema of their own.
_SCHEMAS = """
SELECT replace(nspname, '"', '""') FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
_NOTICES = ("NOTICE:", "DETAIL:", "drop cascades to", "and ")
"""What a program says beside an error, and before it."""


def backup(url: str, file: Path, *, overwrite: bool = False) -> int:
    """Write the database of `url` to `file` in PostgreSQL's custom format; return its size in bytes.

    Raises:
        Conflict: The file exists and is not to be overwritten.
        ConfigurationError: The file cannot be written or the server refuses.
    """
    if file.exists() and not overwrite:
        raise Conflict(f"{file} exists: name another file, or use --force.")
    try:
        # Only a whole dump gets the name, and only its owner may read it: it holds persons' data.
        with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=f".{file.name}.") as directory:
            part = Path(directory) / "dump"
            _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", str(part), url=url)
            part.chmod(0o600)
            part.rename(file)
        return file.stat().st_size
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written ({error.strerror}): name a file elsewhere.") from error


def restore(url: str, file: Path, *, overwrite: bool = False) -> None:
    """Bring back the database of a backup, all of it or nothing.

    Raises:
        InvalidFile: It is not a backup.
        Conflict: The database has tables and is not to be overwritten.
        ConfigurationError: The server refuses.
    """
    if not file.is_file():
        raise InvalidFile("there is no such file", path=str(file))
    with file.open("rb") as start:
        is_dump = start.read(5) == b"PGDMP"
    if not is_dump:
        raise InvalidFile("this is no backup: `sales-agent db backup` writes them", path=str(file))
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_stat_user_tables LIMIT 1").fetchone() and not overwrite:
            raise Conflict(f"The database holds data, which {file} would replace: use --force if that is meant.")
        schemas = [name for (name,) in connection.execute(_SCHEMAS).fetchall()]
    with tempfile.TemporaryDirectory() as directory:
        script = str(Path(directory) / "restore.sql")
        _run("pg_restore", "--no-owner", "--no-privileges", "--file", script, str(file))
        # In one transaction: tables that came after the backup go and the backup's come, or nothing happens.
        statements = [f'DROP SCHEMA "{name}" CASCADE' for name in schemas] + ["CREATE SCHEMA public"]
        empty = [part for statement in statements for part in ("--command", statement)]
        options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1", "--output", os.devnull)
        _run("psql", *options, *empty, "--file", script, url=url)


def _run(program: str, *arguments: str, url: str | None = None) -> None:
    """Run a program of PostgreSQL's; every account can read its arguments, so they hold no password."""
    environment = dict(os.environ)
    address = []
    if url is not None:
        known = conninfo_to_dict(url)
        password = known.pop("password", None)
        environment |= {} if password is None else {"PGPASSWORD": str(password)}
        address = ["--dbname", make_conninfo("", **known)]
    done = subprocess.run(  # noqa: S603 - program of the wheel
        [str(bin_dir() / program), *arguments, *address],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.strip().splitlines() if not line.startswith(_NOTICES)] or [
            "it said nothing"
        ]
        raise ConfigurationError(f"{program} failed: {said[0]}")
