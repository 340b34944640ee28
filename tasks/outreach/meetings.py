"""What the steps of a meeting share: the calendar, the agent's graph, the activity in the CRM, the invitation."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.crm.records import RecordKind, SentMessage
from core.errors import Gone, InvalidInput, ProviderNotConfigured
from core.outreach.approvals import EXCLUDED, TIER, Approval
from core.outreach.invitations import Invitation
from core.outreach.invitations import render as render_invitation
from core.outreach.meetings import Span, said
from core.outreach.proposals import USED_FACTS
from core.outreach.sending import APPROVED_MESSAGE, OutgoingMessage, Send, message_id, sender_address
from core.outreach.suppression import Reason, Target, address_key
from core.ports import Calendar, CRMProvider
from core.settings.settings import settings
from db.crm import links as crm_links
from db.leads.matching import current_id
from db.outreach import meetings, sends, suppressions
from db.outreach.recipients import contact_of
from db.server.engine import Connection, own_connection
from integrations.smtp.plug import SmtpSettings
from tasks.outreach import sending
from tasks.runtime.crm_offers import crm_config
from tasks.runtime.crm_opening import open_crm
from tasks.runtime.providers import unshared
from tasks.runtime.resources import database, database_url

_BY = "the prospect, by reply"


async def taken(start: datetime, end: datetime) -> list[Span]:
    """Return when the organiser is busy, by the configured calendar."""
    async with unshared() as world:
        try:
            calendar: Calendar = await world.open("calendar")
        except ProviderNotConfigured:
            return []
        return await calendar.busy(start, end)


def organizer() -> str:
    """Return who the prospect meets."""
    outreach = settings().outreach
    return outreach.meetings.organizer or settings().read(SmtpSettings).sender


def used_facts(known: dict[str, Any]) -> dict[str, Any]:
    """Return the facts that a proposal is bound to."""
    return {name: known.get(name) for name in USED_FACTS}


def excluded_fact(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fact that the profile excludes the lead, where it does: the approval says so first."""
    return {TIER: EXCLUDED} if state.get("tier") == EXCLUDED else {}


def meeting_uid(approval: Approval) -> str:
    """Return the UID of the meeting's invitations (RFC 5545, 3.8.4.7)."""
    return f"{approval.id}@{sender_address(settings().read(SmtpSettings).sender).partition('@')[2]}"


async def write_activity(approval: Approval) -> str:
    """Write a sent message to the CRM; return the activity's id there, or why there is none."""
    lead_id = approval.proposal.lead_id
    if lead_id is None:
        return "skipped: it is about no lead"
    async with database() as connection:
        lead_id = await current_id(connection, lead_id)
    content = approval.content
    marker = message_id(approval.id, APPROVED_MESSAGE, settings().read(SmtpSettings).sender).strip("<>")
    message = SentMessage(marker, content["to"], content["subject"], content["body"])
    try:
        async with open_crm(crm_config(settings())) as crm:
            there = await _twin_in(crm, lead_id)
            return "skipped: the lead is not in the CRM" if there is None else await crm.log_message(there, message)
    except ProviderNotConfigured:
        return "skipped: no CRM is configured"
    except Gone:
        return "skipped: the lead is not in the CRM any more"


async def _twin_in(crm: CRMProvider, lead_id: UUID) -> str | None:
    """Return the CRM's id of a lead: as it was linked, else of what carries our id there."""
    async with own_connection(database_url()) as connection:
        links = (await crm_links.select_of(connection, crm.name, [lead_id]))[lead_id]
    linked = next((link.remote_id for link in links if link.kind is RecordKind.LEAD and not link.is_gone), None)
    if linked is not None:
        return linked
    found = await crm.find(lead_id)
    return None if found is None else found.lead.id


async def uninvited(approval_id: UUID) -> int | None:
    """Return the slot that was booked and whose invitation has certainly not gone out; None where there is none."""
    async with database() as connection:
        meeting = await meetings.find(connection, approval_id)
        waiting = await sends.select_waiting(connection, approval_id)
    is_booked = meeting is not None and meeting.status == "booked"
    return meeting.slot if meeting is not None and is_booked and waiting else None


async def invite(approval: Approval, meeting: meetings.Meeting) -> Send:
    """Send the invitation to a booked meeting, once for each version of it."""
    assert meeting.slot is not None
    slot = meetings.slots_of(approval)[meeting.slot - 1]
    sender, recipient = settings().read(SmtpSettings).sender, str(approval.proposal.recipient)
    now = datetime.now(UTC)
    name = organizer()
    summary = f"Call with {name.partition('<')[0].strip() or sender_address(sender)}"
    invitation = Invitation(meeting.uid, meeting.sequence, slot, summary, name, recipient, now)
    purpose = f"invitation-{meeting.sequence}"
    zone = settings().outreach.meetings.timezone
    message = OutgoingMessage(
        message_id=message_id(approval.id, purpose, sender),
        sender=sender,
        recipient=recipient,
        subject=f"Invitation: {summary}",
        body=f"Hello,\n\nthis is the invitation to our call:\n\n  {said(slot, zone)}\n\nKind regards\n{name}\n",
        at=now,
        invitation=render_invitation(invitation),
    )
    return await sending.send_once(approval.id, purpose, message, by=sending.executor())


async def suppress_prospect(connection: Connection, approval: Approval, now: datetime) -> None:
    """Suppress the person an approval is about, by all that is known of who they are."""
    contact_id = await contact_of(connection, approval.proposal)
    if approval.proposal.lead_id is None or contact_id is None:
        return
    for target in await suppressions.targets_of(connection, approval.proposal.lead_id, contact_id):
        await suppressions.add(connection, target, reason=Reason.OPT_OUT, by=_BY, now=now)


async def suppress_address(connection: Connection, address: str | None, now: datetime) -> None:
    """Suppress an address; what is none is nobody's."""
    with contextlib.suppress(InvalidInput):
        target = Target("address", address_key(address or ""))
        await suppressions.add(connection, target, reason=Reason.OPT_OUT, by=_BY, now=now)
