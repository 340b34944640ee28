"""One turn of a conversation: what it may draw on, the opt-out in it, and the report of it.

An opt-out is written before anything else is looked at, also where the conversation has ended.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from core.agents.threads import AgentThread
from core.config_files import read_config
from core.conversation.playbook import DEFAULT, Playbook, filled
from core.conversation.runs import PLAYBOOK_FILE, TalkReport, TalkRequest
from core.errors import Conflict, NotFound
from core.outreach.opt_out import is_opt_out, said_themselves
from core.outreach.suppression import Reason
from core.settings.settings import settings
from db.agents import threads as agent_threads
from db.outreach import suppressions
from db.outreach.recipients import find_whom
from db.server.engine import Connection
from langgraph_prefect.values import Finished, GraphOutcome, Stopped, Waiting
from tasks.agents.thread_ids import thread_for
from tasks.outreach.keys import tombstone_key
from tasks.runtime.resources import database

log = logging.getLogger(__name__)


FACTS = ("lead.company_name", "lead.contact_name", "lead.first_name", "lead.contact_email")


_BY = "the prospect, in a conversation"
_NAMES = ("lead_id", "contact_id")


@dataclass(frozen=True, slots=True)
class TalkPlan:
    """A turn that can be taken.

    Attributes:
        contact_id: who speaks; None where the lead has nobody.
        request: as it is kept with the thread.
    """

    thread_id: UUID
    lead_id: UUID
    contact_id: UUID | None
    turn: Mapping[str, Any] | None
    facts: Mapping[str, Any]
    playbook: Playbook
    asked: TalkRequest
    request: Mapping[str, Any]


async def record_opt_out(asked: TalkRequest, thread_id: UUID) -> bool:
    """Suppress who asks to be left alone, whatever is wrong with the rest that was asked; tell whether they do."""
    if not is_opt_out(said_themselves(asked.text or "")):
        return False
    async with database() as connection:
        known = await agent_threads.find(connection, thread_id)
    named = [] if known is None else [named_in(known.request)]
    is_of_thread = known is not None and str(asked.lead_id) == known.request.get("lead_id")
    if asked.contact_id is not None or (asked.lead_id is not None and not is_of_thread):
        named.append((asked.lead_id, asked.contact_id))
    for lead_id, contact_id in (each for each in named if any(each)):
        # Who has refused before is meant again: the same words once more must not silence a colleague.
        async with database() as connection:
            try:
                found = await find_whom(connection, lead_id, contact_id)
            except NotFound as error:
                log.warning("opt_out_of_nobody", extra={"why": type(error).__name__})
                continue
        await opt_out_of(*found)
    return True


def named_in(request: Mapping[str, Any]) -> tuple[UUID | None, UUID | None]:
    """Return the lead and the contact that a thread's request names."""
    lead_id, contact_id = (UUID(str(told)) if (told := request.get(name)) else None for name in _NAMES)
    # A contact of another lead by now is still who spoke.
    return (None if contact_id is not None else lead_id), contact_id


async def whom_of(
    connection: Connection, asked: TalkRequest, known: AgentThread | None, *, is_leaving: bool
) -> tuple[UUID, UUID | None]:
    """Return the lead and the contact of a conversation.

    Args:
        connection: in a transaction.
        asked: the turn.
        known: its thread, where there is one.
        is_leaving: the turn asks to be left alone; who does is meant, whether they may be written to or not.

    Raises:
        LeadNotFound, NotFound: there is none.
        Conflict: others are named than those of the thread.
    """
    if known is None:
        return await find_whom(connection, asked.lead_id, asked.contact_id, None if is_leaving else tombstone_key)
    lead_id, contact_id = await find_whom(connection, *named_in(known.request))
    if asked.lead_id is None and asked.contact_id is None:
        return lead_id, contact_id
    named = await find_whom(connection, asked.lead_id, asked.contact_id)
    if named[0] != lead_id or (asked.contact_id is not None and named[1] != contact_id):
        raise Conflict(
            f"thread {known.thread_id} is a conversation with another {'lead' if named[0] != lead_id else 'contact'}"
        )
    return lead_id, contact_id


def turn_of(asked: TalkRequest) -> dict[str, Any] | None:
    """Return the turn that was asked for, as the agent takes it; None where there is none."""
    turn_id = asked.turn_id or str(thread_for(None))
    if asked.text is not None:
        return {"id": turn_id, "text": asked.text}
    return None if asked.audio is None else {"id": turn_id, "audio": asked.audio}


def playbook_of(named: object) -> Playbook:
    """Return the named playbook, else the team's, else the one that ships. Raises InvalidConfig."""
    if named:
        return read_config(Path(str(named)), Playbook)
    path = settings().home / PLAYBOOK_FILE
    return read_config(path, Playbook) if path.exists() else DEFAULT


async def opt_out_of(lead_id: UUID, contact_id: UUID | None) -> str:
    """Suppress a lead's contact; say what was suppressed. Safe to repeat."""
    async with database() as connection:
        found = await suppressions.targets_of(connection, lead_id, contact_id)
        for target in found:
            await suppressions.add(connection, target, reason=Reason.OPT_OUT, by=_BY, now=datetime.now(UTC))
    if not found:
        log.warning("opt_out_of_nobody", extra={"lead_id": str(lead_id)})
        return "nothing: neither an address nor a name of the lead is known"
    log.info("opted_out", extra={"lead_id": str(lead_id)})
    return "the lead's e-mail address" if found[0].kind == "address" else f"the lead's {found[0].kind}, by name"


def last_turn(outcome: GraphOutcome) -> Mapping[str, Any] | None:
    """Return the record of the last turn that has ended."""
    if isinstance(outcome, Waiting):
        found: Mapping[str, Any] | None = outcome.questions[0].value["last"]
        return found
    turns = outcome.values.get("turns", []) if isinstance(outcome, Finished) else []
    return turns[-1] if turns else None


def report_of(begun: TalkPlan, outcome: GraphOutcome) -> TalkReport:
    """Return how a conversation stands."""
    base = TalkReport(thread_id=begun.thread_id, lead_id=begun.lead_id, contact_id=begun.contact_id, status="waiting")
    if isinstance(outcome, Stopped):
        return base.model_copy(update={"status": "stopped", "reason": outcome.reason})
    status = "ended" if isinstance(outcome, Finished) else "waiting"
    last = last_turn(outcome)
    if last is None:
        return base.model_copy(update={"status": status, "reply": filled(begun.playbook.replies.opening, begun.facts)})
    fields = {name: value for name, value in last.items() if name in TalkReport.model_fields}
    return base.model_copy(update={"status": status, **fields, "turns": int(last["number"])})
