"""Rate limits per provider and window, shared by all processes over Redis.

A caller is given a *slot*: the earliest moment that keeps every window within its limit, at or after the slot given
last. So waiting is first come, first served, costs one round trip, and its length is known before it starts; a wait
beyond the bound is refused and nothing is written. Windows slide in twentieths and count a twentieth whole as long as
any of it lies inside, so no window of the given length, wherever it starts, ever holds more calls than the limit; the
price is at most a twentieth of the rate. In windows of a second or two, who has to wait is given a slot at an even
distance from the last one, not in a burst as soon as the window allows: the provider may count from another moment than
we do, and calls may be late by a good part of such a window. What the provider's headers say tightens this: another
program may be using the same quota.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from core.errors import LimitReached, Unavailable
from integrations.resilience.store import TIME, Store

log = logging.getLogger(__name__)

CALLS = "calls"
_SLICES = 20
_QUIET_SHARE = 0.25
_LATE_TRIES = 3
_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Window:
    """One limit of a provider.

    Attributes:
        name: as in the provider's headers, e.g. "minute".
        limit: units allowed in any `period_s`.
        period_s: seconds.
        is_estimate: whether a limit the provider announces replaces this one; otherwise the smaller one holds.
        unit: what is counted; "calls", or a weight the caller gives, such as "tokens".
    """

    name: str
    limit: int
    period_s: float
    is_estimate: bool = False
    unit: str = CALLS


@dataclass(frozen=True, slots=True)
class Observation:
    """What a provider's headers say about one window; None where they do not.

    Attributes:
        window: the `Window.name` it is about.
        limit: units allowed.
        remaining: units left.
        reset_s: seconds until all of them are there again.
    """

    window: str
    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """The limits of one provider.

    Attributes:
        windows: all of them hold at once.
        max_wait_s: seconds a caller waits at most; beyond, the work is due later.
        is_strict: refuse when Redis is lost, because the calls are paid or overrunning the limit is punished.
    """

    windows: tuple[Window, ...] = ()
    max_wait_s: float = 30.0
    is_strict: bool = False


_ACQUIRE = (
    TIME
    + """
local max_wait, n = tonumber(ARGV[2]), tonumber(ARGV[3])
local flat = redis.call('HGETALL', KEYS[1])
local data, counts = {}, {}
for i = 1, #flat, 2 do
  local window, slice = string.match(flat[i], '^c:(.*):(%d+)$')
  if window then
    counts[window] = counts[window] or {}
    table.insert(counts[window], {tonumber(slice), tonumber(flat[i + 1]), flat[i]})
  else
    data[flat[i]] = tonumber(flat[i + 1])
  end
end
local at = math.max(now, data.tail or 0, data.block or 0)
local windows, longest, shortest, pace = {}, 0, math.huge, 0
for w = 0, n - 1 do
  local a = 3 + w * 6
  local name, limit, period = ARGV[a + 1], tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local slice, amount, is_estimate = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5]), ARGV[a + 6] == '1'
  local announced = data['l:' .. name]
  if announced and (is_estimate or announced < limit) then
    limit = announced
  end
  local past = counts[name] or {}
  table.sort(past, function(x, y) return x[1] < y[1] end)
  longest = math.max(longest, period)
  if amount > limit then
    return {-1, now, 0}
  end
  if amount > 0 and period <= 2000 and period < shortest then
    shortest, pace = period, period * amount / limit
  end
  table.insert(windows, {name = name, limit = limit, period = period, slice = slice, amount = amount, past = past})
end
local moved = true
while moved do
  moved = false
  for _, w in ipairs(windows) do
    local sum = 0
    for _, c in ipairs(w.past) do
      if (c[1] + 1) * w.slice > at - w.period then
        sum = sum + c[2]
      end
    end
    for _, c in ipairs(w.past) do
      local leaves = (c[1] + 1) * w.slice + w.period
      if sum + w.amount > w.limit and leaves > at then
        sum = sum - c[2]
        if sum + w.amount <= w.limit then
          at = leaves
          moved = true
        end
      end
    end
    local till = data['u:' .. w.name] or 0
    if w.amount > 0 and at < till and (data['r:' .. w.name] or 0) < w.amount then
      at = till
      moved = true
    end
  end
end
if at > now and at < (data.tail or 0) + pace then
  at = math.floor(data.tail + pace)
end
if at - now > max_wait then
  return {0, now, at}
