"""Killed at any moment and run again, or run twice at once, discovery visits and stores everything once."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from discovery_process import add_lead, environment, finish, rows, start

from sandbox.cast import COMPANIES
from sandbox.server import Sandbox, SandboxControl

SEED = int(os.environ.get("KILL_SEED", "0")) or random.randrange(10**6)
SEED_SAID = f"run again with KILL_SEED={SEED}"
PACE = {"WEBSITES_DELAY_S": "0.03", "DISCOVERY_SITES_AT_ONCE": "2"}


@pytest.fixture(scope="module")
def serving() -> Iterator[SandboxControl]:
    with Sandbox(names=[f"site-{company.slug}" for company in COMPANIES]) as control:
        yield control


@pytest.fixture
def sandbox(serving: SandboxControl, database: str) -> Iterator[SandboxControl]:
    serving.reset()
    for company in COMPANIES:
        for name in (company.name, f"{company.name} North"):
            add_lead(database, name, serving.urls[f"site-{company.slug}"], company.domain)
    yield serving
    serving.assert_clean()


def state(url: str) -> dict[str, list[dict[str, Any]]]:
    """Collect what a run left behind, without times and runs."""
    contacts = """
        SELECT c.lead_id, c.contact_name, c.contact_title, c.role, c.contact_email, c.source_url, c.not_seen_since,
            (SELECT count(*) FROM contacts o WHERE o.person_id = c.person_id) AS at_leads,
            (SELECT count(*) FROM identities i WHERE i.owner_id = c.person_id) AS identities,
            (SELECT count(*) FROM field_provenance p WHERE p.record_id = c.id) AS origins
        FROM contacts c
    """
    leads = "SELECT lead_id, site, outcome, reason FROM lead_discoveries"
    return {
        "contacts": rows(url, f"{contacts} ORDER BY c.lead_id, c.contact_name"),
        "leads": rows(url, f"{leads} ORDER BY lead_id"),
        "sites": rows(url, "SELECT site, outcome, reason FROM discoveries ORDER BY site"),
        "claims": rows(url, "SELECT site FROM discovery_claims"),
    }


def forget(url: str, sandbox: SandboxControl) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "TRUNCATE contacts, identities, field_provenance, possible_duplicates, discoveries, lead_discoveries,"
            " discovery_runs, discovery_claims"
        )
    sandbox.reset()


def finished_sites(url: str, sandbox: SandboxControl) -> set[str]:
    done = {row["site"] for row in rows(url, "SELECT site FROM discoveries WHERE finished_at IS NOT NULL")}
    return {name for name, address in sandbox.urls.items() if address.removeprefix("http://").rstrip("/") in done}


def page_reads(sandbox: SandboxControl, since: int = 0) -> Counter[tuple[str, str]]:
    return Counter((one["provider"], one["path"]) for one in sandbox.requests(since=since))


def _kill_runs(database: str, home: Path, tmp_path: Path, sandbox: SandboxControl, kills: int) -> None:
    rng, report = random.Random(SEED), tmp_path / "report.json"
    began = time.monotonic()
    finish(start(environment(database, home, tmp_path / "cache", **PACE), report), report)
    lasted = time.monotonic() - began
    undisturbed = state(database)
    assert len(undisturbed["contacts"]) > 10
    for number in range(kills):
        forget(database, sandbox)
        variables = environment(database, home, tmp_path / f"cache-{number}", **PACE)
        process = start(variables, report)
        process.join(rng.uniform(0.2, 1.0) * lasted)
        process.kill()
        process.join()
        done, seen = finished_sites(database, sandbox), max((one["number"] for one in sandbox.requests()), default=0)
        recorded = rows(database, "SELECT FROM lead_discoveries WHERE outcome IS NOT NULL")
        again = finish(start(variables, report), report)
        assert {name for name, _ in page_reads(sandbox, seen)}.isdisjoint(done), SEED_SAID
        assert max(page_reads(sandbox).values()) <= 2, SEED_SAID
        assert state(database) == undisturbed, SEED_SAID
        assert again["leads"] == sum(again["outcomes"].values()) == 2 * len(COMPANIES) - len(recorded), SEED_SAID
        *_, last = rows(database, "SELECT id, report FROM discovery_runs ORDER BY started_at")
        assert last == {"id": UUID(again["run_id"]), "report": again}, SEED_SAID


def test_killed_run(database: str, home: Path, tmp_path: Path, sandbox: SandboxControl) -> None:
    _kill_runs(database, home, tmp_path, sandbox, kills=1)


@pytest.mark.soak
def test_killed_run_at_20_moments(database: str, home: Path, tmp_path: Path, sandbox: SandboxControl) -> None:
    _kill_runs(database, home, tmp_path, sandbox, kills=20)


def test_two_runs_at_once_visit_every_site_once(
    database: str, home: Path, tmp_path: Path, sandbox: SandboxControl
) -> None:
    reports = [tmp_path / f"report-{number}.json" for number in range(2)]
    caches = [tmp_path / f"cache-{number}" for number in range(2)]
    runs = [
        start(environment(database, home, cache, **PACE), report) for cache, report in zip(caches, reports, strict=True)
    ]
    told = [finish(process, report) for process, report in zip(runs, reports, strict=True)]
    assert sum(one["visited"] for one in told) == len(COMPANIES)
    assert sum(sum(one["outcomes"].values()) for one in told) == 2 * len(COMPANIES), "each lead is counted once"
    assert max(page_reads(sandbox).values()) == 1
    assert all(row["outcome"] for row in rows(database, "SELECT outcome FROM lead_discoveries"))
    doubled = "SELECT FROM contacts GROUP BY lead_id, lower(contact_name) HAVING count(*) > 1"
    assert rows(database, doubled) == []
