"""Looking at agents' threads, and stopping one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from agents.checkpoints import open_saver
from core.agents.threads import AgentThread
from db.agents import threads as agent_threads
from db.server.engine import connection_faults
from db.server.keeping import until_stored
from langgraph_prefect.stream import plain
from tasks.runtime.resources import database, database_url


async def recent(agent: str | None, limit: int) -> list[AgentThread]:
    """Return threads, the last changed first."""
    async with database() as connection:
        return await agent_threads.select_recent(connection, agent=agent, limit=limit)


async def look(thread_id: UUID) -> tuple[AgentThread, Mapping[str, Any]]:
    """Return a thread and what its state holds, as JSON. Raises ThreadNotFound."""
    async with database() as connection:
        known = await agent_threads.get(connection, thread_id)
    with connection_faults():
        async with open_saver(database_url(), until_stored) as saver:
            found = await saver.aget_tuple({"configurable": {"thread_id": str(thread_id)}})
    values = found.checkpoint["channel_values"] if found is not None else {}
    return known, {name: plain(value) for name, value in values.items() if ":" not in name and "__" not in name}


async def cancel_thread(thread_id: UUID) -> bool:
    """Ask a running thread to stop; tell whether it was running. Raises ThreadNotFound."""
    async with database() as connection:
        await agent_threads.get(connection, thread_id)
        return await agent_threads.cancel(connection, thread_id)
