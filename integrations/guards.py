"""From a plug and its settings to its guard."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.errors import Unavailable
from core.settings.providers import ProviderSettings
from integrations.plug import Plug
from integrations.resilience.breaker import Breaker, BreakerPolicy
from integrations.resilience.budget import CostBook
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import LimitPolicy, Observation, RateLimiter, Window
from integrations.resilience.retry import STRATEGIES, RetryPolicy
from integrations.resilience.store import Store


def guard_from(plug: Plug, section: ProviderSettings, *, store: Store, book: CostBook | None = None) -> Guard:
    """Make the guard of a provider.

    Args:
        plug: its name is also the key of its shared state.
        section: its settings.
        store: shared state.
        book: cost book of the run; without one, paid calls are refused.
    """
    windows = tuple(
        Window(name, limit, period_s, is_estimate=plug.announces_limits, unit="tokens" if "token" in name else "calls")
        for name, limit, period_s in section.windows
    )
    if not windows and plug.is_strict:
        # Nothing is known to limit, but losing count of paid calls is still a reason to stop.
        windows = (Window("second", 100, 1.0),)
    return Guard(
        plug.name,
        Breaker(plug.name, BreakerPolicy(section.breaker_failures, section.breaker_recovery_s), store),
        RateLimiter(plug.name, LimitPolicy(windows, section.max_wait_s, plug.is_strict), store),
        STRATEGIES[section.retry],
        section.deadline_s,
        book,
    )


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
