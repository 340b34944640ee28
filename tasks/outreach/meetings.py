"""Meetings: the agent's thread, the approval it waits for, the message, the slots, the CRM, the invitation.

Every step may be repeated: a thread is found again, an approval asked for twice is one, a message goes out once, slots
are held once, an activity is looked up before it is written, an invitation has one UID.
"""

import contextlib
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from agents import bdr
from agents.openings import PROMPT_VERSION
from core.crm.records import Kind as CrmKind
from core.crm.records import SentMessage
from core.errors import ApprovalNotFound, Conflict, Gone, InvalidInput, ProviderNotConfigured
from core.outreach.approvals import EXCLUDED, TIER, Approval, Decision, Kind, Proposal, Status, outcome
from core.outreach.booking import BookingReport, BookRequest, ProposalReport, ProposeRequest
from core.outreach.invitations import Invitation
from core.outreach.invitations import render as render_invitation
from core.outreach.meetings import Span, said, zone_of
from core.outreach.opt_out import is_opt_out, said_themselves
from core.outreach.proposals import USED_FACTS, guest_names, guest_zone
from core.outreach.reply_reading import Reading, read_reply
from core.outreach.sending import LETTER, Letter, Send, SendStatus, message_id, sender_address
from core.outreach.suppression import Reason, Target, address_key
from core.ports import Calendar, CRMProvider
from core.settings.settings import settings
from core.text.plain_text import plain_line
from db.crm import links as crm_links
from db.leads import facts
from db.outreach import approvals, meetings, sends, suppressions
from db.server.engine import Connection, own_connection
from integrations.smtp.plug import SmtpSettings
from langgraph_prefect.running import as_flow_result
from langgraph_prefect.values import Finished, Outcome, Waiting
from tasks.agents.graphs import resume_thread, run_thread
from tasks.outreach import sending
from tasks.outreach.approvals import TAKEN, ask_approval
from tasks.outreach.keys import tombstone_key
from tasks.outreach.meeting_openings import opening_writer
from tasks.runtime.crm_offers import crm_config
from tasks.runtime.crm_opening import open_crm
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.providers import unshared
from tasks.runtime.resources import database, database_url

log = logging.getLogger(__name__)


async def taken(start: datetime, end: datetime) -> list[Span]:
    """Return when the organiser is busy, by the configured calendar."""
    async with unshared() as world:
        try:
            calendar: Calendar = await world.open("calendar")
        except ProviderNotConfigured:
            return []
        return await calendar.busy(start, end)


def organizer() -> str:
    """Return who the guest meets."""
    outreach = settings().outreach
    return outreach.meetings.organizer or settings().read(SmtpSettings).sender


async def _busy(start: datetime, end: datetime) -> list[Span]:
    known = await taken(start, end)
    async with database() as connection:
        return [*known, *await meetings.busy(connection)]


def _graph(**more: Any) -> bdr.Graph:
    chosen = settings().outreach.meetings
    terms: bdr.Terms = {
        "hours": chosen.hours(),
        "minutes": chosen.minutes,
        "notice": timedelta(hours=chosen.notice_hours),
        "horizon": timedelta(days=chosen.horizon_days),
        "organizer": organizer(),
    }
    return bdr.build(busy=_busy, terms=terms, **more)


@task(name="gather-facts", **STEP)
async def gather_facts(request: ProposeRequest) -> tuple[UUID, bdr.MeetingState]:
    """Read what the agent may know of a lead; give the thread that is open for it, or a new one.

    Raises:
        Suppressed: its contact must not be written to.
    """
    async with database() as connection:
        known = await facts.read(connection, request.lead_id, USED_FACTS)
        tier = await facts.find_tier(connection, request.lead_id)
        address = known.get("lead.contact_email")
        await suppressions.refuse_suppressed(connection, address, tombstone_key(), lead_id=request.lead_id)
        open_ = await meetings.find_open_thread(connection, bdr.AGENT, request.lead_id)
    state: bdr.MeetingState = {"facts": dict(known), "tier": tier, "now": datetime.now(UTC).isoformat()}
    return open_ or uuid4(), state


