"""What tasks work with, made from the settings: the database, and directories of our own."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from core.settings.settings import settings
from db.schema.upgrade import upgrade_with_copy
from db.server.embedded import postgres_url
from db.server.engine import Connection, Engine, open_engine, transaction
from db.server.private_dirs import explained

log = logging.getLogger(__name__)


def database_url() -> str:
    """Return the address of the database, started if it is ours and migrated if it is old."""
    url = postgres_url(settings())
    _upgrade_once(url)
    return url


@cache
def _upgrade_once(url: str) -> None:
    copy = upgrade_with_copy(url, settings().home / "backups", now=datetime.now(UTC))
    if copy is not None:
        log.warning("database_migrated", extra={"copy_of_before": str(copy)})


@asynccontextmanager
async def database() -> AsyncIterator[Connection]:
    """Yield a connection in a transaction; for tasks, which live in an event loop of their own."""
    engine = open_engine(database_url(), connect_timeout_s=settings().postgres.connect_timeout_s)
    try:
        async with transaction(engine) as connection:
            yield connection
    finally:
        await engine.dispose()


@asynccontextmanager
async def database_engine() -> AsyncIterator[Engine]:
    """Yield an engine for many transactions of one task, which lives in an event loop of its own."""
    chosen = settings().postgres
    engine = open_engine(
        database_url(),
        pool_min=chosen.pool_min,
        pool_max=chosen.pool_max,
        connect_timeout_s=chosen.connect_timeout_s,
    )
    try:
        yield engine
    finally:
        await engine.dispose()


def own_directory(name: str) -> Path:
    """Return a directory in the data directory, made if it is not there, readable by its owner alone."""
    directory = settings().home / name
    with explained(settings().home):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory
