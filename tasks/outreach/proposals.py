"""A proposed meeting on its way: from the agent's question to the approval, the message, the reply and the booking."""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from agents import bdr
from agents.openings import PROMPT_VERSION
from core.errors import ApprovalNotFound
from core.outreach.approvals import Approval, ApprovalStatus
from core.outreach.booking import BookingReport, BookRequest, ProposalReport
from core.outreach.meetings import Span, zone_of
from core.outreach.opt_out import is_opt_out, said_themselves
from core.outreach.proposals import prospect_names, prospect_zone
from core.outreach.reply_reading import ReplyReading, read_reply
from core.settings.settings import settings
from db.outreach import approvals, meetings
from langgraph_prefect.running import as_flow_result
from langgraph_prefect.values import GraphOutcome, Waiting
from tasks.agents.graphs import resume_thread, run_thread
from tasks.outreach import sending
from tasks.outreach.meeting_openings import opening_writer
from tasks.outreach.meetings import organizer, taken, uninvited
from tasks.outreach.steps import book, check_reply, claim_proposal, hold_and_send, log_in_crm, opt_out
from tasks.runtime.resources import database

log = logging.getLogger(__name__)


async def propose(thread_id: UUID, state: bdr.MeetingState) -> GraphOutcome:
    """Run the agent to its question, or to the reason why there is none."""
    about = {"lead_id": state["lead_id"], "contact_id": state["contact_id"]}
    async with opening_writer(thread_id, UUID(state["lead_id"])) as write_opening:
        return await run_thread(
            meeting_graph(write_opening=write_opening),
            state,
            agent=bdr.AGENT,
            thread_id=thread_id,
            request=about,
            prompt_version=PROMPT_VERSION,
        )


def waiting(found: GraphOutcome, report: ProposalReport) -> Any:
    """Return what the flow returns: inside Prefect a state that says it waits."""
    return as_flow_result(found, report)


async def carry_on(request: BookRequest) -> BookingReport:
    """Send an approved proposal, or take up the prospect's reply to it."""
    return await take_reply(request) if request.reply is not None else await send_proposal(request.approval_id)


async def send_proposal(approval_id: UUID) -> BookingReport:
    """Carry out the approval of a proposal: resume the thread, hold the slots, send once, log it in the CRM."""
    by = sending.executor()
    approval = await claim_proposal(approval_id, by)
    if approval.is_held_by(by):
        await resume_with(approval, answer=True)
        approval = await hold_and_send(approval, by)
    elif approval.status is ApprovalStatus.REJECTED:
        await resume_with(approval, answer=False)
    if approval.status is ApprovalStatus.EXECUTED and (slot := await uninvited(approval_id)):
        return await book(approval, slot)
    if approval.status is not ApprovalStatus.EXECUTED:
        sent = await sending.message_of(approval_id)
        return BookingReport(approval_id=approval_id, outcome=sending.report_on(approval, sent).outcome)
    return BookingReport(approval_id=approval_id, outcome="proposed", crm=await log_in_crm(approval_id))


async def resume_with(approval: Approval, *, answer: bool) -> None:
    """Return the thread what was decided, unless it knows."""
    if approval.proposal.thread_id is None:
        return
    thread_id = UUID(approval.proposal.thread_id)
    if await _asks(thread_id, approval) == "approval":
        await resume_thread(meeting_graph(), answer, agent=bdr.AGENT, thread_id=thread_id)


async def _asks(thread_id: UUID, approval: Approval) -> str | None:
    """Return what kind of question a thread waits with."""
    request = {"lead_id": str(approval.proposal.lead_id)}
    found = await run_thread(meeting_graph(), {}, agent=bdr.AGENT, thread_id=thread_id, request=request)
    return str(found.questions[0].value["kind"]) if isinstance(found, Waiting) else None


async def take_reply(request: BookRequest) -> BookingReport:
    """Take up what the prospect answered. An opt-out is heard first, whatever became of the proposal."""
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


async def read_choice(approval: Approval, reply: str) -> ReplyReading:
    """Return the thread the reply; return how it reads. A thread that has ended is asked no more: a move."""
    known, body = approval.proposal.facts, str(approval.content.get("body") or "")
    zone = zone_of(body) or prospect_zone(known) or settings().outreach.meetings.timezone
    reading = read_reply(reply, meetings.slots_of(approval), zone=zone, names=prospect_names(known), ours=body)
    thread_id = approval.proposal.thread_id
    if thread_id is not None and await _asks(UUID(thread_id), approval) == "reply":
        found = await resume_thread(meeting_graph(), reply, agent=bdr.AGENT, thread_id=UUID(thread_id))
        if isinstance(found, Waiting):
            return ReplyReading(None, reading.doubt or "the agent reads it otherwise")
    return reading


async def busy_spans(start: datetime, end: datetime) -> list[Span]:
    """Return when the organiser is taken: by the calendar, and by the slots that we hold."""
    known = await taken(start, end)
    async with database() as connection:
        return [*known, *await meetings.busy(connection)]


def meeting_graph(**more: Any) -> bdr.MeetingGraph:
    """Build the agent's graph with the terms of the settings."""
    chosen = settings().outreach.meetings
    terms: bdr.Terms = {
        "hours": chosen.hours(),
        "minutes": chosen.minutes,
        "notice": timedelta(hours=chosen.notice_hours),
        "horizon": timedelta(days=chosen.horizon_days),
        "organizer": organizer(),
    }
    return bdr.build(busy=busy_spans, terms=terms, **more)
