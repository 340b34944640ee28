"""Who is created in the CRM, who stays in step, and what a plan says of it."""

import asyncio
from pathlib import Path
from uuid import uuid4

import httpx
from sync_sides import assess, crm_says, made_there, people_at, plan, run, there
from syncing import Work

from core.config_files import parse_config
from core.crm.config import CrmConfig, example_text
from tasks.runtime.crm_offers import CRMS


def test_rows_of_one_company_are_one_company_in_the_crm_with_its_people(work: Work) -> None:
    for number in range(50):
        lead_id = work.add_lead(f"Company {number}", company_domain=f"company{number}.example")
        for which in range(3):
            work.add_contact(
                lead_id, contact_name=f"Ana{which} Sample", contact_email=f"a{which}@company{number}.example"
            )
    planned = plan(work)
    assert (planned.new_companies, planned.new_people, planned.matched) == (50, 150, 0)
    asyncio.run(work.run())
    state = work.sandbox.state("close")
    assert (len(state["lead"]), len(state["contact"])) == (50, 150)
    assert {sum(person["lead_id"] == lead["id"] for person in state["contact"]) for lead in state["lead"]} == {3}
    before = work.sandbox.requests("close")[-1]["number"]
    again = run(work)
    assert not {name for name in again if name.startswith(("ours", "theirs"))}
    assert not [call for call in work.calls_since(before) if call["method"] != "GET" and "search" not in call["path"]]


def test_a_plan_says_companies_and_people_matched_and_new(work: Work, person: httpx.Client) -> None:
    known = work.add_lead("Fernhill Tools", company_domain="fernhill.example")
    work.add_lead("Moor End", contact_name="Bo Test", contact_email="bo@moorend.example")
    made_there(person, "Fernhill Tools", "Ana Sample <ana@fernhill.example>", url="https://fernhill.example")
    made_there(person, "Heron Works", "Cy Sun <cy@heron.example>", url="https://heron.example")
    planned = plan(work)
    assert planned.counts == {
        "theirs create lead": 1,
        "theirs create contact": 1,
        "ours create lead": 1,
        "ours create contact": 2,
        "ours update lead": 1,
    }
    assert (planned.new_companies, planned.new_people, planned.matched, planned.duplicates) == (2, 3, 1, 0)
    assert work.rows("SELECT 1 FROM crm_links") == [], "a plan changes nothing"
    assert len(work.rows("SELECT 1 FROM leads")) == 2
    asyncio.run(work.run())
    assert people_at(work, known) == {"Ana Sample"}
    assert plan(work).counts == {}


def test_who_stays_outside_is_counted_by_the_reason(work: Work, own_home: Path) -> None:
    for tier in ("hot", "cold", "disqualified"):
        assess(work, work.add_lead(f"{tier.title()} Ltd"), tier)
    work.add_lead("Unscored Ltd")
    work.add_lead(None)
    run(work)
    work.execute("DELETE FROM crm_links")
    assert crm_says(work, own_home, "status")["outside"] == {
        "not scored as hot or warm": 2,
        "a company needs a name": 1,
        "disqualified by the ideal customer profile": 1,
    }


def test_who_was_found_by_a_machine_is_not_sent_until_a_person_stands_for_it(work: Work) -> None:
    lead_id = work.add_lead("Fernhill Tools")
    contact_id = work.add_contact(lead_id, contact_name="Ana Sample", origin="website", contact_email="a@mail.example")
    run(work)
    assert there(work, "contact") == {}
    assert work.rows("SELECT 1 FROM crm_links WHERE kind = 'contact'") == [], "no row for who takes no part"
    approved = {"id": uuid4(), "lead_id": lead_id, "contact_id": contact_id}
    names = "kind, subject_id, title, proposed_by, content, facts, digest, status, requested_at, expires_at, revision"
    work.execute(
        f"INSERT INTO approvals (id, lead_id, contact_id, decision, decided_by, {names}) VALUES (%s, %s, %s, 'approve',"
        " 'Maud', 'first_message', 'x', 'x', 'x', '{}', '{}', 'x', 'executed', now(), now(), 1)",
        *approved.values(),
    )
    run(work)
    assert list(there(work, "contact")) == ["Ana Sample"], "they were written to"


