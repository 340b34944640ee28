"""Connections to Postgres. Only `transaction()` commits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import DatabaseUnavailable, SalesAgentError

T = TypeVar("T")


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
    with connection_faults():
        async with engine.begin() as connection:
            yield connection


class Line:
    """One connection kept open, on which every statement commits by itself: half the round trips of a transaction.

    Work on it is done one at a time; after an error the next work gets a new connection.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Return what `work` returns. Raises DatabaseUnavailable like `transaction`."""
        async with self._turn:
            is_whole = False
            try:
                with connection_faults():
                    if self._connection is None:
                        opened = await self._engine.connect()
                        self._connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
                    result = await work(self._connection)
                is_whole = True
            except SalesAgentError as error:
                is_whole = not isinstance(error, DatabaseUnavailable)
                raise
            finally:
                if not is_whole:
                    await self._drop()
            return result

    async def aclose(self) -> None:
        """Give the connection back."""
        async with self._turn:
            await self._drop()

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


@contextmanager
def connection_faults() -> Iterator[None]:
    """Turn a connection of SQLAlchemy's that was lost, or never had, into DatabaseUnavailable."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, psycopg.OperationalError) and is_gone(error.orig):
            raise _unavailable(error.orig) from error
        raise  # a statement's own fault: trying again would not help


def is_gone(error: psycopg.OperationalError) -> bool:
    """Tell whether the server cannot be reached or went away, from an error that may also be a statement's own."""
    return error.sqlstate is None or error.sqlstate.startswith(_GONE)


def _unavailable(error: psycopg.OperationalError) -> DatabaseUnavailable:
    detail = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DatabaseUnavailable(
        f"the database cannot be reached or went away ({detail}); what was committed is safe: see that the server of "
        "POSTGRES_URL runs and can be reached, then try again",
        provider="postgres",
    )


@asynccontextmanager
async def database_faults() -> AsyncIterator[None]:
    """Turn a lost connection of somebody else's, as LangGraph's saver has one, into DatabaseUnavailable."""
    try:
        yield
    except psycopg.OperationalError as error:
        if not is_gone(error):
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
        if not is_gone(error):
            raise  # a statement's own fault: trying again would not help
        raise _unavailable(error) from error
