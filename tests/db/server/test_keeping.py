"""Writes that outlast the loss of their database: connections that are cut, cancelled runs, locks taken again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import ProgrammingError

from core.errors import BudgetExhausted, Conflict, DatabaseUnavailable
from core.ledger.spend import Budget, Cost, Period, Unit
from db.agents import threads as agent_threads
from db.ledger import spend
from db.ledger.book import LedgerBook
from db.server import embedded
from db.server.engine import Engine, open_engine, transaction
from db.server.keeping import own_line, until_stored
from db.server.statements import select

CENT = Cost(Decimal("0.01"))
BUDGET = Budget(Period.RUN, Unit.USD, Decimal(1))


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    engine = open_engine(database)
    yield engine
    await engine.dispose()


def cut(url: str) -> int:
    """Cut every connection to a database, as a server that dies does; return how many there were."""
    with psycopg.connect(url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert ended is not None
    return int(ended[0])


async def test_a_book_outlasts_the_loss_of_its_connection(database: str, engine: Engine) -> None:
    run = uuid4()
    async with LedgerBook(engine, (BUDGET,), run) as book:
        first = await book.reserve("acme", "call", CENT)
        assert cut(database)
        await book.settle(first, CENT)
        assert cut(database)
        second = await book.reserve("acme", "call", CENT)
        assert cut(database)
        await book.assume(second)
        third = await book.reserve("acme", "call", CENT)
        assert cut(database)
        await book.release(third)
        assert cut(database)
    async with transaction(engine) as connection:
        assert await spend.by_provider(connection, run) == {"acme": spend.Spent(CENT.times(2), CENT, 1)}
        statuses = await select(connection, "SELECT status, count(*) FROM spend GROUP BY 1 ORDER BY 1")
    assert [tuple(one) for one in statuses] == [("released", 1), ("settled", 2)]


async def test_what_a_statement_does_wrong_is_not_tried_again(engine: Engine) -> None:
    tries = 0

    async def write() -> None:
        nonlocal tries
        tries += 1
        async with transaction(engine) as connection:
            await connection.execute("SELECT FROM nowhere")

    with pytest.raises(ProgrammingError):
        await until_stored(write, "nothing")
    async with LedgerBook(engine, (BUDGET,), uuid4()) as book:
        with pytest.raises(BudgetExhausted):
            await book.reserve("acme", "call", CENT.times(1_000))
        with pytest.raises(Conflict):
            await book.settle(uuid4(), CENT)
    assert tries == 1


async def test_a_cancelled_run_stores_what_it_can_and_waits_for_no_lost_database(database: str) -> None:
    begun, stored = asyncio.Event(), []

    async def write() -> None:
        begun.set()
        await asyncio.sleep(0.05)
        stored.append("answer")

    task = asyncio.create_task(until_stored(write, "an answer"))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stored == ["answer"]


async def test_a_line_opens_again_and_takes_its_locks(database: str) -> None:
    opened = 0

    async def lock(connection: psycopg.AsyncConnection[Any]) -> None:
        nonlocal opened
        opened += 1
        await connection.execute("SELECT pg_advisory_lock(7)")

    async with own_line(database) as line:
        await line.on_open(lock)
        for _ in range(2):
            assert cut(database)

            async def insert(connection: psycopg.AsyncConnection[Any]) -> None:
                await connection.execute(
                    "INSERT INTO icps (version, name, profile) VALUES (gen_random_uuid(), '', '{}')"
                )

            await line.keep(insert, "a row")
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM icps").fetchone() == (2,)
    assert opened == 3


async def test_a_thread_is_held_again_after_a_loss(database: str) -> None:
    thread = uuid4()
    async with agent_threads.leased(database, thread) as line:
        assert cut(database)

        async def look(connection: psycopg.AsyncConnection[Any]) -> bool:
            return await agent_threads.is_cancelled(connection, thread)

        assert not await line.keep(look, "nothing")
        with pytest.raises(Conflict):
            async with agent_threads.leased(database, thread):
                pass


async def test_a_server_that_is_not_there_at_the_start_is_said(database: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with own_line(embedded.with_database("postgresql://x@/?host=%2Fnowhere", "x")):
            pass


async def test_a_reservation_swept_meanwhile_says_how_many_calls_are_assumed(engine: Engine) -> None:
    run, now = uuid4(), datetime.now(UTC)
    async with transaction(engine) as connection:
        await spend.reserve(connection, spend.Request("acme", "call", CENT, run, calls=3), (BUDGET,), now=now)
    async with transaction(engine) as connection:
        await spend.sweep(connection, now=now + spend.Request("a", "b", CENT).lease * 2)
        assert await spend.by_provider(connection, run) == {"acme": spend.Spent(CENT.times(3), CENT.times(3), 3)}
