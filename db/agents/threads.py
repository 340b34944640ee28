"""Agents' threads: which there are, who is at them, and which may be forgotten.

A thread is worked on by one process at a time, which holds a session lock on it: when the process dies, so does the
lock, and the next one goes on from the last checkpoint.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.agents.threads import AgentThread, PrunedThreads, ThreadAges, ThreadStatus
from core.errors import ThreadBusy, ThreadNotFound
from db.schema.agent_tables import AgentThreadRow
from db.server.keeping import OwnLine, own_line

_CHECKPOINT_TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")
_ENDED = ("finished", "stopped", "failed")


@asynccontextmanager
async def claiming(url: str, thread_id: UUID) -> AsyncIterator[OwnLine]:
    """Hold a thread as long as the block lasts; yield the line that holds it, which takes it again after a loss.

    Raises:
        ThreadBusy: another process is at it.
    """
    key = int.from_bytes(thread_id.bytes[:8], "big", signed=True)

    async def hold(connection: psycopg.AsyncConnection[Any]) -> None:
        row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (key,))).fetchone()
        if row is None or not row[0]:
            raise ThreadBusy(f"another process is at thread {thread_id}")

    async with own_line(url) as line:
        await line.on_open(hold)
        yield line


async def begin(
    connection: AsyncConnection, thread_id: UUID, agent: str, request: Mapping[str, Any], *, now: datetime
) -> AgentThread:
    """Note that a thread is being run; the request of its first run stands. Returns it as it is stored."""
    new = insert(AgentThreadRow).values(
        id=thread_id, agent=agent, status="running", request=dict(request), started_at=now, changed_at=now
    )
    statement = new.on_conflict_do_update(
        index_elements=[AgentThreadRow.id],
        set_={"status": "running", "reason": None, "is_cancelled": False, "changed_at": now},
    ).returning(*AgentThreadRow.__table__.columns)
    return _thread((await connection.execute(statement)).mappings().one())


async def mark(
    connection: AsyncConnection, thread_id: UUID, status: ThreadStatus, reason: str | None = None, *, now: datetime
) -> None:
    """Note how a run of a thread ended."""
    changed = {"status": status, "reason": reason, "changed_at": now}
    await connection.execute(update(AgentThreadRow).where(AgentThreadRow.id == thread_id).values(**changed))


async def find(connection: AsyncConnection, thread_id: UUID) -> AgentThread | None:
    """Return a thread, or None."""
    chosen = select(AgentThreadRow.__table__).where(AgentThreadRow.id == thread_id)
    row = (await connection.execute(chosen)).mappings().one_or_none()
    return None if row is None else _thread(row)


async def get(connection: AsyncConnection, thread_id: UUID) -> AgentThread:
    """Return a thread. Raises ThreadNotFound."""
    found = await find(connection, thread_id)
    if found is None:
        raise ThreadNotFound(f"there is no thread {thread_id}")
    return found


async def select_recent(connection: AsyncConnection, *, agent: str | None = None, limit: int = 20) -> list[AgentThread]:
    """Return threads, the last changed first."""
    chosen = select(AgentThreadRow.__table__).order_by(AgentThreadRow.changed_at.desc()).limit(limit)
    if agent is not None:
        chosen = chosen.where(AgentThreadRow.agent == agent)
    return [_thread(row) for row in (await connection.execute(chosen)).mappings()]


async def cancel(connection: AsyncConnection, thread_id: UUID) -> bool:
    """Ask a running thread to stop after the node it is at; tell whether it was running."""
    running = (AgentThreadRow.id == thread_id) & (AgentThreadRow.status == "running")
    result = await connection.execute(update(AgentThreadRow).where(running).values(is_cancelled=True))
    return bool(result.rowcount)


async def is_cancelled(connection: psycopg.AsyncConnection[Any], thread_id: UUID) -> bool:
    """Tell whether a person has asked a thread to stop."""
    asked = await connection.execute("SELECT is_cancelled FROM agent_threads WHERE id = %s", (thread_id,))
    row = await asked.fetchone()
    return row is not None and bool(row[0])


async def forget(connection: AsyncConnection, threads: Iterable[UUID]) -> int:
    """Remove threads with all their checkpoints; return how many there were."""
    ids = list(threads)
    if not ids:
        return 0
    for table in await _checkpoint_tables(connection):
        names = [str(thread_id) for thread_id in ids]
        await connection.execute(text(f"DELETE FROM {table} WHERE thread_id = ANY(:ids)"), {"ids": names})
    result = await connection.execute(delete(AgentThreadRow).where(AgentThreadRow.id.in_(ids)))
    return result.rowcount


async def prune(connection: AsyncConnection, ages: ThreadAges, *, now: datetime) -> PrunedThreads:
    """Forget threads that ended, or were left open, too long ago. Safe twice."""
    ended = AgentThreadRow.status.in_(_ENDED) & (AgentThreadRow.changed_at < now - timedelta(seconds=ages.ended_s))
    expired = AgentThreadRow.changed_at < now - timedelta(seconds=ages.open_s)
    due = select(AgentThreadRow.id, AgentThreadRow.status).where(or_(ended, expired)).with_for_update(skip_locked=True)
    rows = (await connection.execute(due)).all()
    await forget(connection, [row.id for row in rows])
    finished = sum(row.status in _ENDED for row in rows)
    return PrunedThreads(finished, len(rows) - finished)


async def select_mentioning(connection: AsyncConnection, words: Iterable[str]) -> list[UUID]:
    """Return the threads whose request or checkpoints contain one of some words, as they are written."""
    wanted = [word for word in words if word]
    tables = await _checkpoint_tables(connection)
    found: set[UUID] = set()
    for word in wanted:
        parts = ["SELECT id::text AS thread_id FROM agent_threads WHERE position(:word IN request::text) > 0"]
        for table in tables:
            column = "checkpoint" if table.endswith(".checkpoints") else "blob"
            part = f"SELECT thread_id FROM {table} WHERE "
            is_text = column == "checkpoint"
            has = "position(:word IN checkpoint::text) > 0" if is_text else "position(:bytes IN blob) > 0"
            parts.append(part + has)
        values: dict[str, Any] = {"word": word, "bytes": word.encode()}
        rows = await connection.execute(text(" UNION ".join(parts)), {k: values[k] for k in _used(parts, values)})
        found |= {UUID(row.thread_id) for row in rows}
    return sorted(found)


def _used(parts: list[str], values: Mapping[str, Any]) -> list[str]:
    return [name for name in values if any(f":{name}" in part for part in parts)]


async def _checkpoint_tables(connection: AsyncConnection) -> list[str]:
    """Return LangGraph's tables that hold threads; none before its first use."""
    found = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'langgraph'"))
    there = {row.tablename for row in found}
    return [f"langgraph.{table}" for table in _CHECKPOINT_TABLES if table in there]


def _thread(row: Mapping[Any, Any]) -> AgentThread:
    values = dict(row)
    return AgentThread(thread_id=values.pop("id"), **values)
