"""Steps of outreach: markets, campaigns, approvals, messages, meetings.

Every step may be repeated: an approval asked for twice is one, a message goes out once, slots are held once, an
activity is looked up before it is written, an invitation has one UID.
"""

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from core.agents.threads import BDR
from core.errors import Conflict, InvalidInput
from core.outreach.approvals import Approval, ApprovalKind, ApprovalStatus, Decision, Proposal, outcome
from core.outreach.booking import BookingReport, BookRequest, ProposalReport, ProposeRequest
from core.outreach.campaigns import PERSONAS, CampaignPlan, CampaignReport, CampaignRequest
from core.outreach.decisions import DecisionReport, DecisionRequest, ExecutionReport
from core.outreach.markets import MarketPlan, MarketReport, MarketRequest
from core.outreach.proposals import USED_FACTS
from core.outreach.sending import SendStatus
from core.outreach.suppression import address_key
from core.text.plain_text import plain_line
from db.leads import facts, segments
from db.outreach import approvals, campaigns, first_messages, meetings, suppressions
from db.outreach.recipients import find_whom
from langgraph_prefect.values import Finished, GraphOutcome, Waiting
from tasks.agents.thread_ids import thread_for
from tasks.outreach import sending
from tasks.outreach.approvals import TAKEN, apply_decision, ask_approval, show_all_pending, start_execution
from tasks.outreach.artifacts import show_approval, show_campaign, show_market
from tasks.outreach.audience import addressed_rows, addressee_of, addressees_of, origin_for
from tasks.outreach.drafting import MOST_PERSONAS, draft, messages_of
from tasks.outreach.keys import tombstone_key
from tasks.outreach.meetings import (
    excluded_fact,
    invite,
    meeting_uid,
    suppress_address,
    suppress_prospect,
    taken,
    used_facts,
    write_activity,
)
from tasks.outreach.readers import find_approval, preamble
from tasks.outreach.sending import claim, close, executor, report_on, send_approved_message
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database
from tasks.runtime.telling import tell

if TYPE_CHECKING:
    from agents.bdr import MeetingState

log = logging.getLogger(__name__)


@task(name="count-segment", **STEP)
async def count_segment(request: MarketRequest) -> MarketPlan:
    """Count the leads of the segment, and their people."""
    from tasks.outreach.segment_statistics import statistics_of_segment  # pandas, which other steps can do without

    thread_id = thread_for(request.thread_id)
    async with database() as connection:
        rows = await segments.select_counted(connection, request.segment)
    statistics = await asyncio.to_thread(statistics_of_segment, rows)
    leads = len({row[0] for row in rows})
    log.info("segment_counted", extra={"thread_id": str(thread_id), "leads": leads})
    return MarketPlan(thread_id, request, tuple(statistics), leads)


@task(name="publish-market", **STEP)
async def publish_market(report: MarketReport) -> MarketReport:
    """Show the findings with their sources."""
    await show_market(report)
    return report


@task(name="see-audience", **STEP)
async def see_audience(request: CampaignRequest) -> CampaignPlan:
    """Count who the messages would go to, and choose the personas.

    Raises:
        InvalidInput: a persona is none.
    """
    from tasks.outreach.segment_statistics import statistics_of_audience  # as above

    if unknown := sorted(set(request.personas) - set(PERSONAS)):
        raise InvalidInput(f"no such persona: {', '.join(unknown)}; there are {', '.join(PERSONAS)}")
    rows = await addressed_rows(request)
    asked = request.names_somebody
    reached = [each for each in map(addressee_of, rows) if each.email and (asked or not each.is_disqualified)]
    counts = Counter(addressee.persona for addressee in reached)
    chosen = tuple(request.personas) or tuple(persona for persona, _ in counts.most_common(MOST_PERSONAS))
    statistics = await asyncio.to_thread(statistics_of_audience, rows)
    return CampaignPlan(thread_for(request.thread_id), request, chosen, tuple(one.text for one in statistics))


@task(name="draft-messages", **STEP)
async def draft_messages(begun: CampaignPlan, report: CampaignReport) -> CampaignReport:
    """Make the variants messages, each an approval that waits. Safe twice: the same message is the same approval."""
    if report.status != "drafted":
        return report
    addressees = await addressees_of(await addressed_rows(begun.request))
    messages, skipped = messages_of(addressees, report.variants, begun.request)
    async with database() as connection:
        await first_messages.lock_drafting(connection)
        await campaigns.upsert(connection, begun.campaign_id, report.segment, report.variants, now=datetime.now(UTC))
        people = {message.person_id for message in messages if message.person_id is not None}
        written = await first_messages.select_others(connection, {message.to for message in messages}, people)
        reasons = [await draft(connection, begun.campaign_id, message, written) for message in messages]
    counted = Counter([one.reason for one in skipped] + [why for why in reasons if why])
    drafted = reasons.count(None)
    return report.model_copy(update={"messages": drafted, "skipped": dict(counted)})


