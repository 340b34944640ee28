"""When to try again, and after how long: full-jitter exponential back-off that obeys the provider.

The one place that retries in seconds. Full jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from core.errors import CircuitOpen, RateLimited, Timeout, Transient, Unavailable, UnexpectedAnswer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently to try again.

    Attributes:
        retries: tries after the first.
        base_s: seconds; the n-th retry waits up to `base_s * 2**(n-1)`.
        ceiling_s: seconds; never waits longer, and gives up where the provider asks for more.
    """

    retries: int
    base_s: float
    ceiling_s: float = 60.0

    def wait_s(self, retry: int, error: BaseException | None, draw: Callable[[], float] = random.random) -> float:
        """Return seconds to wait before the `retry`-th retry (from 1), never less than the provider asked for."""
        backoff = draw() * min(self.ceiling_s, self.base_s * 2.0 ** (retry - 1))
        asked = asked_wait_s(error)
        return backoff if asked is None else min(self.ceiling_s, asked + backoff * 0.1)

    def is_worth(self, error: BaseException, *, may_repeat: bool) -> bool:
        """Decide whether to try again at all.

        Args:
            error: what the last try ended with.
            may_repeat: whether a call that may have been carried out may be made again.
        """
        if not isinstance(error, Transient) or isinstance(error, CircuitOpen):
            return False
        if (asked_wait_s(error) or 0.0) > self.ceiling_s:
            return False
        return may_repeat or not is_ambiguous(error)


STRATEGIES = {
    "standard": RetryPolicy(retries=2, base_s=1.0),
    "conservative": RetryPolicy(retries=1, base_s=2.0),
    "aggressive": RetryPolicy(retries=3, base_s=1.0),
}
"""The named strategies of the configuration."""


def asked_wait_s(error: BaseException | None) -> float | None:
    """Return the seconds the provider asked us to wait, where it did."""
    return getattr(error, "retry_after_s", None)


def is_ambiguous(error: BaseException) -> bool:
    """Return whether the provider may have carried out the call although we have no usable answer."""
    if isinstance(error, UnexpectedAnswer):
        return True
    return isinstance(error, Unavailable | Timeout) and not isinstance(error, RateLimited) and error.was_sent


async def retrying(
    attempt: Callable[[], Awaitable[T]], policy: RetryPolicy, *, is_worth: Callable[[BaseException], bool]
) -> T:
    """Call `attempt` until it succeeds, until it is not worth it, or until the policy's retries are used up.

    Raises:
        Exception: what the last attempt raised.
    """
    retry = 0
    while True:
        try:
            return await attempt()
        except Exception as error:  # `is_worth` decides, and what is not worth it is raised
            retry += 1
            if retry > policy.retries or not is_worth(error):
                raise
            wait_s = policy.wait_s(retry, error)
        # Outside of the block, so that an error of the next attempt does not name this one as its context.
        await asyncio.sleep(wait_s)
