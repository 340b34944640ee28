"""What a sweep closed."""

from dataclasses import dataclass
from decimal import Decimal

from core.agents.threads import NOTHING_PRUNED, PrunedThreads
from core.forms import Report


@dataclass(frozen=True, slots=True)
class SweptSpending:
    """Reservations whose process died, now counted as spent."""

    reservation_count: int
    usd: Decimal
    credits: Decimal


@dataclass(frozen=True, slots=True)
class SweptApprovals:
    """What a sweep did about approvals.

    Attributes:
        expired: not decided, or not carried out, in time.
        started: decided ones whose run was lost.
        waiting: such for which no Prefect server was there to start a run.
        unknown: messages nobody knows the fate of, which wait for a person.
        slots_released: held for a prospect who never chose.
        mail_paused: why nothing is sent for now; None while messages go out.
    """

    expired: int = 0
    started: int = 0
    waiting: int = 0
    unknown: int = 0
    slots_released: int = 0
    mail_paused: str | None = None


NO_APPROVALS = SweptApprovals()


class SweepReport(Report):
    """What one sweep closed and dropped.

    Attributes:
        spending: reservations in the cost book.
        session_count: browser sessions.
        page_count: pages of websites kept too long.
        answer_count: answers of providers kept too long.
        threads: of agents, forgotten.
        approvals: expired, and taken up again.
    """

    spending: SweptSpending
    session_count: int
    page_count: int = 0
    answer_count: int = 0
    threads: PrunedThreads = NOTHING_PRUNED
    approvals: SweptApprovals = NO_APPROVALS
