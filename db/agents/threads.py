"""Agents' threads: which there are, who is at them, and which may be forgotten.

A thread is worked on by one process at a time, which holds a session lock on it: when the process dies, so does the
lock, and the next one goes on from the last checkpoint.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from core.agents.threads import AgentThread, PrunedThreads, ThreadAges, ThreadStatus
from core.errors import ThreadBusy, ThreadNotFound
from db.server.engine import Connection
from db.server.keeping import OwnLine, own_line
from db.server.statements import change, select, select_dict, select_dicts, select_value

_CHECKPOINT_TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
_ENDED = ("finished", "stopped", "failed")
_COLUMNS = "id AS thread_id, agent, status, request, reason, is_cancelled, started_at, changed_at"


@asynccontextmanager
async def leased(url: str, thread_id: UUID) -> AsyncIterator[OwnLine]:
    """Hold a thread as long as the block lasts; yield the line that holds it, which takes it again after a loss.

    Raises:
        ThreadBusy: another process is at it.
    """
    key = int.from_bytes(thread_id.bytes[:8], "big", signed=True)

    async def hold(connection: Connection) -> None:
        row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (key,))).fetchone()
        if row is None or not row[0]:
            raise ThreadBusy(f"another process is at thread {thread_id}")

    async with own_line(url) as line:
        await line.on_open(hold)
        yield line


async def begin(
    connection: Connection, thread_id: UUID, agent: str, request: Mapping[str, Any], *, now: datetime
) -> AgentThread:
    """Note that a thread is being run; the request of its first run stands. Returns it as it is stored."""
    row = await select_dict(
        connection,
        f"""
        INSERT INTO agent_threads (id, agent, status, request, started_at, changed_at)
        VALUES (%(id)s, %(agent)s, 'running', %(request)s, %(now)s, %(now)s)
        ON CONFLICT (id) DO UPDATE SET status = 'running', reason = NULL, is_cancelled = false, changed_at = %(now)s
        RETURNING {_COLUMNS}
        """,
        {"id": thread_id, "agent": agent, "request": Jsonb(dict(request)), "now": now},
    )
    assert row is not None
    return AgentThread(**row)


async def mark(
    connection: Connection, thread_id: UUID, status: ThreadStatus, reason: str | None = None, *, now: datetime
) -> None:
    """Note how a run of a thread ended."""
    await connection.execute(
        "UPDATE agent_threads SET status = %(status)s, reason = %(reason)s, changed_at = %(now)s WHERE id = %(id)s",
        {"id": thread_id, "status": status, "reason": reason, "now": now},
    )


async def find(connection: Connection, thread_id: UUID) -> AgentThread | None:
    """Return a thread, or None."""
    row = await select_dict(connection, f"SELECT {_COLUMNS} FROM agent_threads WHERE id = %(id)s", {"id": thread_id})
    return None if row is None else AgentThread(**row)


async def get(connection: Connection, thread_id: UUID) -> AgentThread:
    """Return a thread. Raises ThreadNotFound."""
    found = await find(connection, thread_id)
    if found is None:
        raise ThreadNotFound(f"there is no thread {thread_id}")
    return found


async def select_recent(connection: Connection, *, agent: str | None = None, limit: int = 20) -> list[AgentThread]:
    """Return threads, the last changed first."""
    only = "" if agent is None else "WHERE agent = %(agent)s"
    statement = f"SELECT {_COLUMNS} FROM agent_threads {only} ORDER BY changed_at DESC LIMIT %(limit)s"
    return [AgentThread(**row) for row in await select_dicts(connection, statement, {"agent": agent, "limit": limit})]


async def cancel(connection: Connection, thread_id: UUID) -> bool:
    """Ask a running thread to stop after the node it is at; tell whether it was running."""
    statement = "UPDATE agent_threads SET is_cancelled = true WHERE id = %(id)s AND status = 'running'"
    return bool(await change(connection, statement, {"id": thread_id}))


async def is_cancelled(connection: Connection, thread_id: UUID) -> bool:
    """Return whether a person has asked a thread to stop."""
    statement = "SELECT is_cancelled FROM agent_threads WHERE id = %(id)s"
    return bool(await select_value(connection, statement, {"id": thread_id}))


async def forget(connection: Connection, threads: Iterable[UUID]) -> int:
    """Remove threads with all their checkpoints; return how many there were."""
    ids = list(threads)
    if not ids:
        return 0
    names = {"ids": ids, "names": [str(thread_id) for thread_id in ids]}
    for table in await _checkpoint_tables(connection):
        await connection.execute(f"DELETE FROM {table} WHERE thread_id = ANY (%(names)s)", names)
    return await change(connection, "DELETE FROM agent_threads WHERE id = ANY (%(ids)s)", names)


async def prune(connection: Connection, ages: ThreadAges, *, now: datetime) -> PrunedThreads:
    """Forget threads that ended, or were left open, too long ago. Safe twice."""
    rows = await select(
        connection,
        """
        SELECT id, status FROM agent_threads
        WHERE (status = ANY (%(ended)s) AND changed_at < %(ended_before)s) OR changed_at < %(open_before)s
        FOR UPDATE SKIP LOCKED
        """,
        {
            "ended": list(_ENDED),
            "ended_before": now - timedelta(seconds=ages.ended_s),
            "open_before": now - timedelta(seconds=ages.open_s),
        },
    )
    await forget(connection, [row.id for row in rows])
    finished = sum(row.status in _ENDED for row in rows)
    return PrunedThreads(finished, len(rows) - finished)


async def select_mentioning(connection: Connection, words: Iterable[str]) -> list[UUID]:
    """Return the threads whose request or checkpoints contain one of some words, as they are written."""
    wanted = [word for word in words if word]
    tables = await _checkpoint_tables(connection)
    found: set[UUID] = set()
    for word in wanted:
        parts = ["SELECT id::text AS thread_id FROM agent_threads WHERE position(%(word)s IN request::text) > 0"]
        for table in tables:
            is_text = table.endswith(".checkpoints")
            has = "position(%(word)s IN checkpoint::text)" if is_text else "position(%(bytes)s IN blob)"
            parts.append(f"SELECT thread_id FROM {table} WHERE {has} > 0")
        rows = await select(connection, " UNION ".join(parts), {"word": word, "bytes": word.encode()})
        found |= {UUID(row.thread_id) for row in rows}
    return sorted(found)


async def _checkpoint_tables(connection: Connection) -> list[str]:
    """Return LangGraph's tables that hold threads; none before its first use."""
    found = await select(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'langgraph'")
    there = {row.tablename for row in found}
    return [f"langgraph.{table}" for table in _CHECKPOINT_TABLES if table in there]
