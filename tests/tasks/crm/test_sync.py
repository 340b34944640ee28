"""One synchronisation after another: a real Postgres here, the sandbox's Close there."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from mentions import mentions
from psycopg.types.json import Jsonb
from sync_killed import Watched
from syncing import Work

from core.config_files import parse_config
from core.crm.records import RemoteRecord
from core.enrichment.config import EnrichmentConfig
from core.enrichment.runs import EnrichRequest
from core.errors import SyncBusy
from core.ports import CRMProvider
from core.upkeep.erasure import named_person
from db.enrichment import leads as enrichment
from db.server.engine import open_engine, own_connection, transaction
from db.upkeep import erasure
from sandbox.server import SandboxControl
from tasks.crm import pull as crm_pull
from tasks.enrichment.offers import OFFERS
from tasks.outreach.keys import tombstone_key

ASKED = parse_config("fields:\n  city: [website]", EnrichmentConfig, path="x", context=OFFERS)


def theirs(sandbox: SandboxControl) -> dict[str, dict]:
    return {lead["name"]: lead for lead in sandbox.state("close")["lead"]}


def test_a_lead_of_ours_gets_into_the_crm_once(work: Work, sandbox: SandboxControl) -> None:
    work.add_lead(
        "Fernhill Tools",
        company_website="https://fernhill.example",
        contact_name="Ana Sample",
        contact_email="ana@fernhill.example",
    )
    done = asyncio.run(work.run())
    assert done["theirs create lead"] == 1
    again = asyncio.run(work.run())
    state = sandbox.state("close")
    assert [lead["name"] for lead in state["lead"]] == ["Fernhill Tools"]
    assert [contact["name"] for contact in state["contact"]] == ["Ana Sample"]
    assert state["contact"][0]["emails"][0]["email"] == "ana@fernhill.example"
    assert "theirs create lead" not in again
    before = sandbox.requests("close")[-1]["number"]
    asyncio.run(work.run())
    assert len(work.calls_since(before)) <= 3
    assert {row["state"] for row in work.rows("SELECT state FROM crm_links")} == {"in_sync"}


def test_creates_side_by_side_share_one_field_for_our_ids(work: Work, sandbox: SandboxControl) -> None:
    for number in range(8):
        work.add_lead(f"Company {number}", contact_name=f"Ana {number}")
    done = asyncio.run(work.run())
    assert (done["theirs create lead"], done.get("theirs create contact")) == (8, None)
    names = [field["name"] for field in sandbox.state("close")["custom_field"]]
    assert names.count("Sales Agent ID") == 2, "one of leads, one of contacts"


def test_an_edit_in_the_crm_comes_here(work: Work, sandbox: SandboxControl, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_email="ana@fernhill.example")
    asyncio.run(work.run())
    lead = theirs(sandbox)["Fernhill Tools"]
    contact = sandbox.state("close")["contact"][0]
    person.put(f"/lead/{lead['id']}/", json={"name": "Fernhill Tools Ltd"}).raise_for_status()
    person.put(f"/contact/{contact['id']}/", json={"title": "Head of Ops"}).raise_for_status()
    asyncio.run(work.run())
    (lead_row,) = work.rows("SELECT * FROM leads WHERE id = %s", lead_id)
    assert (lead_row["company_name"], lead_row["edited_by"]) == ("Fernhill Tools Ltd", "close")
    (row,) = work.rows("SELECT * FROM contacts WHERE lead_id = %s", lead_id)
    assert (row["contact_name"], row["contact_title"], row["edited_by"]) == ("Ana Sample", "Head of Ops", "close")


def test_a_company_made_in_the_crm_is_taken_in(work: Work, sandbox: SandboxControl, person: httpx.Client) -> None:
    asyncio.run(work.run())
    body = {
        "name": "Moor End Ltd",
        "url": "https://moorend.example",
        "contacts": [
            {"name": "Bo Test", "emails": [{"email": "bo@moorend.example"}, {"email": "info@moorend.example"}]}
        ],
    }
    person.post("/lead/", json=body).raise_for_status()
    asyncio.run(work.run())
    (row,) = work.rows("SELECT * FROM leads")
    assert (row["company_name"], row["company_domain"], row["source"]) == ("Moor End Ltd", "moorend.example", "close")
    (contact,) = work.rows("SELECT * FROM contacts")
    assert (contact["contact_name"], contact["contact_email"]) == ("Bo Test", "bo@moorend.example")
    assert (contact["origin"], contact["source"]) == ("crm", "close")
    before = len(sandbox.requests("close", method="PUT"))
    asyncio.run(work.run())
    assert len(sandbox.requests("close", method="PUT")) == before
    assert len(work.rows("SELECT * FROM leads")) == 1


def test_who_unsubscribed_in_the_crm_is_suppressed(work: Work, sandbox: SandboxControl, person: httpx.Client) -> None:
    field = person.post("/custom_field/contact/", json={"name": "Do Not Contact", "type": "text"}).json()["id"]
    work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_email="ana@fernhill.example")
    work.add_lead("Moor End", contact_name="Bo Test", contact_email="bo@moorend.example")
    asyncio.run(work.run())
    assert work.rows("SELECT * FROM suppressions") == []
    # Neither changes a value that is kept in step: a flag beside an address that stays, a field that nobody maps.
    ana, bo = sorted(sandbox.state("close")["contact"], key=lambda contact: contact["name"])
    marked = [email | {"is_unsubscribed": True} for email in ana["emails"]]
    person.put(f"/contact/{ana['id']}/", json={"emails": marked}).raise_for_status()
    person.put(f"/contact/{bo['id']}/", json={f"custom.{field}": "yes"}).raise_for_status()
    body = {
        "name": "Sun Ltd",
        "contacts": [{"name": "Cy Sun", "emails": [{"email": "Cy@sun.example", "is_unsubscribed": True}]}],
    }
    person.post("/lead/", json=body).raise_for_status()
    asyncio.run(work.run())

    def suppressed() -> list[tuple[str, ...]]:
        rows = work.rows("SELECT value, reason, added_by, note FROM suppressions WHERE removed_at IS NULL ORDER BY 1")
        return [(row["value"], row["reason"], row["added_by"], row["note"].partition(" of ")[0]) for row in rows]

    assert suppressed() == [
        ("ana@fernhill.example", "opt_out", "crm close", "is_unsubscribed"),
        ("bo@moorend.example", "opt_out", "crm close", "Do Not Contact"),
        ("cy@sun.example", "opt_out", "crm close", "is_unsubscribed"),
    ]
    # What a person lifts here stays lifted, though the CRM goes on saying so.
    work.execute("UPDATE suppressions SET removed_by = 'Robin', removed_at = now() WHERE value = %s", "cy@sun.example")
    asyncio.run(work.run(full=True))
    assert [value for value, *_ in suppressed()] == ["ana@fernhill.example", "bo@moorend.example"]


def test_a_person_in_the_crm_beats_a_machine_and_the_conflict_is_told(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_title="Boss")
    asyncio.run(work.run())
    (link,) = work.rows("SELECT remote_id FROM crm_links WHERE kind = 'contact'")
    person.put(f"/contact/{link['remote_id']}/", json={"title": "Head of Ops"}).raise_for_status()
    asyncio.run(work.run())
    later = work.clock() + timedelta(hours=1)
    work.execute("UPDATE contacts SET contact_title = 'Guess', updated_at = %s WHERE lead_id = %s", later, lead_id)
    asyncio.run(work.run())
    (row,) = work.rows("SELECT contact_title FROM contacts WHERE lead_id = %s", lead_id)
    assert row["contact_title"] == "Head of Ops"
    (told,) = work.rows("SELECT * FROM crm_conflicts")
    assert (told["field"], told["ours"], told["theirs"], told["winner"], told["rule"]) == (
        "title", "Guess", "Head of Ops", "theirs", "person",
    )  # fmt: skip


def test_a_merge_in_the_crm_is_followed_and_loses_nobody(
    work: Work, sandbox: SandboxControl, person: httpx.Client
) -> None:
    kept = work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_email="ana@fernhill.example")
    gone = work.add_lead("Fernhill Tool Works", contact_name="Bo Test", contact_email="bo@fernhill.example")
    asyncio.run(work.run())
    ids = {row["own_id"]: row["remote_id"] for row in work.rows("SELECT * FROM crm_links WHERE kind = 'lead'")}
    (bo,) = work.rows("SELECT id FROM contacts WHERE lead_id = %s", gone)
    body = {"source": ids[gone], "destination": ids[kept]}
    person.post("/lead/merge/", json=body).raise_for_status()
    asyncio.run(work.run())
    asyncio.run(work.run())
    (link,) = work.rows("SELECT * FROM crm_links WHERE own_id = %s", gone)
    assert (link["state"], link["is_gone"]) == ("excluded", True)
    assert "was merged into" in link["reason"]
    assert {row["contact_name"] for row in work.rows("SELECT contact_name FROM contacts WHERE lead_id = %s", kept)} == {
        "Ana Sample",
        "Bo Test",
    }
    assert work.link("contact", bo["id"])["lead_id"] == kept, "the contact follows, with its link"
    (pair,) = work.rows("SELECT first_id, second_id, kind FROM possible_duplicates")
    assert ({pair["first_id"], pair["second_id"]}, pair["kind"]) == ({kept, gone}, "lead")
    assert len(sandbox.state("close")["lead"]) == 1
    assert len(sandbox.state("close")["contact"]) == 2


def test_a_chain_of_merges_is_followed_to_its_end(work: Work, sandbox: SandboxControl, person: httpx.Client) -> None:
    first, second = work.add_lead("Fernhill Tools"), work.add_lead("Moor End")
    asyncio.run(work.run())
    ids = {row["own_id"]: row["remote_id"] for row in work.rows("SELECT * FROM crm_links WHERE kind = 'lead'")}
    last = person.post("/lead/", json={"name": "Heron Works"}).raise_for_status().json()["id"]
    # Into a company that is merged itself, whichever of the two is looked at first.
    source, middle = sorted((first, second), key=lambda each: ids[each], reverse=True)
    for one, into in ((ids[source], ids[middle]), (ids[middle], last)):
        person.post("/lead/merge/", json={"source": one, "destination": into}).raise_for_status()
    asyncio.run(work.run())
    asyncio.run(work.run())
    links = {row["own_id"]: row for row in work.rows("SELECT * FROM crm_links WHERE kind = 'lead'")}
    assert (links[middle]["remote_id"], links[middle]["state"]) == (last, "in_sync")
    assert (links[source]["state"], links[source]["is_gone"]) == ("excluded", True)
    assert [lead["id"] for lead in sandbox.state("close")["lead"]] == [last]


class Meanwhile(Watched):
    """A CRM in which something happens in the moment before it is written to."""

    def __init__(self, crm: CRMProvider, happens: Callable[[], object]) -> None:
        super().__init__(crm, lambda: None)
        self._happens = happens

    async def update(self, *record: Any, **seen: Any) -> RemoteRecord:
        self._happens()
        return await super().update(*record, **seen)


def edit_here(work: Work, name: str, edited_after: timedelta | None = None) -> None:
    """Change a lead's name: as a finding, or in a person's name so long after now."""
    at = work.clock() + (edited_after or timedelta(0))
    marks = {} if edited_after is None else {"company_name": {"at": at.isoformat(), "by": "maud"}}
    work.execute(
        "UPDATE leads SET company_name = %s, updated_at = %s, field_edits = field_edits || %s",
        *(name, work.clock(), Jsonb(marks)),
    )


def name_on_both_sides(work: Work) -> str:
    (lead,) = work.sandbox.state("close")["lead"]
    assert work.rows("SELECT company_name FROM leads") == [{"company_name": lead["name"]}]
    return str(lead["name"])


@pytest.mark.parametrize(
    ("edited_after", "name", "rule"),
    [
        (None, "Fernhill Ltd", "person"),
        (timedelta(minutes=-1), "Fernhill Ltd", "later"),
        (timedelta(minutes=1), "Ours", None),
    ],
    ids=["a finding", "an older edit", "a newer edit"],
)
def test_an_edit_of_the_moment_before_a_write_is_given_back(
    work: Work, person: httpx.Client, edited_after: timedelta | None, name: str, rule: str | None
) -> None:
    work.sandbox.settings("close", consolidate_s=0.0)
    work.add_lead("Fernhill Tools")
    asyncio.run(work.run())
    (lead,) = work.sandbox.state("close")["lead"]
    edit_here(work, "Ours", edited_after)

    def edit_there() -> None:
        person.put(f"/lead/{lead['id']}/", json={"name": "Fernhill Ltd"}).raise_for_status()

    asyncio.run(work.run(lambda crm: Meanwhile(crm, edit_there)))
    assert name_on_both_sides(work) == "Ours", "nobody could know"
    asyncio.run(work.run())
    asyncio.run(work.run())
    assert name_on_both_sides(work) == name
    assert [row["rule"] for row in work.rows("SELECT rule FROM crm_conflicts")] == ([rule] if rule else [])
    if edited_after is None:
        edit_here(work, "Another finding")
        asyncio.run(work.run())
        assert name_on_both_sides(work) == name, "nor is it written over later"


def test_a_late_entry_of_our_own_earlier_write_is_nobodys_edit(work: Work) -> None:
    work.sandbox.settings("close", event_lag_s=60.0, consolidate_s=0.0)
    work.add_lead("Fernhill Tools")
    for finding in ("An earlier finding", "A finding"):
        asyncio.run(work.run())
        edit_here(work, finding)
    asyncio.run(work.run())
    work.sandbox.advance(300)
    asyncio.run(work.run())
    assert name_on_both_sides(work) == "A finding"


def test_a_company_that_the_search_does_not_show_yet_is_looked_at_before_it_is_written_to(
    work: Work, person: httpx.Client
) -> None:
    work.sandbox.settings("close", event_lag_s=60.0, search_lag_s=120.0, consolidate_s=0.0)
    work.add_lead("Fernhill Tools")
    asyncio.run(work.run())
    (lead,) = work.sandbox.state("close")["lead"]
    person.put(f"/lead/{lead['id']}/", json={"name": "Fernhill Ltd"}).raise_for_status()
    edit_here(work, "A finding")
    asyncio.run(work.run())
    assert name_on_both_sides(work) == "Fernhill Ltd"


def test_a_refused_record_goes_to_the_dead_letters_and_costs_no_neighbour(
    work: Work, sandbox: SandboxControl, person: httpx.Client
) -> None:
    work.add_lead("Moor End", contact_name="Bo Test", contact_email="not an address")
    work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_email="ana@fernhill.example")
    done = asyncio.run(work.run())
    assert (done["theirs create lead"], done["failed"]) == (2, 1)
    assert set(theirs(sandbox)) == {"Moor End", "Fernhill Tools"}
    assert [contact["name"] for contact in sandbox.state("close")["contact"]] == ["Ana Sample"]
    (letter,) = work.rows("SELECT * FROM crm_dead_letters")
    assert (letter["kind"], letter["action"], letter["status"]) == ("contact", "create", "open")
    assert letter["payload"]["emails"] == ["not an address"]
    (link,) = work.rows("SELECT * FROM crm_links WHERE state = 'failing'")
    assert link["next_try_at"] > work.clock()
    for told in (link["reason"], letter["reason"]):
        assert "emails: Invalid email address." in told, "the CRM's own reason, not only that it said no"
    again = asyncio.run(work.run())
    assert "failed" not in again, "it is left alone until its time has come"
    work.execute("UPDATE contacts SET contact_email = 'bo@moorend.example' WHERE contact_name = 'Bo Test'")
    asyncio.run(work.run())
    assert len(sandbox.state("close")["contact"]) == 2, "a changed record is tried at once"
    assert [row["status"] for row in work.rows("SELECT status FROM crm_dead_letters")] == ["replayed"]
    sandbox.take_violations("close")


def test_an_erased_person_does_not_come_back_and_the_crm_is_left_alone(
    work: Work, sandbox: SandboxControl, person: httpx.Client
) -> None:
    lead_id = work.add_lead("Fernhill Tools", contact_name="Ana Sample", contact_email="ana@fernhill.example")
    asyncio.run(work.run())
    contact = sandbox.state("close")["contact"][0]

    async def erase() -> None:
        engine = open_engine(work.url)
        async with transaction(engine) as connection:
            who = named_person("ana@fernhill.example")
            await erasure.erase(connection, who, tombstone_key(), by="Odo", now=datetime.now(UTC))
        await engine.dispose()

    asyncio.run(erase())
    person.put(f"/contact/{contact['id']}/", json={"title": "Head of Ops"}).raise_for_status()
    person.put(f"/lead/{contact['lead_id']}/", json={"name": "Fernhill Tools Ltd"}).raise_for_status()
    for full in (False, True):
        asyncio.run(work.run(full=full))
    (row,) = work.rows("SELECT * FROM leads WHERE id = %s", lead_id)
    assert row["company_name"] == "Fernhill Tools Ltd"
    assert work.rows("SELECT * FROM contacts") == []
    for word in ("ana@fernhill.example", "ana sample"):
        assert mentions(work.url, word) == []
    (left,) = sandbox.state("close")["contact"]
    assert (left["name"], left["title"]) == ("Ana Sample", "Head of Ops")


def test_a_lead_deleted_in_the_crm_stays_here_and_is_never_made_anew(
    work: Work, sandbox: SandboxControl, person: httpx.Client
) -> None:
    lead_id = work.add_lead("Fernhill Tools")
    asyncio.run(work.run())
    person.delete(f"/lead/{theirs(sandbox)['Fernhill Tools']['id']}/").raise_for_status()
    asyncio.run(work.run())
    work.execute("UPDATE leads SET city = 'Leeds', updated_at = now() WHERE id = %s", lead_id)
    asyncio.run(work.run())
    assert sandbox.state("close")["lead"] == []
    (link,) = work.rows("SELECT state, reason FROM crm_links")
    assert link == {"state": "excluded", "reason": "was deleted in the CRM"}


def test_what_was_seen_by_a_run_that_ended_early_and_is_gone_since_is_not_taken_in(
    work: Work, person: httpx.Client
) -> None:
    asyncio.run(work.run())
    made = person.post("/lead/", json={"name": "Moor End", "contacts": [{"name": "Bo Test"}]}).raise_for_status().json()

    async def only_pull() -> None:
        async with work.session() as session:
            assert (await crm_pull.pull(session))["fetched"] == 1

    asyncio.run(only_pull())
    person.delete(f"/lead/{made['id']}/").raise_for_status()
    work.sandbox.advance(60)
    asyncio.run(work.run())
    assert work.rows("SELECT company_name FROM leads") == []
    assert work.rows("SELECT 1 FROM crm_staged") == []


def test_two_at_once_exclude_each_other(work: Work) -> None:
    async def both() -> None:
        async with work.session():
            with pytest.raises(SyncBusy):
                await work.run()

    asyncio.run(both())


def test_what_a_person_wrote_in_the_crm_is_no_providers_to_replace(work: Work, person: httpx.Client) -> None:
    lead_id = work.add_lead("Fernhill Tools", industry="Pumps")
    asyncio.run(work.run())
    (lead,) = work.sandbox.state("close")["lead"]
    person.put(f"/lead/{lead['id']}/", json={"name": "Fernhill Ltd"}).raise_for_status()
    person.post("/lead/", json={"name": "Heron Works"}).raise_for_status()
    work.sandbox.advance(60)
    asyncio.run(work.run())

    async def origins() -> dict[str, dict[str, str]]:
        async with own_connection(work.url) as connection:
            due = enrichment.select_due(connection, EnrichRequest(), ASKED, "v", now=work.clock())
            return {
                str(one.company.values["company_name"]): {
                    name: origin.source for name, origin in one.company.origins.items()
                }
                async for one in due
            }

    found = asyncio.run(origins())
    assert found["Fernhill Ltd"]["company_name"] == "person"
    assert found["Heron Works"]["company_name"] == "person"
    (kept,) = work.rows("SELECT source, edited_by FROM field_provenance WHERE lead_id = %s", lead_id)
    assert kept == {"source": "person", "edited_by": "close"}
