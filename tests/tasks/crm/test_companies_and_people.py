"""A lead is a company and a contact one of its people, on both sides: who is who, and which links stay."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import forked
import httpx
import pytest
from sync_sides import crm_says, made_there, people_at, plan, run, there
from syncing import Work

from core.crm.config import FieldMap
from core.crm.records import RecordKind
from core.leads.identities import IdentityKind, identity
from db.crm import moves


def test_two_of_one_lead_in_the_crm_wait_for_a_decision(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", company_domain="fernhill.example")
    first = made_there(person, "Fernhill Tools", url="https://fernhill.example")
    second = made_there(person, "Fernhill Tools Ltd", url="https://www.fernhill.example")
    assert plan(work).duplicates == 2
    for _ in range(2):
        done = run(work)
        assert not {name for name in done if name.startswith(("ours", "theirs"))}
        link = work.link("lead", lead_id)
        assert (link["state"], link["remote_id"]) == ("excluded", None)
        assert link["reason"] == f"duplicate in the CRM: {', '.join(sorted((first['id'], second['id'])))}"
    assert len(work.rows("SELECT 1 FROM leads")) == 1, "nothing is made of them"
    assert len(work.sandbox.state("close")["lead"]) == 2
    # Merged there, they are one, and ours.
    body = {"source": first["id"], "destination": second["id"]}
    person.post("/lead/merge/", json=body).raise_for_status()
    run(work)
    run(work)
    link = work.link("lead", lead_id)
    assert (link["state"], link["remote_id"]) == ("in_sync", second["id"])


def test_two_of_one_lead_that_are_both_deleted_there_let_it_go(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", company_domain="fernhill.example")
    both = [made_there(person, "Fernhill Tools", url="https://fernhill.example")["id"] for _ in range(2)]
    run(work)
    for remote_id in both:
        person.delete(f"/lead/{remote_id}/").raise_for_status()
    run(work)
    assert work.link("lead", lead_id)["state"] == "in_sync", "it is created there, once"
    assert list(there(work, "lead")) == ["Fernhill Tools"]


def test_of_two_in_the_crm_the_one_with_one_of_our_contacts_is_it(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", company_domain="fernhill.example", contact_email="ana@fernhill.example")
    made_there(person, "Fernhill Tools", "Cy Sun <cy@else.example>", url="https://fernhill.example")
    ours = made_there(person, "Fernhill Tools", "Ana <ana@fernhill.example>", url="https://fernhill.example")
    run(work)
    assert work.link("lead", lead_id)["remote_id"] == ours["id"]
    assert len(work.rows("SELECT 1 FROM leads")) == 1
    assert plan(work).duplicates == 1, "the other one is left, and told"


def test_a_person_decides_which_of_two_in_the_crm_a_lead_is(work: Work, person: httpx.Client, own_home: Path) -> None:
    lead_id = work.add_lead("Fernhill Tools", company_domain="fernhill.example", contact_name="Ana Sample")
    first, second = [made_there(person, "Fernhill Tools", url="https://fernhill.example")["id"] for _ in range(2)]
    run(work)
    told = crm_says(work, own_home, "status")
    assert (told["duplicates"], told["reasons"]) == (2, {"excluded: duplicate in the CRM": 1})
    assert {row["remote_id"] for row in crm_says(work, own_home, "status", "--state", "excluded")["records"]} == {
        None,
        first,
        second,
    }
    assert crm_says(work, own_home, "link", lead_id, second) == {"lead": str(lead_id), "record": second}
    run(work)
    link = work.link("lead", lead_id)
    assert (link["state"], link["remote_id"]) == ("in_sync", second)
    (contact,) = work.sandbox.state("close")["contact"]
    assert contact["lead_id"] == second
    again = forked.sales_agent("crm", "link", lead_id, first, home=own_home, POSTGRES_URL=work.url)
    assert again.returncode != 0
    assert f"the lead is {second} in close already" in again.stderr


def test_a_crm_with_two_leads_of_one_domain_and_two_names(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", company_domain="fernhill.example", contact_email="ana@fernhill.example")
    ours = made_there(person, "Fernhill Tools", "Ana <ana@fernhill.example>", url="https://fernhill.example")
    made_there(person, "Sunny Rentals", "Cy Sun <cy@sunny.example>", url="https://fernhill.example")
    run(work)
    run(work)
    rows = {row["company_name"]: row for row in work.rows("SELECT * FROM leads")}
    assert set(rows) == {"Fernhill Tools", "Sunny Rentals"}
    assert all(row["is_domain_shared"] for row in rows.values())
    assert work.link("lead", lead_id)["remote_id"] == ours["id"]
    assert people_at(work, rows["Sunny Rentals"]["id"]) == {"Cy Sun"}
    assert plan(work).counts == {}


def test_a_company_renamed_in_the_crm_stays_the_same_lead(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", company_domain="fernhill.example", contact_name="Ana Sample")
    run(work)
    link = work.link("lead", lead_id)
    change = {"name": "Heron Works", "url": "https://heron.example"}
    person.put(f"/lead/{link['remote_id']}/", json=change).raise_for_status()
    run(work)
    (row,) = work.rows("SELECT * FROM leads")
    assert (row["id"], row["company_name"], row["company_domain"]) == (lead_id, "Heron Works", "heron.example")
    assert row["aliases"] == ["Fernhill Tools"], "it is found under its old name as well"
    assert work.link("lead", lead_id)["remote_id"] == link["remote_id"]
    assert row["name_key"] == "heron works"


def with_page(work: Work, person: httpx.Client) -> str:
    """Keep companies' pages on LinkedIn in a custom field; return its key."""
    field = person.post("/custom_field/lead/", json={"name": "LinkedIn", "type": "text"}).raise_for_status().json()
    rules = (*work.config.leads.fields, FieldMap(ours="company_linkedin_url", theirs="custom.LinkedIn"))
    work.config = work.config.model_copy(update={"leads": work.config.leads.model_copy(update={"fields": rules})})
    return f"custom.{field['id']}"


