"""Connections to Postgres. Only `transaction()` commits.

Every function of `db` works on the driver's connection and speaks its SQL: text with `%(name)s`, JSON by `Jsonb`, rows
by `db.server.statements`. SQLAlchemy pools connections, describes the tables and migrates them; no statement passes it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection as PooledConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.errors import DatabaseUnavailable, SalesAgentError

T = TypeVar("T")

Engine = AsyncEngine
"""Connections for as long as a task lasts."""

Connection = psycopg.AsyncConnection[Any]
"""What the functions of this package work on: a connection in somebody else's transaction, or in autocommit."""


def open_engine(url: str, *, pool_min: int = 1, pool_max: int = 5, connect_timeout_s: int = 10) -> Engine:
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


FAULTS = (psycopg.Error, SQLAlchemyError)
"""What a statement may raise, or the pool that a connection is asked of."""

# SQLSTATE classes (PostgreSQL documentation, Appendix A): connection exceptions, shutdowns, too many connections.
_GONE = ("08", "57P", "53")


@asynccontextmanager
async def transaction(engine: Engine) -> AsyncIterator[Connection]:
    """Yield a connection in a transaction; commits at the end, rolls back on an error.

    A transaction that is opened on it inside is a savepoint, and cannot commit by itself.

    Raises:
        DatabaseUnavailable: the server cannot be reached, or went away meanwhile.
    """
    with connection_faults():
        async with engine.connect() as pooled:
            connection = await _driver(pooled)
            try:
                async with connection.transaction():
                    yield connection
            finally:
                if connection.closed:
                    await pooled.invalidate()  # it does not go back to the pool


async def _driver(pooled: PooledConnection) -> Connection:
    """Return the driver's own connection of one that was checked out of the pool."""
    connection = (await pooled.get_raw_connection()).driver_connection
    assert isinstance(connection, psycopg.AsyncConnection)
    return connection


class PooledLine:
    """One connection kept open, on which every statement commits by itself: half the round trips of a transaction.

    Work on it is done one at a time; after an error the next work gets a new connection.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: tuple[PooledConnection, Connection] | None = None
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Return what `work` returns. Raises DatabaseUnavailable like `transaction`."""
        async with self._turn:
            is_whole = False
            try:
                with connection_faults():
                    if self._held is None:
                        pooled = await self._engine.connect()
                        await pooled.execution_options(isolation_level="AUTOCOMMIT")
                        self._held = pooled, await _driver(pooled)
                    result = await work(self._held[1])
                is_whole = True
            except SalesAgentError as error:
                is_whole = not isinstance(error, DatabaseUnavailable)
                raise
            finally:
                if not is_whole:
                    await self._drop()
            return result

    async def aclose(self) -> None:
        """Return the connection back."""
        async with self._turn:
            await self._drop()

    async def _drop(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            pooled, connection = held
            if connection.closed:
                await pooled.invalidate()  # it does not go back to the pool
            await pooled.close()


@contextmanager
def connection_faults() -> Iterator[None]:
    """Turn a connection that was lost, or never had, into DatabaseUnavailable: the driver's, or SQLAlchemy's pool's.

    Around whatever speaks to the database, also by somebody else's code, as LangGraph's saver does.
    """
    try:
        yield
    except (psycopg.OperationalError, OperationalError) as error:
        cause = error.orig if isinstance(error, OperationalError) else error
        if not (isinstance(cause, psycopg.OperationalError) and is_gone(cause)):
            raise  # a statement's own fault: trying again would not help
        raise _unavailable(cause) from error


def is_gone(error: psycopg.OperationalError) -> bool:
    """Return whether the server cannot be reached or went away, from an error that may also be a statement's own."""
    return error.sqlstate is None or error.sqlstate.startswith(_GONE)


def _unavailable(error: psycopg.OperationalError) -> DatabaseUnavailable:
    detail = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DatabaseUnavailable(
        f"the database cannot be reached or went away ({detail}); what was committed is safe: see that the server of "
        "POSTGRES_URL runs and can be reached, then try again",
        provider="postgres",
    )


@asynccontextmanager
async def own_connection(url: str, *, connect_timeout_s: int = 10) -> AsyncIterator[Connection]:
    """Open a connection of one's own, in autocommit: for COPY, temporary tables and session locks.

    Raises:
        DatabaseUnavailable: the server cannot be reached, or went away meanwhile.
    """
    with connection_faults():
        async with await connect(url, connect_timeout_s=connect_timeout_s) as connection:
            yield connection


async def connect(url: str, *, connect_timeout_s: int) -> Connection:
    """Open a connection in autocommit. Raises as psycopg does."""
    return await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=connect_timeout_s, application_name="sales-agent"
    )
