"""One synchronisation after another: a real Postgres here, the sandbox's Close there."""

from collections.abc import Iterator

import httpx
import pytest
from syncing import PERSON, Work

from sandbox.server import SandboxControl


@pytest.fixture
def person(sandbox: SandboxControl) -> Iterator[httpx.Client]:
    """Work in Close as a person does."""
    sandbox.settings("close", keys=["api_sandbox", PERSON], rate_per_s=None, organization_rate_per_s=None)
    with httpx.Client(base_url=sandbox.environment["CLOSE_BASE_URL"], auth=(PERSON, ""), trust_env=False) as client:
        yield client


@pytest.fixture
def work(database: str, sandbox: SandboxControl, person: httpx.Client) -> Work:
    return Work(database, sandbox)


def theirs(sandbox: SandboxControl) -> dict[str, dict]:
    return {lead["name"]: lead for lead in sandbox.state("close")["lead"]}


async def test_a_lead_of_ours_gets_into_the_crm_once(work: Work, sandbox: SandboxControl) -> None:
    work.add_lead(
        "Fernhill Tools",
        company_website="https://fernhill.example",
        contact_name="Ana Sample",
        contact_email="ana@fernhill.example",
    )
    done = await work.run()
    assert done["theirs create lead"] == 1
    again = await work.run()
    state = sandbox.state("close")
    assert [lead["name"] for lead in state["lead"]] == ["Fernhill Tools"]
    assert [contact["name"] for contact in state["contact"]] == ["Ana Sample"]
    assert state["contact"][0]["emails"][0]["email"] == "ana@fernhill.example"
    assert "theirs create lead" not in again
    before = sandbox.requests("close")[-1]["number"]
    await work.run()
    assert len(work.calls_since(before)) <= 3
    assert {row["state"] for row in work.rows("SELECT state FROM crm_links")} == {"in_sync"}


async def test_an_edit_in_the_crm_comes_here(work: Work, sandbox: SandboxControl, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_email="ana@fernhill.example")
    await work.run()
    lead = theirs(sandbox)["Fernhill Tools"]
    contact = sandbox.state("close")["contact"][0]
    person.put(f"/lead/{lead['id']}/", json={"name": "Fernhill Tools Ltd"}).raise_for_status()
    person.put(f"/contact/{contact['id']}/", json={"title": "Head of Ops"}).raise_for_status()
    await work.run()
    (row,) = work.rows("SELECT * FROM leads WHERE id = %s", lead_id)
    assert (row["company_name"], row["contact_title"], row["edited_by"]) == (
        "Fernhill Tools Ltd",
        "Head of Ops",
        "close",
    )


async def test_a_company_made_in_the_crm_is_taken_in(work: Work, sandbox: SandboxControl, person: httpx.Client) -> None:
    await work.run()
    body = {
        "name": "Moor End Ltd",
        "url": "https://moorend.example",
        "contacts": [
            {"name": "Bo Test", "emails": [{"email": "bo@moorend.example"}, {"email": "info@moorend.example"}]}
        ],
    }
    person.post("/lead/", json=body).raise_for_status()
    await work.run()
    (row,) = work.rows("SELECT * FROM leads")
    assert (row["company_name"], row["company_domain"], row["source"]) == ("Moor End Ltd", "moorend.example", "close")
    (contact,) = work.rows("SELECT * FROM contacts")
    assert (contact["name"], contact["email"], contact["source"]) == ("Bo Test", "bo@moorend.example", "crm")
    before = len(sandbox.requests("close", method="PUT"))
    await work.run()
    assert len(sandbox.requests("close", method="PUT")) == before
    assert len(work.rows("SELECT * FROM leads")) == 1
