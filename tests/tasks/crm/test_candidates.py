"""Who is to be created in the CRM: the database picks the same leads as the rules, whatever the conditions."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from people import add_contact, add_lead
from syncing import Work

from core.crm.config import SyncCondition
from db.crm import candidates
from db.crm import records as crm_records

_FIRST = UUID(int=0)
CONDITIONS: list[dict[str, Any]] = [
    {"field": "company_name", "is_set": True},
    {"field": "company_name", "is_set": False},
    {"field": "company_name", "one_of": ("ACME", "straße")},
    {"field": "tier", "one_of": ("Hot", "warm")},
    {"field": "tier", "none_of": ("disqualified",)},
    {"field": "tier", "is_set": True},
    {"field": "score", "at_least": 60},
    {"field": "score", "at_least": 0},
    {"field": "score", "at_most": 60},
    {"field": "score", "is_set": False},
    {"field": "country", "one_of": ("DE",)},
    {"field": "country", "none_of": ("Germany",)},
    {"field": "company_size", "at_least": 50},
    {"field": "tags", "one_of": ("fair", "x")},
    {"field": "tags", "none_of": ("FAIR",)},
    {"field": "tags", "is_set": True},
    {"field": "tags", "is_set": False},
    {"field": "assigned_to", "one_of": ("maud",)},
    {"field": "contact_email", "is_set": True},
    {"field": "contact_email", "is_set": False},
    {"field": "contact_title", "one_of": ("CEO",)},
]


def fill(work: Work) -> None:
    work.execute("INSERT INTO icps (version, name, profile) VALUES ('v', 'p', '{}')")
    names = [None, "", "Acme", "acme ", "STRASSE", "Straße"]
    for number in range(24):
        more: dict[str, Any] = {"company_name": names[number % 6], "country": [None, "Germany", "Atlantis"][number % 3]}
        more |= {
            "tags": [[], ["Fair"], ["other", "X"]][number // 2 % 3],
            "assigned_to": [None, "Maud"][number // 3 % 2],
        }
        more |= {"company_size": [None, "50", "10-49", "1000"][number % 4], "stands_for": "company"}
        lead_id = add_lead(work.url, **more | ({"stands_for": "person"} if number % 11 == 0 else {}))
        if number % 5:
            email = [None, "ana@mail.example"][number % 2]
            add_contact(
                work.url, lead_id, contact_name="Ana", contact_email=email, contact_title=["CEO", None][number % 2]
            )
        if number % 7:
            tier, score = [("hot", 90), ("Warm", 60), ("cold", 59.5), ("disqualified", 0), (None, None)][number % 5]
            work.execute(
                "INSERT INTO assessments (lead_id, outcome, tier, score, breakdown, icp_version, facts_hash, run_id,"
                " assessed_at) VALUES (%s, 'scored', %s, %s, '[]', 'v', 'h', %s, now())",
                *(lead_id, tier, score, uuid4()),
            )


@pytest.fixture
def filled(work: Work) -> Work:
    fill(work)
    return work


def picked(work: Work, conditions: tuple[SyncCondition, ...]) -> tuple[set[UUID], set[UUID], dict[str, int]]:
    """Return whom the database picks, whom the rules let through, and the counts of the others by their reason."""
    work.config = work.config.model_copy(
        update={"leads": work.config.leads.model_copy(update={"only_if": (), "create_if": conditions})}
    )

    async def both() -> tuple[set[UUID], set[UUID], dict[str, int]]:
        async with work.session() as session:
            connection, name = session.connection, session.name
            gate = await candidates.open_gate(connection, work.config)
            found = await candidates.select_new(connection, name, gate, after=_FIRST, limit=100)
            lead_ids = [row["id"] for row in work.rows("SELECT id FROM leads")]
            units = await crm_records.load(connection, name, work.config, lead_ids)
            through = {lead_id for lead_id, unit in units.items() if unit.lead.stays_out is None}
            return set(found), through, await candidates.count_outside(connection, name, gate)

    return asyncio.run(both())


def test_the_database_picks_whom_the_rules_let_through(filled: Work) -> None:
    stored = len(filled.rows("SELECT 1 FROM leads"))
    for given in CONDITIONS:
        found, through, outside = picked(filled, (SyncCondition(**given),))
        assert found >= through, f"{given}: somebody is lost"
        if given["field"] not in {"contact_title", "company_name"}:
            assert found == through, given
            assert sum(outside.values()) == stored - len(through), given


def test_conditions_count_together(filled: Work) -> None:
    for one, other in zip(CONDITIONS, CONDITIONS[3:], strict=False):
        found, through, _ = picked(filled, (SyncCondition(**one), SyncCondition(**other)))
        assert found >= through, (one, other)
