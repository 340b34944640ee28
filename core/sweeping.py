"""What a sweep closed."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SweptSpending:
    """Reservations whose process died, now counted as spent."""

    reservation_count: int
    usd: Decimal
    credits: Decimal


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one sweep closed: reservations in the cost book, browser sessions, and pages kept too long."""

    spending: SweptSpending
    session_count: int
    page_count: int
