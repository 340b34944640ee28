"""An erased person is nowhere in the database, and no import brings them back; every table is accounted for."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from importing import Row, load, totals
from mentions import mentions

from core.errors import ConfigurationError, Suppressed
from core.leads.merging import ConflictPolicy
from core.outreach.approvals import ApprovalKind, Proposal
from core.outreach.suppression import Reason, Target, TombstoneKey, target_of
from db.outreach import approvals, suppressions
from db.outreach.tombstones import no_key
from db.schema.tables import TableBase
from db.server.engine import Engine, open_engine, transaction
from db.upkeep import erasure

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEY = TombstoneKey(b"k" * 32)
ADDRESS = "maud@brightwell.example"
OTHER = "mo@private.example"


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    engine = open_engine(database)
    yield engine
    await engine.dispose()


def test_every_table_is_covered_or_holds_no_person() -> None:
    covered = [table for eraser in erasure.ERASERS for table in eraser.tables]
    assert len(covered) == len(set(covered))
    assert set(covered).isdisjoint(erasure.HOLD_NO_PERSON)
    assert set(TableBase.metadata.tables) - {*covered, *erasure.HOLD_NO_PERSON} == set()
    assert all(erasure.HOLD_NO_PERSON.values())


async def fill(database: str, engine: Engine) -> None:
    """Put the person wherever they can be."""
    maud = {"contact_name": "Maud Okafor", "contact_email": ADDRESS, "contact_phone": "+442079460000", "city": "Leeds"}
    rows: list[Row] = [
        {"key": f"email:{ADDRESS}", "company_name": "Brightwell", **maud, "extra.remark": f"private: {ADDRESS}"},
        {"key": "email:odo", "company_name": "Brightwell", "contact_email": "odo@brightwell.example", "city": "Leeds"},
        {"key": None, "notes": f"see {ADDRESS}"},
    ]
    await load(database, rows, fingerprint="first")
    newer: Row = {"company_name": "Brightwell Ltd", "contact_name": "Maud Okafor-Hale", "city": "York"}
    await load(database, [{**rows[0], **newer}], ConflictPolicy.OVERWRITE, fingerprint="second")
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT id FROM leads WHERE contact_email = %s", [ADDRESS]).fetchone()
        assert row is not None
        reasons = {f"{said!r} is no web address": 1 for said in (f"see {ADDRESS}", "Maud OKAFOR")}
        report = json.dumps({"leads": 3, "reasons": {**reasons, "HTTP 403": 1}})
        contact = json.dumps([{"name": "Maud Okafor", "email": ADDRESS}, {"name": "Odo Brand", "email": None}])
        for statement, values in (
            (
                "INSERT INTO contacts (lead_id, person_key, name, title, is_owner_like, email, source, evidence, "
                "provenance, first_seen_at, last_seen_at) "
                "VALUES (%s, 'maud okafor', 'Maud Okafor', 'CEO', false, %s, 'website', %s, '{}', now(), now())",
                [row[0], ADDRESS, f"Maud Okafor, CEO, {ADDRESS}"],
            ),
            ("UPDATE import_rejects SET cells = %s::jsonb", [json.dumps([f"see {ADDRESS}"])]),
            ("INSERT INTO discoveries (site, website, contacts) VALUES ('b', 'b', %s::jsonb)", [contact]),
            ("INSERT INTO lead_discoveries (lead_id, site, address) VALUES (%s, 'b', 'b')", [row[0]]),
            (
                "INSERT INTO discovery_runs (id, request, report) VALUES (gen_random_uuid(), '{}', %s::jsonb)",
                [report],
            ),
            (
                "INSERT INTO crm_links (provider, kind, own_id, lead_id, remote_id, state, base) VALUES "
                "('close', 'contact', gen_random_uuid(), %s, 'cont_1', 'in_sync', %s)",
                [row[0], json.dumps({"name": {"t": "Maud Okafor"}, "emails": {"t": [ADDRESS]}})],
            ),
            (
                "INSERT INTO crm_links (provider, kind, own_id, lead_id, remote_id, state, base) VALUES "
                "('close', 'lead', %s, %s, 'lead_1', 'in_sync', %s)",
                [row[0], row[0], json.dumps({"name": {"t": "Brightwell"}, "description": {"t": f"see {ADDRESS}"}})],
            ),
            (
                "INSERT INTO crm_conflicts (run_id, provider, kind, own_id, field, base, ours, theirs, winner, rule) "
                "SELECT gen_random_uuid(), 'close', 'contact', own_id, 'name', '1', '\"Maud Okafor\"', '2', 'o', 'x' "
                "FROM crm_links WHERE kind = 'contact' AND lead_id = %s",
                [row[0]],
            ),
        ):
            connection.execute(statement, values)
    async with transaction(engine) as connection:
        await suppressions.add(connection, target_of(ADDRESS), reason=Reason.OPT_OUT, by="Odo", now=NOW)
        # As a file says it that knew no address; and another address of theirs, which stays suppressed.
        keys = ("person:maud okafor|brightwell",)
        for target in (Target("person", "person: maud okafor, brightwell", keys), Target("address", OTHER, keys)):
            await suppressions.add(connection, target, reason=Reason.OPT_OUT, by="Odo", now=NOW)
        await approvals.request(connection, draft(row[0]), now=NOW)


def draft(lead_id: Any) -> Proposal:
    content = {"to": ADDRESS, "subject": "Maud", "body": "Dear Maud Okafor"}
    facts = {"lead.contact_email": ADDRESS}
    return Proposal(
        ApprovalKind.EMAIL, str(uuid4()), "To Maud Okafor", content, facts, recipient=ADDRESS, lead_id=lead_id
    )


async def erase(engine: Engine, key: TombstoneKey = KEY) -> dict[str, int]:
    async with transaction(engine) as connection:
        return (await erasure.erase(connection, ADDRESS, key, by="Odo", now=NOW))[1]


async def test_nothing_is_left_of_the_person_and_the_company_stays(database: str, engine: Engine) -> None:
    await fill(database, engine)
    assert len(mentions(database, ADDRESS)) >= 6
    receipt = await erase(engine)
    assert {place for place, count in receipt.items() if count} >= {"leads", "contacts", "approvals and drafts"}
    assert mentions(database, ADDRESS) == []
    assert mentions(database, "okafor") == []
    with psycopg.connect(database) as connection:
        leads = connection.execute("SELECT company_name, contact_email FROM leads ORDER BY contact_email").fetchall()
        drafts = connection.execute("SELECT status, reason FROM approvals").fetchall()
        people = connection.execute("SELECT contacts FROM discoveries").fetchone()
        run = connection.execute("SELECT report FROM discovery_runs").fetchall()
        agreed = connection.execute("SELECT base FROM crm_links WHERE kind = 'lead'").fetchall()
    assert leads == [("Brightwell", "odo@brightwell.example"), ("Brightwell Ltd", None)]
    assert drafts == [("stale", "the recipient was erased")]
    assert agreed == [({"name": {"t": "Brightwell"}},)]
    assert run == [({"leads": 3, "reasons": {"HTTP 403": 1}},)]
    assert people is not None
    assert [found["name"] for found in people[0]] == ["Odo Brand"]
    assert sum((await erase(engine)).values()) == 0


async def test_an_erased_person_is_not_written_to(engine: Engine) -> None:
    await erase(engine)
    async with transaction(engine) as connection:
        with pytest.raises(Suppressed, match="erased"):
            await suppressions.refuse_suppressed(connection, ADDRESS, KEY)
        assert not await suppressions.remove(connection, target_of(ADDRESS), by="Odo", now=NOW)
        assert await suppressions.why_suppressed(connection, ADDRESS, KEY) == "erased"
        assert await suppressions.why_suppressed(connection, "odo@brightwell.example", KEY) is None


async def test_another_address_of_an_erased_person_stays_suppressed(database: str, engine: Engine) -> None:
    await fill(database, engine)
    await erase(engine)
    async with transaction(engine) as connection:
        assert [one.target for one in await suppressions.select_standing(connection)] == [Target("address", OTHER)]


async def test_a_wrong_key_is_told_and_nothing_is_imported(database: str, engine: Engine) -> None:
    await erase(engine)
    other = TombstoneKey(b"o" * 32)
    row: Row = {"key": "email:a@a.example", "company_name": "A", "contact_email": "a@a.example"}
    for key in (no_key, lambda: other):
        with pytest.raises(ConfigurationError, match=r"SUPPRESSION_KEY|no key"):
            await load(database, [row], tombstone_key=key)
    async with transaction(engine) as connection:
        with pytest.raises(ConfigurationError, match="another key"):
            await suppressions.why_suppressed(connection, "a@a.example", other)
    with pytest.raises(ConfigurationError):
        await erase(engine, other)


async def test_an_import_keeps_the_company_and_does_not_bring_the_person_back(database: str, engine: Engine) -> None:
    await fill(database, engine)
    await erase(engine)
    maud = {"key": f"email:{ADDRESS}", "contact_name": "Maud Okafor", "contact_email": ADDRESS, "notes": "call Maud"}
    rows: list[Row] = [
        {**maud, "company_name": "Brightwell Ltd", "city": "York"},
        {**maud, "key": f"id:x|1 {ADDRESS}", "company_name": "New Works", "city": "Hull", "extra.mail": ADDRESS},
        {**maud, "key": f"domain:x|{ADDRESS}"},
        {
            "key": "email:ada",
            "company_name": "Third",
            "contact_email": "ada@third.example",
            "contact_name": "Ada Byron",
        },
    ]
    for number in range(2):
        found = await load(database, rows, fingerprint=str(number), tombstone_key=lambda: KEY)
        counts = await totals(database, found)
        assert counts.rows == 4
    assert mentions(database, ADDRESS) == []
    assert mentions(database, "okafor") == []
    with psycopg.connect(database) as connection:
        names = connection.execute("SELECT company_name FROM leads ORDER BY 1").fetchall()
    assert names == [("Brightwell",), ("Brightwell Ltd",), ("New Works",), ("Third",)]
