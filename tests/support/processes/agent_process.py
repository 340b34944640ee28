"""Agents in a process of their own, which kills itself at a chosen event of its graph."""

import asyncio
import json
import os
import signal
import uuid
from contextvars import ContextVar
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import forked


def _run(agent: str, request: dict[str, Any], report: Path, kill_at: int) -> None:
    from langchain_core.callbacks import AsyncCallbackHandler
    from langchain_core.tracers.context import register_configure_hook

    class Events(AsyncCallbackHandler):
        """Counts what begins and ends in the graph: nodes and model calls."""

        run_inline = True

        def __init__(self) -> None:
            self.count = 0

        async def _event(self, *_: Any, **__: Any) -> None:
            self.count += 1
            if self.count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        on_chain_start = on_chain_end = on_chat_model_start = on_llm_end = _event  # type: ignore[assignment]

    events = Events()
    listening: ContextVar[Any] = ContextVar("listening", default=events)
    register_configure_hook(listening, inheritable=True)
    run_agent = {"growth": _growth, "marketing": _marketing, "conversation": _conversation, "bdr": _bdr}[agent]
    result = asyncio.run(run_agent(request))
    result["events"] = events.count
    report.write_text(json.dumps(result))


async def _growth(request: dict[str, Any]) -> dict[str, Any]:
    from core.outreach.markets import MarketRequest
    from tasks.outreach import markets
    from tasks.outreach import steps as outreach

    plan = await outreach.count_segment(MarketRequest(**request))
    return (await markets.research(plan)).model_dump(mode="json")


async def _marketing(request: dict[str, Any]) -> dict[str, Any]:
    from core.outreach.campaigns import CampaignRequest
    from tasks.outreach import campaigns
    from tasks.outreach import steps as outreach

    plan = await outreach.see_audience(CampaignRequest(**request))
    report = await outreach.draft_messages(plan, await campaigns.write(plan))
    return report.model_dump(mode="json")


async def _conversation(request: dict[str, Any]) -> dict[str, Any]:
    from core.conversation.runs import TalkRequest
    from tasks.conversation import live
    from tasks.conversation.steps import plan_turn

    plan = await plan_turn(TalkRequest(**request))
    return (await live.take_turn(plan)).model_dump(mode="json")


async def _bdr(request: dict[str, Any]) -> dict[str, Any]:
    """Propose to a lead that is named as the thread, say yes, and reply; each step is taken up where it was left."""
    from core.outreach.booking import ProposeRequest
    from tasks.outreach import proposals
    from tasks.outreach import steps as outreach
    from tasks.outreach.readers import find_approval

    asked = ProposeRequest(lead_id=uuid.UUID(request["thread_id"]))
    noted = Path(request["notes"]) / request["thread_id"]
    if not noted.exists():
        thread_id, state = await outreach.gather_facts(asked)
        report = await outreach.ask_for_meeting(await proposals.propose(thread_id, state), state)
        noted.write_text(str(report.approval_id))
    approval = await find_approval(noted.read_text())
    await proposals.resume_with(approval, answer=True)
    slot = (await proposals.read_choice(approval, "slot 2 please")).slot
    words = [line for line in approval.content["body"].splitlines() if not any(map(str.isdigit, line))]
    return {"slot": slot, "slots": len(approval.content["slots"]), "words": words}


def start(
    environment: dict[str, str], agent: str, request: dict[str, Any], report: Path, *, kill_at: int = 0
) -> ForkServerProcess:
    """Start an agent; it writes its report into a file, unless it was killed before."""
    report.unlink(missing_ok=True)
    return forked.start(environment, _run, agent, request, report, kill_at)


def run(
    environment: dict[str, str], agent: str, request: dict[str, Any], report: Path, *, kill_at: int = 0
) -> dict[str, Any] | None:
    """Run an agent to its end or its kill; give its report, or None where it was killed."""
    process = start(environment, agent, request, report, kill_at=kill_at)
    process.join(900)
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return json.loads(report.read_text()) if process.exitcode == 0 else None


def new_thread() -> str:
    """Give the id of a new thread."""
    return str(uuid.uuid4())
