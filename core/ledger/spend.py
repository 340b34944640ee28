"""What calls cost, and what they may cost.

Money is `Decimal` US dollars with ten places (one token of a cheap model costs 0.0000001 $), credits are a provider's
own unit. Nothing here is ever a float.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from uuid import UUID

PLACES = Decimal("0.0000000001")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount of money and of a provider's credits, never negative, rounded up to ten places."""

    usd: Decimal = ZERO
    credits: Decimal = ZERO

    def __post_init__(self) -> None:
        for name in ("usd", "credits"):
            amount = getattr(self, name)
            if not isinstance(amount, Decimal) or not amount.is_finite() or amount < 0:
                raise ValueError(f"{name} must be a finite Decimal, not negative")
            object.__setattr__(self, name, amount.quantize(PLACES, rounding=ROUND_UP))

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.usd + other.usd, self.credits + other.credits)

    def __sub__(self, other: "Cost") -> "Cost":
        """Subtract, never below nothing."""
        return Cost(max(self.usd - other.usd, ZERO), max(self.credits - other.credits, ZERO))

    def __bool__(self) -> bool:
        return bool(self.usd or self.credits)

    def times(self, count: int) -> "Cost":
        """Return the cost of `count` such calls."""
        return Cost(self.usd * count, self.credits * count)

    def covers(self, other: "Cost") -> bool:
        """Return whether `other` is not more than this, in money and in credits."""
        return self.usd >= other.usd and self.credits >= other.credits


FREE = Cost()


def total(costs: Iterable[Cost]) -> Cost:
    """Return the sum of `costs`."""
    return sum(costs, FREE)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One charge: the entry of the cost book that holds it, whom it was paid to, and how much."""

    entry_id: UUID
    provider: str
    cost: Cost


_collecting: ContextVar[tuple[list[Receipt], ...]] = ContextVar("collecting", default=())


@contextmanager
def receipts() -> Iterator[list[Receipt]]:
    """Collect the charges for calls made in this block, by tasks that were started in it too; blocks may be nested."""
    collected: list[Receipt] = []
    token = _collecting.set((*_collecting.get(), collected))
    try:
        yield collected
    finally:
        _collecting.reset(token)


def hand_out(receipt: Receipt) -> None:
    """Return a receipt to whoever collects them."""
    for collected in _collecting.get():
        collected.append(receipt)


class Period(StrEnum):
    """What a budget is for."""

    RUN = "run"
    DAY = "day"
    MONTH = "month"


class Unit(StrEnum):
    """What a budget counts."""

    USD = "usd"
    CREDITS = "credits"
    CALLS = "calls"
    """Paid calls, whatever they cost."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that may be spent.

    Attributes:
        period: one run, one UTC day, or one UTC calendar month.
        unit: dollars, credits, or paid calls.
        limit: in that unit, not negative.
        provider: only this provider's calls count; None: all. Credits of different providers cannot be added, so a
            budget in credits names its provider.
    """

    period: Period
    unit: Unit
    limit: Decimal
    provider: str | None = None

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise ValueError("a budget cannot be negative")
        if self.unit is Unit.CREDITS and self.provider is None:
            raise ValueError("a budget in credits names its provider")

    def is_about(self, provider: str, run_id: UUID | None) -> bool:
        """Return whether a call of `provider` in `run_id` counts against this budget."""
        return self.provider in (None, provider) and (self.period is not Period.RUN or run_id is not None)

    def amount_of(self, cost: Cost) -> Decimal:
        """Return the part of one call's `cost` this budget counts."""
        if self.unit is Unit.CALLS:
            return Decimal(1) if cost else ZERO
        return cost.usd if self.unit is Unit.USD else cost.credits

    def span(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Return the first moment of the current period and of the next one, in UTC; None for a run."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.period is Period.DAY:
            return midnight, midnight + timedelta(days=1)
        if self.period is Period.MONTH:
            first = midnight.replace(day=1)
            return first, (first + timedelta(days=32)).replace(day=1)
        return None

    def __str__(self) -> str:
        """Return e.g. "10 usd a month for apollo"."""
        return f"{self.limit} {self.unit} a {self.period}" + (f" for {self.provider}" if self.provider else "")
