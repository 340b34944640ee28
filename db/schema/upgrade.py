"""Bringing a database to the newest schema, by Alembic."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, text

from core.errors import ConfigurationError
from db.server import prefect_backup
from db.server.backup import backup
from db.server.engine import connection_faults, own_connection

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x53414C45  # any constant; two upgrades at once wait for one another


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database at a libpq URL to `revision`. Costs one query where nothing is to be done.

    Runs in one transaction: a killed upgrade leaves the old schema. Two at once run one after the other.

    Raises:
        DatabaseUnavailable: the server cannot be reached.
    """
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with connection_faults(), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config = _config()
            newest = ScriptDirectory.from_config(config).get_current_head()
            if revision == "head" and MigrationContext.configure(connection).get_current_revision() == newest:
                return
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def upgrade_with_copy(url: str, directory: Path, *, now: datetime) -> Path | None:
    """Migrate as `upgrade`; where there are older tables, back the database up first.

    Args:
        url: libpq URL.
        directory: where copies are kept; made if need be.
        now: becomes part of the copy's name.

    Returns:
        The copy; None where nothing was to be migrated, or there was nothing yet.

    Raises:
        DatabaseUnavailable: the server cannot be reached.
        ConfigurationError: the copy cannot be written; nothing was migrated.
    """
    with connection_faults():
        revision = prefect_backup.revision_of(url)
    copy = None
    if revision is not None and revision != revisions()[-1]:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy = directory / f"sales-agent-{revision}-{now:%Y%m%dT%H%M%SZ}.dump"
        backup(url, copy, overwrite=True)
    upgrade(url)
    return copy


def revisions() -> list[str]:
    """All revisions, oldest first."""
    script = ScriptDirectory.from_config(_config())
    return [entry.revision for entry in reversed(list(script.walk_revisions()))]


@dataclass(frozen=True, slots=True)
class SchemaState:
    """A server and the tables on it.

    Attributes:
        server_version: as the server says it, e.g. "18.1".
        major_version: its first number.
        revision: of the tables; None where there are none yet.
        known: all revisions of this program, oldest first.
    """

    server_version: str
    major_version: int
    revision: str | None
    known: tuple[str, ...]


async def state_of(url: str, *, connect_timeout_s: int = 10) -> SchemaState:
    """Look at a database without changing it.

    Raises:
        DatabaseUnavailable: the server cannot be reached, or refuses us.
        ConfigurationError: `url` is no address.
    """
    try:
        async with own_connection(url, connect_timeout_s=connect_timeout_s) as connection:
            version = connection.info.parameter_status("server_version") or "of unknown version"
            major = connection.info.server_version // 10_000
            found = await (await connection.execute("SELECT to_regclass('alembic_version')")).fetchone()
            row = None
            if found and found[0]:
                row = await (await connection.execute("SELECT version_num FROM alembic_version")).fetchone()
    except psycopg.ProgrammingError:
        # The driver's message quotes the address, password included.
        raise ConfigurationError("POSTGRES_URL is no address of a database") from None
    return SchemaState(version.split(" ")[0], major, row[0] if row else None, tuple(revisions()))
