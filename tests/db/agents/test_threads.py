"""Threads of agents: held by one at a time, remembered, found by what they mention, forgotten by age."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from langgraph_prefect_graphs import ask, loop

from agents.checkpoints import open_saver
from core.agents.threads import PrunedThreads, ThreadAges
from core.errors import ThreadBusy, ThreadNotFound
from db.agents import threads as agent_threads
from db.server.engine import Engine, open_engine, transaction
from db.server.keeping import until_stored
from langgraph_prefect.running import RunOptions, run_graph

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    engine = open_engine(database)
    yield engine
    await engine.dispose()


async def begun(engine: Engine, status: str, age_s: float, request: dict[str, str] | None = None) -> uuid.UUID:
    thread_id, then = uuid.uuid4(), NOW - timedelta(seconds=age_s)
    async with transaction(engine) as connection:
        await agent_threads.begin(connection, thread_id, "growth", request or {}, now=then)
        if status != "running":
            await agent_threads.mark(connection, thread_id, status, now=then)  # type: ignore[arg-type]
    return thread_id


async def test_the_first_request_of_a_thread_stands(engine: Engine) -> None:
    thread_id = await begun(engine, "failed", 5, {"segment": "a"})
    async with transaction(engine) as connection:
        again = await agent_threads.begin(connection, thread_id, "growth", {"segment": "b"}, now=NOW)
    assert (again.status, again.request, again.changed_at) == ("running", {"segment": "a"}, NOW)


async def test_only_what_runs_can_be_cancelled(engine: Engine) -> None:
    running, finished = await begun(engine, "running", 1), await begun(engine, "finished", 1)
    async with transaction(engine) as connection:
        assert await agent_threads.cancel(connection, running)
        assert not await agent_threads.cancel(connection, finished)
        assert (await agent_threads.get(connection, running)).is_cancelled
        with pytest.raises(ThreadNotFound):
            await agent_threads.get(connection, uuid.uuid4())
        listed = await agent_threads.select_recent(connection, agent="growth")
    assert {thread.thread_id for thread in listed} == {running, finished}


async def test_a_thread_has_one_worker_at_a_time(database: str) -> None:
    thread_id = uuid.uuid4()
    async with agent_threads.leased(database, thread_id):
        with pytest.raises(ThreadBusy):
            async with agent_threads.leased(database, thread_id):
                pass
        async with agent_threads.leased(database, uuid.uuid4()):
            pass
    async with agent_threads.leased(database, thread_id):
        pass


async def test_old_threads_go_with_their_checkpoints_and_only_they(engine: Engine, database: str) -> None:
    ages = ThreadAges(ended_s=100, open_s=1000)
    kept = [
        await begun(engine, "finished", 99),
        await begun(engine, "waiting", 999),
        await begun(engine, "running", 999),
    ]
    gone = [await begun(engine, "finished", 101), await begun(engine, "waiting", 1001)]
    async with open_saver(database, until_stored) as saver:
        for thread_id in kept + gone:
            options = RunOptions(checkpointer=saver)
            await run_graph(
                ask() if thread_id == gone[1] else loop(1), {"notes": []}, thread_id=str(thread_id), options=options
            )
    async with transaction(engine) as connection:
        assert await agent_threads.prune(connection, ages, now=NOW) == PrunedThreads(1, 1)
        assert await agent_threads.prune(connection, ages, now=NOW) == PrunedThreads()
    with psycopg.connect(database) as connection:
        for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
            left = {uuid.UUID(row[0]) for row in connection.execute(f"SELECT thread_id FROM langgraph.{table}")}
            assert left == set(kept)


async def test_threads_are_found_by_what_they_mention(engine: Engine, database: str) -> None:
    asked, noted, other = [await begun(engine, "running", 1) for _ in range(3)]
    named = await begun(engine, "running", 1, {"lead": "kim@example.com"})
    async with open_saver(database, until_stored) as saver:
        options = RunOptions(checkpointer=saver)
        await run_graph(loop(1), {"notes": ["wrote to kim@example.com"]}, thread_id=str(asked), options=options)
        await run_graph(ask(), {"notes": ["KIM"]}, thread_id=str(noted), options=options)
        await run_graph(loop(1), {"notes": []}, thread_id=str(other), options=options)
    async with transaction(engine) as connection:
        assert await agent_threads.select_mentioning(connection, ["kim@example.com", ""]) == sorted([asked, named])
        assert await agent_threads.select_mentioning(connection, ["KIM"]) == [noted]
        assert await agent_threads.select_mentioning(connection, []) == []
        assert await agent_threads.forget(connection, [asked, named, noted]) == 3
        assert await agent_threads.select_mentioning(connection, ["kim@example.com", "KIM"]) == []
