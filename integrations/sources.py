"""What sources have in common: what a provider's errors mean for a question, and how an answer's cost is divided.

A source turns questions into answers and raises nothing for what its provider does. Only a budget or a limit that
refused the call leaves a question certainly not asked; a paid call whose answer was lost leaves it open.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from core.enrichment.questions import Answer, Unasked
from core.errors import (
    AnswerPending,
    BudgetExhausted,
    CircuitOpen,
    ConfigurationError,
    InvalidInput,
    LimitReached,
    PaymentRequired,
    ProviderError,
    RateLimited,
    Unauthorized,
)
from core.ledger.spend import Cost
from integrations.resilience.retry import is_ambiguous

T = TypeVar("T")

_LOOK_AGAIN_S = 10.0
_WAIT_S = 60.0
"""Until a parked answer is asked for again, where the provider does not say."""


@dataclass(frozen=True)
class Timing:
    """When a call began."""

    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _began: float = field(default_factory=time.monotonic)

    def facts(self) -> dict[str, Any]:
        """Return what an answer says of its call, at its end."""
        return {"asked_at": self.asked_at, "latency_ms": round((time.monotonic() - self._began) * 1000)}


class AnswersAtOnce:
    """A source that parks no answers."""

    async def collect(self, ticket: str) -> Answer:
        """Return an error: no ticket can be this source's."""
        return Answer("error", f"no answer is parked here: {ticket!r} is no ticket of this source")


async def attempt(call: Callable[[], Awaitable[T]]) -> T | Answer | Unasked:
    """Make a call; where it fails, return what that means for what was asked."""
    timing = Timing()
    try:
        return await call()
    except BudgetExhausted as error:
        return Unasked(Answer("due", str(error)), is_for_all=True, is_over_budget=True)
    except (LimitReached, RateLimited, CircuitOpen) as error:
        return Unasked(Answer("due", str(error)), is_for_all=not isinstance(error, RateLimited))
    except PaymentRequired as error:
        return Unasked(Answer("due", str(error)), is_for_all=True)
    except Unauthorized as error:
        return Unasked(Answer("error", str(error)), is_for_all=True)
    except ProviderError as error:
        is_open = is_ambiguous(error)
        return Answer("error", str(error), request_id=error.request_id, is_open=is_open, **timing.facts())
    except (InvalidInput, ConfigurationError) as error:
        return Answer("error", str(error), **timing.facts())


async def collected(ticket: str, call: Callable[[], Awaitable[T]]) -> T | Answer:
    """Fetch a parked answer; where it is not to be had, return what that means. Asking again costs nothing."""
    timing = Timing()
    try:
        return await call()
    except AnswerPending as pending:
        return _parked("the provider still works on it", ticket, pending.retry_after_s or _LOOK_AGAIN_S, timing)
    except RateLimited as error:
        return _parked(str(error), ticket, error.retry_after_s or _WAIT_S, timing)
    except (LimitReached, ProviderError) as error:
        is_lasting = isinstance(error, ProviderError) and not is_ambiguous(error) and not isinstance(error, CircuitOpen)
        return (
            Answer("error", str(error), **timing.facts())
            if is_lasting
            else _parked(str(error), ticket, _WAIT_S, timing)
        )


def _parked(reason: str, ticket: str, wait_s: float, timing: Timing) -> Answer:
    return Answer("due", reason, ticket=ticket, collect_in_s=wait_s, asked_at=timing.asked_at)


def shares(cost: Cost, count: int) -> list[Cost]:
    """Divide a cost, the rest of the division with the first, so that the shares add up to it."""
    if count == 1:
        return [cost]
    each = Cost((cost.usd / count).quantize(cost.usd), (cost.credits / count).quantize(cost.credits))
    return [cost - each.times(count - 1), *([each] * (count - 1))]