end
for _, w in ipairs(windows) do
  if w.amount > 0 then
    redis.call('HINCRBY', KEYS[1], 'c:' .. w.name .. ':' .. string.format('%d', math.floor(at / w.slice)), w.amount)
    if at < (data['u:' .. w.name] or 0) then
      redis.call('HINCRBY', KEYS[1], 'r:' .. w.name, -w.amount)
    end
  end
  for _, c in ipairs(w.past) do
    if (c[1] + 1) * w.slice + w.period <= now then
      redis.call('HDEL', KEYS[1], c[3])
    end
  end
end
redis.call('HSET', KEYS[1], 'tail', string.format('%d', at))
redis.call('PEXPIRE', KEYS[1], string.format('%d', at - now + 2 * longest + 60000))
return {1, now, at}
"""
)

_OBSERVE = (
    TIME
    + """
for a = 1, #ARGV - 1, 7 do
  local name, limit, remaining = ARGV[a + 1], tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local reset, ours = tonumber(ARGV[a + 4]), tonumber(ARGV[a + 5])
  local period, slice = tonumber(ARGV[a + 6]), tonumber(ARGV[a + 7])
  if limit >= 0 then
    redis.call('HSET', KEYS[1], 'l:' .. name, limit)
    ours = limit
  end
  if remaining >= 0 then
    local flat, left = redis.call('HGETALL', KEYS[1]), ours
    for i = 1, #flat, 2 do
      local window, index = string.match(flat[i], '^c:(.*):(%d+)$')
      if window == name and (tonumber(index) + 1) * slice > now - period then
        left = left - tonumber(flat[i + 1])
      end
    end
    if now < tonumber(redis.call('HGET', KEYS[1], 'u:' .. name) or '0') then
      left = math.min(left, tonumber(redis.call('HGET', KEYS[1], 'r:' .. name)))
    end
    if remaining < left then
      redis.call('HSET', KEYS[1], 'r:' .. name, remaining, 'u:' .. name, string.format('%d', now + reset))
    end
  end
  local ttl = redis.call('PTTL', KEYS[1])
  if ttl < 2 * period + reset then
    redis.call('PEXPIRE', KEYS[1], string.format('%d', 2 * period + reset + 60000))
  end
end
return {now}
"""
)

_PAUSE = (
    TIME
    + """
local till = math.max(now + tonumber(ARGV[2]), tonumber(redis.call('HGET', KEYS[1], 'block') or '0'))
redis.call('HSET', KEYS[1], 'block', string.format('%d', till))
redis.call('PEXPIRE', KEYS[1], string.format('%d', math.max(redis.call('PTTL', KEYS[1]), till - now + 60000)))
return {till}
"""
)


@dataclass(slots=True)
class RateLimiter:
    """The limits of one provider; each `scope` (endpoint group) has counters of its own."""

    provider: str
    policy: LimitPolicy
    store: Store
    _known: dict[tuple[str, str], int] = field(default_factory=dict)

    async def acquire(self, scope: str = "", weights: Mapping[str, int] = _NOTHING) -> None:
        """Wait for a slot; see `slot`.

        Whoever wakes so late that the slot's place in a window is over (the machine was busy or asleep) takes another
        one: calls that were held up together would go out together.
        """
        for _ in range(_LATE_TRIES):
            wait_s = await self.slot(scope, weights)
            if not wait_s:
                return
            until = time.monotonic() + wait_s
            await asyncio.sleep(wait_s)
            if time.monotonic() - until <= self._tolerance_s:
                return

    @property
    def _tolerance_s(self) -> float:
        return min(window.period_s for window in self.policy.windows) / _SLICES

    async def slot(self, scope: str = "", weights: Mapping[str, int] = _NOTHING) -> float:
        """Take the next slot and return the seconds until it comes.

        Args:
            scope: endpoint group, where the provider counts by those.
            weights: units other than calls this call uses, e.g. {"tokens": 900}.

        Raises:
            LimitReached: the wait would be longer than the policy's bound, the call is larger than the limit itself,
                or Redis is lost and the policy is strict. No slot is taken then.
        """
        windows = self.policy.windows
        if not windows:
            return 0.0
        args: list[str | int] = [int(self.policy.max_wait_s * 1000), len(windows)]
        for window in windows:
            amount = 1 if window.unit == CALLS else weights.get(window.unit, 0)
            args += [window.name, window.limit, *_shape(window), amount, int(window.is_estimate)]
        try:
            granted, now, at = await self.store.run(_ACQUIRE, self._key(scope), *args)
        except Unavailable as error:
            self._without_redis(error)
            return 0.0
        if granted == -1:
            raise LimitReached(f"one call is larger than {self.provider}'s limit for {scope or 'all calls'}")
        if not granted:
            retry_at = datetime.fromtimestamp(at / 1000, tz=UTC)
            raise LimitReached(
                f"{self.provider}'s rate limit is used up until {retry_at:%Y-%m-%d %H:%M:%S} UTC", retry_at=retry_at
            )
        return float(at - now) / 1000

    def _without_redis(self, error: Unavailable) -> None:
        if self.policy.is_strict:
            raise LimitReached(
                f"{self.provider}'s rate limit cannot be checked because Redis is not reachable; no call was made"
            ) from error

    async def observe(self, observations: Sequence[Observation], scope: str = "") -> None:
        """Take over what an answer's headers say, where it is news that matters."""
        known = {window.name: window for window in self.policy.windows}
        args: list[str | int] = []
        for seen in observations:
            window = known.get(seen.window)
            if window is None or not self._matters(seen, window, scope):
                continue
            period_ms, slice_ms = _shape(window)
            reset_ms = period_ms if seen.reset_s is None else int(seen.reset_s * 1000)
            limit = -1 if seen.limit is None else seen.limit
            remaining = -1 if seen.remaining is None else seen.remaining
            args += [window.name, limit, remaining, reset_ms, window.limit, period_ms, slice_ms]
        if args:
            try:
                await self.store.run(_OBSERVE, self._key(scope), *args)
            except Unavailable:
                return

    def _matters(self, seen: Observation, window: Window, scope: str) -> bool:
        """Plenty left under a limit we know is no news, and saves a round trip."""
        limit = self._known.get((scope, seen.window), window.limit)
        is_changed = seen.limit is not None and seen.limit != limit
        if seen.limit is not None:
            self._known[scope, seen.window] = limit = seen.limit
        return is_changed or (seen.remaining is not None and seen.remaining < limit * _QUIET_SHARE)

    async def pause(self, seconds: float, scope: str = "") -> None:
        """Hold all callers of `scope` for `seconds`, because the provider asked for it."""
        log.info("provider_asked_to_wait", extra={"provider": self.provider, "scope": scope, "wait_s": seconds})
        try:
            await self.store.run(_PAUSE, self._key(scope), int(seconds * 1000))
        except Unavailable:
            return

    def _key(self, scope: str) -> str:
        return f"rate:{self.provider}:{scope}"


