"""What was paid for is kept until the database has it.

An answer that was paid exists in memory alone until it is written. Where the database goes away in between, the write
is tried again until it is stored or the process ends: losing the answer means paying for it twice. So whatever stands
between a paid answer and its row goes through `until_stored`, a run's own connection through `OwnLine`.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError

from core.errors import ConfigurationError, DatabaseUnavailable
from db.server import embedded
from db.server.engine import Connection, connect, connection_faults, is_gone

log = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 3.0
_CANCELLED_S = 5.0
"""How long a write may go on after its run was cancelled; a database that is gone is not waited for then."""
_PASSING = ("40", "25006")
"""SQLSTATEs of transactions that lost against another, and of a server that was just made a standby."""


async def until_stored(write: Callable[[], Awaitable[T]], what: str) -> T:
    """Return what `write` returns, tried again while the database is away.

    A cancellation ends it, but not before a write that the database takes at once.

    Args:
        write: safe to do again after an unknown outcome.
        what: is kept, for the log; no person's data.

    Raises:
        What `write` raises for another reason than a lost database.
    """
    writing = asyncio.ensure_future(_again(write, what))
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait({writing}, timeout=_CANCELLED_S)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        raise


async def _again(write: Callable[[], Awaitable[T]], what: str) -> T:
    pause_s, since = _FIRST_PAUSE_S, None
    while True:
        try:
            stored = await write()
        except Exception as error:  # what is no lost database goes on as it is
            if not is_lost(error):
                raise
            if since is None:
                since = time.monotonic()
                log.warning("database_lost_answers_kept", extra={"kept": what, "reason": type(error).__name__})
        else:
            if since is not None:
                log.info("stored_after_all", extra={"kept": what, "after_s": round(time.monotonic() - since, 1)})
            return stored
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        await revived()


async def revived() -> None:
    """Start the private servers that this process has used and that are gone; another's server is waited for."""
    try:
        await asyncio.to_thread(embedded.revive)
    except ConfigurationError as error:
        log.warning("database_not_revived", extra={"reason": error.message})


def is_lost(error: BaseException) -> bool:
    """Return whether an error says that the database went away, or lost a race, and the same may work later."""
    if isinstance(error, DatabaseUnavailable):
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.OperationalError):
        return is_gone(cause) or (cause.sqlstate or "").startswith(_PASSING)
    return isinstance(cause, psycopg.InterfaceError)


class OwnLine:
    """A psycopg connection of one's own, in autocommit, that is opened again where it was lost. Use `own_line`."""

    def __init__(self, url: str, connect_timeout_s: int) -> None:
        self._url, self._connect_timeout_s = url, connect_timeout_s
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()
        self._on_open: list[Callable[[Connection], Awaitable[None]]] = []

    async def on_open(self, step: Callable[[Connection], Awaitable[None]]) -> None:
        """Do a step now, and again on each connection that takes the place of a lost one, as for session locks."""
        self._on_open.append(step)
        await step(await self.opened())

    async def opened(self) -> Connection:
        """Return the connection, a new one where the last was lost. Raises as psycopg does."""
        async with self._opening:
            if self._connection is None or self._connection.closed:
                fresh = await connect(self._url, connect_timeout_s=self._connect_timeout_s)
                is_whole = False
                try:
                    for step in self._on_open:
                        await step(fresh)
                    is_whole = True
                finally:
                    if not is_whole:
                        await fresh.close()
                self._connection = fresh
            return self._connection

    async def keep(self, work: Callable[[Connection], Awaitable[T]], what: str) -> T:
        """Return what `work` returns on the connection, however often that takes; see `until_stored`."""

        async def write() -> T:
            return await work(await self.opened())

        return await until_stored(write, what)

    async def aclose(self) -> None:
        """Close it."""
        if self._connection is not None:
            await self._connection.close()


@asynccontextmanager
async def own_line(url: str, *, connect_timeout_s: int = 10) -> AsyncIterator[OwnLine]:
    """Open a line. Raises DatabaseUnavailable where the server cannot be reached at the start."""
    line = OwnLine(url, connect_timeout_s)
    try:
        with connection_faults():
            await line.opened()
        yield line
    finally:
        await line.aclose()
