"""Qualifying stored leads: once each, again when facts or profile change, through kills and beside others."""

import os
import random
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from importing import Row
from profiles import profile
from qualify_process import finish, start
from stored_leads import store

from core.qualification.scoring import Scorer

ICP = """
criteria:
  - {field: industry, weight: 2, one_of: {values: [Software, {value: Retail, points: 30}]}}
  - {field: Fit, weight: 1, number: as_is, unknown: skip}
disqualifiers:
  - {name: size, field: company_size, bands: {bands: [{to: 5}]}}
"""
SEED = int(os.environ.get("KILL_SEED", "0")) or random.randrange(10**6)
INDUSTRIES = ("Software", "Retail", "Farming", None)
SIZES = ("3", "51-200", None)


def row(number: int) -> Row:
    fit = {"extra.Fit": str(number % 101)} if number % 3 else {}
    return {"key": f"k{number:05}", "company_name": f"Firm {number}", "industry": INDUSTRIES[number % 4],
            "company_size": SIZES[number % 5] if number % 5 < 3 else None, **fit}  # fmt: skip


def values(lead: Row) -> dict[str, str | None]:
    return {"industry": lead["industry"], "company_size": lead["company_size"], "Fit": lead.get("extra.Fit")}


class Place:
    """A database, a profile, and the environment of a process that uses them."""

    def __init__(self, url: str, home: Path, directory: Path) -> None:
        self.url = url
        self.icp = directory / "icp.yaml"
        self.icp.write_text(ICP)
        self.report = directory / "report.json"
        self.environment = {"POSTGRES_URL": url, "SALES_AGENT_HOME": str(home), "QUALIFY_BATCH_LEADS": "50"}

    def qualify(self, **request: Any) -> dict[str, Any]:
        """Run to the end."""
        return finish(self.environment, self.report, icp=str(self.icp), **request)

    def run(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Execute SQL of the test's own."""
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement, arguments)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def assessed(self) -> dict[str, tuple[Any, ...]]:
        """Give what is stored, by the leads' keys, without ids and times."""
        found = self.run(
            "SELECT external_id, outcome, reason, score, tier, confidence, breakdown, a.icp_version, facts_hash"
            " FROM assessments a JOIN leads ON id = lead_id"
        )
        return {key: rest for key, *rest in found}  # type: ignore[misc]


@pytest.fixture
def place(database: str, home: Path, tmp_path: Path) -> Place:
    return Place(database, home, tmp_path)


async def test_every_lead_is_scored_once_and_as_the_rules_say(place: Place) -> None:
    rows = [row(number) for number in range(120)]
    store(place.url, rows)
    report = place.qualify()
    scorer = Scorer(profile(ICP))
    stored = place.assessed()
    assert len(stored) == 120
    for lead in rows:
        outcome, _, score, tier, confidence, breakdown, *_ = stored[str(lead["key"])]
        expected = scorer.score(values(lead))
        if expected.confidence or len(expected.breakdown) > 2:
            assert (outcome, score, tier, confidence) == (
                "scored_by_rules", expected.score, expected.tier, expected.confidence,
            )  # fmt: skip
        else:
            assert (outcome, score, tier) == ("skipped", None, None)
        assert breakdown == [point.to_json() for point in expected.breakdown]
    assert sum(report["outcomes"].values()) == report["leads"] == 120
    assert sum(report["tiers"].values()) == sum(report["histogram"]) == report["outcomes"]["scored_by_rules"]
    assert report["due"] == 0
    best = [lead["score"] for lead in report["best"]]
    assert len(best) == 10
    assert best == sorted(best, reverse=True)
    assert all(lead["reason"] and lead["company"] for lead in report["best"])


