"""Qualifying with a model through everything that goes wrong: faults of the provider, kills, two runs at once.

Whatever happens, every lead ends in a stated outcome, no question is paid for twice once its answer is stored, and what
the cost book says can be reckoned from what the sandbox has billed.
"""

import json
import os
import random
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from importing import Row
from model_assessing import AMPLE, environment_of, rows_of, spent_in
from qualify_process import finish, start
from stored_leads import store

from agents.async_chat import CHARACTERS_A_TOKEN
from agents.price_file import PRICE_FILE
from core.ledger.prices import TokenUsage, read_prices
from integrations.cerebras.plug import CerebrasSettings

if TYPE_CHECKING:
    from sandbox.server import SandboxControl

ICP = """
criteria:
  - {field: industry, weight: 3, one_of: {match: words, values: [{value: Software, points: 70}], otherwise: 20}}
  - {field: notes, weight: 1, keywords: {any_of: [{value: plant, points: 90}], otherwise: 40}}
"""
SEED = int(os.environ.get("KILL_SEED", "0")) or random.randrange(10**6)
PRICE = read_prices(PRICE_FILE).of("cerebras", "gpt-oss-120b")
MAX_TOKENS = 400
AT_ONCE = 8


def leads(count: int) -> list[Row]:
    return [
        {"key": f"k{number:05}", "company_name": "Firm", "industry": "Software", "notes": f"lead-{number:05} plant"}
        for number in range(count)
    ]  # fmt: skip


class Place:
    """A database, a profile, the sandbox, and the environment of a process that assesses with them."""

    def __init__(self, url: str, home: Path, directory: Path, sandbox: "SandboxControl") -> None:
        self.url, self.sandbox, self.report = url, sandbox, directory / "report.json"
        icp = directory / "icp.yaml"
        icp.write_text(ICP)
        self.icp = str(icp)
        self.environment = environment_of(url, home, sandbox.environment) | {
            "QUALIFY_MODEL_BATCH_LEADS": "100",
            "QUALIFY_MODEL_CALLS_AT_ONCE": str(AT_ONCE),
            "MODELS_MAX_TOKENS": str(MAX_TOKENS),
            "CEREBRAS_BREAKER_FAILURES": "10",
            "CEREBRAS_TIMEOUT_S": "200",
            "CEREBRAS_DEADLINE_S": "300",
        }

    def qualify(self, **request: Any) -> dict[str, Any]:
        """Run to the end, however long a busy machine takes."""
        return finish(self.environment, self.report, within_s=1_800, icp=self.icp, **request)

    def qualify_all(self) -> dict[str, Any]:
        """Run until nothing is due, as a person would: a slow Redis puts leads off. The first report."""
        report = first = self.qualify()
        while report["due"]:
            report = self.qualify()
        return first

    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """Give the lead and the body of each question that reached the sandbox, in order."""
        questions = []
        for request in self.sandbox.requests("cerebras", path="*completions"):
            body = json.loads(request["body"])
            lead = body["messages"][1]["content"].partition("lead-")[2][:5]
            questions.append((f"k{lead}", body | {"number": request["number"], "status": request["status"]}))
        return questions

    def outcomes(self) -> Counter[str]:
        """Count what is stored."""
        return Counter(dict(rows_of(self.url, "SELECT outcome, count(*) FROM assessments GROUP BY 1")))  # type: ignore[arg-type]


@pytest.fixture
def place(database: str, home: Path, tmp_path: Path, sandbox: "SandboxControl") -> Place:
    sandbox.settings("cerebras", **AMPLE)
    return Place(database, home, tmp_path, sandbox)


