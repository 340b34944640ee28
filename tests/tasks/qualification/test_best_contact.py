"""One assessment a lead, by its best contact: who that is, what is stored of it, and what makes the lead due again."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from people import add_contact, add_lead
from profiles import profile

from core.outreach.suppression import Target
from core.qualification.icp_columns import in_leads
from core.qualification.runs import Assessment, LeadFacts, ModelAssessment, Opinion
from db.enrichment.leads import ASKED_ABOUT
from db.qualification import assessments
from db.server.engine import own_connection
from tasks.qualification.assessing import assess

ICP = profile("""
criteria:
  - {field: industry, weight: 1, one_of: {values: [Software]}}
  - {field: contact_title, weight: 1, titles: {roles: {CEO: 100, CFO: 90}, otherwise: 10}}
  - {field: contact_email, weight: 1, present: {}}
""")


async def qualify(url: str, icp: Any = ICP, selection: Any = "due") -> list[UUID]:
    """Qualify what is due; return the leads about which a model was asked."""
    asked: list[UUID] = []

    async def by_model(lead: LeadFacts, rules: Assessment) -> ModelAssessment:
        asked.append(lead.lead_id)
        assert rules.rules_score is not None
        return ModelAssessment(Opinion(rules.rules_score, Decimal("0.9"), "fits", "test-model"))

    async with own_connection(url) as connection:
        sources = in_leads(icp.columns, [])
        plan = await assessments.begin(connection, icp, sources, selection, batch_leads=3)
        for batch in plan.batches:
            async with assessments.leased(url, plan, batch) as lease:
                await assess(lease, plan, by_model=by_model)
        counts = await assessments.counts_of(connection, plan.run_id)
        assert counts.leads == plan.leads
        assert await assessments.count_due(connection, icp.version, sources) == 0
    return asked


async def due(url: str) -> int:
    async with own_connection(url) as connection:
        return await assessments.count_due(connection, ICP.version, in_leads(ICP.columns, []))


def run(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement, values)  # type: ignore[arg-type]  # the test's own
        return cursor.fetchall() if cursor.description else []


def best(url: str) -> dict[UUID, UUID | None]:
    return dict(run(url, "SELECT lead_id, best_contact_id FROM assessments"))  # type: ignore[arg-type]


@pytest.fixture
def firm(database: str) -> tuple[UUID, dict[str, UUID]]:
    """Store a firm with a clerk, its head and its head of finance."""
    lead_id = add_lead(database, company_name="Acme", industry="Software", company_domain="acme.example")
    titles = {"clerk": "Clerk", "ceo": "Managing Director", "cfo": "Chief Financial Officer"}
    return lead_id, {
        name: add_contact(
            database, lead_id, contact_title=title, contact_name=f"{name} of Acme", contact_email=f"{name}@acme.example"
        )
        for name, title in titles.items()
    }


async def test_a_lead_is_assessed_once_and_its_best_contact_is_stored(
    database: str, firm: tuple[UUID, dict[str, UUID]]
) -> None:
    lead_id, people = firm
    alone = add_lead(database, company_name="Nobody there", industry="Software")
    assert sorted(await qualify(database)) == sorted([lead_id, alone])
    assert best(database) == {lead_id: people["ceo"], alone: None}
    fits = {row[0]: row[1:] for row in run(database, "SELECT id, title_points, role FROM contacts")}
    assert fits == {people["clerk"]: (10, None), people["ceo"]: (100, "CEO"), people["cfo"]: (90, "CFO")}
    ((score, points),) = run(database, "SELECT score, breakdown FROM assessments WHERE lead_id = %s", lead_id)
    assert score == 100
    assert [(one["field"], one["value"]) for one in points] == [
        ("industry", "Software"), ("contact_title", "Managing Director"), ("contact_email", "ceo@acme.example"),
    ]  # fmt: skip
    ((score, points),) = run(database, "SELECT score, breakdown FROM assessments WHERE lead_id = %s", alone)
    assert (score, [one["known"] for one in points]) == (50, [True, False, True]), "by its company"
    assert await qualify(database) == []


async def suppress(url: str, target: Target) -> None:
    run(
        url,
        "INSERT INTO suppressions (id, kind, value, keys, reason, added_by, added_at)"
        " VALUES (gen_random_uuid(), %s, %s, %s, 'opt_out', 'Ana', now())",
        target.kind,
        target.value,
        list(target.keys),
    )


NOT_BEST: dict[str, Callable[[dict[str, UUID]], str]] = {
    "former": lambda people: f"UPDATE contacts SET state = 'former' WHERE id = '{people['ceo']}'",
    "gone": lambda people: f"DELETE FROM contacts WHERE id = '{people['ceo']}'",
    "another title": lambda people: f"UPDATE contacts SET contact_title = 'Trainee' WHERE id = '{people['ceo']}'",
}


@pytest.mark.parametrize("change", NOT_BEST)
async def test_who_is_not_there_any_more_is_not_best(
    database: str, firm: tuple[UUID, dict[str, UUID]], change: str
) -> None:
    lead_id, people = firm
    await qualify(database)
    run(database, NOT_BEST[change](people))
    assert await qualify(database) == [lead_id]
    assert best(database) == {lead_id: people["cfo"]}


@pytest.mark.parametrize(
    ("target", "others_are_left"),
    [
        (Target("address", "ceo@acme.example"), True),
        (Target("domain", "acme.example"), False),
        (Target("address", "x@y.example", ("person:https://www.linkedin.com/in/ceo-of-acme",)), True),
        (Target("company", "company: acme", ("company:acme.example",)), False),
        (Target("address", "nobody@acme.example"), None),
    ],
)
async def test_who_is_not_written_to_is_not_best(
    database: str, firm: tuple[UUID, dict[str, UUID]], target: Target, others_are_left: bool | None
) -> None:
    lead_id, people = firm
    run(
        database,
        "UPDATE contacts SET linkedin_url = 'https://www.linkedin.com/in/ceo-of-acme' WHERE id = %s",
        people["ceo"],
    )
    await qualify(database)
    await suppress(database, target)
    assert await qualify(database) == ([] if others_are_left is None else [lead_id])
    expected = people["ceo"] if others_are_left is None else people["cfo"] if others_are_left else None
    assert best(database) == {lead_id: expected}
    run(database, "UPDATE suppressions SET removed_by = 'Ana', removed_at = now()")
    await qualify(database)
    assert best(database) == {lead_id: people["ceo"]}


@pytest.mark.parametrize("key", ["person id:{person}", "person id:{old}", "identity:{identity}"])
async def test_a_person_who_opted_out_is_not_best_whatever_their_address(database: str, key: str) -> None:
    lead_id = add_lead(database, company_name="Acme", industry="Software")
    person, old, identity = uuid4(), uuid4(), uuid4()
    add_contact(database, lead_id, person_id=person, contact_title="CEO", contact_email="another@acme.example")
    clerk = add_contact(database, lead_id, contact_title="Clerk")
    run(database, "INSERT INTO merged_records (old_id, new_id, kind) VALUES (%s, %s, 'person')", old, person)
    run(database, "INSERT INTO identities (key, owner_id, kind) VALUES (%s, %s, 13)", identity, person)
    await suppress(database, Target("person", "person: x", (key.format(person=person, old=old, identity=identity),)))
    await qualify(database)
    assert best(database) == {lead_id: clerk}


async def test_a_subdomain_of_a_suppressed_domain_is_meant_too(database: str) -> None:
    lead_id = add_lead(database, company_name="Acme", industry="Software")
    add_contact(database, lead_id, contact_title="CEO", contact_email="ana@mail.eu.acme.example")
    clerk = add_contact(database, lead_id, contact_title="Clerk", contact_email="bo@notacme.example")
    await suppress(database, Target("domain", "acme.example"))
    await qualify(database)
    assert best(database) == {lead_id: clerk}


async def test_a_changed_title_makes_due_and_no_model_is_asked_where_the_best_stays(
    database: str, firm: tuple[UUID, dict[str, UUID]]
) -> None:
    lead_id, people = firm
    await qualify(database)
    before = run(database, "SELECT outcome, score, reasoning, model, breakdown FROM assessments")
    run(database, "UPDATE contacts SET contact_title = 'Chief Technology Officer' WHERE id = %s", people["clerk"])
    new = add_contact(database, lead_id, contact_title="Sales Assistant")
    assert await due(database) == 1
    assert await qualify(database) == [], "what is known of the lead and its best contact is the same"
    assert run(database, "SELECT outcome, score, reasoning, model, breakdown FROM assessments") == before
    fits = dict(run(database, "SELECT id, role FROM contacts"))  # type: ignore[arg-type]
    assert (fits[people["clerk"]], fits[new]) == ("CTO", None)
    assert run(database, "SELECT FROM contacts WHERE title_points IS NULL") == []

    run(database, "UPDATE contacts SET contact_title = 'Geschäftsführerin' WHERE id = %s", people["ceo"])
    assert await qualify(database) == [lead_id]
    run(database, "UPDATE contacts SET contact_phone = '+1', notes = 'not asked for', updated_at = now()")
    assert await due(database) == 0
    boss = add_contact(
        database, lead_id, contact_title="CEO", contact_email="new@acme.example", created_at="2020-01-01"
    )
    assert await qualify(database) == [lead_id]
    assert best(database) == {lead_id: boss}
    assert await qualify(database, selection="all") == [lead_id]


async def test_what_a_source_of_people_read_of_a_role_stands_until_somebody_writes_another_title(database: str) -> None:
    lead_id = add_lead(database, company_name="Acme", industry="Software")
    found = add_contact(database, lead_id, contact_title="Runs the place", role="CEO", origin="website", confidence=0.9)
    written = add_contact(database, lead_id, contact_title="Runs the place", role="CEO", origin="crm")
    await qualify(database)
    assert dict(run(database, "SELECT id, role FROM contacts")) == {found: "CEO", written: None}  # type: ignore[arg-type]
    run(
        database,
        "UPDATE contacts SET contact_title = 'Adviser', field_edits = '{\"contact_title\": {}}' WHERE id = %s",
        found,
    )
    await qualify(database)
    assert dict(run(database, "SELECT id, role FROM contacts")) == {found: None, written: None}  # type: ignore[arg-type]


async def test_enrichment_and_assessments_agree_who_is_best(database: str) -> None:
    titles = ("Clerk", "CEO", "CFO", None, "Managing Director", "Assistant to the CEO")
    for number in range(30):
        lead_id = add_lead(database, company_name=f"Firm {number}", industry="Software")
        for place in range(number % 5):
            of_page = {"origin": "website", "confidence": 0.5 + place / 10} if (number + place) % 3 else {}
            state = "former" if (number + place) % 7 == 0 else "active"
            title = titles[(number * 3 + place) % len(titles)]
            created_at = f"2026-01-{1 + (number + 2 * place) % 4:02}"
            add_contact(database, lead_id, contact_title=title, created_at=created_at, state=state, **of_page)
    await qualify(database)
    statement = f"SELECT l.id, (SELECT person.id {ASKED_ABOUT}) FROM leads l"
    with psycopg.connect(database) as connection:
        first = dict(connection.execute(statement, {"contacts": 1}).fetchall())  # type: ignore[call-overload]
    assert first == best(database)
    assert len({one for one in first.values() if one}) > 15
