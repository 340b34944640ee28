"""Where a language model plugs in: bounded by the rules, and honest about what became of each lead."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from importing import Row
from profiles import profile
from stored_leads import store

from core.errors import BudgetExhausted, MalformedAnswer, Unavailable
from core.qualification.icp import Profile
from core.qualification.icp_columns import in_leads
from core.qualification.runs import (
    Assessment,
    LeadFacts,
    ModelAssessment,
    Opinion,
    QualificationPlan,
    by_rules,
    with_opinion,
)
from db.qualification import assessments
from db.server.engine import own_connection
from tasks.qualification.assessing import assess

PROFILE = profile("criteria:\n  - {field: industry, weight: 1, one_of: {values: [{value: Software, points: 70}]}}")
LEAD = LeadFacts(UUID(int=1), [], "")
NAMES = ("agrees", "raves", "malformed", "broke", "down", "unknown")


async def by_model(lead: LeadFacts, rules: Assessment) -> ModelAssessment:
    """Answer by what the lead's industry says, as a model or its provider may."""
    match str(lead.values[0]).split()[-1]:
        case "malformed":
            return ModelAssessment(MalformedAnswer("no JSON"))
        case "broke":
            return ModelAssessment(BudgetExhausted("the budget is used up"))
        case "down":
            return ModelAssessment(Unavailable("no answer", provider="model"))
        case "raves":
            return ModelAssessment(Opinion(Decimal(100), Decimal(2), "wonderful", "test-model"))
    return ModelAssessment(Opinion(Decimal(72), Decimal("0.9"), "fits", "test-model"))


def rows() -> list[Row]:
    return [{"key": name, "company_name": name, "industry": None if name == "unknown" else f"Software {name}"}
            for name in NAMES]  # fmt: skip


WORDS = profile(
    "criteria:\n  - {field: industry, weight: 1, one_of: {match: words, values: [{value: Software, points: 70}]}}"
)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[assessments.Connection]:
    store(database, rows())
    async with own_connection(database) as connection:
        yield connection


async def run(connection: assessments.Connection, **options: Any) -> QualificationPlan:
    sources = in_leads(WORDS.columns, await assessments.mappings_of_imports(connection))
    plan = await assessments.begin(connection, WORDS, sources, "due", batch_leads=4, **options)
    for batch in plan.batches:
        async with assessments.leased(connection.info.dsn, plan, batch) as lease:
            await assess(lease, plan, by_model=by_model)
    return plan


async def test_each_lead_ends_in_a_stated_outcome(connection: assessments.Connection, database: str) -> None:
    plan = await run(connection)
    assert (plan.leads, len(plan.batches)) == (6, 2)
    with psycopg.connect(database) as reader:
        found = reader.execute(
            "SELECT external_id, outcome, reason, score, confidence, tier, model"
            " FROM assessments JOIN leads ON id = lead_id"
        )
        outcomes = {key: rest for key, *rest in found}
    assert outcomes["agrees"] == ["scored", None, Decimal(72), Decimal("0.9"), "warm", "test-model"]
    assert outcomes["raves"][:3] == ["scored", "the model said 100, beyond the margin of 15", Decimal(85)]
    assert outcomes["raves"][3] == 1
    assert outcomes["malformed"][:3] == [
        "scored_by_rules", "the model's answer could not be used: no JSON", Decimal(70),
    ]  # fmt: skip
    assert outcomes["broke"][:2] == ["due", "the budget is used up"]
    assert outcomes["down"][:2] == ["failed", "no answer"]
    assert outcomes["unknown"][:3] == ["skipped", "nothing the profile asks for is known", None]


async def test_what_a_limit_put_off_is_due_and_what_failed_is_not(connection: assessments.Connection) -> None:
    plan = await run(connection)
    assert await assessments.count_due(connection, WORDS.version, plan.sources) == 1
    assert (await run(connection)).leads == 1


async def test_lead_that_is_gone_meanwhile_is_left_out(connection: assessments.Connection, database: str) -> None:
    sources = in_leads(WORDS.columns, [])
    plan = await assessments.begin(connection, WORDS, sources, "due", batch_leads=10)
    async with assessments.leased(connection.info.dsn, plan, plan.batches[0]) as lease:
        leads = await lease.claim()
        with psycopg.connect(database) as other:
            other.execute("DELETE FROM leads WHERE external_id = 'down'")
        scored = [by_rules(lead, Decimal(1), "cold", Decimal(1), b"[]") for lead in leads]
        await lease.record(scored)
    assert (await assessments.counts_of(connection, plan.run_id)).by("outcome") == {"scored_by_rules": 5}


async def test_column_is_found_by_the_name_an_import_gave_it(database: str) -> None:
    store(database, [{"key": "a", "company_name": "A", "extra.Fit Score": "90"}])
    found = profile("criteria:\n  - {field: fit_score, weight: 1, number: as_is}")
    sources = in_leads(found.columns, [{"Fit Score": None, "Firma": "company_name"}])
    async with own_connection(database) as connection:
        plan = await assessments.begin(connection, found, sources, "due", batch_leads=10)
        async with assessments.leased(connection.info.dsn, plan, plan.batches[0]) as lease:
            assert [lead.values for lead in await lease.claim()] == [["90"]]


@given(
    st.decimals(0, 100, places=2),
    st.decimals(-500, 500, places=2),
    st.decimals(-2, 2, places=2),
    st.decimals(0, 100, places=2),
)
def test_model_moves_the_score_no_further_than_the_margin(
    rules: Decimal, said: Decimal, sure: Decimal, margin: Decimal
) -> None:
    bounded = Profile.model_validate(PROFILE.model_dump(by_alias=True) | {"model": {"margin": margin}})
    before = by_rules(LEAD, rules, "cold", Decimal(1), b"[]")
    changed = with_opinion(before, Opinion(said, sure, "", "m"), bounded)
    assert changed.score is not None
    assert changed.confidence is not None
    assert abs(changed.score - rules) <= margin
    assert 0 <= changed.score <= 100
    assert 0 <= changed.confidence <= 1
    assert (changed.reason is None) == (changed.score == said)


@pytest.mark.parametrize(
    ("rules_score", "breakdown", "tier"), [(95, b"[]", "disqualified"), (30, b'"disqualified: "', "disqualified"),
                                           (30, b"[]", "cold")]
)  # fmt: skip
def test_whom_a_disqualifier_meets_no_model_brings_back(rules_score: int, breakdown: bytes, tier: str) -> None:
    out = by_rules(LEAD, Decimal(rules_score), "disqualified", Decimal(1), breakdown)
    assert with_opinion(out, Opinion(Decimal(100), Decimal(1), "", "m"), PROFILE).tier == tier
