"""What other processes run; apart from the tests, so that they start fast."""

import asyncio
import time

import redis.asyncio
from redis.exceptions import RedisError

from core.errors import CircuitOpen
from integrations.resilience.breaker import Breaker, BreakerPolicy, CallOutcome
from integrations.resilience.rate_limit import LimitPolicy, RateLimiter, Window
from integrations.resilience.store import Store


def call_until(port: int, until: float, barrier, grants) -> None:
    async def main() -> None:
        async with redis.asyncio.Redis(port=port) as handle:
            limiter = RateLimiter("acme", LimitPolicy((Window("s", 20, 1.0),)), Store(handle, lost=(RedisError,)))
            mine = []
            await limiter.store.run("return {1}", "warm")
            barrier.wait(900)
            end = time.monotonic() + until
            while time.monotonic() < end:
                await limiter.acquire()
                mine.append(time.monotonic())
            grants.put(mine)

    asyncio.run(main())


def ask_five(port: int, barrier, outcomes) -> None:
    async def main() -> None:
        async with redis.asyncio.Redis(port=port) as handle:
            breaker = Breaker("acme", BreakerPolicy(failures=1, recovery_s=0.1), Store(handle, lost=(RedisError,)))

            async def call() -> str:
                try:
                    ticket = await breaker.admit()
                except CircuitOpen:
                    return "refused"
                await asyncio.sleep(0.3)
                await breaker.report(ticket, CallOutcome.ALIVE)
                return "called"

            barrier.wait(900)
            for outcome in await asyncio.gather(*(call() for _ in range(5))):
                outcomes.put(outcome)

    asyncio.run(main())