def _shape(window: Window) -> tuple[int, int]:
    """Return the period and its slice in ms, the slice rounded up to a whole one."""
    period_ms = max(int(window.period_s * 1000), _SLICES)
    return period_ms, -(-period_ms // _SLICES)


@dataclass(frozen=True, slots=True)
class Slots:
    """So many things at once, over all processes, e.g. a provider's concurrent sessions.

    A holder that dies gives its slot back after `lease_s`.
    """

    name: str
    limit: int
    store: Store
    lease_s: float = 600.0
    max_wait_s: float = 30.0
    poll_s: float = 0.25

    async def take(self, holder: str) -> None:
        """Take a slot for `holder`, a name nobody else uses.

        Raises:
            LimitReached: none became free in time, or Redis is lost.
        """
        waited_s = 0.0
        while True:
            try:
                taken, next_ms = await self.store.run(
                    _TAKE, f"slots:{self.name}", holder, self.limit, int(self.lease_s * 1000)
                )
            except Unavailable as error:
                raise LimitReached(f"{self.name}: Redis is not reachable, so free slots cannot be counted") from error
            if taken:
                return
            if waited_s >= self.max_wait_s:
                retry_at = datetime.now(UTC) + timedelta(milliseconds=int(next_ms))
                raise LimitReached(f"all {self.limit} slots of {self.name} are taken", retry_at=retry_at)
            await asyncio.sleep(self.poll_s)
            waited_s += self.poll_s

    async def give_back(self, holder: str) -> None:
        """Free the slot of `holder`; without Redis its lease runs out by itself."""
        try:
            await self.store.run(_GIVE_BACK, f"slots:{self.name}", holder)
        except Unavailable:
            return


_TAKE = (
    TIME
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local lease = tonumber(ARGV[4])
if redis.call('ZSCORE', KEYS[1], ARGV[2]) or redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('ZADD', KEYS[1], now + lease, ARGV[2])
  redis.call('PEXPIRE', KEYS[1], 2 * lease)
  return {1, 0}
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {0, tonumber(first[2]) - now}
"""
)

_GIVE_BACK = TIME + "return {redis.call('ZREM', KEYS[1], ARGV[2])}"
