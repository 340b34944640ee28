"""A copy of the Prefect server's database before a newer server migrates it, which no older one can take back.

Which migrations a server brings is read from its files: importing Prefect takes seconds, and this must know nothing of
it.
"""

import importlib.util
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg

from db.server.backup import backup

_MIGRATIONS = Path("server", "database", "_migrations", "versions", "postgresql")
_REVISION = re.compile(r"""^(revision|down_revision)\s*(?::[^=\n]+)?=\s*["'](\w+)["']""", re.MULTILINE)


def before_migration(url: str, directory: Path, *, now: datetime) -> Path | None:
    """Back up the server's database where the installed Prefect is going to migrate it.

    Args:
        url: libpq URL of that database, which may be empty.
        directory: where copies are kept.
        now: becomes part of the copy's name.

    Returns:
        The copy; None where nothing will be migrated, or there is nothing yet.

    Raises:
        ConfigurationError: it cannot be written.
    """
    found = revision_of(url)
    if found is None or found == newest_revision():
        return None
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / f"prefect-{found}-{now:%Y%m%dT%H%M%SZ}.dump"
    backup(url, file, overwrite=True)
    return file


def revision_of(url: str) -> str | None:
    """Return the migration that the database is at, or None where it has no tables."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        tables = connection.execute("SELECT to_regclass('public.alembic_version')").fetchone()
        if tables is None or tables[0] is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def newest_revision() -> str | None:
    """Return the migration that the installed Prefect ends at: the one that no other comes after."""
    spec = importlib.util.find_spec("prefect")
    if spec is None or not spec.submodule_search_locations:
        return None
    revisions: set[str] = set()
    preceding: set[str] = set()
    for file in (Path(spec.submodule_search_locations[0]) / _MIGRATIONS).glob("*.py"):
        for name, value in _REVISION.findall(file.read_text(encoding="utf-8")):
            (revisions if name == "revision" else preceding).add(value)
    last = revisions - preceding
    return last.pop() if len(last) == 1 else None


def libpq_url(url: str) -> str | None:
    """Return the libpq form of a URL as the Prefect server is given it; None for a database that is no PostgreSQL."""
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgres"):
        return None
    query = {"sslmode" if name == "ssl" else name: value for name, value in parse_qsl(parts.query)}
    return parts._replace(scheme="postgresql", query=urlencode(query)).geturl()
