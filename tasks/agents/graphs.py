"""Agents' graphs as runs: their threads in Postgres, their limits from the settings, their words over Redis."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from prefect.states import Completed

from agents.checkpoints import open_saver
from agents.models import Job
from agents.retries import NODE_RETRY
from core.agents.threads import ThreadStatus
from core.errors import LimitReached, ProviderNotConfigured
from core.settings.settings import settings
from db.agents import threads as agent_threads
from db.server.embedded import redis_url
from db.server.engine import connection_faults
from db.server.keeping import until_stored
from db.server.progress import publishing
from langgraph_prefect.nodes import Graph
from langgraph_prefect.running import RunOptions, resume_graph, run_graph
from langgraph_prefect.values import Finished, GraphOutcome, Limits, Stopped, Waiting
from tasks.agents.ledger import charged, recording, used_before
from tasks.runtime.orchestration import in_flow_run
from tasks.runtime.providers import outside
from tasks.runtime.resources import database, database_url
from tasks.runtime.tracing import settle_tracing

log = logging.getLogger(__name__)


def as_result(report: Any) -> Any:
    """Return a report; inside a flow run one of a stopped thread as the state `Stopped` that holds it."""
    if report.status != "stopped" or not in_flow_run():
        return report
    return Completed(name="Stopped", message=report.reason, data=report)


@asynccontextmanager
async def model_for(job: Job, thread_id: UUID, *, wanted: bool) -> AsyncIterator[Any]:
    """Open the model for a job, within a thread's budget; None where it is not wanted or none is configured."""
    async with AsyncExitStack() as stack:
        model = None
        if wanted:
            world = await stack.enter_async_context(outside(thread_id))
            try:
                model = await stack.enter_async_context(world.models().chat_model(job))
            except ProviderNotConfigured as error:
                log.info("without_a_model", extra={"job": str(job), "reason": error.message})
        yield model


async def run_thread(
    graph: Graph,
    given: Any,
    *,
    agent: str,
    thread_id: UUID,
    request: Mapping[str, Any],
    prompt_version: str = "",
    stream: bool = False,
) -> GraphOutcome:
    """Run a thread of an agent to its next stop, and note how that was.

    Args:
        graph: compiled, without a checkpointer.
        given: what a thread that has not begun starts with.
        agent: its name.
        thread_id: names the thread, and the run whose budget it uses.
        request: what it was asked for, as JSON; kept with the thread. `lead_id` names the lead it is about.
        prompt_version: of the agent's prompt file; kept with every execution.
        stream: publish tokens and state changes on the stream of this id.

    Returns:
        As `run_graph`; Stopped also where a budget or a rate limit outside of the graph was used up.

    Raises:
        ThreadBusy: another process is at it.
    """
    async with kept(agent, thread_id, request, prompt_version, stream=stream) as options:
        return await noted(thread_id, run_graph(graph, given, thread_id=str(thread_id), options=options))


async def resume_thread(
    graph: Graph,
    answer: Any,
    *,
    agent: str,
    thread_id: UUID,
    prompt_version: str = "",
    stream: bool = False,
) -> GraphOutcome:
    """Return a waiting thread its answer, run it to its next stop, and note how that was.

    Raises:
        ThreadBusy: another process is at it.
        ThreadNotFound: there is no such thread.
    """
    async with database() as connection:
        known = await agent_threads.get(connection, thread_id)
    async with kept(agent, thread_id, known.request, prompt_version, stream=stream) as options:
        return await noted(thread_id, resume_graph(graph, answer, thread_id=str(thread_id), options=options))


@asynccontextmanager
async def kept(
    agent: str,
    thread_id: UUID,
    request: Mapping[str, Any],
    prompt_version: str,
    *,
    stream: bool = False,
    steps: int | None = None,
) -> AsyncIterator[RunOptions]:
    """Hold a thread, and yield what its runs stand in.

    The arguments are those of `run_thread`, and `steps`: of the thread at most, None as the settings say.
    """
    url, chosen, lead_id = database_url(), settings().agents, request.get("lead_id")
    settle_tracing()
    async with AsyncExitStack() as stack:
        stack.enter_context(connection_faults())
        own = await stack.enter_async_context(agent_threads.leased(url, thread_id))
        async with database() as connection:
            await agent_threads.begin(connection, thread_id, agent, request, now=datetime.now(UTC))
        saver = await stack.enter_async_context(open_saver(url, until_stored))
        publish = None
        if stream:
            publish = await stack.enter_async_context(publishing(redis_url(settings()), str(thread_id)))

        async def is_cancelled() -> bool:
            # Asked after a node, whose answer is not in its checkpoint yet.
            return await own.keep(partial(agent_threads.is_cancelled, thread_id=thread_id), "a node's answer")

        yield RunOptions(
            checkpointer=saver,
            retry=NODE_RETRY,
            limits=Limits(steps or chosen.max_steps, chosen.max_seconds, chosen.max_tokens, chosen.max_usd),
            used_before=await used_before(url, thread_id),
            is_cancelled=is_cancelled,
            meter=charged,
            on_node=recording(url, agent, thread_id, prompt_version, UUID(lead_id) if lead_id else None),
            publish=publish,
        )


async def noted(thread_id: UUID, running: Any) -> GraphOutcome:
    """Await a run of a thread, and note how it ended."""
    try:
        outcome: GraphOutcome = await running
    except LimitReached as error:
        # Due later, not failed: what has finished is kept, running the thread again goes on.
        outcome = Stopped(str(thread_id), "budget", error.message)
    except Exception as error:  # noted and raised
        await _mark(thread_id, "failed", type(error).__name__)
        raise
    match outcome:
        case Finished():
            await _mark(thread_id, "finished")
        case Waiting():
            await _mark(thread_id, "waiting")
        case Stopped():
            await _mark(thread_id, "stopped", outcome.reason)
    return outcome


async def _mark(thread_id: UUID, status: ThreadStatus, reason: str | None = None) -> None:
    async def write() -> None:
        async with database() as connection:
            await agent_threads.mark(connection, thread_id, status, reason, now=datetime.now(UTC))

    await until_stored(write, "how a thread ended")
