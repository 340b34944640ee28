"""Who a look finds is who is known already, whatever brought them; nobody is doubled, replaced or brought back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import people
import psycopg
import pytest
from discovery_process import add_lead, rows
from importing import load
from psycopg.types.json import Jsonb
from site_looks import JANE, LOOK, SITE, TEAM, planned, visited

from core.discovery.company_contacts import Provenance
from core.errors import ConfigurationError
from core.outreach.suppression import TombstoneKey
from db.discovery.lease import leased

EMAIL, PROFILE = "jane@acme.example", "https://www.linkedin.com/in/jane-smith"
ROW = {"key": "acme.example", "company_name": "Acme", "company_website": SITE.website, "contact_name": "Jane Smith"}


def stored(url: str) -> list[dict[str, Any]]:
    """Read contacts, the oldest first."""
    return rows(url, "SELECT * FROM contacts ORDER BY created_at, id")


def beside(url: str) -> Mapping[str, list[dict[str, Any]]]:
    """Read what stands beside contacts."""
    return {
        "identities": rows(url, "SELECT * FROM identities ORDER BY key"),
        "origins": rows(url, "SELECT * FROM field_provenance ORDER BY record_id, field"),
        "pairs": rows(url, "SELECT * FROM possible_duplicates"),
    }


async def imported(url: str, **fields: str) -> UUID:
    """Import a lead with its person; return the lead's id."""
    await load(url, [{**ROW, **fields}])
    (row,) = rows(url, "SELECT id FROM leads")
    return UUID(str(row["id"]))


async def test_imported_and_then_found_is_one_contact_that_says_more(database: str) -> None:
    lead_id = await imported(database, contact_title="Boss", contact_email=EMAIL)
    (before,) = stored(database)
    await visited(database, replace(LOOK, contacts=(replace(JANE, phone="+4930901822"),)), lead_id)
    (after,) = stored(database)
    assert (after["id"], after["person_id"], after["origin"]) == (before["id"], before["person_id"], "import")
    assert (after["contact_title"], after["contact_phone"]) == ("Boss", "+4930901822"), "a file's title stays"
    assert (after["role"], after["evidence"], after["source_url"]) == ("CEO", "Jane Smith, CEO", TEAM)
    assert after["provenance"]["website"]["title"] == "CEO"
    assert after["last_seen_at"] is not None
    assert rows(database, "SELECT record_id, field, value, source, source_url FROM field_provenance") == [
        {"record_id": after["id"], "field": "contact_phone", "value": "+4930901822", "source": "website",
         "source_url": TEAM}
    ]  # fmt: skip


async def test_what_is_found_of_an_imported_person_finds_them_later(database: str) -> None:
    lead_id = await imported(database)
    await visited(database, LOOK, lead_id)
    (one,) = stored(database)
    assert (one["contact_email"], one["contact_title"], one["origin"]) == (EMAIL, "CEO", "import")
    await load(database, [{"contact_email": EMAIL, "contact_name": "Jane Smith", "company_name": "Acme"}])
    assert [row["id"] for row in stored(database)] == [one["id"]]


async def test_a_person_found_first_and_then_imported_is_one_contact(database: str) -> None:
    lead_id = await imported(database)
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM contacts")
    await visited(database, LOOK, lead_id)
    (found,) = stored(database)
    assert found["origin"] == "website"
    await load(database, [{**ROW, "contact_email": EMAIL, "contact_title": "Boss"}])
    (after,) = stored(database)
    assert (after["id"], after["contact_title"]) == (found["id"], "CEO")


