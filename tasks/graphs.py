"""Agents' graphs as runs: their threads in Postgres, their limits from the settings, their words over Redis."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from agents.checkpoints import open_saver
from agents.retries import NODE_RETRY
from core.agents import ThreadStatus
from core.settings import settings
from db import agent_threads
from db.embedded import redis_url
from db.engine import database_faults, own_connection
from db.progress import publishing
from langgraph_prefect.nodes import Graph
from langgraph_prefect.running import Surroundings, resume_graph, run_graph
from langgraph_prefect.values import Finished, Limits, Outcome, Stopped, Waiting
from tasks.resources import database, database_url

log = logging.getLogger(__name__)


async def run_thread(
    graph: Graph,
    given: Any,  # noqa: ANN401 - the graph's input
    *,
    agent: str,
    thread_id: UUID,
    request: Mapping[str, Any],
    stream: bool = False,
) -> Outcome:
    """Run a thread of an agent to its next stop, and note how that was.

    Args:
        graph: compiled, without a checkpointer.
        given: what a thread that has not begun starts with.
        agent: its name.
        thread_id: names the thread, and the run whose budget it uses.
        request: what it was asked for, as JSON; kept with the thread.
        stream: publish tokens and state changes on the stream of this id.

    Raises:
        ThreadBusy: another process is at it.
    """
    async with _kept(agent, thread_id, request, stream=stream) as within:
        return await _noted(thread_id, run_graph(graph, given, thread_id=str(thread_id), within=within))


async def resume_thread(
    graph: Graph,
    answer: Any,  # noqa: ANN401 - what the graph's question returns
    *,
    agent: str,
    thread_id: UUID,
    stream: bool = False,
) -> Outcome:
    """Give a waiting thread its answer, run it to its next stop, and note how that was.

    Raises:
        ThreadBusy: another process is at it.
        ThreadNotFound: there is no such thread.
    """
    async with database() as connection:
        known = await agent_threads.get(connection, thread_id)
    async with _kept(agent, thread_id, known.request, stream=stream) as within:
        return await _noted(thread_id, resume_graph(graph, answer, thread_id=str(thread_id), within=within))


@asynccontextmanager
async def _kept(
    agent: str, thread_id: UUID, request: Mapping[str, Any], *, stream: bool
) -> AsyncIterator[Surroundings]:
    url, chosen = database_url(), settings().agents
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(database_faults())
        await stack.enter_async_context(agent_threads.claiming(url, thread_id))
        async with database() as connection:
            await agent_threads.begin(connection, thread_id, agent, request, now=datetime.now(UTC))
        saver = await stack.enter_async_context(open_saver(url))
        own = await stack.enter_async_context(own_connection(url))
        publish = None
        if stream:
            publish = await stack.enter_async_context(publishing(redis_url(settings()), str(thread_id)))

        async def is_cancelled() -> bool:
            return await agent_threads.is_cancelled(own, thread_id)

        yield Surroundings(
            checkpointer=saver,
            retry=NODE_RETRY,
            limits=Limits(chosen.max_steps, chosen.max_seconds, chosen.max_tokens, chosen.max_usd),
            is_cancelled=is_cancelled,
            publish=publish,
        )


async def _noted(thread_id: UUID, running: Any) -> Outcome:  # noqa: ANN401 - a coroutine that gives an outcome
    try:
        outcome: Outcome = await running
    except Exception as error:
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
    async with database() as connection:
        await agent_threads.mark(connection, thread_id, status, reason, now=datetime.now(UTC))