def estimate(body: dict[str, Any]) -> Decimal:
    """Reckon the most that a question can cost, as the cost book sets it aside."""
    options = {"response_format": body["response_format"]}
    characters = len(json.dumps(body["messages"], ensure_ascii=False)) + len(json.dumps(options))
    return PRICE.cost(TokenUsage(characters // CHARACTERS_A_TOKEN, MAX_TOKENS)).usd


async def check_faults(place: Place, count: int) -> None:
    """Let 20 % be refused, 5 % fail, 2 % be cut off and 2 % be nonsense; check outcomes, questions and money."""
    store(place.url, leads(count))
    faults = (("status", 0.20, 429), ("status", 0.05, 500), ("drop", 0.02, 0), ("wrong_types", 0.02, 0))
    for number, (kind, probability, status) in enumerate(faults):
        details = {"status": status, "retry_after_s": 0.05} if status == 429 else {"status": status or 500}
        place.sandbox.fail_next(
            "cerebras", kind, times=None, probability=probability, seed=number, path="*completions", **details
        )
    report = place.qualify()
    outcomes = place.outcomes()
    assert sum(outcomes.values()) == sum(report["outcomes"].values()) == count
    assert set(outcomes) <= {"scored", "scored_by_rules", "failed", "due"}
    assert outcomes["scored"] > 0.9 * count
    reasons = rows_of(place.url, "SELECT outcome FROM assessments WHERE outcome <> 'scored' AND reason IS NULL")
    assert not reasons

    questions = place.asked()
    charges = {charge["exchange"]: charge["units"] for charge in place.sandbox.charges("cerebras")}
    answered = Counter((lead, len(body["messages"])) for lead, body in questions if body["number"] in charges)
    assert max(answered.values()) == 1, "an answered question was paid for twice"

    billed = sum(
        PRICE.cost(TokenUsage(round(float(units["input_tokens"])), round(float(units["output_tokens"])))).usd
        for units in charges.values()
    )
    assumed = rows_of(place.url, "SELECT sum(assumed_usd) FROM spend")[0][0]
    assert spent_in(place.url) - assumed == billed > 0  # type: ignore[operator]
    # Never less than the most that each call could cost of which nobody knows whether it was carried out.
    unknown = sum((estimate(body) for _, body in questions if body["status"] in (None, 500)), Decimal(0))
    assert assumed >= unknown > 0  # type: ignore[operator]
    recorded = rows_of(place.url, "SELECT sum(cost_usd), count(DISTINCT lead_id) FROM agent_executions")
    assert recorded == [(spent_in(place.url), count)]


async def test_faults_of_the_provider(place: Place) -> None:
    await check_faults(place, 120)


BAD = {
    "k00007": {"content": '{"evidence": [{"quote": "pl', "ends": "length"},
    "k00042": {"content": "I", "ends": "content_filter"},
    "k00099": {"content": "I cannot help with that.", "ends": "refusal"},
    "k00150": {"content": ""},
    "k00201": {"content": "Well. {score: high}"},
}


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_answers_of_no_use_are_their_leads_outcome_and_no_other_s(place: Place, provider: str) -> None:
    store(place.url, leads(202))
    answers = [{"contains": f"lead-{key[1:]}", **answer} for key, answer in BAD.items()]
    place.sandbox.seed(provider, answers=answers)
    name = provider.upper()
    outside = {f"{name}_{part}": place.sandbox.environment[f"{name}_{part}"] for part in ("BASE_URL", "API_KEY")}
    place.sandbox.settings("anthropic", requests_per_minute=None, tokens_per_minute=None)
    model = {"openai": "openai:sandbox-small", "anthropic": "anthropic:claude-haiku-5-5"}[provider]
    place.environment |= outside | {"MODELS_DEFAULT": model, f"{name}_RATE_LIMITS": "minute=100000/60"}
    report = place.qualify()
    assert report["outcomes"] == {"scored": 197, "scored_by_rules": 5}
    statement = (
        "SELECT external_id, outcome, a.reason, a.score = rules_score, sum(output_tokens), min(status), min(e.reason)"
        " FROM assessments a JOIN leads l ON id = a.lead_id JOIN agent_executions e ON e.lead_id = l.id"
        " WHERE a.outcome <> 'scored' GROUP BY 1, 2, 3, 4 ORDER BY 1"
    )
    found = rows_of(place.url, statement)
    assert [row[0] for row in found] == list(BAD)
    for _, outcome, reason, is_rules, tokens, status, why in found:
        assert (outcome, is_rules, status) == ("scored_by_rules", True, "malformed")
        assert reason == f"the model's answer could not be used: {why}"
        assert int(tokens) > 0  # type: ignore[call-overload]
    said = [str(row[6]) for row in found]
    for words, why in zip(("was cut off", "was", "was refused", "is empty", "holds no"), said, strict=True):
        assert words in why
    billed = sum(float(charge["units"]["output_tokens"]) for charge in place.sandbox.charges(provider))
    assert rows_of(place.url, "SELECT sum(output_tokens) FROM agent_executions") == [(round(billed),)]
    assert rows_of(place.url, "SELECT coalesce(sum(assumed_usd), 0) FROM spend") == [(0,)]


@pytest.mark.soak
async def test_faults_of_the_provider_over_5000_leads(place: Place) -> None:
    await check_faults(place, 5_000)


def stored(place: Place) -> list[tuple[object, ...]]:
    """Give what is stored, without ids of runs and times."""
    statement = (
        "SELECT external_id, outcome, reason, score, rules_score, tier, confidence, reasoning, model"
        " FROM assessments JOIN leads ON id = lead_id ORDER BY 1"
    )
    return rows_of(place.url, statement)


async def check_kills(place: Place, kills: int, count: int) -> None:
    """Kill a run at random moments and run again; compare with an undisturbed run."""
    rng = random.Random(SEED)
    store(place.url, leads(count))
    place.sandbox.settings("cerebras", answer_after_s=0.03)
    began = time.monotonic()
    place.qualify_all()
    lasted = time.monotonic() - began
    undisturbed = stored(place)
    assert {row[1] for row in undisturbed} == {"scored"}
    for _ in range(kills):
        rows_of(place.url, "TRUNCATE assessments, assessment_claims, agent_executions, spend")
        place.sandbox.reset("cerebras")
        place.sandbox.settings("cerebras", **AMPLE, answer_after_s=0.03)
        process = start(place.environment, place.report, icp=place.icp)
        process.join(rng.uniform(0, lasted))
        process.kill()
        process.join()
        done = {key for (key,) in rows_of(place.url, "SELECT external_id FROM assessments JOIN leads ON id = lead_id")}
        report = place.qualify_all()
        assert stored(place) == undisturbed, f"run again with KILL_SEED={SEED}"
        assert report["leads"] == count - len(done)
        asked = Counter(lead for lead, _ in place.asked())
        assert set(asked) == {row[0] for row in undisturbed}
        twice = {lead for lead, times in asked.items() if times > 1}
        assert not twice & done, f"paid for again although stored: run again with KILL_SEED={SEED}"
        assert max(asked.values()) <= 2
        assert len(twice) <= 2 * AT_ONCE, f"more than what was in flight: run again with KILL_SEED={SEED}"


async def test_killed_and_run_again(place: Place) -> None:
    await check_kills(place, kills=1, count=100)


@pytest.mark.soak
async def test_killed_at_20_moments(place: Place) -> None:
    await check_kills(place, kills=20, count=400)


async def test_two_at_once_ask_about_no_lead_twice(place: Place, tmp_path: Path) -> None:
    store(place.url, leads(200))
    place.sandbox.settings("cerebras", answer_after_s=0.02)
    reports = [tmp_path / f"{number}.json" for number in range(2)]
    processes = [start(place.environment, report, icp=place.icp) for report in reports]
    for process in processes:
        process.join(600)
        assert process.exitcode == 0
    assert place.outcomes() == {"scored": 200}
    assert Counter(lead for lead, _ in place.asked()).most_common(1)[0][1] == 1
    found = [json.loads(report.read_text()) for report in reports]
    assert sum(report["leads"] for report in found) == 200
    assert rows_of(place.url, "SELECT count(*), count(DISTINCT lead_id) FROM agent_executions") == [(200, 200)]
    spent = sum(Decimal(line["usd"]) for report in found for line in report["spend"])
    assert spent == spent_in(place.url) > 0


@pytest.mark.installed
async def test_twenty_leads_on_a_key_of_five_calls_a_minute_are_never_refused(place: Place) -> None:
    store(place.url, leads(20))
    place.sandbox.settings("cerebras", requests_per_minute=5)
    place.environment |= {"CEREBRAS_RATE_LIMITS": CerebrasSettings().rate_limits, "CEREBRAS_MAX_WAIT_S": "0"}
    report = place.qualify()
    asked = [body["status"] for _, body in place.asked()]
    assert set(asked) == {200}
    assert len(asked) <= 5
    assert report["outcomes"] == {"scored": len(asked), "due": 20 - len(asked)}


async def test_without_a_key_or_with_the_switch_off_nobody_is_asked(place: Place) -> None:
    store(place.url, leads(5))
    assert place.qualify(use_model=False)["outcomes"] == {"scored_by_rules": 5}
    place.environment["CEREBRAS_API_KEY"] = ""
    report = place.qualify(selection="all")
    assert report["outcomes"] == {"scored_by_rules": 5}
    assert (report["models"], report["why_no_model"], report["spend"]) == ([], None, [])
    assert not place.sandbox.requests("cerebras")
