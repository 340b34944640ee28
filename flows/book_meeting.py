"""An approved proposal out, and the prospect's choice booked."""

from core.outreach.booking import BookingReport, BookRequest
from tasks.outreach import proposals
from tasks.runtime.orchestration import flow


@flow(name="book-meeting", flow_run_name="{request.label}")
async def book_meeting(request: BookRequest) -> BookingReport:
    """Send an approved proposal, or book the slot that the prospect's reply chooses.

    Started by the decision, by the sweep where that start was lost, and by hand with a reply. Checks digest, facts,
    calendar, expiry and suppressions; holds the slots; sends once; logs it in the CRM; sends the invitation. Safe twice
    and at once.
    """
    return await proposals.carry_on(request)
