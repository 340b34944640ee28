"""What values become on their way to Close and back."""

import asyncio

import httpx
from syncing import Work

from core.crm.config import FieldMap, SyncScope
from sandbox.server import SandboxControl


def theirs(sandbox: SandboxControl) -> dict[str, dict]:
    return {lead["name"]: lead for lead in sandbox.state("close")["lead"]}


def shared(person: httpx.Client, name: str, *kinds: str) -> str:
    """Make a custom field that several kinds of objects have; no list of the fields of one kind shows it."""
    field: str = (
        person.post("/custom_field/shared/", json={"name": name, "type": "text"}).raise_for_status().json()["id"]
    )
    for kind in kinds:
        person.post(f"/custom_field/shared/{field}/association/", json={"object_type": kind}).raise_for_status()
    return field


ADDRESS = {"label": "business", "address_1": "1 Mill Rd", "city": "Austin", "state": "TX", "country": "US"}


def test_values_that_mean_the_same_are_no_conflict_and_no_write(
    work: Work, sandbox: SandboxControl, person: httpx.Client
) -> None:
    body = {"name": "Revenue", "type": "number"}
    revenue = person.post("/custom_field/lead/", json=body).raise_for_status().json()
    shared(person, "HQ", "lead")
    work.config = work.config.model_copy(
        update={
            "leads": SyncScope(
                fields=(
                    *work.config.leads.fields,
                    FieldMap(ours="annual_revenue", theirs="custom.Revenue"),
                    FieldMap(ours="company_phone", theirs="custom.HQ"),
                )
            )
        }
    )
    body = {
        "name": "Fernhill Tools",
        "url": "https://fernhill.example",
        "addresses": [ADDRESS],
        f"custom.{revenue['id']}": 12345678.5,
        "contacts": [{"name": "Ana Sample", "phones": [{"phone": "+15125550123"}]}],
    }
    person.post("/lead/", json=body).raise_for_status()
    ours = {
        "company_website": "fernhill.example",
        "company_domain": "fernhill.example",
        "street": "1 Mill Rd",
        "city": "Austin",
        "state": "Texas",
        "country": "US",
        "annual_revenue": "12345678.50",
        "contact_name": "Ana Sample",
        "contact_phone": "(512) 555-0123",
    }
    lead_id = work.add_lead("Fernhill Tools", **ours)
    asyncio.run(work.run())
    (row,) = work.rows("SELECT l.*, c.contact_name, c.contact_phone FROM leads l JOIN contacts c ON c.lead_id = l.id")
    assert row["id"] == lead_id
    assert {name: row[name] for name in ours} == ours
    assert work.rows("SELECT field, ours, theirs FROM crm_conflicts") == []
    (there,) = sandbox.state("close")["lead"]
    assert (there["addresses"][0]["country"], there["addresses"][0]["state"]) == ("US", "TX")
    assert not [call for call in sandbox.requests("close") if call["method"] == "PUT" and "lead" in call["path"]]

    # An edit that differs in the last digit only is one, on either side.
    person.put(f"/lead/{there['id']}/", json={f"custom.{revenue['id']}": 12345678.75}).raise_for_status()
    work.sandbox.advance(60)
    asyncio.run(work.run())
    assert work.rows("SELECT annual_revenue FROM leads") == [{"annual_revenue": "12345678.75"}]


def test_a_country_is_a_code_on_both_sides_and_what_is_none_stays_where_it_is(
    work: Work, sandbox: SandboxControl, person: httpx.Client
) -> None:
    work.add_lead("Fernhill Tools", country="GB", city="Leeds")
    odd_id = work.add_lead(
        "Sunken Goods", country="DE", company_website="https://sunken.example", company_domain="sunken.example"
    )
    person.post("/lead/", json={"name": "Heron Works", "addresses": [ADDRESS]}).raise_for_status()
    for name in ("Sunken Goods", "Strange Goods"):
        body = {
            "name": name,
            "url": f"https://{name.split()[0].lower()}.example",
            "addresses": [ADDRESS | {"country": "ZZ"}],
        }
        person.post("/lead/", json=body).raise_for_status()
    done = asyncio.run(work.run())
    assert "failed" not in done
    assert theirs(sandbox)["Fernhill Tools"]["addresses"][0]["country"] == "GB"
    assert theirs(sandbox)["Sunken Goods"]["addresses"][0]["country"] == "ZZ", "no country, and somebody wrote it"
    kept = {row["company_name"]: row["country"] for row in work.rows("SELECT company_name, country FROM leads")}
    assert kept == {"Fernhill Tools": "GB", "Sunken Goods": "DE", "Heron Works": "US", "Strange Goods": None}
    assert work.rows("SELECT field FROM crm_conflicts WHERE field = 'country'") == []

    lead = theirs(sandbox)["Fernhill Tools"]
    moved = [lead["addresses"][0] | {"country": "DE"}]
    person.put(f"/lead/{lead['id']}/", json={"addresses": moved}).raise_for_status()
    work.sandbox.advance(60)
    asyncio.run(work.run())
    assert work.rows("SELECT country FROM leads WHERE company_name = 'Fernhill Tools'") == [{"country": "DE"}]
    before = sandbox.requests("close")[-1]["number"]
    work.sandbox.advance(60)
    asyncio.run(work.run())
    assert not [call for call in work.calls_since(before) if call["method"] == "PUT"]
    assert work.rows("SELECT country FROM leads WHERE id = %s", odd_id) == [{"country": "DE"}]
    changed = work.rows("SELECT before, after FROM crm_sync_logs WHERE side = 'ours' AND after ? 'country'")
    assert {"before": {"country": "United Kingdom"}, "after": {"country": "Germany"}} in changed, "people read names"

    # What an earlier version agreed on, with names and texts on our side too, is no news either.
    work.execute("UPDATE leads SET country = NULL WHERE id = %s", odd_id)
    old = "UPDATE crm_links SET base = jsonb_set(base, '{address.country}', jsonb_build_object('t', %s::text)) WHERE "
    work.execute(f"{old} own_id = %s", "ZZ", odd_id)
    work.execute(f"{old} own_id = (SELECT id FROM leads WHERE company_name = 'Fernhill Tools')", "Germany")
    before = sandbox.requests("close")[-1]["number"]
    work.sandbox.advance(60)
    asyncio.run(work.run(full=True))
    assert not [call for call in work.calls_since(before) if call["method"] == "PUT"]
    assert theirs(sandbox)["Sunken Goods"]["addresses"][0]["country"] == "ZZ"
    assert {row["country"] for row in work.rows("SELECT country FROM leads")} == {"DE", "US", None}


def test_the_field_for_our_ids_may_be_a_shared_one(work: Work, sandbox: SandboxControl, person: httpx.Client) -> None:
    for field in sandbox.state("close")["custom_field"]:
        if field["name"] == "Sales Agent ID":
            person.delete(f"/custom_field/{field['object_type']}/{field['id']}/").raise_for_status()
    ours = shared(person, "Sales Agent ID", "lead", "contact")
    lead_id = work.add_lead("Fernhill Tools", contact_name="Ana Sample")
    asyncio.run(work.run())
    (lead,) = sandbox.state("close")["lead"]
    assert lead[f"custom.{ours}"] == lead_id.hex
    assert all(f"custom.{ours}" in contact for contact in sandbox.state("close")["contact"])
    assert [each["id"] for each in sandbox.state("close")["custom_field"] if each["name"] == "Sales Agent ID"] == [ours]
