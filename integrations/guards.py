"""From a provider's settings to its guard."""

from core.provider_settings import ProviderSettings
from integrations.resilience.breaker import Breaker, BreakerPolicy
from integrations.resilience.budget import CostBook
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import LimitPolicy, RateLimiter, Window
from integrations.resilience.retry import STRATEGIES
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
