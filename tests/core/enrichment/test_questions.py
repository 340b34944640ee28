"""Whom to ask, whose value counts, what becomes of a lead: the decisions of enrichment."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config_files import parse_config
from core.enrichment.config import EnrichmentConfig, current_config
from core.enrichment.offers import by_name, usual_trust
from core.enrichment.questions import (
    Answer,
    Attempt,
    FieldOrigin,
    Found,
    KnownRecord,
    LeadRecords,
    Provider,
    Question,
    RecordResult,
    Trust,
    accept,
    due,
    lead_outcome,
    skipped,
)
from core.enrichment.runs import EnrichRequest, Planner, in_usd
from core.enrichment.waterfall import (
    accepted_values,
    known_so_far,
    next_provider,
    question_for,
    wanted_fields,
)
from core.errors import InvalidConfig
from core.leads.fields import ENRICHABLE
from core.ledger.spend import Budget, Cost, Period, Unit
from scripts.enrichment_schema import FILE, rendered
from tasks.enrichment.offers import OFFERS

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ID = UUID(int=1)
PROVIDERS = tuple(OFFERS)


def config(text: str) -> EnrichmentConfig:
    return parse_config(text, EnrichmentConfig, path="enrichment.yaml", context=OFFERS)


def lead(tier: str | None = None, origins: dict[str, FieldOrigin] | None = None, **values: str) -> KnownRecord:
    return KnownRecord(ID, values, origins or {}, NOW - timedelta(days=10), tier)


def contact(tier: str | None = None, **values: str) -> KnownRecord:
    return replace(lead(tier, **values), contact_id=UUID(int=2))


def hit(**values: str) -> Answer:
    return Answer("hit", None, tuple(Found(name, value) for name, value in values.items()), asked_at=NOW)


WATERFALL = config("""
providers: [website, linkedin, apollo_company, apollo_person]
fields:
  company_phone: [website, apollo_company]
  industry: [linkedin, {ask: apollo_company, tiers: [hot]}]
  city: [website, {ask: apollo_company, when: along}]
  contact_title: [apollo_person]
