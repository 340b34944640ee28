"""A turn of a conversation with a lead, answered from the playbook."""

from core.conversation.runs import TalkReport, TalkRequest
from tasks.conversation import live
from tasks.conversation import steps as conversation
from tasks.runtime.orchestration import flow


@flow(name="hold-conversation", flow_run_name="talk with {request.about!s:.8}: {request.manner}")
async def hold_conversation(request: TalkRequest) -> TalkReport:
    """Take one turn of a prospect, in text or audio, and answer it; without one, open the conversation.

    Started by hand, or for each message of a chat. Reads lead, contact and playbook; writes the thread of the
    conversation agent and, where the prospect asks for it, a suppression. Safe twice: a turn with the same id is taken
    once.
    """
    plan = await conversation.plan_turn(request)
    return live.concluded(await live.take_turn(plan))