PROFILE, PAGE = "https://www.linkedin.com/in/ana-sample", "https://www.linkedin.com/company/fernhill"


@pytest.mark.parametrize("known_by", ["domain", "mail", "profile", "page", "name"])
def test_a_company_of_the_crm_is_found_by_what_it_has(work: Work, person: httpx.Client, known_by: str) -> None:
    page_key = with_page(work, person)
    lead_id = work.add_lead(
        "Fernhill Tools", city="Leeds", company_domain="fernhill.example", contact_name="Ana Sample"
    )
    (contact,) = work.rows("SELECT person_id FROM contacts")
    work.execute("UPDATE contacts SET contact_email = 'ana@mail.example'")
    for kind, value, owner in (
        (IdentityKind.PROFILE, PROFILE, contact["person_id"]),
        (IdentityKind.COMPANY_PAGE, PAGE, lead_id),
    ):
        work.execute("INSERT INTO identities VALUES (%s, %s, %s)", identity(kind, value).key, owner, int(kind))
    body: dict[str, Any] = {
        "domain": {"url": "http://www.fernhill.example/start"},
        "mail": {"contacts": [{"name": "A. S.", "emails": [{"email": "Ana@Mail.example"}]}]},
        "profile": {"contacts": [{"name": "A. S.", "urls": [{"url": PROFILE, "type": "url"}]}]},
        "page": {page_key: PAGE},
        "name": {"name": "FERNHILL TOOLS Ltd."},
    }[known_by]
    person.post("/lead/", json={"name": "Sunny Rentals"} | body).raise_for_status()
    run(work)
    assert [row["id"] for row in work.rows("SELECT id FROM leads")] == [lead_id]
    assert len(work.sandbox.state("close")["lead"]) == 1
    assert work.link("lead", lead_id)["state"] == "in_sync"


def test_a_company_of_the_crm_is_found_by_our_id_also_where_ours_was_merged(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools")
    run(work)
    (lead,) = work.sandbox.state("close")["lead"]
    person.put(f"/lead/{lead['id']}/", json={"name": "Sunny Rentals"}).raise_for_status()
    kept = work.add_lead("Heron Works")
    work.execute("DELETE FROM crm_links")
    work.execute("DELETE FROM crm_cursors")
    work.execute("DELETE FROM leads WHERE id = %s", lead_id)
    work.execute("INSERT INTO merged_records (old_id, new_id, kind) VALUES (%s, %s, 'lead')", lead_id, kept)
    run(work)
    assert work.link("lead", kept)["remote_id"] == lead["id"]
    assert len(work.sandbox.state("close")["lead"]) == 1


def test_a_contact_moved_in_the_crm_moves_here_with_its_link(work: Work, person: httpx.Client) -> None:
    old = work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_email="ana@mail.example")
    new = work.add_lead("Moor End")
    run(work)
    (contact,) = work.rows("SELECT * FROM contacts")
    link = work.link("contact", contact["id"])
    target = work.link("lead", new)["remote_id"]
    person.put(f"/contact/{link['remote_id']}/", json={"lead_id": target}).raise_for_status()
    work.sandbox.advance(60)
    assert plan(work).counts == {"ours update contact": 1}, "nobody is deleted or created for that"
    run(work)
    run(work)
    (moved,) = work.rows("SELECT * FROM contacts")
    assert (moved["id"], moved["person_id"], moved["lead_id"]) == (contact["id"], contact["person_id"], new)
    now = work.link("contact", contact["id"])
    assert (now["remote_id"], now["lead_id"], now["state"]) == (link["remote_id"], new, "in_sync")
    (told,) = work.rows("SELECT action, done_by, before FROM record_history WHERE record_id = %s", contact["id"])
    assert (told["action"], told["done_by"], told["before"]) == ("move", "close", {"lead_id": str(old)})
    assert plan(work).counts == {}


