"""The shared memory of breakers and limiters: Lua scripts on a Redis handle that somebody else opened.

Needs Redis 7.0 or Valkey. No driver is imported here: the handle and the errors that mean "Redis is lost" come in.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from core.errors import Unavailable

log = logging.getLogger(__name__)

_SAY_AGAIN_S = 30.0
_STAY_AWAY_S = 1.0


class Script(Protocol):
    """A registered Lua script, called with keys and arguments."""

    def __call__(self, *, keys: Sequence[str], args: Sequence[str | int | float]) -> Awaitable[Any]:
        """Run it and return its reply."""
        ...


class RedisHandle(Protocol):
    """The part of `redis.asyncio.Redis` that is used here."""

    def register_script(self, script: Any) -> Any:
        """Return a callable that runs `script` and loads it again when the server forgot it."""
        ...


class Store:
    """Run atomic scripts on the shared Redis.

    After a loss it is left alone for a second, so that a dead server does not slow every call down.

    Args:
        redis: an open `redis.asyncio.Redis`, with `decode_responses` on or off.
        lost: the driver's errors that mean the server cannot be reached (`redis.RedisError` at its widest).
        prefix: put before every key, so that installations can share a server.
        timeout_s: seconds after which a silent server counts as lost.
        clock: milliseconds since the epoch; None takes the server's own clock, which all processes share.
    """

    def __init__(
        self,
        redis: RedisHandle,
        *,
        lost: tuple[type[Exception], ...],
        prefix: str = "sales-agent:",
        timeout_s: float = 2.0,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self._redis = redis
        self._lost: tuple[type[Exception], ...] = (*lost, OSError, TimeoutError)
        self._prefix = prefix
        self._timeout_s = timeout_s
        self._clock = clock
        self._scripts: dict[str, Script] = {}
        self._said_at = float("-inf")
        self._away_until = float("-inf")

    async def run(self, script: str, key: str, *args: str | float) -> list[Any]:
        """Run `script` on `key`; its first argument is the time in ms, or -1 for the server's clock.

        Raises:
            Unavailable: Redis cannot be reached, or did not answer in time.
        """
        if time.monotonic() < self._away_until:
            raise Unavailable("Redis was not reachable a moment ago", provider="redis", was_sent=False)
        call = self._scripts.get(script)
        if call is None:
            call = self._scripts[script] = self._redis.register_script(script)
        now_ms = self._clock() if self._clock else -1
        try:
            async with asyncio.timeout(self._timeout_s):
                reply = await call(keys=[self._prefix + key], args=[now_ms, *args])
        except self._lost as error:
            self._away_until = time.monotonic() + _STAY_AWAY_S
            self._say_lost()
            raise Unavailable(f"Redis is not reachable ({type(error).__name__})", provider="redis") from error
        return list(reply)

    def _say_lost(self) -> None:
        if time.monotonic() - self._said_at >= _SAY_AGAIN_S:
            self._said_at = time.monotonic()
            log.warning("redis_lost", extra={"effect": "paid and strictly limited providers are paused"})


TIME = """
local now = tonumber(ARGV[1])
if now < 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
"""
"""Opening of every script: `now` in milliseconds."""
