"""What is known of a lead and where it comes from: edits by a person, provenance, what is due."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from discovery_process import add_lead
from importing import session

from core.config_files import parse_config
from core.enrichment.config import EnrichmentConfig
from core.enrichment.questions import Answer, Attempt, FieldOrigin, Found, KnownLead, LeadResult, accept
from core.enrichment.runs import EnrichRequest
from core.errors import InvalidInput
from db.enrichment import leads as enrichment
from db.enrichment import lease as enrichment_lease
from db.enrichment import questions
from db.leads import facts
from db.leads import reading as leads
from db.server.engine import own_connection
from tasks.enrichment.offers import OFFERS

CONFIG = parse_config("fields:\n  city: [website]\n  industry: [linkedin]", EnrichmentConfig, path="x", context=OFFERS)
NOW = datetime.now(UTC)


async def known(url: str) -> KnownLead:
    async with own_connection(url) as connection:
        (found,) = [one async for one in enrichment.select_due(connection, EnrichRequest(), "v", now=NOW)]
    return found


async def test_a_persons_edit_is_noted_field_by_field(database: str) -> None:
    lead_id = add_lead(database, "Acme", None, city="Bern", industry="saws")
    async with session(database) as connection:
        await leads.edit(connection, lead_id, {"city": "Basel", "industry": None}, by="Ana", now=NOW)
    found = await known(database)
    assert found.values == {"company_name": "Acme", "city": "Basel"}
    assert found.origins == {"city": FieldOrigin("person", NOW), "industry": FieldOrigin("person", NOW)}
    # What an import writes over it later is that import's again.
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE leads SET city = 'Chur'")
    assert "city" not in (await known(database)).origins


async def test_a_persons_country_is_stored_as_its_code_and_an_unknown_one_refused(database: str) -> None:
    lead_id = add_lead(database, "Acme", None, country="DE")
    async with session(database) as connection:
        await leads.edit(connection, lead_id, {"country": "Österreich"}, by="Ana", now=NOW)
        with pytest.raises(InvalidInput, match="country: 'Atlantis' is no country we know"):
            await leads.edit(connection, lead_id, {"country": "Atlantis"}, by="Ana", now=NOW)
    assert (await known(database)).values["country"] == "AT"
    async with own_connection(database) as connection:
        assert await facts.read(connection, lead_id, ["lead.country"]) == {"lead.country": "Austria"}


async def test_an_edit_from_before_edits_were_noted_stands_for_every_field(database: str) -> None:
    add_lead(database, "Acme", None, city="Bern")
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE leads SET edited_at = %s", (NOW,))
    found = await known(database)
    assert {name: origin.source for name, origin in found.origins.items()} == {
        "company_name": "person",
        "city": "person",
    }


async def close(url: str, lead_id: UUID, value: str) -> None:
    async with own_connection(url) as connection:
        run = await enrichment.begin(connection, EnrichRequest(), CONFIG, "v", batch_leads=10)
        async with enrichment_lease.leased(url, run, run.batches[0]) as lease:
            assert len(await lease.claim()) == 1
            found = Found("city", value, "https://acme.example/", 0.9)
            answer = Answer("hit", None, (found,), latency_ms=5, request_id="r1", asked_at=NOW)
            result = LeadResult(lead_id, (Attempt("website", "h", answer),), ("city",))

            def conclude(lead: KnownLead) -> enrichment_lease.Concluded:
                accepted = accept(lead, found, "website", CONFIG.whom, NOW)
                assert accepted is not None
                return enrichment_lease.Concluded(result, [accepted], "enriched", None)

            await lease.record_all([lead_id], conclude, {"enriched": 3600.0})  # type: ignore[arg-type]  # no other comes


async def test_a_closed_lead_is_due_again_when_facts_or_configuration_change(database: str) -> None:
    lead_id = add_lead(database, "Acme", None)
    await close(database, lead_id, "Bern")

    async def due(version: str = "v", later: timedelta = timedelta(0)) -> int:
        async with own_connection(database) as connection:
            moment = datetime.now(UTC) + later
            return len([one async for one in enrichment.select_due(connection, EnrichRequest(), version, now=moment)])

    assert await due() == 0
    assert await due("another") == 1
    assert await due(later=timedelta(hours=2)) == 1
    async with own_connection(database) as connection:
        (row,) = await enrichment.provenance_of(connection, lead_id)
        assert (row["field"], row["value"], row["source"], row["source_url"]) == (
            "city", "Bern", "website", "https://acme.example/",
        )  # fmt: skip
        assert await enrichment.count_due(connection, "v") == 0
        await connection.execute("UPDATE leads SET notes = 'new'")
    assert await due() == 1


async def test_a_lead_that_is_gone_meanwhile_is_left_out(database: str) -> None:
    lead_id = add_lead(database, "Acme", None)
    async with own_connection(database) as connection:
        run = await enrichment.begin(connection, EnrichRequest(), CONFIG, "v", batch_leads=10)
        async with enrichment_lease.leased(database, run, run.batches[0]) as lease:
            assert [lead.lead_id for lead in await lease.claim()] == [lead_id]
            with psycopg.connect(database) as other:
                other.execute("DELETE FROM leads")
            seen: list[KnownLead] = []
            await lease.record_all([lead_id], seen.append, {})  # type: ignore[arg-type]  # is never called
            assert seen == []


async def test_answers_too_old_to_be_used_are_deleted_and_no_others(database: str) -> None:
    with psycopg.connect(database) as connection:
        for name, asked, fresh in (("old", 100, 99), ("stale", 100, 20), ("fresh", 100, -1), ("open", 1, None)):
            connection.execute(
                "INSERT INTO enrichment_questions (provider, question_hash, state, token, asked_at, fresh_until) "
                "VALUES ('apollo', %s, 'answered', 1, now() - %s * interval '1 day', now() - %s * interval '1 day')",
                (name, asked, fresh),
            )
    for deleted in (1, 0):
        async with session(database) as connection:
            assert await questions.prune(connection, older_than=NOW - timedelta(days=90)) == deleted
    with psycopg.connect(database) as connection:
        left = connection.execute("SELECT question_hash FROM enrichment_questions ORDER BY 1").fetchall()
    assert left == [("fresh",), ("open",), ("stale",)]
