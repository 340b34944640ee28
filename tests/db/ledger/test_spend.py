"""The cost book is never over its budget and never loses a reservation, whoever crashes."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import forked
import pytest

from core.errors import BudgetExhausted, Conflict
from core.ledger.spend import Budget, Cost, Period, Unit
from db.ledger import spend
from db.ledger.book import LedgerBook
from db.server.engine import Engine, open_engine, transaction
from db.server.statements import select, select_value

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = Budget(Period.DAY, Unit.USD, Decimal(10))
CENT = Cost(usd=Decimal("0.01"))


def usd(amount: str) -> Cost:
    return Cost(usd=Decimal(amount))


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    engine = open_engine(database)
    yield engine
    await engine.dispose()


async def reserve(engine: Engine, amount: str, budgets: tuple[Budget, ...] = (DAY,), now: datetime = NOW, **more):
    request = spend.Request("acme", "call", usd(amount), **more)
    async with transaction(engine) as connection:
        return await spend.reserve(connection, request, budgets, now=now)


async def counted(engine: Engine, budget: Budget = DAY, now: datetime = NOW, run_id: UUID | None = None) -> Decimal:
    async with transaction(engine) as connection:
        return await spend.counted(connection, budget, now=now, run_id=run_id)


async def test_a_reservation_counts_until_the_real_cost_replaces_it(engine: Engine) -> None:
    first = await reserve(engine, "4")
    assert await counted(engine) == 4
    async with transaction(engine) as connection:
        await spend.settle(connection, first.id, usd("1.5"), now=NOW)
    assert await counted(engine) == Decimal("1.5")
    second = await reserve(engine, "3")
    async with transaction(engine) as connection:
        await spend.release(connection, second.id, now=NOW)
    assert await counted(engine) == Decimal("1.5")


async def test_no_room_is_said_with_when_there_is_again(engine: Engine) -> None:
    await reserve(engine, "9.5")
    with pytest.raises(BudgetExhausted, match=r"10 usd a day has 0\.5 usd left; acme call may cost 0\.6") as refusal:
        await reserve(engine, "0.6")
    assert refusal.value.retry_at == datetime(2026, 11, 23, tzinfo=UTC)
    await reserve(engine, "0.5")
    await reserve(engine, "0.6", now=NOW + timedelta(days=1))


async def test_every_budget_must_have_room(engine: Engine) -> None:
    run = uuid4()
    budgets = (DAY, Budget(Period.RUN, Unit.USD, Decimal(1)), Budget(Period.MONTH, Unit.USD, Decimal(3), "acme"))
    await reserve(engine, "1", budgets, run_id=run)
    with pytest.raises(BudgetExhausted, match="a run"):
        await reserve(engine, "1", budgets, run_id=run)
    await reserve(engine, "1", budgets, run_id=uuid4())
    await reserve(engine, "1", budgets, run_id=uuid4(), now=NOW - timedelta(days=2))
    with pytest.raises(BudgetExhausted, match="a month for acme"):
        await reserve(engine, "1", budgets, run_id=uuid4())


async def test_credits_and_money_are_counted_apart(engine: Engine) -> None:
    two = Budget(Period.DAY, Unit.CREDITS, Decimal(2), "acme")
    request = spend.Request("acme", "match", Cost(credits=Decimal(1)), calls=5)
    async with transaction(engine) as connection:
        drawn = await spend.reserve(connection, request, (DAY, two), now=NOW)
    assert drawn.calls == 2
    await reserve(engine, "10", (DAY, two))


@pytest.mark.parametrize("first", ["settle", "release"])
async def test_a_reservation_is_closed_once(engine: Engine, first: str) -> None:
    made = await reserve(engine, "1")
    async with transaction(engine) as connection:
        if first == "settle":
            await spend.settle(connection, made.id, usd("1"), now=NOW)
        else:
            await spend.release(connection, made.id, now=NOW)
    for reservation in (made.id, uuid4()):
        async with transaction(engine) as connection:
            with pytest.raises(Conflict):
                await spend.release(connection, reservation, now=NOW)


async def test_a_sweep_takes_the_abandoned_as_spent_and_a_late_answer_corrects_it(engine: Engine) -> None:
    made = await reserve(engine, "2", lease=timedelta(minutes=1))
    async with transaction(engine) as connection:
        assert (await spend.sweep(connection, now=NOW)).count == 0
        assert await spend.sweep(connection, now=NOW + timedelta(minutes=2)) == spend.Swept(1, usd("2"))
    assert await counted(engine) == 2
    async with transaction(engine) as connection:
        await spend.settle(connection, made.id, usd("0.5"), now=NOW)
    assert await counted(engine) == Decimal("0.5")


async def test_a_lost_answer_is_spent_in_full_and_told_apart(engine: Engine) -> None:
    run = uuid4()
    async with LedgerBook(engine, (DAY,), run, clock=lambda: NOW) as book:
        await book.assume(await book.reserve("acme", "call", usd("3")))
        await book.settle(await book.reserve("acme", "call", usd("2")), usd("1"))
    async with transaction(engine) as connection:
        assert await spend.by_provider(connection, run) == {"acme": spend.Spent(usd("4"), usd("3"), 1)}


async def test_a_budget_of_calls_counts_paid_calls_whatever_they_cost(engine: Engine) -> None:
    calls = Budget(Period.DAY, Unit.CALLS, Decimal(2), "acme")
    async with LedgerBook(engine, (calls,), clock=lambda: NOW) as book:
        await book.settle(await book.reserve("acme", "call", usd("3")), Cost())
        await book.release(await book.reserve("acme", "call", CENT))
        await book.settle(await book.reserve("acme", "call", CENT), CENT)
        with pytest.raises(BudgetExhausted, match="2 calls a day for acme"):
            await book.reserve("acme", "call", CENT)
        await book.reserve("other", "call", CENT)


async def test_a_book_draws_for_many_calls_and_settles_what_they_cost(engine: Engine) -> None:
    run = uuid4()
    async with LedgerBook(engine, (DAY,), run, advance={"acme": 50}, clock=lambda: NOW) as book:
        for _ in range(60):
            await book.settle(await book.reserve("acme", "call", CENT), usd("0.004"))
        held = await book.reserve("acme", "call", CENT)
        await book.release(held)
        assert await counted(engine) == Decimal("0.5")
        with pytest.raises(Conflict):
            await book.release(held)
    assert await counted(engine) == Decimal("0.24")
    async with transaction(engine) as connection:
        assert await spend.by_provider(connection, run) == {"acme": spend.Spent(usd("0.24"), Cost(), 0)}
        assert await select_value(connection, "SELECT count(*) FROM spend") == 1


async def test_a_book_renews_its_room_before_it_would_be_swept(engine: Engine) -> None:
    now = NOW
    async with LedgerBook(engine, (DAY,), advance={"acme": 10}, clock=lambda: now) as book:
        early = await book.reserve("acme", "call", CENT)
        now = NOW + timedelta(minutes=8)
        late = await book.reserve("acme", "call", CENT)
        await book.settle(early, CENT)
        await book.settle(late, CENT)
    async with transaction(engine) as connection:
        rows = await select(connection, "SELECT status, usd FROM spend ORDER BY reserved_at")
    assert [tuple(row) for row in rows] == [("settled", Decimal("0.01"))] * 2


async def test_many_callers_of_one_book_stay_within_the_budget(engine: Engine) -> None:
    budget = Budget(Period.DAY, Unit.USD, Decimal("0.20"))
    paid = 0

    async def call(book: LedgerBook) -> None:
        nonlocal paid
        try:
            held = await book.reserve("acme", "call", CENT)
        except BudgetExhausted:
            return
        await asyncio.sleep(0)
        paid += 1
        await book.settle(held, CENT)

    async with LedgerBook(engine, (budget,), advance={"acme": 7}, clock=lambda: NOW) as book:
        await asyncio.gather(*(call(book) for _ in range(100)))
    assert paid == 20
    assert await counted(engine, budget) == Decimal("0.20")


async def test_what_is_open_at_the_end_counts_as_spent(engine: Engine) -> None:
    async with LedgerBook(engine, (DAY,), advance={"acme": 5}, clock=lambda: NOW) as book:
        await book.reserve("acme", "call", CENT)
    assert await counted(engine) == Decimal("0.01")


async def test_room_that_was_replaced_is_settled_too(engine: Engine) -> None:
    async with LedgerBook(engine, (DAY,), advance={"acme": 2}, clock=lambda: NOW) as book:
        for _ in range(3):
            await book.reserve("acme", "call", CENT)
    async with transaction(engine) as connection:
        rows = await select(connection, "SELECT status, usd FROM spend ORDER BY usd")
    assert [tuple(row) for row in rows] == [("settled", Decimal("0.01")), ("settled", Decimal("0.02"))]


async def test_an_answer_is_not_lost_over_a_lost_database(engine: Engine, caplog) -> None:
    book = LedgerBook(engine, (DAY,), clock=lambda: NOW)
    held = await book.reserve("acme", "call", CENT)
    async with transaction(engine) as connection:
        await connection.execute("ALTER TABLE spend RENAME TO away")
    await book.settle(held, CENT)
    assert "spend_left_to_sweep" in caplog.text
    async with transaction(engine) as connection:
        await connection.execute("ALTER TABLE away RENAME TO spend")
        assert (await spend.sweep(connection, now=NOW + timedelta(hours=1))).amount == CENT


def _spender(url: str, seed: int, calls: int, now: datetime) -> None:
    async def main() -> None:
        rng = random.Random(seed)
        engine = open_engine(url)
        budget = Budget(Period.DAY, Unit.USD, Decimal(1))
        book = LedgerBook(engine, (budget,), advance={"acme": rng.choice([1, 3, 9])}, clock=lambda: now)
        for _ in range(calls):
            try:
                held = await book.reserve("acme", "call", CENT)
            except BudgetExhausted:
                break
            fate = rng.random()
            if fate < 0.05:
                os._exit(9)
            if fate < 0.3:
                await book.release(held)
            else:
                await book.settle(held, Cost(usd=Decimal(rng.randrange(0, 101)) / 10_000))
        await book.aclose()
        await engine.dispose()

    asyncio.run(main())


async def check_crashes(database: str, engine: Engine, rounds: int, seed: int) -> None:
    """Let three processes spend and crash, a day a round, and watch the ledger meanwhile."""
    budget = Budget(Period.DAY, Unit.USD, Decimal(1))
    crashed = 0
    for turn in range(rounds):
        now = NOW + timedelta(days=turn)
        seeds = [seed + turn * 10 + i for i in range(3)]
        spenders = [forked.context.Process(target=_spender, args=(database, each, 60, now)) for each in seeds]
        for spender in spenders:
            spender.start()
        while any(spender.is_alive() for spender in spenders):
            assert await counted(engine, budget, now) <= 1
            await asyncio.sleep(0.01)
        crashed += sum(spender.exitcode == 9 for spender in spenders)
        assert {spender.exitcode for spender in spenders} <= {0, 9}
        before = await counted(engine, budget, now)
        async with transaction(engine) as connection:
            await spend.sweep(connection, now=now + timedelta(hours=1))
            assert await select_value(connection, "SELECT count(*) FROM spend WHERE status = 'reserved'") == 0
        assert Decimal(0) < await counted(engine, budget, now) == before <= 1
    assert crashed, "the test must crash somebody"


async def test_crashing_spenders_never_break_the_budget(database: str, engine: Engine) -> None:
    await check_crashes(database, engine, rounds=1, seed=3)


@pytest.mark.soak
async def test_crashing_spenders_never_break_the_budget_for_long(database: str, engine: Engine) -> None:
    await check_crashes(database, engine, rounds=25, seed=1000)
