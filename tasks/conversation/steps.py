"""Steps of a conversation: who it is with, and what was said."""

from core.agents.threads import CONVERSATION
from core.conversation.runs import TalkRequest
from core.errors import Conflict, LeadNotFound, Suppressed
from db.agents import threads as agent_threads
from db.leads import facts
from db.outreach import suppressions
from tasks.agents.thread_ids import thread_for
from tasks.conversation.turns import FACTS, TalkPlan, playbook_of, record_opt_out, turn_of, whom_of
from tasks.outreach.keys import tombstone_key
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database


@task(name="plan-turn", **STEP)
async def plan_turn(asked: TalkRequest) -> TalkPlan:
    """Find the thread, the lead and its contact; write an opt-out at once.

    Raises:
        Suppressed: a conversation would begin with somebody who must not be contacted.
        LeadNotFound, NotFound, ThreadNotFound: there is none.
        InvalidConfig: the playbook.
    """
    thread_id = thread_for(asked.thread_id)
    is_leaving = await record_opt_out(asked, thread_id)
    async with database() as connection:
        known = await agent_threads.find(connection, thread_id)
        if known is None and asked.lead_id is None and asked.contact_id is None:
            await agent_threads.get(connection, thread_id)
        if known is not None and known.agent != CONVERSATION:
            raise Conflict(f"thread {thread_id} is no conversation: it is {known.agent}'s")
        lead_id, contact_id = await whom_of(connection, asked, known, is_leaving=is_leaving)
        found = await facts.read(connection, lead_id, FACTS, contact_id=contact_id)
        address = found.get("lead.contact_email")
        if known is None and found and not is_leaving:
            await suppressions.refuse_suppressed(
                connection, address, tombstone_key(), lead_id=lead_id, contact_id=contact_id
            )
        if asked.is_by_voice and found and not is_leaving:
            why = await suppressions.why_not_called(
                connection, address, tombstone_key(), lead_id=lead_id, contact_id=contact_id
            )
            if why is not None:
                raise Suppressed(f"the prospect must not be talked to by voice: {why}")
    if not found:
        raise LeadNotFound(f"there is no lead {lead_id}")
    begun = {"lead_id": str(lead_id), "contact_id": None if contact_id is None else str(contact_id)}
    request = known.request if known is not None else {**begun, "playbook": asked.playbook}
    playbook = playbook_of(asked.playbook or request.get("playbook"))
    return TalkPlan(thread_id, lead_id, contact_id, turn_of(asked), found, playbook, asked, request)
