"""From a provider's settings to its guard."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.errors import Unavailable
from core.settings.providers import ProviderSettings
from integrations.resilience.breaker import Breaker, BreakerPolicy
from integrations.resilience.budget import CostBook
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import LimitPolicy, Observation, RateLimiter, Window
from integrations.resilience.retry import STRATEGIES, RetryPolicy
from integrations.resilience.store import Store

_ANNOUNCED = frozenset({"apollo", "cerebras"})
"""Their headers say what the limits are; what is configured is a guess until then."""
_STRICT = frozenset({"apollo", "browserbase", "cerebras", "anthropic", "deepseek", "openrouter", "cartesia"})
"""Paid: without Redis to count in, no call is made."""


def guard_from(provider: str, section: ProviderSettings, *, store: Store, book: CostBook | None = None) -> Guard:
    """Make the guard of a provider.

    Args:
        provider: its name, also the key of its shared state.
        section: its settings.
        store: shared state.
        book: cost book of the run; without one, paid calls are refused.
    """
    windows = tuple(
        Window(name, limit, period_s, is_estimate=provider in _ANNOUNCED, unit="tokens" if "token" in name else "calls")
        for name, limit, period_s in section.windows
    )
    if not windows and provider in _STRICT:
        # Nothing is known to limit, but losing count of paid calls is still a reason to stop.
        windows = (Window("second", 100, 1.0),)
    return Guard(
        provider,
        Breaker(provider, BreakerPolicy(section.breaker_failures, section.breaker_recovery_s), store),
        RateLimiter(provider, LimitPolicy(windows, section.max_wait_s, provider in _STRICT), store),
        STRATEGIES[section.retry],
        section.deadline_s,
        book,
    )


def linkedin_limiter(pages_a_day: int, store: Store) -> RateLimiter:
    """Return the limit of LinkedIn pages; strict, because overrunning it is punished."""
    return RateLimiter("linkedin", LimitPolicy((Window("day", pages_a_day, 86_400),), 10.0, is_strict=True), store)


class NoStore(Store):
    """No shared memory: the breaker lets everything through, and limits are not counted."""

    def __init__(self) -> None:
        """Make a store without a server."""

    async def run(self, script: str, key: str, *args: str | float) -> list[object]:  # noqa: ARG002 - a store's own
        """Raise Unavailable, as a store does whose server is lost."""
        raise Unavailable("there is no shared memory here", provider="redis", was_sent=False)


@dataclass(slots=True)
class NotingLimiter(RateLimiter):
    """Limits nothing and remembers what the headers say."""

    noted: dict[str, Observation] = field(default_factory=dict)

    async def observe(self, observations: Sequence[Observation], scope: str = "") -> None:  # noqa: ARG002 - one call
        """Remember the last that is said of each window."""
        self.noted.update({seen.window: seen for seen in observations})


def single_call_guard(provider: str, deadline_s: float) -> tuple[Guard, NotingLimiter]:
    """Return a guard for a free call that needs no Redis, is not tried again and opens no circuit; and its limiter."""
    store = NoStore()
    breaker = Breaker(provider, BreakerPolicy(), store)
    limiter = NotingLimiter(provider, LimitPolicy(), store)
    return Guard(provider, breaker, limiter, RetryPolicy(retries=0, base_s=0.0), deadline_s), limiter
