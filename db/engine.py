"""Connections to Postgres. Only `transaction()` commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import DatabaseUnavailable


def open_engine(url: str, *, pool_min: int = 1, pool_max: int = 5, connect_timeout_s: int = 10) -> AsyncEngine:
    """Make an engine for a libpq URL (`postgresql://...`); connects at first use.

    Args:
        url: address of the database, TCP or Unix socket (`?host=/directory`).
        pool_min: connections kept open.
        pool_max: connections at most.
        connect_timeout_s: seconds until a connection attempt is given up.
    """
    return create_async_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=max(pool_min, 1),
        max_overflow=max(pool_max - max(pool_min, 1), 0),
        pool_pre_ping=True,
        connect_args={"connect_timeout": connect_timeout_s, "application_name": "sales-agent"},
    )


# SQLSTATE classes (PostgreSQL documentation, Appendix A): connection exceptions, shutdowns, too many connections.
_GONE = ("08", "57P", "53")

Engine = AsyncEngine
"""Connections for as long as a task lasts."""

Connection = AsyncConnection
"""What the functions of this package work on: a connection in somebody else's transaction."""


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Yield a connection in a transaction; commits at the end, rolls back on an error.

    Raises:
        DatabaseUnavailable: the server cannot be reached, or went away meanwhile.
    """
    try:
        async with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        if isinstance(error.orig, psycopg.OperationalError) and _is_gone(error.orig):
            raise _unavailable(error.orig) from error
        raise  # a statement's own fault: trying again would not help


def _is_gone(error: psycopg.OperationalError) -> bool:
    return error.sqlstate is None or error.sqlstate.startswith(_GONE)


def _unavailable(error: psycopg.OperationalError) -> DatabaseUnavailable:
    detail = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DatabaseUnavailable(
        f"the database cannot be reached or went away ({detail}); what was committed is safe, try again",
        provider="postgres",
    )


@asynccontextmanager
async def database_faults() -> AsyncIterator[None]:
    """Turn a lost connection of somebody else's, as LangGraph's saver has one, into DatabaseUnavailable."""
    try:
        yield
    except psycopg.OperationalError as error:
        if not _is_gone(error):
            raise
        raise _unavailable(error) from error


@asynccontextmanager
async def own_connection(url: str, *, connect_timeout_s: int = 10) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Open a psycopg connection of one's own, in autocommit: for COPY, temporary tables and session locks.

    Raises:
        DatabaseUnavailable: the server cannot be reached, or went away meanwhile.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=connect_timeout_s, application_name="sales-agent"
        )
        async with connection:
            yield connection
    except psycopg.OperationalError as error:
        if not _is_gone(error):
            raise  # a statement's own fault: trying again would not help
        raise _unavailable(error) from error
