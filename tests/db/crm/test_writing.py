"""What the CRM says of companies and people later is learned: they are found by it from then on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from importing import import_text, session
from people import add_person

from db.crm import writing

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def rows(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def link(url: str, lead: UUID, remote_id: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO crm_links (provider, kind, own_id, lead_id, remote_id) VALUES ('close', 'lead', %s, %s, %s)",
            [lead, lead, remote_id],
        )


async def test_new_values_of_the_crm_find_their_lead_and_person(database: str, tmp_path: Path) -> None:
    lead, ann = add_person(database, company={"company_name": "Acme", "name_key": "acme"}, contact_name="Ann Roe")
    async with session(database) as connection:
        await writing.update_lead(connection, "Bo", lead, {"company_website": "https://acme.example"}, NOW)
        emails = ("ann@acme.example", "ann.roe@gmail.com")
        await writing.update_person(connection, "Bo", ann, {"contact_email": emails, "emails": emails}, NOW)
    text = "company,website,contact,email\nZeta,acme.example,Ann Roe,ann@acme.example\n,,Ann Roe,ann.roe@gmail.com\n"
    done = await import_text(database, text, tmp_path)
    assert (done.totals.leads.inserted, done.totals.contacts.inserted) == (0, 0)
    assert rows(database, "SELECT kind FROM possible_duplicates") == []


async def test_what_is_anothers_stays_there_and_both_are_listed(database: str) -> None:
    first, ann = add_person(database, company={"company_name": "Acme"}, contact_name="Ann Roe")
    second, bob = add_person(database, company={"company_name": "Beta"}, contact_name="Bob Poe")
    for _ in range(2):
        for lead, contact in ((first, ann), (second, bob)):
            async with session(database) as connection:
                await writing.update_lead(connection, "Bo", lead, {"company_website": "https://acme.example"}, NOW)
                said = {"contact_email": ("a@acme.example",), "emails": ("a@acme.example",)}
                await writing.update_person(connection, "Bo", contact, said, NOW)
    pairs = rows(database, "SELECT kind, reason FROM possible_duplicates ORDER BY kind")
    assert pairs == [
        ("lead", "the same domain, as the CRM has it"),
        ("person", "the same e-mail address, as the CRM has it"),
    ]


async def test_two_that_the_crm_holds_as_two_share_the_domain(database: str) -> None:
    leads = [add_person(database, company={"company_name": name}, contact_name=name)[0] for name in ("Acme", "Beta")]
    for number, lead in enumerate(leads):
        link(database, lead, f"lead_{number}")
    for lead in leads:
        async with session(database) as connection:
            await writing.update_lead(connection, "Bo", lead, {"company_website": "https://acme.example"}, NOW)
    assert rows(database, "SELECT kind FROM possible_duplicates") == []
    assert rows(database, "SELECT is_domain_shared FROM leads") == [(True,), (True,)]