@task(name="publish-campaign", **STEP)
async def publish_campaign(report: CampaignReport) -> CampaignReport:
    """Show the variants, and who gets no message and why."""
    await show_campaign(report)
    return report


@task(name="decide", **STEP)
async def decide_approval(request: DecisionRequest) -> DecisionReport:
    """Decide an approval as somebody asked, and start the run that carries it out.

    Raises:
        NotPending: somebody was first; says who.
        StaleDraft: it reads, or its facts are, different from what they saw.
        Suppressed: the recipient must not be written to (any more).
        Conflict: it would be a first message to somebody who is written to already.
        ApprovalExpired, ApprovalNotFound, InvalidInput.
    """
    if request.decision == "show":
        approval = await find_approval(request.approval_id)
        await show_approval(approval, await preamble(approval))
        return DecisionReport(approval_id=approval.id, status=str(approval.status), decided_by=None, run=None)
    approval = await apply_decision(request)
    run = await start_execution(approval) if approval.status is ApprovalStatus.APPROVED else None
    await show_approval(approval)
    await show_all_pending()
    tell(f"{approval.proposal.kind}: {outcome(approval)}")
    return DecisionReport(approval_id=approval.id, status=str(approval.status), decided_by=approval.decided_by, run=run)


@task(**STEP, task_run_name="send-approved")
async def send_approved(approval_id: UUID) -> ExecutionReport:
    """Carry out the approval of a message: send it once, and close the approval.

    Safe twice, and at once: one claims it; who comes later is told what became of it.
    """
    by = executor()
    approval = await claim(approval_id, by=by)
    if not approval.is_held_by(by):
        return report_on(approval)
    sent = await send_approved_message(approval, by=by)
    closed = await close(approval, sent, by=by)
    await show_approval(closed)
    tell(f"message: {outcome(closed)}")
    return report_on(closed, sent)


@task(name="gather-facts", **STEP)
async def gather_facts(request: ProposeRequest) -> tuple[UUID, "MeetingState"]:
    """Read what the agent may know of a lead and its contact; give the thread that is open for them, or a new one.

    While a proposal to a contact of the lead is open, that is who is meant where nobody is named.

    Raises:
        Suppressed: the contact must not be written to.
        LeadNotFound, NotFound: there is no such lead or contact.
    """
    async with database() as connection:
        lead_id, contact_id = await find_whom(connection, request.lead_id, request.contact_id, tombstone_key)
        open_ = await meetings.find_open_thread(connection, BDR, lead_id, request.contact_id and contact_id)
        if open_ is not None and open_.contact_id is not None:
            contact_id = open_.contact_id
        known = await facts.read(connection, lead_id, USED_FACTS, contact_id=contact_id)
        tier = await facts.find_tier(connection, lead_id)
        address = known.get("lead.contact_email")
        await suppressions.refuse_suppressed(
            connection, address, tombstone_key(), lead_id=lead_id, contact_id=contact_id
        )
    state: MeetingState = {
        "lead_id": str(lead_id),
        "contact_id": None if contact_id is None else str(contact_id),
        "facts": dict(known),
        "address_origin": await origin_for(contact_id, address),
        "tier": tier,
        "now": datetime.now(UTC).isoformat(),
    }
    return uuid4() if open_ is None else open_.thread_id, state


@task(name="ask-approval", **STEP)
async def ask_for_meeting(found: GraphOutcome, state: "MeetingState") -> ProposalReport:
    """Ask for approval of what the agent wrote; safe twice, since the same question gives the same approval."""
    thread_id = UUID(found.thread_id)
    lead_id = UUID(state["lead_id"])
    contact_id = UUID(state["contact_id"]) if state["contact_id"] else None
    base = ProposalReport(lead_id=lead_id, contact_id=contact_id, thread_id=thread_id, approval_id=None, reason=None)
    if not isinstance(found, Waiting):
        stopped = found.values.get("stopped") if isinstance(found, Finished) else found.reason
        return base.model_copy(update={"reason": str(stopped or "the thread has ended")})
    question = found.questions[0].value
    if question["kind"] != "approval":
        reason = "a proposal to this lead was approved and is on its way: see `sales-agent meetings list`"
        return base.model_copy(update={"reason": reason})
    content = dict(question["content"])
    content["to"] = address_key(content["to"])
    company = state["facts"].get("lead.company_name") or "a lead"
    proposal = Proposal(
        kind=ApprovalKind.MEETING,
        subject_id=found.thread_id,
        title=f"Meeting with {plain_line(company)}",
        content=content,
        facts={**used_facts(state["facts"]), **excluded_fact(state), TAKEN: []},
        recipient=content["to"],
        lead_id=lead_id,
        contact_id=contact_id,
        proposed_by=BDR,
        thread_id=found.thread_id,
        flow_run_id=sending.executor(),
    )
    approval = await ask_approval(proposal)
    return base.model_copy(update={"approval_id": approval.id})