async def propose(request: ProposeRequest, thread_id: UUID, state: bdr.MeetingState) -> Outcome:
    """Run the agent to its question, or to the reason why there is none."""
    async with opening_writer(thread_id, request.lead_id) as write_opening:
        return await run_thread(
            _graph(write_opening=write_opening),
            state,
            agent=bdr.AGENT,
            thread_id=thread_id,
            request={"lead_id": str(request.lead_id)},
            prompt_version=PROMPT_VERSION,
        )


@task(name="ask-approval", **STEP)
async def ask(request: ProposeRequest, found: Outcome, state: bdr.MeetingState) -> ProposalReport:
    """Ask for approval of what the agent wrote; safe twice, since the same question gives the same approval."""
    thread_id = UUID(found.thread_id)
    if not isinstance(found, Waiting):
        stopped = found.values.get("stopped") if isinstance(found, Finished) else found.reason
        reason = str(stopped or "the thread has ended")
        return ProposalReport(lead_id=request.lead_id, thread_id=thread_id, approval_id=None, reason=reason)
    question = found.questions[0].value
    if question["kind"] != "approval":
        reason = "a proposal to this lead was approved and is on its way: see `sales-agent meetings list`"
        return ProposalReport(lead_id=request.lead_id, thread_id=thread_id, approval_id=None, reason=reason)
    content = dict(question["content"])
    content["to"] = address_key(content["to"])
    company = state["facts"].get("lead.company_name") or "a lead"
    proposal = Proposal(
        kind=Kind.MEETING,
        subject_id=found.thread_id,
        title=f"Meeting with {plain_line(company)}",
        content=content,
        facts={**_used(state["facts"]), **_excluded(state), TAKEN: []},
        recipient=content["to"],
        lead_id=request.lead_id,
        proposed_by=bdr.AGENT,
        thread_id=found.thread_id,
        flow_run_id=sending.executor(),
    )
    approval = await ask_approval(proposal)
    return ProposalReport(lead_id=request.lead_id, thread_id=thread_id, approval_id=approval.id, reason=None)


def _used(known: dict[str, Any]) -> dict[str, Any]:
    return {name: known.get(name) for name in USED_FACTS}


def _excluded(state: bdr.MeetingState) -> dict[str, Any]:
    """Return the fact that the profile excludes the lead, where it does: the approval says so first."""
    return {TIER: EXCLUDED} if state.get("tier") == EXCLUDED else {}


def waiting(found: Outcome, report: ProposalReport) -> Any:
    """Return what the flow returns: inside Prefect a state that says it waits."""
    return as_flow_result(found, report)


async def carry_on(request: BookRequest) -> BookingReport:
    """Send an approved proposal, or take up the guest's reply to it."""
    return await take_reply(request) if request.reply is not None else await send_proposal(request.approval_id)


async def send_proposal(approval_id: UUID) -> BookingReport:
    """Carry out the approval of a proposal: resume the thread, hold the slots, send once, log it in the CRM."""
    by = sending.executor()
    approval = await claim_proposal(approval_id, by)
    if approval.is_held_by(by):
        await resume_with(approval, answer=True)
        approval = await deliver(approval, by)
    elif approval.status is Status.REJECTED:
        await resume_with(approval, answer=False)
    if approval.status is Status.EXECUTED and (slot := await uninvited(approval_id)):
        return await book(approval, slot)
    if approval.status is not Status.EXECUTED:
        sent = await sending.letter_of(approval_id)
        return BookingReport(approval_id=approval_id, outcome=sending.report_on(approval, sent).outcome)
    return BookingReport(approval_id=approval_id, outcome="proposed", crm=await log_in_crm(approval_id))


@task(name="claim", **STEP)
async def claim_proposal(approval_id: UUID, by: str) -> Approval:
    """Take an approval, by the calendar and the facts as they are now."""
    async with database() as connection:
        known = await approvals.get(connection, approval_id)
    slots = meetings.slots_of(known)
    busy = await taken(slots[0].starts_at, slots[-1].ends_at) if slots else []
    return await sending.claim(approval_id, by=by, busy=busy)


async def resume_with(approval: Approval, *, answer: bool) -> None:
    """Tell the thread what was decided, unless it knows."""
    if approval.proposal.thread_id is None:
        return
    thread_id = UUID(approval.proposal.thread_id)
    if await _asks(thread_id, approval) == "approval":
        await resume_thread(_graph(), answer, agent=bdr.AGENT, thread_id=thread_id)


