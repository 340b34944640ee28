"""The whole pipeline over the sandbox: with everybody, with nobody, with one who fails; killed and run again."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pipeline_process import approve_and_sync, environment, finish, many, rows, seed, start, to_sandbox, was_killed
from private_valkey import private_valkey

if TYPE_CHECKING:
    from sandbox.server import SandboxControl

STEPS = ["import", "score", "enrich", "discover", "score again", "plan"]


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with private_valkey() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture
def place(database: str, home: Path, tmp_path: Path) -> dict[str, str]:
    """Return the settings of a run that has no provider."""
    return environment(database, home, tmp_path / "cache")


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {stage["step"]: stage["outcome"] for stage in report["stages"]}


def told(report: dict[str, Any]) -> dict[str, str]:
    return {stage["step"]: stage["sentence"] for stage in report["stages"]}


def check_with_nobody(place: dict[str, str], file: Path, tmp_path: Path, leads: int) -> None:
    report = finish(start(place, tmp_path, file))
    assert [stage["step"] for stage in report["stages"]] == STEPS
    assert outcomes(report) | {"import": "done", "score": "done", "plan": "off"} == outcomes(report)
    said = told(report)
    assert said["import"].startswith(f"{leads:,} rows: {leads:,} new companies")
    assert "by the rules alone (no model is configured)" in said["score"]
    assert "CLOSE_API_KEY is not set" in said["plan"]
    assert "not set up: " in said["enrich"]
    assert report["next_step"] is None


def test_with_every_provider_off_it_ends_with_a_report_that_tells(
    place: dict[str, str], sandbox: "SandboxControl", tmp_path: Path
) -> None:
    check_with_nobody(place, seed(sandbox, tmp_path), tmp_path, 8)


def test_it_goes_as_far_as_asked_and_a_mistake_is_told_before_anything_is_done(
    place: dict[str, str], sandbox: "SandboxControl", tmp_path: Path
) -> None:
    file = seed(sandbox, tmp_path)
    profile = tmp_path / "icp.yaml"
    profile.write_text("criteria: []\n")
    failed = start(place, tmp_path, file, icp=profile)
    failed.process.join(120)
    assert failed.process.exitcode == 1
    assert rows(place["POSTGRES_URL"], "SELECT count(*) FROM imports") == [(0,)]

    report = finish(start(place, tmp_path, file, until="score"))
    assert outcomes(report) == {"import": "done", "score": "done"}
    assert rows(place["POSTGRES_URL"], "SELECT count(*) FROM assessments") == [(8,)]
    assert rows(place["POSTGRES_URL"], "SELECT count(*) FROM lead_enrichments") == [(0,)]


def test_only_the_wanted_leads_of_the_file_are_enriched(
    place: dict[str, str], sandbox: "SandboxControl", tmp_path: Path
) -> None:
    file = seed(sandbox, tmp_path)
    url = place["POSTGRES_URL"]
    finish(start(place, tmp_path, many(tmp_path / "others.csv", 20), until="score"))
    report = finish(start(place, tmp_path, file, until="enrich"))
    ((wanted,),) = rows(
        url,
        "SELECT count(*) FROM assessments a JOIN leads l ON l.id = a.lead_id"
        " WHERE tier IN ('hot', 'warm') AND created_import_id = %s",
        report["import_id"],
    )
    assert 0 < wanted < 8
    enriched = "SELECT count(*), count(*) FILTER (WHERE created_import_id = %s) FROM lead_enrichments"
    enriched += " JOIN leads l ON l.id = lead_id"
    ((all_of_them, of_the_file),) = rows(url, enriched, report["import_id"])
    assert all_of_them == of_the_file
    assert told(report)["enrich"].startswith(f"{of_the_file} leads:")


def check_killed(
    place: dict[str, str], file: Path, sandbox: "SandboxControl", tmp_path: Path, steps: list[str]
) -> None:
    """Kill a run at the end of each step; the next one goes on to a plan that waits, and buys nothing twice."""
    for step in steps:
        was_killed(start(place, tmp_path, file, kill_at=step))
    report = finish(start(place, tmp_path, file))
    assert [stage["step"] for stage in report["stages"]] == STEPS
    assert outcomes(report)["import"] == "nothing"
    assert outcomes(report)["plan"] == "waiting"
    check_bought_once(place, sandbox)


def check_bought_once(place: dict[str, str], sandbox: "SandboxControl") -> None:
    bought = sandbox.state("apollo")["calls_a_person"]
    assert max(bought.values(), default=0) <= 1
    pending = "SELECT count(*) FROM approvals WHERE status = 'pending'"
    assert rows(place["POSTGRES_URL"], pending) == [(1,)]
    assert not sandbox.state("close")["lead"]


def check_settles(place: dict[str, str], file: Path, sandbox: "SandboxControl", tmp_path: Path) -> None:
    """Run again until nothing is left: what was found may have brought more leads into the wanted tiers."""
    for _ in range(2):
        settled = finish(start(place, tmp_path, file))
    asked = len(sandbox.requests("apollo"))
    last = finish(start(place, tmp_path, file))
    assert outcomes(last) == dict.fromkeys(STEPS[:-1], "nothing") | {"plan": "waiting"}
    assert last["approval_id"] == settled["approval_id"]
    assert len(sandbox.requests("apollo")) == asked
    check_bought_once(place, sandbox)


def test_killed_between_its_steps_it_goes_on(
    place: dict[str, str], sandbox: "SandboxControl", valkey: str, tmp_path: Path
) -> None:
    file = seed(sandbox, tmp_path)
    check_killed(place | to_sandbox(sandbox, redis=valkey), file, sandbox, tmp_path, ["enrich"])


@pytest.mark.soak
def test_killed_at_the_end_of_each_step_it_goes_on(
    place: dict[str, str], sandbox: "SandboxControl", valkey: str, tmp_path: Path
) -> None:
    file, place = seed(sandbox, tmp_path), place | to_sandbox(sandbox, redis=valkey)
    check_killed(place, file, sandbox, tmp_path, STEPS)
    check_settles(place, file, sandbox, tmp_path)


def check_one_fails(place: dict[str, str], file: Path, sandbox: "SandboxControl", tmp_path: Path) -> None:
    sandbox.fail_next("close", "status", None, status=401)
    report = finish(start(place, tmp_path, file))
    assert [stage["step"] for stage in report["stages"]] == STEPS
    assert outcomes(report)["plan"] == "failed"
    assert "close" in told(report)["plan"]
    sandbox.clear_faults()
    again = finish(start(place, tmp_path, file))
    assert outcomes(again)["plan"] == "waiting"
    assert not sandbox.state("close")["lead"]
    assert approve_and_sync(place) == "executed"
    assert sandbox.state("close")["lead"]


def test_one_that_fails_is_its_steps_outcome_and_not_the_end(
    place: dict[str, str], sandbox: "SandboxControl", valkey: str, tmp_path: Path
) -> None:
    check_one_fails(place | to_sandbox(sandbox, redis=valkey), seed(sandbox, tmp_path), sandbox, tmp_path)


@pytest.mark.soak
def test_2000_leads_with_nobody(place: dict[str, str], tmp_path: Path) -> None:
    check_with_nobody(place, many(tmp_path / "many.csv", 2_000), tmp_path, 2_000)


@pytest.mark.soak
def test_2000_leads_with_the_sandbox_and_killed(
    place: dict[str, str], sandbox: "SandboxControl", valkey: str, tmp_path: Path
) -> None:
    file = many(tmp_path / "many.csv", 2_000)
    check_killed(place | to_sandbox(sandbox, redis=valkey), file, sandbox, tmp_path, STEPS)


@pytest.mark.soak
def test_2000_leads_with_one_that_fails(
    place: dict[str, str], sandbox: "SandboxControl", valkey: str, tmp_path: Path
) -> None:
    check_one_fails(place | to_sandbox(sandbox, redis=valkey), many(tmp_path / "many.csv", 2_000), sandbox, tmp_path)
