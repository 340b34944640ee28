"""Close what crashes left open."""

from core.sweeping import SweepReport
from tasks import sweeping
from tasks.runtime import flow


@flow(name="sweep")
async def sweep() -> SweepReport:
    """Close reservations in the cost book and browser sessions that a crash left open.

    Every 15 minutes. Takes no input; writes the cost book, ends sessions at Browserbase where that is configured. Safe
    twice: what is closed is not found again, and what is still in use is younger than the sweep looks for.
    """
    spending = await sweeping.close_reservations()
    return SweepReport(spending, await sweeping.release_sessions())