async def _asks(thread_id: UUID, approval: Approval) -> str | None:
    """Return what kind of question a thread waits with."""
    request = {"lead_id": str(approval.proposal.lead_id)}
    found = await run_thread(_graph(), {}, agent=bdr.AGENT, thread_id=thread_id, request=request)
    return str(found.questions[0].value["kind"]) if isinstance(found, Waiting) else None


@task(name="hold-and-send", **STEP)
async def deliver(approval: Approval, by: str) -> Approval:
    """Hold the slots, then send; slots of a message that certainly did not go out are given back."""
    now = datetime.now(UTC)
    try:
        async with database() as connection:
            await meetings.hold(connection, approval, uid=_uid(approval))
    except Conflict as taken:
        async with database() as connection:
            return await approvals.make_stale(connection, approval.id, str(taken), now=now)
    closed = await sending.close(approval, await sending.send_letter(approval, by=by), by=by)
    if closed.status in (Status.FAILED, Status.STALE, Status.EXPIRED):
        async with database() as connection:
            await meetings.forget(connection, [approval.id])
    return closed


def _uid(approval: Approval) -> str:
    return f"{approval.id}@{sender_address(settings().read(SmtpSettings).sender).partition('@')[2]}"


@task(name="log-in-crm", **STEP)
async def log_in_crm(approval_id: UUID) -> str:
    """Write the sent proposal to the CRM, once; return the activity, or why there is none."""
    async with database() as connection:
        approval = await approvals.get(connection, approval_id)
        meeting = await meetings.find(connection, approval_id)
    if meeting is not None and meeting.crm_activity is not None:
        return meeting.crm_activity
    activity = await _write_activity(approval)
    async with database() as connection:
        await meetings.note_activity(connection, approval_id, activity)
    return activity


async def _write_activity(approval: Approval) -> str:
    lead_id = approval.proposal.lead_id
    if lead_id is None:
        return "skipped: it is about no lead"
    content = approval.content
    marker = message_id(approval.id, LETTER, settings().read(SmtpSettings).sender).strip("<>")
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
    linked = next((link.remote_id for link in links if link.kind is CrmKind.LEAD and not link.is_gone), None)
    if linked is not None:
        return linked
    found = await crm.find(lead_id)
    return None if found is None else found.lead.id


async def take_reply(request: BookRequest) -> BookingReport:
    """Take up what the guest answered. An opt-out is heard first, whatever became of the proposal."""
    if is_opt_out(said_themselves(request.reply or "", await _our_words(request.approval_id))):
        return await opt_out(request)
    approval = await check_reply(request)
    reading = await read_choice(approval, request.reply or "")
    if reading.slot is None:
        unclear = f"unclear: {reading.doubt}; a person has to read the reply"
        return BookingReport(approval_id=approval.id, outcome=unclear)
    return await book(approval, reading.slot)


async def _our_words(approval_id: UUID) -> str:
    """Return the message that a reply answers; '' where there is none."""
    async with database() as connection:
        try:
            return str((await approvals.get(connection, approval_id)).content.get("body") or "")
        except ApprovalNotFound:
            return ""


@task(name="check-reply", **STEP)
async def check_reply(request: BookRequest) -> Approval:
    """Return the approval a reply is about.

    Raises:
        InvalidInput: the reply came from somebody else.
        Conflict: the proposal was not sent.
    """
    async with database() as connection:
        approval = await approvals.get(connection, request.approval_id)
    if approval.decision is not Decision.APPROVE or approval.status is not Status.EXECUTED:
        raise Conflict(f"approval {approval.id} was not carried out: {outcome(approval)}")
    if request.sender is not None and address_key(request.sender) != approval.proposal.recipient:
        raise InvalidInput("the reply did not come from the guest")
    return approval