""")


def asked_in_order(known: KnownRecord, says: dict[Provider, Answer]) -> list[Provider]:
    answers: dict[Provider, Answer] = {}
    while (provider := next_provider(WATERFALL, known, answers, NOW)) is not None:
        assert provider not in answers
        answers[provider] = says.get(provider, Answer("miss", asked_at=NOW))
    return list(answers)


def test_the_first_hit_ends_a_fields_waterfall() -> None:
    everything = lead("hot")
    assert asked_in_order(everything, {}) == ["website", "linkedin", "apollo_company"]
    says = {"website": hit(company_phone="+1", city="X"), "linkedin": hit(industry="y")}
    assert asked_in_order(everything, says) == ["website", "linkedin"]


def test_a_contact_is_asked_about_for_the_persons_fields_alone() -> None:
    assert asked_in_order(contact("hot"), {}) == ["apollo_person"]
    assert asked_in_order(contact("hot", contact_title="CEO"), {}) == []
    answers: dict[Provider, Answer] = {"apollo_person": hit(contact_title="CEO"), "website": hit(city="Bern")}
    assert [one.found.field for one in accepted_values(WATERFALL, contact(), answers, NOW)] == ["contact_title"]
    assert [one.found.field for one in accepted_values(WATERFALL, lead(), answers, NOW)] == ["city"]
    assert {one.record_id for one in accepted_values(WATERFALL, contact(), answers, NOW)} == {UUID(int=2)}


def test_contacts_that_are_one_person_lead_to_one_question() -> None:
    known = contact(contact_name="Ana Sample", company_domain="acme.example")
    elsewhere = contact(contact_name="A. Sample", company_domain="bolt.example")
    alike = replace(elsewhere, contact_id=UUID(int=3), asked_with=known.values)
    asked = [question_for(WATERFALL, "apollo_person", one) for one in (known, elsewhere, alike)]
    assert asked[0] == asked[2] != asked[1]


def test_conditions_decide_whether_somebody_is_asked() -> None:
    assert asked_in_order(lead("warm", company_phone="1"), {}) == ["website", "linkedin"]
    assert "apollo_company" in asked_in_order(lead("hot", company_phone="1"), {})
    filled = lead(company_phone="1", industry="i", city="c")
    assert asked_in_order(filled, {}) == []
    assert wanted_fields(WATERFALL, lead("warm", company_phone="1"), NOW) == ("industry", "city")
    assert wanted_fields(WATERFALL, contact("warm", company_phone="1"), NOW) == ("contact_title",)


def test_a_value_that_comes_along_is_taken_by_the_fields_own_order() -> None:
    answers: dict[Provider, Answer] = {
        "apollo_company": hit(city="Bern", company_phone="+2"),
        "website": hit(city="Wien"),
    }
    found = {
        one.found.field: (one.found.value, one.provider) for one in accepted_values(WATERFALL, lead(), answers, NOW)
    }
    assert found == {"city": ("Wien", "website"), "company_phone": ("+2", "apollo_company")}
    assert known_so_far(WATERFALL, lead(), answers, NOW).values["city"] == "Wien"


def test_stale_values_are_asked_for_again_and_a_persons_never() -> None:
    stale = config("stale_after_days: 30\nfields:\n  industry: [{ask: apollo_company, when: stale}]")
    for source, age, expected in (("linkedin", 31, ("industry",)), ("linkedin", 29, ()), ("person", 999, ())):
        origin = FieldOrigin(source, NOW - timedelta(days=age))
        assert wanted_fields(stale, lead(industry="x", origins={"industry": origin}), NOW) == expected
    emptied = lead(origins={"industry": FieldOrigin("person", NOW - timedelta(days=999))})
    assert wanted_fields(stale, emptied, NOW) == ()


def test_what_identifies_is_asked_with_and_nothing_else() -> None:
    known = lead(company_website="https://acme.example/about", contact_name="Ana Sample", notes="a secret")
    assert question_for(WATERFALL, "website", known) == Question("website", (("site", "acme.example"),))
    assert question_for(WATERFALL, "apollo_company", known) == Question.of("apollo_company", domain="acme.example")
    person = question_for(WATERFALL, "apollo_person", known)
    assert isinstance(person, Question)
    assert dict(person.subject) == {"name": "Ana Sample", "domain": "acme.example"}
    assert question_for(
        WATERFALL, "linkedin", lead(company_linkedin_url="https://www.linkedin.com/company/acme")
    ) == Question.of("linkedin", slug="acme")
    for provider in PROVIDERS:
        assert isinstance(question_for(WATERFALL, provider, lead(company_name="Acme")), str)
    assert isinstance(question_for(WATERFALL, "website", lead(company_website="https://facebook.com/acme")), str)


def test_a_question_is_the_same_in_any_order_and_case() -> None:
    first = Question.of("apollo_person", email="A@x.example", name="Ana")
    second = Question.of("apollo_person", name="ANA", email="a@x.example", domain=None)
    assert first.hash == second.hash
    assert first.hash != Question.of("apollo_person", name="Ana").hash


sources = st.sampled_from(["person", "import", *PROVIDERS])
moments = st.integers(0, 1000).map(lambda days: NOW - timedelta(days=days))


@given(st.permutations(["import", *PROVIDERS]), sources, moments, st.sampled_from(PROVIDERS), moments)
def test_a_persons_value_stands_and_nothing_older_replaces(order, present, at, new, observed) -> None:
    trust = Trust(tuple(order), timedelta(days=180))
    prefers = trust.prefers(new, observed, FieldOrigin(present, at))
    if present == "person" or observed < at:
        assert not prefers
    elif trust.rank(new) <= trust.rank(present):
        assert prefers
    else:
        assert prefers == (observed - at > timedelta(days=180))
    assert trust.prefers(new, observed, None)


@given(st.lists(st.tuples(st.sampled_from(PROVIDERS), moments), min_size=1, max_size=6))
def test_the_original_outlives_every_replacement(writers) -> None:
    known = lead(industry="from the file")
    trust = Trust(PROVIDERS, timedelta(0))
    for number, (provider, at) in enumerate(writers):
        accepted = accept(known, Found("industry", f"value {number}"), provider, trust, at)
        if accepted is not None:
            assert accepted.original == "from the file"
            origins = {"industry": FieldOrigin(provider, at, accepted.original)}
            known = KnownRecord(ID, {"industry": accepted.found.value}, origins, known.imported_at)


def test_the_same_value_again_only_makes_a_providers_provenance_younger() -> None:
    trust = Trust(("apollo_company", "import"), timedelta(0))
    assert accept(lead(industry="x"), Found("industry", "x"), "apollo_company", trust, NOW) is None
    bought = lead(industry="x", origins={"industry": FieldOrigin("apollo_company", NOW - timedelta(1), "old")})
    again = accept(bought, Found("industry", "x"), "apollo_company", trust, NOW)
    assert again is not None
    assert (again.is_new, again.original) == (False, "old")


def attempts(*answers: Answer) -> list[Attempt]:
    return [Attempt(provider, None, answer, ID) for provider, answer in zip(PROVIDERS, answers, strict=False)]


@pytest.mark.parametrize(
    ("answers", "filled", "expected"),
    [
        ([], ["city"], "complete"),
        ([hit(city="x")], ["city"], "enriched"),
        ([hit(city="x"), due("later")], ["city", "industry"], "due"),
        ([hit(city="x"), due("later")], ["city"], "enriched"),
        ([Answer("error", "down"), Answer("miss")], ["city"], "failed"),
        ([Answer("error", "down"), due("later")], ["city"], "due"),
        ([Answer("miss", "none")], ["city"], "nothing_found"),
        ([skipped("not configured")], ["city"], "skipped"),
        ([], ["industry"], "skipped"),
    ],
)
def test_every_lead_ends_in_a_stated_outcome(answers: list[Answer], filled: list[str], expected: str) -> None:
    met = attempts(*answers)
    accepted = [
        found
        for answer in answers
        for value in answer.found
        if (found := accept(lead(), value, "website", WATERFALL.whom, NOW))
    ]
    gaps = [] if expected == "complete" else filled
    outcome, reason = lead_outcome([RecordResult(lead(), gaps, accepted, met)])
    assert outcome == expected
    assert (reason is None) == (outcome in ("enriched", "complete"))


def test_a_lead_is_what_its_company_and_its_contacts_came_to() -> None:
    value = accept(contact(), Found("contact_title", "CEO"), "apollo_person", WATERFALL.whom, NOW)
    assert value is not None
    nothing = RecordResult(lead(), ("city",), (), attempts(Answer("miss", "none")))
    filled = RecordResult(contact(), ("contact_title",), [value], attempts(hit(contact_title="CEO")))
    waits = RecordResult(contact(), ("contact_title",), (), attempts(due("later")))
    needless = RecordResult(lead(), (), (), attempts(due("later")))
    assert lead_outcome([nothing]) == ("nothing_found", "no provider knows more")
    assert lead_outcome([nothing, filled]) == ("enriched", None)
    assert lead_outcome([nothing, filled, waits])[0] == "due"
    assert lead_outcome([needless, filled]) == ("enriched", None)
    assert lead_outcome([RecordResult(lead()), RecordResult(contact())]) == ("complete", None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fields:\n  industry: [website]", "line 2: fields.industry: website does not know industry"),
        ("fields:\n  industri: [linkedin]", "line 2: fields.industri: there is no field 'industri'"),
        ("fields:\n  industry: [linkedn]", "line 2: fields.industry[0]: there is no provider 'linkedn'; known are web"),
        ("trust: [people]\nfields:\n  city: [website]", "line 1: trust[0]: there is no source 'people'"),
        ("credit_usd: {website: 1}\nfields:\n  city: [website]", "there is no account with credits 'website'"),
        ("fields: {}", "line 1: fields"),
        ("field:\n  x: 1", "there is no such key here; did you mean 'fields'?"),
        ("fields:\n  city:\n    - {ask: website, when: often}", "line 3: fields.city[0].when"),
        ("fields:\n  city: [website, website]", "names a provider twice"),
        ("providers: [website, website]\nfields:\n  city: [website]", "names somebody twice"),
        ("fresh_for_hours: -1\nfields:\n  city: [website]", "line 1: fresh_for_hours"),
        ("fields:\n  city: [{ask: website, max_credits: no}]", "line 2: fields.city[0].max_credits"),
    ],
)
def test_a_mistake_is_named_by_line_and_key(text: str, problem: str) -> None:
    with pytest.raises(InvalidConfig) as raised:
        config(text)
    assert problem in " | ".join(map(str, raised.value.problems))


def test_what_ships_is_sensible_and_its_schema_is_published(tmp_path: Path) -> None:
    shipped = current_config(None, None, tmp_path, OFFERS)
    assert shipped.fields.keys() <= set(ENRICHABLE)
    for name in shipped.fields:
        asked = [step.ask for step in shipped.steps(name) if step.when != "along"]
        assert asked
        assert "website" not in asked or asked[0] == "website", "what is free comes first"
    assert FILE.read_text(encoding="utf-8") == rendered(), "run python -m scripts.enrichment_schema"


def test_the_team_s_own_file_counts_before_the_one_that_ships(tmp_path: Path) -> None:
    (tmp_path / "enrichment.yaml").write_text("# ours\nname: ours\nfields:\n  city: [website]\n")
    found = current_config(None, None, tmp_path, OFFERS)
    assert found.name == "ours"
    assert found.version == config("fields:\n  city: [{ask: website}]").version
    assert found.version != config("fields:\n  city: [website]\nfresh_for_hours: 48").version


def test_how_many_people_are_asked_about_is_said_in_the_file() -> None:
    found = [
        config(f"{line}\nfields:\n  city: [website]") for line in ("", "contacts: 1", "contacts: 3", "contacts: all")
    ]
    assert [one.most_contacts for one in found] == [1, 1, 3, None]
    usual, one, three, everybody = (each.version for each in found)
    assert usual == one
    assert len({usual, three, everybody}) == 3
    for wrong in ("-1", "many", "1001", "1.5"):
        with pytest.raises(InvalidConfig, match="contacts"):
            config(f"contacts: {wrong}\nfields:\n  city: [website]")


def test_a_price_cap_switches_a_step_off() -> None:
    capped = config("fields:\n  contact_phone: [{ask: apollo_phone, max_credits: 8}]\n  industry: [apollo_company]")
    assert capped.steps("contact_phone") == ()
    assert [step.ask for step in capped.steps("industry")] == ["apollo_company"]
    assert asked_with(capped, lead(company_domain="a.example", contact_email="a@a.example")) == ["apollo_company"]


def asked_with(chosen: EnrichmentConfig, known: KnownRecord) -> list[Provider]:
    planner = Planner(chosen, NOW)
    planner.add(LeadRecords(known))
    return list(planner.asked_for)


def test_a_plan_counts_each_company_once_and_adds_up_exactly() -> None:
    chosen = config(
        "credit_usd: {apollo: 0.024}\nfields:\n  industry: [apollo_company]\n  contact_title: [apollo_person]"
    )
    planner = Planner(chosen, NOW)
    for number in range(23):
        values = {"company_domain": f"firm{number % 12}.example", "contact_email": f"a{number}@firm.example"}
        planner.add(LeadRecords(lead(**values), (contact(**values),)))
    budgets = [Budget(Period.RUN, Unit.CALLS, Decimal(5))]
    plan = planner.plan({"apollo_person": 3}, {"apollo_company": 1}, {}, budgets)
    by_name = {one.provider: one for one in plan.providers}
    assert (by_name["apollo_company"].questions, by_name["apollo_company"].calls) == (11, 2)
    assert (by_name["apollo_person"].questions, by_name["apollo_person"].calls) == (20, 2)
    assert plan.credits == {"apollo": Decimal(31)}
    assert plan.usd == Decimal("0.744")
    assert plan.budgets == ["5 calls a run"]
    off = planner.plan({}, {}, {"apollo_company": "not configured"}, [])
    assert {one.provider: (one.questions, one.off) for one in off.providers}["apollo_company"] == (0, "not configured")


@given(st.decimals(0, 900, places=4), st.integers(0, 10_000))
def test_money_is_exact(price: Decimal, count: int) -> None:
    chosen = WATERFALL.model_copy(update={"credit_usd": {"apollo": price}})
    assert in_usd(chosen, "apollo", Cost(credits=Decimal(count))) == price * count
    assert in_usd(chosen, None, Cost(credits=Decimal(count))) == 0


def test_a_runs_own_budgets() -> None:
    request = EnrichRequest(
        budget_usd=Decimal("1.5"), budget_credits=Decimal(10), budget_calls=3, budget_units={"sessions": Decimal(2)}
    )
    paid_in = {"credits": ["apollo", "other"], "sessions": ["browsers"]}.__getitem__
    assert [str(budget) for budget in request.budgets(paid_in)] == [
        "1.5 usd a run",
        "10 credits a run for apollo",
        "10 credits a run for other",
        "2 sessions a run for browsers",
        "3 calls a run",
    ]
    assert EnrichRequest().budgets(paid_in) == ()
    assert json.loads(request.model_dump_json())["budget_calls"] == 3


def test_every_source_can_fill_something_that_a_lead_has() -> None:
    assert all(offer.gives <= set(ENRICHABLE) and offer.gives for offer in OFFERS.values())
    assert all(name == offer.name for name, offer in OFFERS.items())
    with pytest.raises(ValueError, match="two sources are called website"):
        by_name([OFFERS["website"], OFFERS["website"]])


def test_a_configuration_means_what_it_meant_before_sources_declared_themselves(tmp_path: Path) -> None:
    shipped = current_config(None, None, tmp_path, OFFERS)
    assert usual_trust(OFFERS) == (
        *("import", "apollo_person", "apollo_phone", "apollo_company", "website", "linkedin", "agent"),
    )
    assert shipped.version == "008c45e7df119a21", "another version makes every lead due again"


def test_a_field_is_known_to_whom_declares_it_wherever_it_stands() -> None:
    for name in set(ENRICHABLE) - OFFERS["apollo_company"].gives:
        with pytest.raises(InvalidConfig, match=f"apollo_company does not know {name}"):
            config(f"fields:\n  {name}: [apollo_company]")


def test_a_kept_answers_country_is_read_as_its_code_and_an_unknown_word_is_no_answer() -> None:
    """Answers that were paid for are kept as they were given, by an earlier version too."""
    waterfall = config("providers: [website, linkedin]\nfields:\n  country: [website, linkedin]")
    answers: dict[Provider, Answer] = {"website": hit(country="Atlantis"), "linkedin": hit(country="Germany")}
    (accepted,) = accepted_values(waterfall, lead(), answers, NOW)
    assert (accepted.provider, accepted.found.value) == ("linkedin", "DE")
    assert known_so_far(waterfall, lead(), answers, NOW).values["country"] == "DE"
    assert list(accepted_values(waterfall, lead(country="DE"), answers, NOW)) == []
