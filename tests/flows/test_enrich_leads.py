"""Enriching stored leads: from websites without a key, from Apollo with one, within budgets, once each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis
from discovery_process import add_lead
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
from shape_checks import foreign_requests

from sandbox.cast import COMPANIES
from sandbox.server import Sandbox, SandboxControl

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


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with private_valkey() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture
def memory(valkey: str) -> str:
    """Return the URL of an empty Redis."""
    with redis.Redis.from_url(valkey) as client:
        client.flushdb()
    return valkey


@pytest.fixture
def variables(database: str, home: Path, tmp_path: Path) -> dict[str, str]:
    return environment(database, home, tmp_path / "cache")


@pytest.fixture
def bought(variables: dict[str, str], sandbox: SandboxControl, memory: str, tmp_path: Path) -> dict[str, str]:
    """Return the settings of runs that ask only Apollo, about the firms it knows."""
    (tmp_path / "enrichment.yaml").write_text(APOLLO_ONLY)
    return variables | with_apollo(sandbox, memory) | {"ENRICH_CONFIG": str(tmp_path / "enrichment.yaml")}


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Run:
    """Run the flow to its end in a process of its own."""

    def run(settings: dict[str, str] | None = None, **request: Any) -> dict[str, Any]:
        report = tmp_path / "report.json"
        return finish(start(settings or variables, report, **request), report)

    return run


@pytest.fixture
def leads(database: str, sandbox: SandboxControl) -> dict[str, UUID]:
    """Store a lead for every company of the cast, one twice, and two that cannot be visited."""
    stored = {c.slug: add_lead(database, c.name, str(sandbox.urls[f"site-{c.slug}"])) for c in COMPANIES}
    stored["twin"] = add_lead(database, "Brackwater North", str(sandbox.urls["site-brackwater-pumps"]))
    stored["none"] = add_lead(database, "Nowhere Ltd", None)
    return stored


def credits_charged(sandbox: SandboxControl) -> float:
    return sum(float(charge["units"].get("credits", 0)) for charge in sandbox.charges("apollo"))


def test_without_a_key_websites_are_read_and_the_rest_is_skipped(
    run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl
) -> None:
    report = run()
    assert report["outcomes"] == {"enriched": 8, "failed": 1, "skipped": 1}
    by_provider = {one["provider"]: one["outcomes"] for one in report["providers"]}
    assert by_provider["website"] == {"hit": 8, "error": 1, "skipped": 1}
    for provider in ("apollo_company", "agent"):
        assert by_provider[provider] == {"skipped": 10}
    assert "apollo_person" not in by_provider, "there is nobody to ask about"
    reasons = rows(database, "SELECT DISTINCT reason FROM enrichment_attempts WHERE provider = 'apollo_company'")
    assert reasons == [("not configured: set APOLLO_API_KEY",)]
    assert (report["spend"], report["due"]) == ({}, 0)

    found = dict(
        rows(database, "SELECT field, value FROM field_provenance WHERE record_id = %s", leads["lindmoor-instrument"])
    )
    assert found["street"] == "Verkstadsgatan 3"
    assert found["company_phone"] == "+46185550120"
    assert found["company_linkedin_url"] == "https://www.linkedin.com/company/lindmoor-instrument"
    ((phone, extra, run_id, url),) = rows(
        database,
        "SELECT company_phone, extra, run_id::text, source_url FROM leads JOIN field_provenance ON record_id = id"
        " WHERE id = %s AND field = 'company_phone'",
        leads["ostraline-freight"],
    )
    assert phone == "+48585550142"
    assert extra["facebook_url"] == "https://www.facebook.com/ostralinefreight"
    assert run_id == report["run_id"]
    assert url == f"{sandbox.urls['site-ostraline-freight']}/"
    reads = [one["path"] for one in sandbox.requests("site-brackwater-pumps") if one["path"] == "/"]
    assert len(reads) == 1, "two leads with one site share one visit"


def test_a_second_run_asks_nobody(run: Run, database: str, leads: dict[str, UUID], sandbox: SandboxControl) -> None:
    run()
    before, asked = final_state(database), len(sandbox.requests())
    assert run()["leads"] == 0
    assert run(selection="all")["leads"] == len(leads)
    assert final_state(database) == before
    assert len(sandbox.requests()) == asked

    # Only those that failed, however fresh the failure; a lead whose facts changed; all, where the waterfall changed.
    assert run(selection="failed")["outcomes"] == {"failed": 1}
    assert len(sandbox.requests()) > asked
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE leads SET city = 'Elsewhere' WHERE id = %s", (leads["none"],))
    assert run()["leads"] == 1


def test_apollo_is_asked_in_bulk_once_and_every_value_keeps_its_source(
    run: Run, bought: dict[str, str], database: str, sandbox: SandboxControl
) -> None:
    seed_companies(sandbox, 30)
    add_firms(database, range(30))
    add_firms(database, [])
    report = run(bought)
    known = [number for number in range(30) if number % 7]
    assert report["outcomes"] == {"enriched": len(known), "nothing_found": 30 - len(known)}
    assert report["values"] == {"industry": len(known), "contact_title": len(known)}
    assert credits_charged(sandbox) == 2 * len(known)
    assert float(report["spend"]["apollo"]["credits"]) == 2 * len(known)
    assert float(report["spend"]["apollo"]["assumed_credits"]) == 0
    assert float(report["credits_per_enriched_lead"]["apollo"]) == 2
    calls = [one["path"].rpartition("/")[2] for one in sandbox.requests("apollo")]
    assert sorted(calls) == ["bulk_enrich"] * 3 + ["bulk_match"] * 3
    costs = rows(database, "SELECT sum(cost_credits), count(*) FILTER (WHERE latency_ms IS NULL OR request_id IS NULL)"
                           " FROM enrichment_attempts WHERE outcome IN ('hit', 'miss')")  # fmt: skip
    assert costs == [(2 * len(known), 0)]

    assert run(bought)["leads"] == 0
    run(bought, selection="all")
    assert credits_charged(sandbox) == 2 * len(known)


def test_leads_of_one_company_share_what_was_bought(
    run: Run, bought: dict[str, str], database: str, sandbox: SandboxControl
) -> None:
    seed_companies(sandbox, 3)
    for number in range(25):
        add_lead(database, f"Branch {number}", None, "firm1.example")
    report = run(bought, limit=25)
    assert report["values"] == {"industry": 25}
    assert credits_charged(sandbox) == 1
    (company,) = [one for one in report["providers"] if one["provider"] == "apollo_company"]
    assert (company["outcomes"], company["reused"]) == ({"hit": 25}, 24)


def test_a_persons_edit_is_never_replaced_and_an_imports_value_is_kept_as_original(
    run: Run, bought: dict[str, str], database: str, sandbox: SandboxControl, tmp_path: Path
) -> None:
    seed_companies(sandbox, 3)
    (tmp_path / "enrichment.yaml").write_text(
        "trust: [apollo_company, import]\nproviders: [apollo_company]\n"
        "fields:\n  industry: [{ask: apollo_company, when: always}]\n"
    )
    add_firms(database, [1, 2])
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE leads SET industry = 'Written By Import'")
        connection.execute(
            "UPDATE leads SET industry = 'Typed', edited_at = now(), edited_by = 'Ana' WHERE external_id = 'k000002'"
        )
    run(bought)
    stored = dict(rows(database, "SELECT external_id, industry FROM leads"))
    assert stored == {"k000001": "machinery", "k000002": "Typed"}
    assert rows(database, "SELECT value, source, original FROM field_provenance") == [
        ("machinery", "apollo_company", "Written By Import")
    ]


def test_plan_says_what_a_run_would_cost_and_spends_nothing(
    run: Run, bought: dict[str, str], database: str, sandbox: SandboxControl
) -> None:
    seed_companies(sandbox, 35)
    add_firms(database, range(35))
    plan = run(bought | {"BUDGET_APOLLO_RUN_CREDITS": "50"}, plan_only=True)
    assert (plan["leads"], plan["calls"]) == (35, 8)
    assert float(plan["credits"]["apollo"]) == 70
    assert "50 credits a run for apollo" in plan["budgets"]
    assert sandbox.requests("apollo") == []
    assert rows(database, "SELECT FROM enrichment_runs UNION ALL SELECT FROM enrichment_questions") == []
    run(bought)
    again = run(bought, plan_only=True, selection="all")
    assert {one["provider"]: (one["questions"], one["fresh"]) for one in again["providers"]} == {
        "apollo_company": (0, 5), "apollo_person": (0, 5),
    }  # fmt: skip


@pytest.mark.parametrize(("budget", "most"), [({"budget_credits": 7}, 7), ({"budget_calls": 1}, 10)])
def test_a_run_stops_at_its_budget_and_the_rest_is_due(
    run: Run, bought: dict[str, str], database: str, sandbox: SandboxControl, budget: dict[str, int], most: int
) -> None:
    seed_companies(sandbox, 30)
    add_firms(database, [number for number in range(30) if number % 7])
    report = run(bought, **budget)
    assert 0 < credits_charged(sandbox) <= most
    if "budget_calls" in budget:
        assert len(sandbox.requests("apollo")) == 1
    else:
        assert credits_charged(sandbox) == 7
    assert report["outcomes"]["due"] > 0
    assert report["due"] == report["outcomes"]["due"]
    assert any("budget of" in reason for reason in report["reasons"])
    rest = run(bought)
    assert rest["leads"] == report["due"]
    assert {outcome for _, outcome, *_ in final_state(database)["leads"]} == {"enriched"}
    assert max(sandbox.state("apollo")["calls_a_person"].values()) == 1


def test_a_lost_answer_is_not_bought_again_while_it_is_open(
    run: Run, bought: dict[str, str], database: str, sandbox: SandboxControl, tmp_path: Path
) -> None:
    seed_companies(sandbox, 6)
    add_firms(database, [1, 2, 3])
    (tmp_path / "enrichment.yaml").write_text(
        "providers: [apollo_company]\nfields:\n  industry: [apollo_company]\nretry_after_hours: 0"
    )
    sandbox.fail_next("apollo", "drop_after", path="*bulk_enrich")
    report = run(bought)
    assert report["outcomes"] == {"failed": 3}
    assert float(report["spend"]["apollo"]["assumed_credits"]) == 3
    for selection in ("due", "due", "all"):
        assert run(bought, selection=selection)["outcomes"] == {"due": 3}
    assert len(sandbox.requests("apollo")) == 1
    ((reason,),) = set(rows(database, "SELECT reason FROM lead_enrichments"))
    assert "no answer came; not asked again before" in reason

    with psycopg.connect(database) as connection:
        connection.execute("UPDATE enrichment_questions SET hold_until = now() - interval '1 s'")
    assert run(bought)["outcomes"] == {"enriched": 3}


def test_a_late_answer_is_parked_and_collected(
    run: Run, bought: dict[str, str], database: str, sandbox: SandboxControl, tmp_path: Path
) -> None:
    sandbox.seed("apollo", companies=[{"name": "Late", "domain": "late.example", "people": [
        {"first_name": "Ana", "last_name": "Late", "title": "CEO", "email": "ana@late.example"}]}])  # fmt: skip
    (tmp_path / "enrichment.yaml").write_text(
        "providers: [apollo_phone]\nfields:\n  contact_phone: [{ask: apollo_phone, max_credits: 9}]"
    )
    webhook = bought | {"ENRICH_PHONE_WEBHOOK_URL": "http://127.0.0.1:9/never"}
    for name in ("Late", "Late too"):
        add_lead(database, name, None, "late.example", contact_email="ana@late.example")
    assert run(webhook)["outcomes"] == {"due": 2}
    assert run(webhook)["outcomes"] == {"due": 2}, "not even asked for before its time"
    assert len(sandbox.requests("apollo")) == 1
    for expected in ("due", "due", "due", "enriched"):
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE enrichment_questions SET collect_at = now()")
        assert run(webhook)["outcomes"] == {expected: 2}
    assert rows(database, "SELECT DISTINCT contact_phone FROM contacts") == [("+15550100",)]
    assert credits_charged(sandbox) == 9
    assert rows(database, "SELECT sum(cost_credits) FROM enrichment_questions") == [(9,)]


def test_out_of_credits_and_a_wrong_key_put_off_or_fail_and_say_so(
    run: Run, bought: dict[str, str], database: str, sandbox: SandboxControl
) -> None:
    seed_companies(sandbox, 25)
    add_firms(database, [number for number in range(25) if number % 7])
    sandbox.settings("apollo", credits=0)
    report = run(bought)
    assert set(report["outcomes"]) == {"due"}
    assert any("insufficient credits" in reason for reason in report["reasons"]), report["reasons"]
    sandbox.settings("apollo", credits=1000)
    wrong = run(bought | {"APOLLO_API_KEY": "wrong"})
    assert set(wrong["outcomes"]) == {"failed"}
    assert set(run(bought, selection="failed")["outcomes"]) == {"enriched"}


def test_two_runs_at_once_do_no_lead_twice(
    bought: dict[str, str], database: str, sandbox: SandboxControl, tmp_path: Path
) -> None:
    seed_companies(sandbox, 120)
    add_firms(database, range(120))
    reports = [tmp_path / "one.json", tmp_path / "two.json"]
    processes = [start(bought, report) for report in reports]
    done = [finish(process, report) for process, report in zip(processes, reports, strict=True)]
    assert sum(one["leads"] for one in done) == 120
    known = sum(1 for number in range(120) if number % 7)
    assert credits_charged(sandbox) == 2 * known
    assert sum(float(one["spend"]["apollo"]["credits"]) for one in done if one["spend"]) == 2 * known
    assert rows(database, "SELECT count(*) FROM enrichment_attempts") == [(240,)]
    outcomes = json.dumps(sorted({outcome for _, outcome, *_ in final_state(database)["leads"]}))
    assert outcomes == '["enriched", "nothing_found"]'


def test_the_agent_copies_what_stands_in_the_text_and_each_run_is_in_the_ledger(
    run: Run, variables: dict[str, str], database: str, sandbox: SandboxControl, memory: str, tmp_path: Path
) -> None:
    add_lead(database, "Quietfield", str(sandbox.urls["site-quietfield-storage"]))
    config = tmp_path / "enrichment.yaml"
    config.write_text("providers: [agent]\nfields:\n  industry: [agent]\n  company_size: [agent]\nretry_after_hours: 0")
    model = {name: sandbox.environment[name] for name in ("CEREBRAS_BASE_URL", "CEREBRAS_API_KEY")}
    settings = variables | model | {"ENRICH_CONFIG": str(config), "REDIS_URL": memory}
    invented = {"field": "company_size", "value": "5000", "quote": "5000 people"}
    stated = {"field": "industry", "value": "Storage", "quote": "Quietfield Storage"}
    answers = [{"readings": [invented]}, {"readings": [invented]}, {"readings": [invented, stated]}]
    sandbox.seed("cerebras", answers=[{"content": json.dumps(one), "times": 1} for one in answers])

    assert run(settings)["outcomes"] == {"failed": 1}
    assert rows(database, "SELECT FROM field_provenance") == []
    report = run(settings)
    assert report["outcomes"] == {"enriched": 1}
    ((field, value, source, url),) = rows(database, "SELECT field, value, source, source_url FROM field_provenance")
    assert (field, value, source) == ("industry", "Storage", "agent")
    assert url.startswith(str(sandbox.urls["site-quietfield-storage"]))
    ledger = rows(database, "SELECT status, job, cost_usd, prompt_version FROM agent_executions ORDER BY started_at")
    assert [row[0] for row in ledger] == ["malformed", "answered"]
    assert all(job == "enrichment" and cost > 0 and prompt for _, job, cost, prompt in ledger)
    spent = rows(database, "SELECT sum(usd) FROM spend")[0][0]
    assert spent == sum(row[2] for row in ledger)
    assert float(report["spend"]["cerebras"]["usd"]) == float(ledger[1][2])