async def read_choice(approval: Approval, reply: str) -> Reading:
    """Give the thread the reply; return how it reads. A thread that has ended is asked no more: a move."""
    known, body = approval.proposal.facts, str(approval.content.get("body") or "")
    zone = zone_of(body) or guest_zone(known) or settings().outreach.meetings.timezone
    reading = read_reply(reply, meetings.slots_of(approval), zone=zone, names=guest_names(known), ours=body)
    thread_id = approval.proposal.thread_id
    if thread_id is not None and await _asks(UUID(thread_id), approval) == "reply":
        found = await resume_thread(_graph(), reply, agent=bdr.AGENT, thread_id=UUID(thread_id))
        if isinstance(found, Waiting):
            return Reading(None, reading.doubt or "the agent reads it otherwise")
    return reading


@task(name="opt-out", **STEP)
async def opt_out(request: BookRequest) -> BookingReport:
    """Suppress who asks for it, in whatever state the proposal is; then give the slots back and let nothing go out.

    The sender counts as well as the guest: people answer from another address of theirs. Who asks is heard also where
    there is no such approval, or what follows fails.

    Raises:
        ApprovalNotFound: there is none; the sender is suppressed all the same.
    """
    now = datetime.now(UTC)
    async with database() as connection:
        await _suppress(connection, request.sender, now)
    async with database() as connection:
        approval = await approvals.get(connection, request.approval_id)
        await _suppress(connection, approval.proposal.recipient, now)
    async with database() as connection:
        await meetings.cancel(connection, approval.id)
        if approval.status in (Status.PENDING, Status.APPROVED):
            await approvals.make_stale(connection, approval.id, "the guest asked to be left alone", now=now)
    return BookingReport(approval_id=approval.id, outcome="opted out")


async def _suppress(connection: Connection, address: str | None, now: datetime) -> None:
    """Suppress an address; what is none is nobody's."""
    with contextlib.suppress(InvalidInput):
        target = Target("address", address_key(address or ""))
        await suppressions.add(connection, target, reason=Reason.OPT_OUT, by="the guest, by reply", now=now)


async def uninvited(approval_id: UUID) -> int | None:
    """Return the slot that was booked and whose invitation has certainly not gone out; None where there is none."""
    async with database() as connection:
        meeting = await meetings.find(connection, approval_id)
        waiting = await sends.select_waiting(connection, approval_id)
    is_booked = meeting is not None and meeting.status == "booked"
    return meeting.slot if meeting is not None and is_booked and waiting else None


@task(name="book", **STEP)
async def book(approval: Approval, slot: int) -> BookingReport:
    """Book a slot and send its invitation, once for each version of the meeting."""
    async with database() as connection:
        meeting = await meetings.book(connection, approval.id, slot, now=datetime.now(UTC))
    sent = await _invite(approval, meeting)
    outcome_ = {
        SendStatus.SENT: "booked",
        SendStatus.REFUSED: f"booked, but the invitation was refused: {sent.detail}",
        SendStatus.NOT_SENT: f"booked; the invitation is tried again later: {sent.detail}",
    }.get(sent.status, "booked, but it is not known whether the invitation went out: see `sales-agent outbox list`")
    return BookingReport(approval_id=approval.id, outcome=outcome_, slot=slot)


async def _invite(approval: Approval, meeting: meetings.Meeting) -> Send:
    assert meeting.slot is not None
    slot = meetings.slots_of(approval)[meeting.slot - 1]
    sender, recipient = settings().read(SmtpSettings).sender, str(approval.proposal.recipient)
    now = datetime.now(UTC)
    name = organizer()
    summary = f"Call with {name.partition('<')[0].strip() or sender_address(sender)}"
    invitation = Invitation(meeting.uid, meeting.sequence, slot, summary, name, recipient, now)
    purpose = f"invitation-{meeting.sequence}"
    zone = settings().outreach.meetings.timezone
    letter = Letter(
        message_id=message_id(approval.id, purpose, sender),
        sender=sender,
        recipient=recipient,
        subject=f"Invitation: {summary}",
        body=f"Hello,\n\nthis is the invitation to our call:\n\n  {said(slot, zone)}\n\nKind regards\n{name}\n",
        at=now,
        invitation=render_invitation(invitation),
    )
    return await sending.send_once(approval.id, purpose, letter, by=sending.executor())


async def list_meetings() -> list[dict[str, Any]]:
    """List meetings with their slots, the latest first."""
    async with database() as connection:
        return await meetings.select_summaries(connection)
