"""A meeting proposed, up to the person who has to approve it."""

from core.outreach.booking import ProposalReport, ProposeRequest
from tasks.outreach import proposals
from tasks.outreach import steps as outreach
from tasks.runtime.orchestration import flow


@flow(name="propose-meeting", flow_run_name="propose a meeting to {request.about!s:.8}")
async def propose_meeting(request: ProposeRequest) -> ProposalReport:
    """Find slots and write a proposal to a lead's contact; ends waiting for a person's approval.

    Started by hand. Reads the lead, its assessment and the organiser's calendar; writes an agent's thread and an
    approval. Safe twice: while a proposal to this contact is open, the same one is found again.
    """
    thread_id, state = await outreach.gather_facts(request)
    found = await proposals.propose(thread_id, state)
    report = await outreach.ask_for_meeting(found, state)
    return proposals.waiting(found, report)  # type: ignore[no-any-return]  # in a flow run it is a state of it
