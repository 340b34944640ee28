"""Discovery from leads to contacts: the sandbox's websites, its Apollo, and a real Postgres."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any
from uuid import UUID, uuid4

import pytest
from discovery_process import add_lead, environment, finish, rows, start
from installation import Installation
from mentions import mentions
from shape_checks import foreign_requests

from core.discovery.runs import DiscoveryReport
from core.upkeep.erasure import named_person
from db.server.engine import open_engine, transaction
from db.upkeep import erasure
from sandbox.cast import COMPANIES
from sandbox.server import Sandbox, SandboxControl
from tasks.outreach.keys import tombstone_key

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def serving() -> Iterator[SandboxControl]:
    with Sandbox() as control:
        yield control


@pytest.fixture
def sandbox(serving: SandboxControl) -> Iterator[SandboxControl]:
    serving.reset()
    yield serving
    serving.assert_clean()
    assert foreign_requests(serving) == []


@pytest.fixture
def variables(database: str, home: Path, tmp_path: Path) -> dict[str, str]:
    return environment(database, home, tmp_path / "cache")


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Run:
    """Run the flow to its end in a process of its own."""

    def run(more: dict[str, str] | None = None, **request: Any) -> dict[str, Any]:
        report = tmp_path / "report.json"
        return finish(start(variables | (more or {}), report, **request), report)

    return run


def website(sandbox: SandboxControl, slug: str) -> str:
    return str(sandbox.urls[f"site-{slug}"])


@pytest.fixture
def leads(database: str, sandbox: SandboxControl) -> dict[str, UUID]:
    """Store a lead for every company of the cast, one twice, and one without a website."""
    stored = {c.slug: add_lead(database, c.name, website(sandbox, c.slug), c.domain) for c in COMPANIES}
    stored["twin"] = add_lead(database, "Brackwater North", website(sandbox, "brackwater-pumps"))
    stored["none"] = add_lead(database, "Nowhere Ltd", None)
    stored["shared"] = add_lead(database, "Somewhere Ltd", "https://www.facebook.com/somewhere")
    return stored


def page_reads(sandbox: SandboxControl) -> Counter[tuple[str, str]]:
    """Count the pages read by site and path, robots.txt left out."""
    seen = sandbox.requests()
    return Counter(
        (one["provider"], one["path"])
        for one in seen
        if one["provider"].startswith("site-") and one["path"] != "/robots.txt"
    )


def outcomes(url: str) -> dict[UUID, tuple[str, str | None]]:
    return {
        row["lead_id"]: (row["outcome"], row["reason"])
        for row in rows(url, "SELECT lead_id, outcome, reason FROM lead_discoveries")
    }


def people(url: str, lead_id: UUID) -> dict[str, dict[str, Any]]:
    return {row["contact_name"]: row for row in rows(url, "SELECT * FROM contacts WHERE lead_id = %s", lead_id)}


def test_every_lead_gets_an_outcome_with_its_people_or_a_reason(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    report = run()
    found = {name: outcomes(database)[lead_id] for name, lead_id in leads.items()}
    for name in ("brackwater-pumps", "lindmoor-instrument", "ostraline-freight", "verdelin", "kesselbruck", "twin"):
        assert found[name] == ("found", None), name
    assert found["quietfield-storage"][0] == "nobody"
    assert found["halvmarine"][0] == "unknown"
    assert "403" in str(found["halvmarine"][1])
    assert found["penmarrow-valve"][0] == "unknown"
    assert found["none"] == ("skipped", "the lead names no website")
    assert found["shared"][0] == "skipped"
    assert "facebook.com" in str(found["shared"][1])
    assert all(reason for outcome, reason in found.values() if outcome != "found")
    counted = {name: report[name] for name in ("leads", "sites", "visited", "left", "found", "nobody", "unknown")}
    expected = {"leads": 11, "sites": 8, "visited": 8, "left": 0, "found": 6, "nobody": 1, "unknown": 2}
    assert (counted, report["skipped"], report["failed"]) == (expected, 2, 0)

    maud = people(database, leads["brackwater-pumps"])["Maud Tillerby"]
    assert (maud["role"], maud["origin"]) == ("CEO", "website")
    assert maud["source_url"] == website(sandbox, "brackwater-pumps") + "/leadership"
    assert maud["provenance"]["website"]["evidence"] == maud["evidence"] != ""
    assert maud["confidence"] > 0.5
    assert people(database, leads["twin"]).keys() == people(database, leads["brackwater-pumps"]).keys()
    assert max(page_reads(sandbox).values()) == 1, "leads of one site share one visit"


async def test_a_website_does_not_bring_an_erased_person_back(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    erased = "maud@brackwater-pumps.example"
    engine = open_engine(database)
    async with transaction(engine) as connection:
        await erasure.erase(connection, named_person(erased), tombstone_key(), by="Odo", now=datetime.now(UTC))
    await engine.dispose()
    run()
    assert people(database, leads["brackwater-pumps"]).keys() == {"Oren Castleworth"}
    for word in (erased, "tillerby"):
        assert mentions(database, word) == []


def test_a_forbidden_page_is_stored_with_the_rule_that_forbids_it(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    run()
    site = website(sandbox, "penmarrow-valve").removeprefix("http://").rstrip("/")
    (look,) = rows(database, "SELECT * FROM discoveries WHERE site = %s", site)
    (refused,) = [page for page in look["pages"] if page["status"].startswith("disallowed")]
    assert refused["url"].endswith("/team/")
    assert "Disallow: /team/" in refused["why"]
    assert "line 2" in refused["why"]
    assert {source["source"]: source["outcome"] for source in look["sources"]} == {
        "website": "error",
        "linkedin": "skipped",
        "apollo": "skipped",
    }
    reasons = [source["reason"] for source in look["sources"] if source["outcome"] == "skipped"]
    assert all("not configured" in reason for reason in reasons)


def test_a_second_run_visits_nothing_and_doubles_nothing(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    run()
    before, stored = len(sandbox.requests()), rows(database, "SELECT * FROM contacts ORDER BY id")
    second = run()
    assert len(sandbox.requests()) == before
    assert (second["leads"], second["sites"], second["visited"]) == (0, 0, 0)
    assert rows(database, "SELECT * FROM contacts ORDER BY id") == stored


def test_a_lead_that_comes_later_shares_the_fresh_visit(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    run()
    before = len(sandbox.requests())
    late = add_lead(database, "Brackwater South", website(sandbox, "brackwater-pumps") + "/products")
    report = run()
    assert len(sandbox.requests()) == before
    assert (report["found"], report["visited"]) == (1, 0)
    assert people(database, late).keys() == people(database, leads["twin"]).keys()


def test_only_what_failed_is_visited_again(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    run()
    seen = sandbox.requests()[-1]["number"]
    sandbox.settings("site-halvmarine", blocked=[])
    report = run(again_failed=True)
    assert {one["provider"] for one in sandbox.requests(since=seen)} == {"site-halvmarine", "site-penmarrow-valve"}
    assert (report["visited"], report["nobody"], report["unknown"]) == (2, 1, 1)
    assert outcomes(database)[leads["halvmarine"]][0] == "nobody"


def test_a_corrected_website_makes_a_lead_due(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    run()
    rows(
        database,
        "UPDATE leads SET company_website = %s WHERE id = %s RETURNING id",
        website(sandbox, "verdelin"),
        leads["none"],
    )
    report = run()
    assert (report["leads"], report["found"]) == (1, 1)
    assert "Solène Arvieux" in people(database, leads["none"])


def test_who_is_gone_from_the_page_is_marked_and_kept(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl, tmp_path: Path
) -> None:
    always = {"DISCOVERY_FRESH_FOR_S": "0", "DISCOVERY_RETRY_AFTER_S": "0", "WEBSITES_FRESH_FOR_S": "0"}
    run(always)
    lead_id = leads["brackwater-pumps"]
    first = people(database, lead_id)
    page = "<h1>Leadership</h1><div><h3>Maud Tillerby</h3><p>Chief Executive Officer</p></div>"
    sandbox.seed("site-brackwater-pumps", pages={"/leadership": page})
    run(always)
    second = people(database, lead_id)
    assert second.keys() == first.keys()
    assert second["Maud Tillerby"]["not_seen_since"] is None
    assert second["Maud Tillerby"]["last_seen_at"] > first["Maud Tillerby"]["last_seen_at"]
    assert second["Maud Tillerby"]["created_at"] == first["Maud Tillerby"]["created_at"]
    assert second["Maud Tillerby"]["contact_email"] == first["Maud Tillerby"]["contact_email"], (
        "what is shown no more is kept"
    )
    assert second["Oren Castleworth"]["not_seen_since"] == second["Maud Tillerby"]["last_seen_at"]

    sandbox.settings("site-brackwater-pumps", blocked=["*"])
    run(always)
    third = people(database, lead_id)
    assert third["Maud Tillerby"]["not_seen_since"] is None, "a site that cannot be read says nothing of people"
    sandbox.settings("site-brackwater-pumps", blocked=[])
    sandbox.reset("site-brackwater-pumps")
    run(always)
    assert people(database, lead_id)["Oren Castleworth"]["not_seen_since"] is None


def test_apollo_is_asked_only_where_a_role_is_missing(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    apollo = {name: value for name, value in sandbox.environment.items() if name.startswith("APOLLO_")}
    run(apollo, roles=["CEO"])
    asked = [one for one in sandbox.requests("apollo") if one["path"].endswith("/api_search")]
    assert not any("brackwater" in one["body"] for one in asked)
    found = people(database, leads["penmarrow-valve"])
    della = found["Della Marchetti-Rowe"]
    assert (della["role"], della["origin"], della["confidence"]) == ("CEO", "apollo", None)
    assert outcomes(database)[leads["penmarrow-valve"]] == ("found", None)
    (look,) = rows(database, "SELECT sources FROM discoveries WHERE website = %s", website(sandbox, "brackwater-pumps"))
    reasons = {source["source"]: source["reason"] for source in look["sources"]}
    assert reasons["apollo"] == "no wanted role is missing"
    charged = sum(float(charge["units"].get("credits", 0)) for charge in sandbox.charges("apollo"))
    spent = rows(database, "SELECT coalesce(sum(credits), 0) AS credits FROM spend")[0]["credits"]
    assert float(spent) == charged > 0


@pytest.mark.skipif(which("chromium") is None, reason="there is no Chromium on this machine (command `chromium`)")
@pytest.mark.skipif(find_spec("playwright") is None, reason="Playwright is not installed (extra 'browser')")
def test_linkedin_is_kept_as_an_attempt_with_the_companys_size(
    run: Run, database: str, sandbox: SandboxControl
) -> None:
    slug = "quietfield-storage"
    page = f"https://www.linkedin.com/company/{slug}"
    add_lead(database, "Quietfield Storage", website(sandbox, slug), company_linkedin_url=page)
    keys = {
        name: value for name, value in sandbox.environment.items() if name.startswith(("BROWSERBASE_", "LINKEDIN_"))
    }
    run(keys | {"LINKEDIN_ENABLED": "true"})
    (look,) = rows(database, "SELECT sources, outcome FROM discoveries")
    linkedin = next(source for source in look["sources"] if source["source"] == "linkedin")
    assert (linkedin["outcome"], look["outcome"]) == ("miss", "nobody")
    assert linkedin["details"]["company_name"] == "Quietfield Storage"
    assert linkedin["details"].keys() & {"company_size", "member_count"}
    assert [session["status"] for session in sandbox.state("browserbase")["sessions"]] == ["COMPLETED"]
    assert not any("/in/" in one["path"] or "/people" in one["path"] for one in sandbox.requests("linkedin"))


def test_apollo_and_the_website_make_one_person(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    apollo = {name: value for name, value in sandbox.environment.items() if name.startswith("APOLLO_")}
    run(apollo)
    found = people(database, leads["ostraline-freight"])
    halina = found["Halina Brzostek"]
    assert (halina["role"], halina["origin"]) == ("COO", "website")
    assert len({row["contact_name"].casefold() for row in found.values()}) == len(found)


def test_a_provider_that_fails_leaves_the_site_unknown(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    sandbox.fail_next("apollo", "status", times=None, status=500)
    apollo = {name: value for name, value in sandbox.environment.items() if name.startswith("APOLLO_")}
    run(apollo | {"APOLLO_RETRY": "conservative"}, lead_ids=[str(leads["quietfield-storage"])])
    outcome, reason = outcomes(database)[leads["quietfield-storage"]]
    assert outcome == "unknown"
    assert "apollo" in str(reason)


def test_the_run_shows_sites_people_sources_and_reasons_with_links(
    running: Installation,
    variables: dict[str, str],
    database: str,
    leads: dict[str, UUID],
    sandbox: SandboxControl,
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.json"
    api = running.api
    runs = {"flows": {"name": {"any_": ["discover-contacts"]}}}
    before = {run["id"] for run in api.post("/flow_runs/filter", runs)}
    finish(start(variables | {"SALES_AGENT_HOME": str(running.home)}, report), report)
    (flow_run,) = (run for run in api.post("/flow_runs/filter", runs) if run["id"] not in before)
    assert flow_run["state_type"] == "COMPLETED"
    found = api.post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [flow_run["id"]]}}})
    shown = {artifact["key"] or artifact["type"]: artifact["data"] for artifact in found}
    assert shown.keys() == {"discovery-report", "discovered-people", "discovered-sites", "progress"}
    assert shown["progress"] == 100.0
    assert f"[website](<{website(sandbox, 'brackwater-pumps')}/leadership>)" in shown["discovered-people"]
    assert "| Maud Tillerby | Chief Executive Officer | CEO |" in shown["discovered-people"]
    assert "HTTP 403" in shown["discovered-sites"]
    assert "disallowed by robots" in shown["discovered-sites"]
    task_runs = api.post("/task_runs/filter", {"flow_runs": {"id": {"any_": [flow_run["id"]]}}})
    # The server takes task runs down a moment late, but it never invents any.
    assert len(task_runs) <= 3 + 3, "a task a batch, never one a lead"
    (noted,) = rows(database, "SELECT report, finished_at FROM discovery_runs WHERE flow_run_id = %s", flow_run["id"])
    assert noted["finished_at"] is not None
    assert noted["report"] == json.loads(report.read_text())


@pytest.mark.installed
def test_a_worker_does_what_is_submitted(running: Installation) -> None:
    nobody = str(uuid4())
    script = f"""
import asyncio
from app.submission import submit_discovery
from core.discovery.runs import DiscoveryRequest
report = asyncio.run(submit_discovery(DiscoveryRequest(lead_ids=("{nobody}",)), say=lambda _: None))
print(report.model_dump_json())
"""
    done = subprocess.run([sys.executable, "-c", script], env=running.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = DiscoveryReport.model_validate_json(done.stdout.splitlines()[-1])
    assert (report.leads, report.sites, report.people) == (0, 0, 0)


def test_form_is_typed_and_described(running: Installation) -> None:
    api = running.api
    schema = api.get("/deployments/name/discover-contacts/discover-contacts")["parameter_openapi_schema"]
    form = schema["definitions"]["DiscoveryRequest"]
    assert form["additionalProperties"] is False
    assert all("description" in field and "title" in field for field in form["properties"].values())
