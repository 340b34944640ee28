"""What a sweep closed."""

from dataclasses import dataclass
from decimal import Decimal

from core.agents import NOTHING_PRUNED, PrunedThreads


@dataclass(frozen=True, slots=True)
class SweptSpending:
    """Reservations whose process died, now counted as spent."""

    reservation_count: int
    usd: Decimal
    credits: Decimal


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one sweep closed and dropped.

    Attributes:
        spending: reservations in the cost book.
        session_count: browser sessions.
        page_count: pages of websites kept too long.
        threads: of agents, forgotten.
    """

    spending: SweptSpending
    session_count: int
    page_count: int = 0
    threads: PrunedThreads = NOTHING_PRUNED
