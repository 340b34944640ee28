"""An approved message out, once."""

from uuid import UUID

from core.outreach.decisions import ExecutionReport
from tasks.outreach import steps as outreach
from tasks.runtime.orchestration import flow


@flow(name="send-message", flow_run_name="send approved message {approval_id!s:.8}")
async def send_message(approval_id: UUID) -> ExecutionReport:
    """Send a message that somebody approved.

    Started by the decision, or by the sweep where that start was lost. Checks the approval's digest against content and
    facts, its expiry and the suppressions, then writes to the outbox and hands the message over. Safe twice and at
    once: it is sent once, or not at all, or it is listed as unknown.
    """
    return await outreach.send_approved(approval_id)
