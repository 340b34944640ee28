"""How far everything is: what `sales-agent status` answers."""

from datetime import UTC, datetime
from decimal import Decimal

from core.discovery.runs import DiscoveryRunSummary
from core.enrichment.runs import EnrichmentStatus
from core.forms import Report
from core.imports.runs import ImportSummary
from core.ledger.spend import Budget, Period, Unit
from core.qualification.runs import QualificationStatus, SpendLine


class ContactsStatus(Report):
    """How many people there are, from whichever source, and how far the search for those who decide is.

    `is_estimated`: there are so many that both counts are estimates.
    """

    outcomes: dict[str, int]
    contacts: int
    leads_with_contacts: int
    due: int
    runs: list[DiscoveryRunSummary]
    is_estimated: bool = False


class SpendStatus(Report):
    """What was spent and set aside since midnight and since the first of the month, in UTC, by provider."""

    today: list[SpendLine]
    month: list[SpendLine]


class StatusReport(Report):
    """Counts a stage; the JSON of `sales-agent status --json`, a stable interface.

    `leads_are_estimated`: there are more than ten thousand. `possible_duplicates` are those that nobody has decided;
    beyond ten thousand `possible_duplicates_is_at_least`.
    """

    leads: int
    leads_are_estimated: bool = False
    possible_duplicates: int = 0
    possible_duplicates_is_at_least: bool = False
    imports: list[ImportSummary]
    qualification: QualificationStatus
    enrichment: EnrichmentStatus
    contacts: ContactsStatus
    spend: SpendStatus


def starts(now: datetime) -> tuple[datetime, datetime]:
    """Return the first moments of the UTC day and of the month that `now` lies in, as budgets count them."""
    day, month = (
        Budget(period, Unit.USD, Decimal(0)).span(now.astimezone(UTC)) for period in (Period.DAY, Period.MONTH)
    )
    assert day is not None
    assert month is not None
    return day[0], month[0]