@task(name="claim", **STEP)
async def claim_proposal(approval_id: UUID, by: str) -> Approval:
    """Take an approval, by the calendar and the facts as they are now."""
    async with database() as connection:
        known = await approvals.get(connection, approval_id)
    slots = meetings.slots_of(known)
    busy = await taken(slots[0].starts_at, slots[-1].ends_at) if slots else []
    return await sending.claim(approval_id, by=by, busy=busy)


@task(name="hold-and-send", **STEP)
async def hold_and_send(approval: Approval, by: str) -> Approval:
    """Hold the slots, then send; slots of a message that certainly did not go out are given back."""
    now = datetime.now(UTC)
    try:
        async with database() as connection:
            await meetings.hold(connection, approval, uid=meeting_uid(approval))
    except Conflict as taken:
        async with database() as connection:
            return await approvals.make_stale(connection, approval.id, str(taken), now=now)
    closed = await sending.close(approval, await sending.send_approved_message(approval, by=by), by=by)
    await show_approval(closed)
    tell(f"proposal of a meeting: {outcome(closed)}")
    if closed.status in (ApprovalStatus.FAILED, ApprovalStatus.STALE, ApprovalStatus.EXPIRED):
        async with database() as connection:
            await meetings.forget(connection, [approval.id])
    return closed


@task(name="log-in-crm", **STEP)
async def log_in_crm(approval_id: UUID) -> str:
    """Write the sent proposal to the CRM, once; return the activity, or why there is none."""
    async with database() as connection:
        approval = await approvals.get(connection, approval_id)
        meeting = await meetings.find(connection, approval_id)
    if meeting is not None and meeting.crm_activity is not None:
        return meeting.crm_activity
    activity = await write_activity(approval)
    async with database() as connection:
        await meetings.note_activity(connection, approval_id, activity)
    return activity


@task(name="check-reply", **STEP)
async def check_reply(request: BookRequest) -> Approval:
    """Return the approval a reply is about.

    Raises:
        InvalidInput: the reply came from somebody else.
        Conflict: the proposal was not sent.
    """
    async with database() as connection:
        approval = await approvals.get(connection, request.approval_id)
    if approval.decision is not Decision.APPROVE or approval.status is not ApprovalStatus.EXECUTED:
        raise Conflict(f"approval {approval.id} was not carried out: {outcome(approval)}")
    if request.sender is not None and address_key(request.sender) != approval.proposal.recipient:
        raise InvalidInput("the reply did not come from the prospect")
    return approval


@task(name="opt-out", **STEP)
async def opt_out(request: BookRequest) -> BookingReport:
    """Suppress who asks for it, in whatever state the proposal is; then give the slots back and let nothing go out.

    The sender counts beside the prospect: people answer from another address of theirs; and the prospect as a person,
    at every company and address that is found later. Who asks is heard also where
    there is no such approval, or what follows fails.

    Raises:
        ApprovalNotFound: there is none; the sender is suppressed all the same.
    """
    now = datetime.now(UTC)
    async with database() as connection:
        await suppress_address(connection, request.sender, now)
    async with database() as connection:
        approval = await approvals.get(connection, request.approval_id)
        await suppress_address(connection, approval.proposal.recipient, now)
        await suppress_prospect(connection, approval, now)
    async with database() as connection:
        await meetings.cancel(connection, approval.id)
        if approval.status in (ApprovalStatus.PENDING, ApprovalStatus.APPROVED):
            await approvals.make_stale(connection, approval.id, "the prospect asked to be left alone", now=now)
    return BookingReport(approval_id=approval.id, outcome="opted out")


@task(name="book", **STEP)
async def book(approval: Approval, slot: int) -> BookingReport:
    """Book a slot and send its invitation, once for each version of the meeting."""
    async with database() as connection:
        meeting = await meetings.book(connection, approval.id, slot, now=datetime.now(UTC))
    sent = await invite(approval, meeting)
    outcome_ = {
        SendStatus.SENT: "booked",
        SendStatus.REFUSED: f"booked, but the invitation was refused: {sent.detail}",
        SendStatus.NOT_SENT: f"booked; the invitation is tried again later: {sent.detail}",
    }.get(sent.status, "booked, but it is not known whether the invitation went out: see `sales-agent outbox list`")
    return BookingReport(approval_id=approval.id, outcome=outcome_, slot=slot)
