"""Streams through the guard, and what early ends do to breaker and book."""

import asyncio
from collections.abc import AsyncGenerator
from decimal import Decimal

import pytest

from core.errors import CircuitOpen, Timeout, Unavailable
from core.ledger.spend import Cost
from integrations.resilience.breaker import BreakerPolicy, Circuit
from integrations.resilience.guard import Call
from integrations.resilience.retry import RetryPolicy

CENT = Cost(usd=Decimal("0.01"))
CALL = Call("stream", estimate=CENT)
ONCE = RetryPolicy(retries=0, base_s=0)


class Source:
    """Streams that fail as told: at which piece, each time it is opened."""

    def __init__(self, *fail_at: int | None, stall_at: int | None = None) -> None:
        self.fail_at = list(fail_at)
        self.stall_at = stall_at
        self.opened = 0
        self.closed = 0

    async def open(self) -> AsyncGenerator[int, None]:
        fail_at = self.fail_at[self.opened] if self.opened < len(self.fail_at) else None
        self.opened += 1
        try:
            for piece in range(1, 4):
                if piece == self.stall_at:
                    await asyncio.sleep(1)
                if piece == fail_at:
                    raise Unavailable("broken", provider="acme")
                yield piece
        finally:
            self.closed += 1


async def test_a_stream_is_begun_anew_until_its_first_piece(guard_of, book) -> None:
    source = Source(1, 1)
    assert [piece async for piece in guard_of().stream(source.open, CALL)] == [1, 2, 3]
    assert source.opened == source.closed == 3
    assert [kind for kind, _ in book.events] == ["reserve", "settle"] * 3


async def test_a_stream_that_breaks_later_is_not_begun_anew(guard_of, book) -> None:
    source, got = Source(3), []

    async def read() -> None:
        async for piece in guard_of().stream(source.open, CALL):
            got.append(piece)

    with pytest.raises(Unavailable):
        await read()
    assert (got, source.opened) == ([1, 2], 1)
    assert book.events == [("reserve", CENT), ("settle", CENT)]


async def test_a_stream_costs_what_its_last_word_says(guard_of, book) -> None:
    def cost(piece: int) -> Cost | None:
        return Cost(usd=Decimal(piece) / 1000) if piece > 1 else None

    assert [piece async for piece in guard_of().stream(Source().open, CALL, cost_of=cost)] == [1, 2, 3]
    assert book.events[-1] == ("settle", Cost(usd=Decimal("0.003")))


async def test_a_reader_that_stops_early_leaves_nothing_open(guard_of, book) -> None:
    source = Source()
    stream = guard_of().stream(source.open, CALL)
    assert await anext(stream) == 1
    await stream.aclose()
    assert source.closed == 1
    assert book.events[-1] == ("settle", CENT)


async def test_a_stalled_stream_ends_and_counts_as_a_fault(guard_of) -> None:
    guard = guard_of(deadline_s=0.1, retry=ONCE, breaker_policy=BreakerPolicy(failures=1))
    with pytest.raises(Timeout, match="stalled"):
        _ = [piece async for piece in guard.stream(Source(stall_at=2).open, CALL)]
    assert await guard.breaker.state() is Circuit.OPEN
    with pytest.raises(CircuitOpen):
        await anext(guard.stream(Source().open, CALL))


async def test_an_empty_stream_is_an_answer(guard_of) -> None:
    async def nothing() -> AsyncGenerator[int, None]:
        return
        yield

    assert [piece async for piece in guard_of().stream(nothing, CALL)] == []


async def test_a_failed_look_up_leaves_the_question_open(guard_of) -> None:
    looked, made = [], []

    async def attempt() -> str:
        made.append(1)
        raise Unavailable("lost", provider="acme")

    async def look_up() -> str | None:
        looked.append(1)
        raise Unavailable("cannot look", provider="acme")

    with pytest.raises(Unavailable, match="cannot look"):
        await guard_of().run(attempt, Call("create", may_repeat=False), look_up=look_up)
    assert len(made) == 1
    assert len(looked) >= 1


async def test_a_cancelled_probe_lets_another_one_go(guard_of) -> None:
    guard = guard_of(retry=ONCE, breaker_policy=BreakerPolicy(failures=1, recovery_s=0.05, probe_s=60, believe_s=0))

    async def fail() -> None:
        raise Unavailable("down", provider="acme")

    with pytest.raises(Unavailable):
        await guard.run(fail, Call("x"))
    await asyncio.sleep(0.1)
    probe = asyncio.create_task(guard.run(lambda: asyncio.sleep(10), Call("x")))
    await asyncio.sleep(0.1)
    with pytest.raises(CircuitOpen):
        await guard.run(fail, Call("x"))
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert await guard.run(lambda: asyncio.sleep(0, "alive"), Call("x")) == "alive"
    assert await guard.breaker.state() is Circuit.CLOSED
