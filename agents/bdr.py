"""Proposes a meeting: qualify -> calendar -> propose -> a person's approval -> the prospect's reply -> book.

The graph decides and writes; it sends nothing and books nothing. What is sent is the approval's content, and what is
booked is a slot of it, by tasks that check both. So nothing a model or a prospect says can reach a recipient or a slot.
Without a model the words are a template's.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import interrupt

from core.agents import threads
from core.outreach.meetings import Span, WorkingHours, free_slots, offer
from core.outreach.proposals import SHOWN_FACTS, checked_opening, message, prospect_names, prospect_zone, qualifies
from core.outreach.reply_reading import read_reply

Busy = Callable[[datetime, datetime], Awaitable[list[Span]]]
"""Says when the organiser is busy between two moments."""
WriteOpening = Callable[[Mapping[str, Any]], Awaitable[str | None]]
"""Asks a model for an opening sentence, given the facts it may see; None where it has none."""

AGENT = threads.BDR


class MeetingState(TypedDict, total=False):
    """What a thread knows.

    Attributes:
        lead_id: whom the thread is about; of the lead that `contact_id` is a contact of, if one.
        facts: of both, by name; nothing else is said.
        tier: of the lead's assessment, if there is one.
        address_origin: the line that says where the address is from; None where it is not to be said.
        now: when the thread began, ISO 8601.
        stopped: why no meeting is proposed; None while there is no reason.
        zone: the time zone the slots are said in.
        slots: those offered, as `Span.as_json`.
        content: the proposal: `to`, `subject`, `body`, `slots`.
        is_approved: what the person said.
        reply: the prospect's, in full.
        slot: the number of the slot the prospect chose; None where the reply does not say.
    """

    lead_id: str
    contact_id: str | None
    facts: dict[str, Any]
    address_origin: str | None
    tier: str | None
    now: str
    stopped: str | None
    zone: str
    slots: list[dict[str, str]]
    content: dict[str, Any]
    is_approved: bool
    reply: str
    slot: int | None


class Terms(TypedDict):
    """How meetings are proposed here."""

    hours: WorkingHours
    minutes: int
    notice: timedelta
    horizon: timedelta
    organizer: str


MeetingGraph = CompiledStateGraph[MeetingState, None, MeetingState, MeetingState]


def build(*, busy: Busy, terms: Terms, write_opening: WriteOpening | None = None) -> MeetingGraph:
    """Build the graph.

    Args:
        busy: the organiser's calendar and what is held for others.
        terms: hours, length, and who invites.
        write_opening: asks a model; None for the template alone.
    """
    nodes = _Nodes(busy, terms, write_opening)
    graph = StateGraph(MeetingState)
    graph.add_node("qualify", nodes.qualify)
    graph.add_node("calendar", nodes.calendar)
    graph.add_node("propose", nodes.propose)
    graph.add_node("await_approval", await_approval)
    graph.add_node("await_reply", await_reply)
    graph.add_node("book", book)
    graph.add_edge(START, "qualify")
    graph.add_conditional_edges("qualify", _or_end("calendar"), ["calendar", END])
    graph.add_conditional_edges("calendar", _or_end("propose"), ["propose", END])
    graph.add_edge("propose", "await_approval")
    graph.add_conditional_edges("await_approval", after_approval, ["await_reply", END])
    graph.add_edge("await_reply", "book")
    graph.add_conditional_edges("book", after_booking, ["await_reply", END])
    return graph.compile(name=AGENT)


class _Nodes:
    """The nodes that need something from outside."""

    def __init__(self, busy: Busy, terms: Terms, write_opening: WriteOpening | None) -> None:
        self._busy = busy
        self._terms = terms
        self._write_opening = write_opening

    async def qualify(self, state: MeetingState) -> MeetingState:
        """Decide by rules whether to propose a meeting at all."""
        return {"stopped": qualifies(state["facts"])}

    async def calendar(self, state: MeetingState) -> MeetingState:
        """Find slots that suit both."""
        terms, now = self._terms, datetime.fromisoformat(state["now"])
        earliest, latest = now + terms["notice"], now + terms["horizon"]
        busy = await self._busy(earliest, latest)
        free = free_slots(busy, terms["hours"], minutes=terms["minutes"], earliest=earliest, latest=latest)
        zone = prospect_zone(state["facts"])
        slots = offer(free, prospect_zone=zone)
        if not slots:
            return {"stopped": "there is no free slot that suits both, within the horizon"}
        return {"slots": [slot.as_json() for slot in slots], "zone": zone or terms["hours"].timezone}

    async def propose(self, state: MeetingState) -> MeetingState:
        """Write the proposal."""
        facts = state["facts"]
        opening = None
        if self._write_opening is not None:
            said = await self._write_opening({name: facts.get(name) for name in SHOWN_FACTS})
            opening = None if said is None else checked_opening(said, facts)
        words = message(
            facts,
            [Span.from_json(slot) for slot in state["slots"]],
            zone=state["zone"],
            minutes=self._terms["minutes"],
            organizer=self._terms["organizer"],
            opening=opening,
            origin=state.get("address_origin"),
        )
        return {"content": {"to": facts["lead.contact_email"], **words, "slots": state["slots"]}}


def await_approval(state: MeetingState) -> MeetingState:
    """Ask a person for approval of the exact words. Answer: whether they approve."""
    answer = interrupt({"kind": "approval", "content": state["content"]})
    return {"is_approved": answer is True}


def await_reply(state: MeetingState) -> MeetingState:
    """Wait for the prospect's reply. Answer: its text."""
    return {"reply": str(interrupt({"kind": "reply", "slots": len(state["slots"])}))}


def book(state: MeetingState) -> MeetingState:
    """Read which slot the reply chooses; one that leaves a doubt chooses none."""
    offered = [Span.from_json(slot) for slot in state["slots"]]
    names, ours = prospect_names(state["facts"]), state["content"]["body"]
    return {"slot": read_reply(state["reply"], offered, zone=state["zone"], names=names, ours=ours).slot}


def _or_end(onward: str) -> Callable[[MeetingState], str]:
    def after(state: MeetingState) -> str:
        return END if state.get("stopped") else onward

    return after


def after_approval(state: MeetingState) -> Literal["await_reply", "__end__"]:
    """Go on only where a person said yes."""
    return "await_reply" if state["is_approved"] else "__end__"


def after_booking(state: MeetingState) -> Literal["await_reply", "__end__"]:
    """Wait for another reply where this one chose nothing."""
    return "__end__" if state.get("slot") else "await_reply"
