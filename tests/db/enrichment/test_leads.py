"""What is known of a lead and where it comes from: edits by a person, provenance, what is due."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from discovery_process import add_lead
from importing import session
from people import add_contact

from core.config_files import parse_config
from core.enrichment.config import EnrichmentConfig
from core.enrichment.questions import (
    Answer,
    Attempt,
    FieldOrigin,
    Found,
    KnownRecord,
    LeadRecords,
    RecordResult,
    accept,
)
from core.enrichment.runs import EnrichRequest
from core.enrichment.waterfall import accepted_values
from core.errors import InvalidInput
from db.enrichment import leads as enrichment
from db.enrichment import lease as enrichment_lease
from db.enrichment import questions
from db.leads import facts
from db.leads import reading as leads
from db.leads.matching import find_or_add_contact, find_or_add_lead
from db.server.engine import own_connection
from tasks.enrichment.offers import OFFERS

CONFIG = parse_config("fields:\n  city: [website]\n  industry: [linkedin]", EnrichmentConfig, path="x", context=OFFERS)
EVERYTHING = parse_config(
    """
    trust: [apollo_company, apollo_person, import]
    fields:
      company_name: [{ask: apollo_company, when: always}]
      company_domain: [{ask: apollo_company, when: always}]
      contact_name: [{ask: apollo_person, when: always}]
      contact_email: [{ask: apollo_person, when: always}]
    """,
    EnrichmentConfig,
    path="x",
    context=OFFERS,
)
NOW = datetime.now(UTC)


async def records(url: str) -> LeadRecords:
    async with own_connection(url) as connection:
        (found,) = [one async for one in enrichment.select_due(connection, EnrichRequest(), CONFIG, "v", now=NOW)]
    return found


async def known(url: str) -> KnownRecord:
    return (await records(url)).company


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


async def test_a_lead_is_known_with_its_best_contact_and_each_value_with_its_own_origin(database: str) -> None:
    lead_id = add_lead(database, "Acme", None, city="Bern")
    sure = {"origin": "website", "confidence": 0.9}
    add_contact(database, lead_id, contact_name="Bo", origin="website", confidence=0.5)
    best = add_contact(database, lead_id, contact_name="Ana", contact_title="CEO", notes="hers", **sure)
    add_contact(database, lead_id, contact_name="Cy", state="former")
    with psycopg.connect(database) as connection:
        for record, field, value in ((lead_id, "city", "Bern"), (best, "contact_title", "CEO")):
            connection.execute(
                "INSERT INTO field_provenance (record_id, lead_id, field, value, source, observed_at)"
                " VALUES (%s, %s, %s, %s, 'linkedin', %s)",
                (record, lead_id, field, value, NOW),
            )
    found = await records(database)
    assert found.company.values == {
        "company_name": "Acme", "city": "Bern", "contact_name": "Ana", "contact_title": "CEO", "notes": "hers",
    }  # fmt: skip
    assert found.company.origins == {"city": FieldOrigin("linkedin", NOW)}
    (contact,) = found.contacts
    assert (contact.record_id, contact.values) == (best, found.company.values)
    assert contact.origins == {"contact_title": FieldOrigin("linkedin", NOW)}
    assert [name for name in ("city", "contact_title") if contact.has_field(name)] == ["contact_title"]
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE contacts SET edited_at = %s WHERE id = %s", (NOW, best))
    (contact,) = (await records(database)).contacts
    assert contact.origins["contact_name"].source == "person", "edited before edits were noted field by field"


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
            claimed = await lease.claim()
            assert len(claimed) == 1
            found = Found("city", value, "https://acme.example/", 0.9)
            answer = Answer("hit", None, (found,), latency_ms=5, request_id="r1", asked_at=NOW)
            attempt = Attempt("website", "h", answer, lead_id)

            def conclude(lead: LeadRecords) -> enrichment_lease.Concluded:
                accepted = accept(lead.company, found, "website", CONFIG.whom, NOW)
                assert accepted is not None
                result = RecordResult(lead.company, ("city",), [accepted], [attempt])
                return enrichment_lease.Concluded(lead_id, [result], "enriched", None)

            await lease.record_all(claimed, conclude, {"enriched": 3600.0})  # type: ignore[arg-type]  # no other comes


async def test_a_closed_lead_is_due_again_when_facts_or_configuration_change(database: str) -> None:
    lead_id = add_lead(database, "Acme", None)
    await close(database, lead_id, "Bern")

    async def due(version: str = "v", later: timedelta = timedelta(0)) -> int:
        async with own_connection(database) as connection:
            moment = datetime.now(UTC) + later
            found = enrichment.select_due(connection, EnrichRequest(), CONFIG, version, now=moment)
            return len([one async for one in found])

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


async def enrich(url: str, **values: str) -> None:
    """Write values of a provider to the lead and the contact of all that is due."""
    async with own_connection(url) as connection:
        run = await enrichment.begin(connection, EnrichRequest(), EVERYTHING, "v", batch_leads=10)
        async with enrichment_lease.leased(url, run, run.batches[0]) as lease:
            found = tuple(Found(field, value) for field, value in values.items())
            answers = {"apollo_company": Answer("hit", None, found), "apollo_person": Answer("hit", None, found)}

            def conclude(lead: LeadRecords) -> enrichment_lease.Concluded:
                results = [
                    RecordResult(record, (), list(accepted_values(EVERYTHING, record, answers, NOW)))
                    for record in lead.all
                ]
                return enrichment_lease.Concluded(lead.lead_id, results, "enriched", None)

            await lease.record_all(await lease.claim(), conclude, {"enriched": 3600.0}, identifies=True)  # type: ignore[arg-type]  # no other comes


async def test_whom_a_provider_names_is_found_by_it_from_then_on(database: str) -> None:
    lead_id = add_lead(database, "Acme", None)
    contact_id = add_contact(database, lead_id, contact_name="Ana Sample", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE leads SET created_at = '2026-01-01', name_key = 'acme'")
    await enrich(
        database, company_name="Acme Saws Ltd", company_domain="acme.example", contact_email="ana@acme.example",
        contact_name="Ana Maria Sample",
    )  # fmt: skip
    async with session(database) as connection:
        for said in ({"company_domain": "acme.example"}, {"company_name": "ACME Saws"}, {"company_name": "Acme GmbH"}):
            found, is_new = await find_or_add_lead(connection, said, origin="crm", now=NOW)
            assert (found, is_new) == (lead_id, False)
        for person in ({"contact_email": "ana@acme.example"}, {"contact_name": "Sample, Ana Maria"}):
            found, is_new = await find_or_add_contact(connection, lead_id, person, origin="crm", now=NOW)
            assert (found, is_new) == (contact_id, False)


async def test_what_is_somebody_elses_stays_there_and_both_may_be_one(database: str) -> None:
    async with session(database) as connection:
        known, _ = await find_or_add_lead(
            connection, {"company_name": "Acme", "company_domain": "acme.example"}, origin="crm", now=NOW
        )
    other = add_lead(database, "Another", None)
    await enrich(database, company_domain="acme.example")
    with psycopg.connect(database) as connection:
        pairs = connection.execute("SELECT first_id, second_id, kind, reason FROM possible_duplicates").fetchall()
        owners = connection.execute("SELECT owner_id FROM identities").fetchall()
    assert pairs == [(*sorted((known, other)), "lead", "the same domain, as a provider says")]
    assert owners == [(known,)]


async def test_a_lead_that_is_gone_meanwhile_is_left_out(database: str) -> None:
    lead_id = add_lead(database, "Acme", None)
    async with own_connection(database) as connection:
        run = await enrichment.begin(connection, EnrichRequest(), CONFIG, "v", batch_leads=10)
        async with enrichment_lease.leased(database, run, run.batches[0]) as lease:
            claimed = await lease.claim()
            assert [lead.lead_id for lead in claimed] == [lead_id]
            with psycopg.connect(database) as other:
                other.execute("DELETE FROM leads")
            seen: list[LeadRecords] = []
            await lease.record_all(claimed, seen.append, {})  # type: ignore[arg-type]  # is never called
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