def test_a_contact_moved_here_waits_until_it_is_moved_in_the_crm_too(work: Work, person: httpx.Client) -> None:
    work.add_lead("Fernhill Tools", contact_name="Ana Sample")
    new = work.add_lead("Moor End")
    run(work)
    (contact,) = work.rows("SELECT * FROM contacts")
    work.execute("UPDATE contacts SET lead_id = %s, updated_at = now()", new)
    for _ in range(2):
        assert not {name for name in run(work) if name.startswith(("ours", "theirs"))}
    link = work.link("contact", contact["id"])
    assert (link["state"], link["reason"]) == ("excluded", "stands at another company here; move it in the CRM too")
    assert len(work.sandbox.state("close")["contact"]) == 1
    target = work.link("lead", new)["remote_id"]
    person.put(f"/contact/{link['remote_id']}/", json={"lead_id": target}).raise_for_status()
    run(work)
    assert work.link("contact", contact["id"])["state"] == "in_sync"


def merged_here(work: Work, old: UUID, new: UUID) -> None:
    work.execute("UPDATE contacts SET lead_id = %s WHERE lead_id = %s", new, old)
    work.execute("DELETE FROM leads WHERE id = %s", old)
    work.execute("INSERT INTO merged_records (old_id, new_id, kind) VALUES (%s, %s, 'lead')", old, new)


@pytest.mark.parametrize("deleted_here", ["keep", "delete"])
def test_a_merge_here_takes_the_link_along(work: Work, deleted_here: str) -> None:
    work.config = work.config.model_copy(update={"deleted_here": deleted_here})
    old = work.add_lead("Fernhill Tools", contact_name="Ana Sample")
    run(work)
    remote_id = work.link("lead", old)["remote_id"]
    kept = work.add_lead("Fernhill Tools of Leeds")
    merged_here(work, old, kept)
    planned = plan(work)
    assert planned.counts == {"theirs update lead": 1}
    run(work)
    assert work.link("lead", kept)["remote_id"] == remote_id
    assert {row["lead_id"] for row in work.rows("SELECT lead_id FROM crm_links")} == {kept}
    assert (list(there(work, "lead")), list(there(work, "contact"))) == (["Fernhill Tools of Leeds"], ["Ana Sample"])


def test_two_linked_leads_are_not_merged_before_one_link_is_given_up(work: Work, person: httpx.Client) -> None:
    one, other = work.add_lead("Fernhill Tools"), work.add_lead("Moor End")
    run(work)

    async def why_not() -> str | None:
        async with work.session() as session:
            return await moves.why_not_merged(session.connection, RecordKind.LEAD, one, other)

    assert str(asyncio.run(why_not())).startswith("both are in close, as lead_")
    person.delete(f"/lead/{work.link('lead', other)['remote_id']}/").raise_for_status()
    run(work)
    assert asyncio.run(why_not()) is None


@pytest.mark.parametrize("deleted_here", ["keep", "delete"])
def test_a_merge_of_two_linked_leads_deletes_nobody_in_the_crm(work: Work, deleted_here: str) -> None:
    work.config = work.config.model_copy(update={"deleted_here": deleted_here})
    one, other = work.add_lead("Fernhill Tools", contact_name="Ana Sample"), work.add_lead("Moor End")
    run(work)
    merged_here(work, one, other)
    run(work)
    assert len(work.sandbox.state("close")["lead"]) == 2
    assert list(there(work, "contact")) == ["Ana Sample"]
    assert work.link("lead", one)["reason"] == "was merged here into a record that has another one in the CRM"


def test_two_of_one_person_at_a_company_in_the_crm_are_one_here(work: Work, person: httpx.Client) -> None:
    made = made_there(person, "Fernhill Tools", "Ana Sample <ana@mail.example>", "A. Sample <ana@mail.example>")
    run(work)
    run(work)
    person.put(f"/lead/{made['id']}/", json={"name": "Fernhill Ltd"}).raise_for_status()
    work.sandbox.advance(60)
    assert plan(work).counts == {"ours update lead": 1}, "nobody is planned anew whenever the company is looked at"
    run(work)
    assert [row["contact_email"] for row in work.rows("SELECT * FROM contacts")] == ["ana@mail.example"]
    assert len(work.sandbox.state("close")["contact"]) == 2, "both are left there"


def test_two_people_of_one_name_with_addresses_of_their_own_stay_two(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_email="ana@mail.example")
    made_there(person, "Fernhill Tools", "Ana Sample <other.ana@else.example>")
    run(work)
    rows = work.rows("SELECT contact_email FROM contacts WHERE lead_id = %s", lead_id)
    assert {row["contact_email"] for row in rows} == {"ana@mail.example", "other.ana@else.example"}
    assert len(work.sandbox.state("close")["contact"]) == 2
