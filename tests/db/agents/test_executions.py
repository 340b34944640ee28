"""Runs of models are written down once, with their lead's outcome, and add up to what the cost book charged."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest

from core.agents.executions import STATUSES, Execution, ModelTotals
from core.ledger.prices import TokenUsage
from core.ledger.spend import Cost, Receipt, receipts
from db.agents import executions
from db.ledger import spend
from db.ledger.book import LedgerBook
from db.server.engine import Engine, open_engine, own_connection, transaction
from db.server.statements import select

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CENT = Cost(usd=Decimal("0.01"))


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    engine = open_engine(database)
    yield engine
    await engine.dispose()


def made(**changes: object) -> Execution:
    plain = Execution(
        job="qualification",
        model="acme:small",
        status="answered",
        started_at=NOW,
        latency_ms=120,
        usage=TokenUsage(900, 80, 10),
        receipts=(Receipt(uuid4(), "acme", CENT), Receipt(uuid4(), "acme", CENT)),
        lead_id=uuid4(),
        run_id=uuid4(),
        node="judge",
        prompt_version="abc123",
        trace_id="thread-1",
    )
    return replace(plain, **changes)


async def test_what_was_recorded_comes_back_and_twice_is_once(engine: Engine) -> None:
    execution = made()
    assert execution.lead_id
    for _ in range(2):
        async with transaction(engine) as connection:
            await executions.record(connection, [execution])
    async with transaction(engine) as connection:
        (row,) = await executions.select_of_lead(connection, execution.lead_id)
    assert row == {
        "id": execution.id,
        "job": "qualification",
        "node": "judge",
        "lead_id": execution.lead_id,
        "run_id": execution.run_id,
        "model": "acme:small",
        "prompt_version": "abc123",
        "status": "answered",
        "reason": None,
        "input_tokens": 900,
        "output_tokens": 80,
        "cached_tokens": 10,
        "cost_usd": Decimal("0.02"),
        "spend_ids": [receipt.entry_id for receipt in execution.receipts],
        "latency_ms": 120,
        "trace_id": "thread-1",
        "started_at": NOW,
    }


@pytest.mark.parametrize("status", STATUSES)
async def test_every_status_can_be_stored_on_both_kinds_of_connection(
    engine: Engine, database: str, status: str
) -> None:
    first, second = (made(status=status, reason="why", receipts=()) for _ in range(2))
    async with transaction(engine) as connection:
        await executions.record(connection, [first])
    async with own_connection(database) as own:
        await executions.record(own, [second])
        await executions.record(own, [])
        cursor = await own.execute("SELECT status, cost_usd FROM agent_executions")
        assert await cursor.fetchall() == [(status, Decimal(0))] * 2


async def test_it_belongs_to_the_transaction_it_is_written_in(engine: Engine, database: str) -> None:
    execution = made()
    async with transaction(engine) as connection:
        await executions.record(connection, [execution])
        raise psycopg.Rollback
    async with own_connection(database) as own:
        async with own.transaction(force_rollback=True):
            await executions.record(own, [execution])
        cursor = await own.execute("SELECT count(*) FROM agent_executions")
        assert await cursor.fetchall() == [(0,)]


async def test_an_unknown_status_is_refused(engine: Engine) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(engine) as connection:
            await executions.record(connection, [made(status="perhaps")])


async def test_executions_add_up_to_the_cost_book(engine: Engine) -> None:
    run_id = uuid4()
    done: list[Execution] = []

    async with LedgerBook(engine, run_id=run_id, advance={"acme": 3}, clock=lambda: NOW) as book:

        async def ask(number: int) -> None:
            with receipts() as charged:
                for _ in range(1 + number % 2):
                    held = await book.reserve("acme", "chat", CENT)
                    await asyncio.sleep(0)
                    if number % 5:
                        await book.settle(held, Cost(usd=Decimal(number) / 10_000))
                    else:
                        await book.release(held)
            status = "answered" if charged else "failed"
            done.append(made(run_id=run_id, status=status, receipts=tuple(charged), model=f"acme:{number % 2}"))

        await asyncio.gather(*(ask(number) for number in range(20)))
    async with transaction(engine) as connection:
        await executions.record(connection, done)
        totals = await executions.by_model(connection, run_id)
        assert (
            sum(each.cost_usd for each in totals) == (await spend.by_provider(connection, run_id))["acme"].cost.usd > 0
        )
        entries = {row.id for row in await select(connection, "SELECT id FROM spend WHERE usd > 0")}
        assert {entry for each in done for entry in each.spend_ids} == entries
        assert len(entries) > 3
    assert totals[0] == ModelTotals("acme:0", 10, 8, 9_000, 800, totals[0].cost_usd)


async def test_receipts_reach_every_block_that_collects_them_and_no_other(engine: Engine) -> None:
    async with LedgerBook(engine, clock=lambda: NOW) as book:

        async def pay() -> UUID:
            held = await book.reserve("acme", "chat", CENT)
            await book.settle(held, CENT)
            return held

        with receipts() as outer:
            await asyncio.create_task(pay())
            with receipts() as inner:
                await pay()
        await pay()
    assert [len(outer), len(inner)] == [2, 1]
    assert outer[1] is inner[0]
