"""Approvals: asking for one, deciding it, and starting the run that carries it out."""

import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from core.errors import Conflict, InvalidInput
from core.outreach import approvals as rules
from core.outreach.approvals import MESSAGES, Approval, ApprovalKind, ApprovalStatus, Decision, Json, Proposal
from core.outreach.decisions import DecisionRequest, edited_content, seen_digest
from core.outreach.first_messages import MessageStage, told, why
from core.outreach.meetings import Span
from core.outreach.sending import checked_words
from core.settings.settings import settings
from db.leads import facts
from db.outreach import approvals, first_messages, meetings, suppressions
from db.outreach.recipients import contact_of
from db.server.engine import Connection
from tasks.outreach.artifacts import show_approval, show_pending
from tasks.outreach.keys import tombstone_key
from tasks.outreach.proof import proved
from tasks.outreach.readers import find_approval, list_approvals, preamble
from tasks.runtime.deployments import start_run
from tasks.runtime.orchestration import in_flow_run
from tasks.runtime.resources import database

log = logging.getLogger(__name__)

_DEPLOYMENTS = {
    ApprovalKind.EMAIL: "send-message/send-message",
    ApprovalKind.MEETING: "book-meeting/book-meeting",
    ApprovalKind.CRM_CHANGES: "sync-crm/sync-crm",
}
"""Which deployment carries out an approval."""
TAKEN = "calendar.taken"
"""The fact that names the slots of a meeting that are no longer free; the empty list when it is proposed."""


async def ask_approval(proposal: Proposal) -> Approval:
    """Ask for an approval; the same proposal again gives the one there is. Shows the exact text in the run's artifact.

    Raises:
        Suppressed: the recipient must not be written to.
        InvalidInput: a message's recipient or words cannot be sent.
        NotPending: another proposal for this subject is being executed.
    """
    if proposal.kind in MESSAGES:
        recipient, _, _ = checked_words(proposal.content)
        if recipient != proposal.recipient:
            raise InvalidInput("a message's `to` and its recipient differ")
    lifetime = timedelta(days=settings().outreach.approvals.lifetime_days)
    async with database() as connection:
        if proposal.recipient is not None:
            await _refuse_suppressed(connection, proposal)
        approval = await approvals.request(connection, proposal, now=datetime.now(UTC), lifetime=lifetime)
    log.info("approval_requested", extra={"approval_id": str(approval.id), "kind": str(proposal.kind)})
    await show_approval(approval, await preamble(approval))
    await show_all_pending()
    return approval


async def show_all_pending() -> None:
    """Show everything that waits for a person, each with its text; nothing outside a flow run."""
    if in_flow_run():
        waiting = await list_approvals([ApprovalStatus.PENDING])
        await show_pending([(approval, await preamble(approval)) for approval in waiting])


async def _refuse_suppressed(connection: Connection, proposal: Proposal) -> None:
    """Do nothing for a message to somebody who may be written to. Raises Suppressed."""
    contact_id = await contact_of(connection, proposal)
    await suppressions.refuse_suppressed(
        connection, proposal.recipient, tombstone_key(), lead_id=proposal.lead_id, contact_id=contact_id
    )


async def facts_now(connection: Connection, approval: Approval, busy: Collection[Span] = ()) -> Json:
    """Read the facts of a message as they are now; `busy` is what the calendar says beside our own slots."""
    known, contact_id = approval.proposal.facts, await contact_of(connection, approval.proposal)
    current = await facts.read(connection, approval.proposal.lead_id, list(known), contact_id=contact_id)
    if TAKEN in known:
        current[TAKEN] = await meetings.taken_slots(connection, approval, busy)
    return current


async def apply_decision(request: DecisionRequest) -> Approval:
    """Store a decision; errors as for `decide_approval`."""
    now = datetime.now(UTC)
    by, proved_by = request.decided_by, proved()
    found = await find_approval(request.approval_id)
    async with database() as connection:
        approval = await approvals.get(connection, found.id)
        digest = seen_digest(approval, request.digest)
        if request.decision == "reject":
            return await approvals.decide(
                connection,
                approval.id,
                Decision.REJECT,
                by=by,
                digest=digest,
                now=now,
                reason=request.reason,
                proved_by=proved_by,
            )
        if request.decision == "edit and approve":
            approval = await _edit(connection, approval, request, digest, now)
            digest = approval.digest
        await _check_before_approving(connection, approval)
        approval = await approvals.decide(
            connection, approval.id, Decision.APPROVE, by=by, digest=digest, now=now, proved_by=proved_by
        )
    log.info("approval_decided", extra={"approval_id": str(approval.id), "status": str(approval.status)})
    return approval


async def _edit(
    connection: Connection, approval: Approval, request: DecisionRequest, digest: str, now: datetime
) -> Approval:
    content = edited_content(approval, request.subject, request.body)
    checked_words(content)
    return await approvals.edit(connection, approval.id, content, by=request.decided_by, digest=digest, now=now)


async def _check_before_approving(connection: Connection, approval: Approval) -> None:
    """Refuse what could not be executed anyhow, while somebody is there to hear why."""
    if approval.status is not ApprovalStatus.PENDING or approval.proposal.kind not in MESSAGES:
        return
    proposal = approval.proposal
    if proposal.recipient is not None:
        await _refuse_suppressed(connection, proposal)
    other = await first_messages.find_obstacle(connection, approval, MessageStage.APPROVE)
    if other is not None:
        raise Conflict(f"{why(other)}: {told(other)}; reject this one, or propose another message by the lead's id")
    rules.check_facts(approval, await facts_now(connection, approval))


async def edit_approval(approval_id: UUID, *, subject: str | None, body: str | None, by: str, digest: str) -> Approval:
    """Put other words into a pending approval; it still has to be approved.

    Raises:
        NotPending, StaleDraft, ApprovalExpired, ApprovalNotFound, InvalidInput.
    """
    async with database() as connection:
        approval = await approvals.get(connection, approval_id)
        content = edited_content(approval, subject, body)
        checked_words(content)
        seen = seen_digest(approval, digest)
        return await approvals.edit(connection, approval_id, content, by=by, digest=seen, now=datetime.now(UTC))


async def start_execution(approval: Approval, *, attempt: int = 0) -> str | None:
    """Start the run that carries an approval out; return where to watch it, or None where no server takes it.

    Args:
        approval: a decided one, or one that was sent and whose invitation waits.
        attempt: how often its invitation was tried; for it the approval changes no more.
    """
    kind = approval.proposal.kind
    # A decision and a sweep that comes upon it at the same time start one run, not two.
    key = f"{approval.id}-{approval.revision}" + (f"-{attempt}" if attempt else "")
    asked = {"approval_id": str(approval.id)}
    parameters: dict[ApprovalKind, dict[str, Any]] = {
        ApprovalKind.EMAIL: asked,
        ApprovalKind.MEETING: {"request": asked},
        ApprovalKind.CRM_CHANGES: {"request": {}},  # the run makes the plan anew, and finds its approval by it
    }
    return await start_run(_DEPLOYMENTS[kind], parameters[kind], idempotency_key=key)


def is_message(approval: Approval) -> bool:
    """Return whether an approval is of a message, which a sweep may start again."""
    return approval.proposal.kind in MESSAGES