async def test_second_run_takes_only_what_changed(place: Place) -> None:
    store(place.url, [row(number) for number in range(60)])
    assert place.qualify()["leads"] == 60
    before = place.assessed()
    assert place.qualify()["leads"] == 0

    place.run("UPDATE leads SET industry = 'Farming' WHERE external_id = 'k00000'")
    place.run("UPDATE leads SET extra = extra || '{\"Fit\": \"77\"}' WHERE external_id = 'k00001'")
    place.run("UPDATE leads SET notes = 'not asked for', extra = extra || '{\"Other\": \"1\"}'")
    store(place.url, [row(99)])
    assert place.qualify()["leads"] == 3
    after = place.assessed()
    assert {key for key in after if after[key] != before.get(key)} == {"k00000", "k00001", "k00099"}

    place.icp.write_text("# only a comment\n" + ICP)
    assert place.qualify()["leads"] == 0
    place.icp.write_text(ICP.replace("weight: 2", "weight: 3"))
    assert place.qualify()["leads"] == 61
    assert place.qualify(selection="all")["leads"] == 61
    assert place.qualify(selection="all", limit=10)["leads"] == 10


async def test_only_failed_ones_on_request(place: Place) -> None:
    store(place.url, [row(number) for number in range(20)])
    place.qualify()
    place.run("UPDATE assessments SET outcome = 'failed', reason = 'made up' WHERE lead_id IN"
              " (SELECT id FROM leads WHERE external_id < 'k00004')")  # fmt: skip
    assert place.qualify()["leads"] == 0
    report = place.qualify(selection="failed")
    assert report["leads"] == 4
    assert place.qualify(selection="failed")["leads"] == 0
    assert not place.run("SELECT FROM assessments WHERE outcome = 'failed'")


async def test_without_leads_there_is_nothing_to_do(place: Place) -> None:
    report = place.qualify()
    assert (report["leads"], report["due"], report["best"]) == (0, 0, [])


async def _kill(place: Place, kills: int, leads: int) -> None:
    rng = random.Random(SEED)
    store(place.url, [row(number) for number in range(leads)])
    began = time.monotonic()
    place.qualify()
    lasted = time.monotonic() - began
    undisturbed = place.assessed()
    for _ in range(kills):
        place.run("TRUNCATE assessments, assessment_claims")
        process = start(place.environment, place.report, icp=str(place.icp))
        process.join(rng.uniform(0, lasted))
        process.kill()
        process.join()
        done = {lead for (lead,) in place.run("SELECT lead_id FROM assessments")}
        times = place.run("SELECT lead_id, assessed_at FROM assessments ORDER BY 1")
        report = place.qualify()
        assert place.assessed() == undisturbed, f"run again with KILL_SEED={SEED}"
        assert report["leads"] == leads - len(done)
        kept = place.run("SELECT lead_id, assessed_at FROM assessments WHERE lead_id = ANY (%s) ORDER BY 1", list(done))
        assert kept == times
        assert not place.run("SELECT FROM assessment_claims")


async def test_killed_and_run_again(place: Place) -> None:
    await _kill(place, kills=2, leads=800)


@pytest.mark.soak
async def test_killed_at_20_moments(place: Place) -> None:
    await _kill(place, kills=20, leads=4_000)


async def test_two_at_once_do_no_lead_twice(place: Place, tmp_path: Path) -> None:
    store(place.url, [row(number) for number in range(1_500)])
    # Counts how often each lead is written.
    place.run(
        "CREATE TABLE written (lead_id uuid);"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO written VALUES (new.lead_id); RETURN new; END';"
        "CREATE TRIGGER note AFTER INSERT OR UPDATE ON assessments FOR EACH ROW EXECUTE FUNCTION note()"
    )
    reports = [tmp_path / f"{number}.json" for number in range(2)]
    processes = [start(place.environment, report, icp=str(place.icp)) for report in reports]
    for process in processes:
        process.join(900)
        assert process.exitcode == 0
    assert place.run("SELECT count(*), count(DISTINCT lead_id) FROM written") == [(1_500, 1_500)]
    assert not place.run("SELECT FROM assessment_claims")
