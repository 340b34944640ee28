"""Bringing a database to the newest schema, by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, text

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x53414C45  # any constant; two upgrades at once wait for one another


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database at a libpq URL to `revision`. Costs one query where nothing is to be done.

    Runs in one transaction: a killed upgrade leaves the old schema. Two at once run one after the other.
    """
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            config = _config()
            newest = ScriptDirectory.from_config(config).get_current_head()
            if revision == "head" and MigrationContext.configure(connection).get_current_revision() == newest:
                return
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def revisions() -> list[str]:
    """All revisions, oldest first."""
    script = ScriptDirectory.from_config(_config())
    return [entry.revision for entry in reversed(list(script.walk_revisions()))]
