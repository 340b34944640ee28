"""Circuit breaker, one per provider, shared by all processes over Redis.

CLOSED lets every call through and counts the provider's faults. OPEN lets none through for `recovery_s`. Then the
first caller, of however many processes, becomes the probe (HALF_OPEN): its success closes the circuit, its fault opens
it again, and when it dies without a word another probe may go after `probe_s`. Results of calls that started before
the last change of state are ignored. After M. Nygard, "Release It!", chapter "Stability Patterns".
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from core.errors import CircuitOpen, Unavailable
from integrations.resilience.store import TIME, Store

log = logging.getLogger(__name__)


class Circuit(StrEnum):
    """The states of a breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CallOutcome(StrEnum):
    """What a finished call says about the provider."""

    ALIVE = "alive"
    """It answered, be it with a refusal."""
    FAULT = "fault"
    """It failed: no connection, no answer in time, a server error, garbage."""
    UNKNOWN = "unknown"
    """The call never went out, or was cancelled."""


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a breaker opens and for how long.

    Attributes:
        failures: faults in a row that open it.
        recovery_s: seconds it stays open.
        probe_s: seconds a probe may take before another one may go.
        window_s: seconds after which an old fault no longer counts as "in a row".
        believe_s: seconds a faultless closed circuit is believed to stay so without asking again; as long, at most,
            other processes go on calling after one of them has opened it.
    """

    failures: int = 5
    recovery_s: float = 60.0
    probe_s: float = 60.0
    window_s: float = 300.0
    believe_s: float = 0.1


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to make one call; handed back with its outcome."""

    generation: int
    faults_before: int
    is_probe: bool


_ADMIT = (
    TIME
    + """
local state = redis.call('HGET', KEYS[1], 'state') or 'closed'
local generation = tonumber(redis.call('HGET', KEYS[1], 'generation') or '0')
if state == 'closed' then
  return {1, generation, tonumber(redis.call('HGET', KEYS[1], 'faults') or '0'), 0}
end
local till = tonumber(redis.call('HGET', KEYS[1], 'until'))
if now < till then
  return {0, till, 0, 0}
end
generation = generation + 1
redis.call('HSET', KEYS[1], 'state', 'half_open', 'generation', generation, 'until', now + tonumber(ARGV[2]))
return {1, generation, 0, 1}
"""
)

_REPORT = (
    TIME
    + """
local generation = tonumber(ARGV[2])
local outcome = ARGV[3]
local state = redis.call('HGET', KEYS[1], 'state') or 'closed'
if generation ~= tonumber(redis.call('HGET', KEYS[1], 'generation') or '0') then
  return {state, state}
end
local recovery, window = tonumber(ARGV[5]), tonumber(ARGV[6])
local after = state
if outcome == 'alive' then
  after = 'closed'
  redis.call('HSET', KEYS[1], 'state', 'closed', 'faults', 0)
elseif outcome == 'fault' then
  local faults = 1
  if state == 'closed' then
    local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
    if now - last <= window then
      faults = tonumber(redis.call('HGET', KEYS[1], 'faults') or '0') + 1
    end
  end
  redis.call('HSET', KEYS[1], 'faults', faults, 'last', now)
  if state == 'half_open' or faults >= tonumber(ARGV[4]) then
    after = 'open'
    redis.call('HSET', KEYS[1], 'state', 'open', 'faults', 0, 'until', now + recovery)
  end
elseif state == 'half_open' then
  after = 'open'
  redis.call('HSET', KEYS[1], 'state', 'open', 'until', now)
end
if after ~= state then
  redis.call('HSET', KEYS[1], 'generation', generation + 1)
end
redis.call('PEXPIRE', KEYS[1], 86400000 + 2 * (recovery + window))
return {state, after}
"""
)

_PEEK = (
    TIME
    + """
local state = redis.call('HGET', KEYS[1], 'state') or 'closed'
return {state, tonumber(redis.call('HGET', KEYS[1], 'until') or '0')}
"""
)


class Breaker:
    """The breaker of one provider."""

    def __init__(self, provider: str, policy: BreakerPolicy, store: Store) -> None:
        self.provider = provider
        self._policy = policy
        self._store = store
        self._key = f"breaker:{provider}"
        self._believed: Ticket | None = None
        self._believed_until = 0.0

    async def admit(self) -> Ticket | None:
        """Return leave to call, or None when Redis is lost and the breaker cannot know.

        Raises:
            CircuitOpen: the provider is given time to recover, or somebody else is probing it.
        """
        if self._believed is not None and time.monotonic() < self._believed_until:
            return self._believed
        try:
            admitted, number, faults, is_probe = await self._store.run(
                _ADMIT, self._key, int(self._policy.probe_s * 1000)
            )
        except Unavailable:
            return None
        if not admitted:
            until = datetime.fromtimestamp(number / 1000, tz=UTC)
            raise CircuitOpen(
                f"{self.provider} failed repeatedly; no calls until {until:%H:%M:%S} UTC",
                provider=self.provider,
                until=until,
                was_sent=False,
            )
        ticket = Ticket(int(number), int(faults), bool(is_probe))
        is_healthy = not (ticket.is_probe or ticket.faults_before)
        self._believed = ticket if is_healthy else None
        self._believed_until = time.monotonic() + self._policy.believe_s
        return ticket

    async def report(self, ticket: Ticket | None, outcome: CallOutcome) -> None:
        """Count the outcome of an admitted call.

        A success clears only faults that were known when the call began, so a healthy circuit costs no second trip.
        """
        if ticket is None or self._is_nothing_new(ticket, outcome):
            return
        self._believed = None
        policy = self._policy
        try:
            before, after = await self._store.run(
                _REPORT,
                self._key,
                ticket.generation,
                outcome.value,
                policy.failures,
                int(policy.recovery_s * 1000),
                int(policy.window_s * 1000),
            )
        except Unavailable:
            return
        before, after = _text(before), _text(after)
        if before != after:
            level = logging.INFO if after == Circuit.CLOSED else logging.WARNING
            log.log(level, "circuit_changed", extra={"provider": self.provider, "was": before, "is_now": after})

    @staticmethod
    def _is_nothing_new(ticket: Ticket, outcome: CallOutcome) -> bool:
        if ticket.is_probe or outcome is CallOutcome.FAULT:
            return False
        return outcome is CallOutcome.UNKNOWN or ticket.faults_before == 0

    async def state(self) -> Circuit:
        """Return the stored state. Raises Unavailable when Redis is lost."""
        state, _ = await self._store.run(_PEEK, self._key)
        return Circuit(_text(state))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
