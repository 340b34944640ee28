"""Postgres killed while answers that were paid are in memory: they are kept, and nothing is asked twice.

The server is the private one of a data directory of the test's own. It is killed with all its processes between a
question and its answer, as often as the test says; the run that needs it starts it again.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import agent_process
import psutil
import psycopg
import pytest
from enrich_process import APOLLO_ONLY, add_firms, environment, finish, rows, seed_companies, start, with_apollo
from importing import load
from model_assessing import AMPLE, environment_of
from private_valkey import private_valkey
from qualify_process import start as start_qualifying
from stored_leads import store

from db.schema.upgrade import upgrade
from db.server import embedded, embedded_postgres
from sandbox.server import SandboxControl
from tests.flows.test_agent_kills import OFFER, SENDER
from tests.flows.test_agent_kills import rows as agents_rows
from tests.flows.test_model_assessment_runs import ICP, leads


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with private_valkey() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


class Place:
    """A data directory whose private Postgres is killed."""

    def __init__(self, home: Path, scratch: Path, valkey: str, sandbox: SandboxControl) -> None:
        self.home, self.scratch, self.valkey, self.sandbox = home, scratch, valkey, sandbox
        self.report = scratch / "report.json"
        self.url = embedded.embedded_postgres_url(home)
        upgrade(self.url)
        with psycopg.connect(self.url) as connection:
            connection.execute("TRUNCATE leads, enrichment_questions, spend, agent_executions CASCADE")

    def asked(self, provider: str) -> int:
        return len(self.sandbox.requests(provider))

    def kill_at(self, provider: str, calls: tuple[int, ...], run: ForkServerProcess) -> None:
        """Kill the server each time the provider has been asked so often."""
        for count in calls:
            until(lambda count=count: self.asked(provider) >= count or not run.is_alive())
            assert run.is_alive(), f"ended after {self.asked(provider)} calls"
            until(lambda: embedded_postgres.find(self.home) is not None)
            server = embedded_postgres.find(self.home)
            assert server is not None
            backends = psutil.Process(server.pid).children()
            for process in (psutil.Process(server.pid), *backends):
                try:
                    os.kill(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    def has_ended(self, run: ForkServerProcess) -> dict[str, Any]:
        result = finish(run, self.report)
        self.url = embedded.embedded_postgres_url(self.home)
        return result


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 150
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def killed_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("home")
    yield directory
    embedded.stop_postgres(directory)


@pytest.fixture
def place(killed_home: Path, tmp_path: Path, valkey: str, sandbox: SandboxControl) -> Place:
    return Place(killed_home, tmp_path, valkey, sandbox)


@pytest.mark.parametrize("kills", [(5,), pytest.param((1, 3, 8, 12, 14, 18), marks=pytest.mark.soak)])
def test_nothing_is_bought_twice(place: Place, kills: tuple[int, ...]) -> None:
    seed_companies(place.sandbox, 100)
    add_firms(place.url, range(100))
    config = place.scratch / "enrichment.yaml"
    config.write_text(APOLLO_ONLY)
    settings = environment("", place.home, place.scratch / "cache", ENRICH_CONFIG=str(config), ENRICH_BATCH_LEADS="50")
    settings |= with_apollo(place.sandbox, place.valkey)
    del settings["POSTGRES_URL"]
    place.sandbox.fail_next("apollo", "slow", None, delay_s=0.2)
    run = start(settings, place.report)
    place.kill_at("apollo", kills, run)
    report = place.has_ended(run)
    assert report["leads"] == sum(report["outcomes"].values()) == 100
    assert set(report["outcomes"]) <= {"enriched", "nothing_found"}
    assert report["asked_again"] == {}
    charges = place.sandbox.charges("apollo")
    people = Counter(charge["detail"]["person"] for charge in charges if "person" in charge["detail"])
    companies = Counter(name for charge in charges for name in charge["detail"].get("organizations", []))
    assert (max(people.values()), max(companies.values())) == (1, 1)
    assert place.asked("apollo") == 20
    billed = sum(float(charge["units"]["credits"]) for charge in charges)
    assert rows(place.url, "SELECT sum(cost_credits) FROM enrichment_questions") == [(billed,)]
    assert rows(place.url, "SELECT sum(cost_credits) FROM enrichment_attempts") == [(billed,)]
    ((booked,),) = rows(place.url, "SELECT sum(credits) FROM spend")
    assert booked >= billed


async def test_no_lead_is_assessed_twice(place: Place) -> None:
    store(place.url, leads(40))
    icp = place.scratch / "icp.yaml"
    icp.write_text(ICP)
    place.sandbox.settings("cerebras", **AMPLE, answer_after_s=0.1)
    settings = environment_of("", place.home, place.sandbox.environment) | {
        "REDIS_URL": place.valkey,
        "QUALIFY_MODEL_BATCH_LEADS": "20",
        "QUALIFY_MODEL_CALLS_AT_ONCE": "4",
        "CEREBRAS_TIMEOUT_S": "200",
        "CEREBRAS_DEADLINE_S": "300",
    }
    del settings["POSTGRES_URL"]
    run = start_qualifying(settings, place.report, icp=str(icp))
    place.kill_at("cerebras", (8,), run)
    report = place.has_ended(run)
    assert report["outcomes"] == {"scored": 40}
    asked = Counter(
        json.loads(request["body"])["messages"][1]["content"].partition("lead-")[2][:5]
        for request in place.sandbox.requests("cerebras", path="*completions")
    )
    assert (len(asked), max(asked.values())) == (40, 1)
    assert rows(place.url, "SELECT count(*) FROM agent_executions") == [(40,)]


async def test_no_node_of_a_graph_is_run_twice(place: Place) -> None:
    await load(place.url, agents_rows())
    place.sandbox.settings("cerebras", **AMPLE, answer_after_s=0.2)
    outside = {name: value for name, value in place.sandbox.environment.items() if name.startswith("CEREBRAS_")}
    settings = outside | {
        "MODELS_DEFAULT": "cerebras:gpt-oss-120b",
        "SALES_AGENT_HOME": str(place.home),
        "REDIS_URL": place.valkey,
        **dict.fromkeys(("BUDGET_RUN_USD", "BUDGET_DAY_USD", "BUDGET_MONTH_USD"), ""),
    }
    request = {"offer": OFFER, "sender": SENDER, "tones": ["friendly", "formal"], "personas": ["CEO", "CFO"]}
    run = agent_process.start(settings, "marketing", request, place.report)
    place.kill_at("cerebras", (3,), run)
    report = place.has_ended(run)
    assert report["status"] == "drafted"
    prompts = [request["body"] for request in place.sandbox.requests("cerebras", path="*completions")]
    assert max(Counter(prompts).values()) == 1
    assert rows(place.url, "SELECT count(*) FROM agent_executions") == [(len(prompts),)]
