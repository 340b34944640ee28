"""What people and doors read of outreach: approvals, meetings, messages, suppressions. Imports no Prefect."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.errors import ApprovalNotFound, Conflict
from core.outreach.approval_text import warnings
from core.outreach.approvals import MESSAGES, OPEN, Approval, ApprovalStatus
from core.outreach.first_messages import told_all
from core.outreach.sending import Send
from db.leads import facts
from db.outreach import approvals, first_messages, meetings, sends
from tasks.runtime.resources import database


async def preamble(approval: Approval) -> list[str]:
    """Return what who decides must know before they read a message: that its lead is disqualified, what went before."""
    proposal = approval.proposal
    if proposal.kind not in MESSAGES or approval.status not in OPEN:
        return warnings(approval)
    async with database() as connection:
        others = await first_messages.others_of(connection, approval)
        tier = await facts.find_tier(connection, proposal.lead_id) if proposal.lead_id is not None else None
    return warnings(approval, tier) + told_all(others)


async def list_approvals(statuses: Collection[ApprovalStatus] = ()) -> list[Approval]:
    """List approvals, those asked for last first."""
    async with database() as connection:
        return await approvals.select_by_status(connection, statuses)


async def find_approval(text: str) -> Approval:
    """Return the approval whose id is, or starts with, what somebody typed.

    Raises:
        ApprovalNotFound: there is none.
        Conflict: there are several.
    """
    async with database() as connection:
        found = await approvals.find_by_prefix(connection, text.strip())
    if not found:
        raise ApprovalNotFound(f"there is no approval {text}")
    if len(found) > 1:
        raise Conflict(f"{len(found)} approvals begin with {text}: write more of the id")
    return found[0]


async def list_meetings() -> list[dict[str, Any]]:
    """List meetings with their slots, the latest first."""
    async with database() as connection:
        return await meetings.select_summaries(connection)


async def list_unresolved() -> list[Send]:
    """List messages of which nobody knows whether they went out, and those on their way."""
    async with database() as connection:
        await sends.give_up_lost(connection, now=datetime.now(UTC))
        return await sends.select_unresolved(connection)


async def resolve_message(approval_id: UUID, purpose: str, *, was_sent: bool, by: str) -> Send:
    """Return what became of a message, as a person found out. Raises NotFound, NotPending, InvalidInput."""
    async with database() as connection:
        return await sends.resolve(connection, approval_id, purpose, was_sent=was_sent, by=by, now=datetime.now(UTC))
