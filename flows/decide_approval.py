"""A person's decision on an approval."""

from core.outreach.decisions import DecisionReport, DecisionRequest
from tasks.outreach import steps as outreach
from tasks.runtime.orchestration import flow


@flow(name="decide-approval", flow_run_name="{request.decision} {request.approval_id!s:.8} by {request.decided_by}")
async def decide_approval(request: DecisionRequest) -> DecisionReport:
    """Approve, edit or reject what an agent or a run asks for.

    Started by hand: the run that waits shows the exact text and its digest. Writes the decision under your name, and
    starts the run that carries it out. Of two people at once one wins, and the other's run fails saying who was first.
    """
    return await outreach.decide_approval(request)
