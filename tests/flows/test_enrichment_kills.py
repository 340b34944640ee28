"""Enrichment under faults, kills and beside others: every lead a stated outcome, nothing paid for twice."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from enrich_process import (
    APOLLO_ONLY,
    add_firms,
    environment,
    final_state,
    finish,
    rows,
    seed_companies,
    start,
    with_apollo,
)
from private_valkey import private_valkey

from sandbox.server import Sandbox, SandboxControl

SEED = int(os.environ.get("KILL_SEED", "0")) or random.randrange(10**6)
WRITTEN = "enrichment_runs, enrichment_questions, enrichment_attempts, lead_enrichments, field_provenance, spend"


@pytest.fixture(scope="module")
def serving() -> Iterator[SandboxControl]:
    with Sandbox() as control:
        yield control


@pytest.fixture
def sandbox(serving: SandboxControl) -> Iterator[SandboxControl]:
    serving.reset()
    yield serving
    serving.assert_clean()


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with private_valkey() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture
def place(database: str, home: Path, tmp_path: Path, sandbox: SandboxControl, valkey: str) -> dict[str, str]:
    """Return the settings of runs that ask only Apollo."""
    with redis.Redis.from_url(valkey) as client:
        client.flushdb()
    config = tmp_path / "enrichment.yaml"
    config.write_text(APOLLO_ONLY)
    settings = environment(database, home, tmp_path / "cache", ENRICH_CONFIG=str(config), ENRICH_BATCH_LEADS="100")
    return settings | with_apollo(sandbox, valkey)


def answered(sandbox: SandboxControl) -> float:
    """Add up what Apollo charged for calls whose answer arrived whole."""
    whole = {one["number"] for one in sandbox.requests("apollo") if one["fault"] in (None, "")}
    return sum(float(charge["units"]["credits"]) for charge in sandbox.charges("apollo") if charge["exchange"] in whole)


def book(url: str) -> tuple[float, float]:
    """Return what the cost book holds: for answers that came, and for those that were lost."""
    ((known, assumed),) = rows(
        url, "SELECT coalesce(sum(credits - assumed_credits), 0), coalesce(sum(assumed_credits), 0) FROM spend"
    )
    return float(known), float(assumed)


def script_faults(sandbox: SandboxControl) -> None:
    """Let 20 % of the calls be refused, 5 % fail, 2 % be dropped and 2 % be answered with rubbish."""
    sandbox.fail_next("apollo", "status", None, status=429, retry_after_s=0, probability=0.2, seed=SEED)
    for kind, share in (("status", 0.05), ("drop", 0.02), ("malformed_json", 0.02)):
        sandbox.fail_next("apollo", kind, None, status=500, probability=share, seed=SEED)


def check_faults(sandbox: SandboxControl, place: dict[str, str], tmp_path: Path, leads: int) -> None:
    url = place["POSTGRES_URL"]
    seed_companies(sandbox, leads)
    add_firms(url, range(leads))
    script_faults(sandbox)
    first = finish(start(place, tmp_path / "report.json"), tmp_path / "report.json", within_s=1500)
    again = finish(start(place, tmp_path / "report.json"), tmp_path / "report.json", within_s=1500)
    assert first["leads"] == sum(first["outcomes"].values()) == leads
    assert set(first["outcomes"]) <= {"enriched", "nothing_found", "failed", "due"}
    assert all(reason for _, outcome, reason, *_ in final_state(url)["leads"] if outcome != "enriched")
    assert again["leads"] <= first["outcomes"].get("due", 0)
    bought = Counter(sandbox.state("apollo")["calls_a_person"])
    assert bought
    assert max(bought.values()) == 1
    domains = Counter(
        name for charge in sandbox.charges("apollo") for name in charge["detail"].get("organizations", [])
    )
    assert max(domains.values()) == 1
    known, assumed = book(url)
    assert known == answered(sandbox), f"run again with KILL_SEED={SEED}"
    assert known + assumed >= sum(float(one["units"]["credits"]) for one in sandbox.charges("apollo"))
    ((noted,),) = rows(url, "SELECT sum(cost_credits) FROM enrichment_questions")
    assert float(noted) == known


def test_under_faults_every_lead_has_an_outcome_and_nothing_is_bought_twice(
    sandbox: SandboxControl, place: dict[str, str], tmp_path: Path
) -> None:
    check_faults(sandbox, place, tmp_path, 400)


@pytest.mark.soak
def test_5000_leads_under_faults(sandbox: SandboxControl, place: dict[str, str], tmp_path: Path) -> None:
    check_faults(sandbox, place, tmp_path, 5_000)


def kill(sandbox: SandboxControl, place: dict[str, str], tmp_path: Path, *, kills: int, leads: int) -> None:
    rng, url, report = random.Random(SEED), place["POSTGRES_URL"], tmp_path / "report.json"
    seed_companies(sandbox, leads)
    add_firms(url, range(leads))
    began = time.monotonic()
    finish(start(place, report), report)
    lasted = time.monotonic() - began
    undisturbed = without_cost(final_state(url))
    for _ in range(kills):
        with psycopg.connect(url) as connection:
            connection.execute(f"TRUNCATE {WRITTEN}, enrichment_claims")
            connection.execute("UPDATE leads SET industry = NULL")
            connection.execute("UPDATE contacts SET contact_title = NULL")
        charged_before = len(sandbox.charges("apollo"))
        process = start(place, report)
        process.join(rng.uniform(0, lasted))
        process.kill()
        process.join()
        ((in_flight,),) = rows(url, "SELECT count(*) FROM enrichment_questions WHERE state = 'open'")
        again = finish(start(place, report), report)
        assert sum(again["asked_again"].values()) == in_flight, f"run again with KILL_SEED={SEED}"
        assert without_cost(final_state(url)) == undisturbed, f"run again with KILL_SEED={SEED}"
        charges = sandbox.charges("apollo")[charged_before:]
        people = Counter(charge["detail"]["person"] for charge in charges if "person" in charge["detail"])
        companies = Counter(name for charge in charges for name in charge["detail"].get("organizations", []))
        twice = sum(count - 1 for counts in (people, companies) for count in counts.values())
        assert twice <= in_flight, f"run again with KILL_SEED={SEED}"
        ((swept,),) = rows(url, "SELECT coalesce(sum(credits), 0) FROM spend")
        assert float(swept) >= sum(float(charge["units"]["credits"]) for charge in charges)
        assert rows(url, "SELECT FROM enrichment_claims") == []


def without_cost(state: dict[str, Any]) -> dict[str, Any]:
    return state | {"answers": [answer[:4] for answer in state["answers"]]}


def test_killed_and_run_again(sandbox: SandboxControl, place: dict[str, str], tmp_path: Path) -> None:
    kill(sandbox, place, tmp_path, kills=1, leads=120)


@pytest.mark.soak
def test_killed_at_20_moments(sandbox: SandboxControl, place: dict[str, str], tmp_path: Path) -> None:
    kill(sandbox, place, tmp_path, kills=20, leads=300)


def share_a_budget(
    sandbox: SandboxControl, place: dict[str, str], tmp_path: Path, *, leads: int, processes: int, calls: int
) -> None:
    """Many processes, one budget of paid calls: never one more, and the rest is due."""
    url = place["POSTGRES_URL"]
    seed_companies(sandbox, leads)
    add_firms(url, range(leads))
    limited = place | {"BUDGET_APOLLO_DAY_CALLS": str(calls), "ENRICH_BATCH_LEADS": "50"}
    reports = [tmp_path / f"{number}.json" for number in range(processes)]
    running = [start(limited, report) for report in reports]
    done = [finish(process, report, within_s=900) for process, report in zip(running, reports, strict=True)]
    made = len(sandbox.requests("apollo"))
    assert calls - processes <= made <= calls
    assert rows(url, "SELECT sum(calls) FROM spend WHERE status <> 'released'") == [(made,)]
    assert known_sum(done) == float(sum(charge["units"]["credits"] for charge in map(plain, sandbox.charges("apollo"))))
    assert rows(url, "SELECT count(*) FROM lead_enrichments") == [(leads,)]
    ((due,),) = rows(url, "SELECT count(*) FROM lead_enrichments WHERE outcome = 'due'")
    assert due > 0


def plain(charge: dict[str, Any]) -> dict[str, Any]:
    return charge | {"units": {name: float(amount) for name, amount in charge["units"].items()}}


def known_sum(reports: list[dict[str, Any]]) -> float:
    return sum(float(report["spend"].get("apollo", {}).get("credits", 0)) for report in reports)


def test_processes_that_share_a_budget_make_no_call_more(
    sandbox: SandboxControl, place: dict[str, str], tmp_path: Path
) -> None:
    share_a_budget(sandbox, place, tmp_path, leads=200, processes=3, calls=11)


@pytest.mark.soak
def test_8_processes_never_make_a_101st_call(sandbox: SandboxControl, place: dict[str, str], tmp_path: Path) -> None:
    share_a_budget(sandbox, place, tmp_path, leads=5_000, processes=8, calls=100)
