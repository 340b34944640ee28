"""Close what crashes left open."""

from core.sweeping import SweepReport
from tasks import sweeping
from tasks.runtime import flow


@flow(name="sweep")
async def sweep() -> SweepReport:
    """Close reservations in the cost book and browser sessions that a crash left open, and drop old pages.

    Every 15 minutes. Takes no input; writes the cost book, ends sessions at Browserbase where that is configured, and
    deletes pages of websites kept longer than `WEBSITES_KEEP_S`. Safe twice: what is closed is not found again, and
    what is still in use is younger than the sweep looks for.
    """
    spending = await sweeping.close_reservations()
    sessions = await sweeping.release_sessions()
    return SweepReport(spending, sessions, await sweeping.drop_pages())