async def test_the_same_person_found_again_changes_nothing(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    nameless = replace(JANE, name="Orla Fenwick", role="CFO", email=None)
    look = replace(LOOK, contacts=(JANE, nameless))
    await visited(database, look, lead_id)
    first, around = stored(database), beside(database)
    await visited(database, look, lead_id)
    second = stored(database)
    moves = {"last_seen_at", "provenance"}
    assert [{name: row[name] for name in row.keys() - moves} for row in second] == [
        {name: row[name] for name in row.keys() - moves} for row in first
    ]
    assert second[0]["last_seen_at"] > first[0]["last_seen_at"]
    assert beside(database) == around
    assert len(first) == 2


async def test_a_homonym_with_another_address_is_another_contact_and_listed(database: str) -> None:
    lead_id = await imported(database, contact_email="jane.smith.jr@acme.example")
    await visited(database, LOOK, lead_id)
    one, other = stored(database)
    assert {one["contact_email"], other["contact_email"]} == {"jane.smith.jr@acme.example", EMAIL}
    assert one["person_id"] != other["person_id"]
    (pair,) = rows(database, "SELECT first_id, second_id, kind FROM possible_duplicates")
    assert {pair["first_id"], pair["second_id"], pair["kind"]} == {one["person_id"], other["person_id"], "person"}
    await visited(database, LOOK, lead_id)
    assert len(stored(database)) == 2
    assert len(rows(database, "SELECT FROM possible_duplicates")) == 1


@pytest.mark.parametrize("email", [EMAIL, None])
async def test_two_leads_of_one_site_share_the_person(database: str, email: str | None) -> None:
    leads = [add_lead(database, name, SITE.website) for name in ("Acme", "Acme North")]
    look = replace(LOOK, contacts=(replace(JANE, email=email),))
    await visited(database, look, *leads)
    one, other = stored(database)
    assert {one["lead_id"], other["lead_id"]} == set(leads)
    assert one["person_id"] == other["person_id"]
    late = add_lead(database, "Acme South", SITE.website)
    await visited(database, look, late)
    assert {row["person_id"] for row in stored(database)} == {one["person_id"]}


async def test_a_person_known_at_one_lead_of_a_site_is_the_same_at_the_other(database: str) -> None:
    leads = [add_lead(database, name, SITE.website) for name in ("Acme", "Acme North", "Acme South")]
    known = people.add_contact(database, leads[1], contact_name="Jane Smith", name_key="jane smith")
    await visited(database, replace(LOOK, contacts=(replace(JANE, email=None),)), *leads[:2])
    assert len({row["person_id"] for row in stored(database)}) == 1
    assert known in {row["id"] for row in stored(database)}
    await visited(database, replace(LOOK, contacts=(replace(JANE, email=None),)), leads[2])
    assert len({row["person_id"] for row in stored(database)}) == 1


async def test_two_known_apart_at_leads_of_one_site_stay_two_and_are_listed(database: str) -> None:
    leads = [add_lead(database, name, SITE.website) for name in ("Acme", "Acme North")]
    for lead_id in leads:
        people.add_contact(database, lead_id, contact_name="Jane Smith", name_key="jane smith")
    for look in (replace(LOOK, contacts=(replace(JANE, email=None),)), LOOK, LOOK):
        await visited(database, look, *leads)
    assert len({row["person_id"] for row in stored(database)}) == len(stored(database)) == 2
    assert {row["contact_email"] for row in stored(database)} == {EMAIL}
    assert len(rows(database, "SELECT FROM possible_duplicates")) == 1


async def test_people_of_one_name_at_two_companies_are_two(database: str) -> None:
    for site in ("one.example", "two.example"):
        lead_id = add_lead(database, "Acme", f"https://{site}")
        await visited(database, replace(LOOK, contacts=(replace(JANE, email=None),)), lead_id, site=site)
    one, other = stored(database)
    assert one["person_id"] != other["person_id"]
    assert rows(database, "SELECT FROM possible_duplicates") == []


async def test_what_a_person_wrote_or_emptied_stays(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    await visited(database, LOOK, lead_id)
    edited = {name: {"at": "2026-01-01T00:00:00+00:00", "by": "Maud"} for name in ("contact_title", "contact_email")}
    with psycopg.connect(database) as connection:
        connection.execute(
            "UPDATE contacts SET contact_title = 'Chair', contact_email = NULL, field_edits = %s",
            [Jsonb(edited)],
        )
    await visited(database, LOOK, lead_id)
    (row,) = stored(database)
    assert (row["contact_title"], row["contact_email"]) == ("Chair", None)


async def test_a_former_contact_stays_former(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    people.add_contact(database, lead_id, contact_name="Jane Smith", name_key="jane smith", state="former")
    await visited(database, LOOK, lead_id)
    assert [row["state"] for row in stored(database)] == ["former"]


async def test_a_shared_mailbox_and_the_switchboard_are_nobodys(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website, company_phone="+4930901820")
    look = replace(LOOK, contacts=(replace(JANE, email="info@acme.example", phone="+49 30 901820"),))
    await visited(database, look, lead_id)
    (row,) = stored(database)
    assert (row["contact_email"], row["contact_phone"]) == (None, None)


async def test_an_imported_person_whom_no_page_ever_named_is_not_missed(database: str) -> None:
    lead_id = await imported(database, contact_email="ada@acme.example", first_name="Ada", contact_name="Ada Moor")
    await visited(database, LOOK, lead_id)
    assert {row["contact_name"]: row["not_seen_since"] for row in stored(database)} == {
        "Ada Moor": None,
        "Jane Smith": None,
    }


async def test_it_is_said_which_source_gave_an_address(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    bought = Provenance("apollo", None, "Chief", "Apollo: Chief", None, ("email",))
    found = replace(JANE, linkedin_url=PROFILE, provenance=(JANE.best, bought))
    await visited(database, replace(LOOK, contacts=(found,)), lead_id)
    origins = {row["field"]: row["source"] for row in rows(database, "SELECT field, source FROM field_provenance")}
    assert origins == {
        "contact_name": "website",
        "contact_title": "website",
        "linkedin_url": "website",
        "contact_email": "apollo",
    }


async def test_an_erased_person_is_not_brought_back_by_a_look_from_before(database: str) -> None:
    lead_id = add_lead(database, "Acme", SITE.website)
    key = TombstoneKey(b"k" * 32)
    by_profile = replace(JANE, name="Ada Moor", role="COO", email=None, linkedin_url="https://linkedin.com/in/Ada-M/")
    by_phone = replace(JANE, name="Ben Lark", role="CTO", email=None, phone="+49 30 901822")
    orla = replace(JANE, name="Orla Fenwick", role="CFO", email="orla@acme.example")
    buried = [key.digest(EMAIL), key.digest("https://www.linkedin.com/in/ada-m", "profile")]
    buried.append(key.digest("+4930901822", "phone"))
    async with leased(database, await planned(database, lead_id), lambda: key) as lease:
        await lease.claim()
        with psycopg.connect(database) as connection:  # while the site is being visited
            for digest in buried:
                connection.execute(
                    "INSERT INTO tombstones (digest, key_id, erased_by, erased_at) VALUES (%s, %s, 'Odo', now())",
                    [digest, key.key_id],
                )
        await lease.finish(SITE.site, replace(LOOK, contacts=(JANE, by_profile, by_phone, orla)), fresh_for_s=60)
    assert [row["contact_name"] for row in stored(database)] == ["Orla Fenwick"]
    (look,) = rows(database, "SELECT contacts FROM discoveries")
    assert [one["name"] for one in look["contacts"]] == ["Orla Fenwick"]
    with pytest.raises(ConfigurationError, match="this import was given no key"):
        await visited(database, LOOK, add_lead(database, "Other", "https://two.example"), site="two.example")