def test_the_configuration_may_let_everybody_found_through(work: Work) -> None:
    contacts = work.config.contacts
    assert contacts is not None
    work.config = work.config.model_copy(update={"contacts": contacts.model_copy(update={"create": ("found",)})})
    lead_id = work.add_lead("Fernhill Tools", contact_name="Bo Test")
    work.add_contact(lead_id, contact_name="Ana Sample", origin="website")
    run(work)
    assert list(there(work, "contact")) == ["Ana Sample"]


def test_who_is_suppressed_or_left_the_company_is_not_created_there(work: Work) -> None:
    lead_id = work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_email="ana@mail.example")
    work.add_contact(lead_id, contact_name="Bo Test", contact_email="bo@gone.example")
    work.add_contact(lead_id, contact_name="Cy Sun", state="former")
    work.add_contact(lead_id, contact_name="Di Ann", contact_email="di@mail.example")
    for kind, value in (("address", "ana@mail.example"), ("domain", "gone.example")):
        work.execute(
            "INSERT INTO suppressions (id, kind, value, reason, added_by, added_at) VALUES (%s, %s, %s, 'opt_out',"
            " 'Maud', now())",
            *(uuid4(), kind, value),
        )
    run(work)
    assert list(there(work, "contact")) == ["Di Ann"]
    # Lifted by a person, the address is sent; who is there already stays in step whatever is said later.
    work.execute("UPDATE suppressions SET removed_at = now(), removed_by = 'Maud' WHERE kind = 'address'")
    run(work)
    assert set(there(work, "contact")) == {"Ana Sample", "Di Ann"}
    work.execute("UPDATE contacts SET state = 'former', contact_title = 'Boss', updated_at = now()")
    run(work)
    assert {each["title"] for each in there(work, "contact").values()} == {"Boss"}


def test_a_persons_lead_is_one_in_the_crm_under_their_name(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead(None, stands_for="person", contact_name="Ana Sample", contact_email="ana@mail.example")
    run(work)
    (lead,) = work.sandbox.state("close")["lead"]
    assert (lead["name"], list(there(work, "contact"))) == ("Ana Sample", ["Ana Sample"])
    assert work.rows("SELECT company_name FROM leads") == [{"company_name": None}]
    assert plan(work).counts == {}
    work.execute("UPDATE contacts SET contact_name = 'Ana Example', updated_at = now()")
    run(work)
    assert (list(there(work, "lead")), list(there(work, "contact"))) == (["Ana Example"], ["Ana Example"])
    person.put(f"/lead/{lead['id']}/", json={"name": "Fernhill Tools"}).raise_for_status()
    run(work)
    (row,) = work.rows("SELECT id, company_name, stands_for FROM leads")
    assert row == {"id": lead_id, "company_name": "Fernhill Tools", "stands_for": "company"}


def test_who_was_never_scored_is_not_sent_and_who_is_there_stays_in_step(work: Work, person: httpx.Client) -> None:
    work.config = parse_config(example_text(), CrmConfig, path="example", context=CRMS)
    leads = {tier: work.add_lead(f"{tier.title()} Ltd") for tier in ("hot", "warm", "cold", "disqualified", "unscored")}
    for tier, lead_id in leads.items():
        if tier != "unscored":
            assess(work, lead_id, tier)
    run(work)
    assert set(there(work, "lead")) == {"Hot Ltd", "Warm Ltd"}
    assert {row["own_id"] for row in work.rows("SELECT own_id FROM crm_links")} == {leads["hot"], leads["warm"]}
    # What cools down, and what people bring into the CRM, is kept in step all the same.
    assess(work, leads["warm"], "cold")
    work.execute("UPDATE leads SET city = 'Leeds', updated_at = now() WHERE id = %s", leads["warm"])
    made_there(person, "Moor End")
    made_there(person, "Unscored Ltd")
    run(work)
    assert there(work, "lead")["Warm Ltd"]["addresses"][0]["city"] == "Leeds"
    assert work.link("lead", leads["unscored"])["state"] == "in_sync"
    assess(work, leads["cold"], "hot")
    run(work)
    assert set(there(work, "lead")) == {"Hot Ltd", "Warm Ltd", "Moor End", "Unscored Ltd", "Cold Ltd"}
