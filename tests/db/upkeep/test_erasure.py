"""An erased person is nowhere in the database, their company and colleagues stay; every table is accounted for."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest
from importing import Row, load, totals
from mentions import mentions
from people import add_contact, add_lead

from core.errors import ConfigurationError, Conflict, Suppressed
from core.leads.identities import IdentityKind, identity
from core.leads.names import company_key, person_key
from core.outreach.approvals import ApprovalKind, Proposal
from core.outreach.suppression import Reason, Target, TombstoneKey, target_of
from core.upkeep.erasure import named_person
from db.outreach import approvals, suppressions
from db.outreach.tombstones import erased_among, no_key
from db.schema.tables import TableBase
from db.server.engine import Engine, open_engine, transaction
from db.upkeep import erasure, subjects

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEY = TombstoneKey(b"k" * 32)
ADDRESS = "maud@brightwell.example"
SECOND = "maud.okafor@northgate.example"
OTHER = "mo@private.example"
PROFILE = "https://www.linkedin.com/in/maud-okafor"
PHONE = "+442079460000"
SWITCHBOARD = "+442079460099"


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Engine]:
    engine = open_engine(database)
    yield engine
    await engine.dispose()


class People(NamedTuple):
    """Who is there: Maud at two companies and alone, a colleague of hers, and somebody whose address ends like hers."""

    company: UUID
    person: UUID
    maud: UUID
    odo: UUID
    namesake: UUID


def test_every_table_is_covered_or_holds_no_person() -> None:
    covered = [table for place in erasure.PLACES for table in place.tables]
    assert len(covered) == len(set(covered))
    assert set(covered).isdisjoint(erasure.HOLD_NO_PERSON)
    assert set(TableBase.metadata.tables) - {*covered, *erasure.HOLD_NO_PERSON} == set()
    assert all(erasure.HOLD_NO_PERSON.values())


def add_people(url: str) -> People:
    person, aliases = uuid4(), ["Maud Okafor", "Brightwell Works"]
    company = add_lead(
        url,
        company_name="Brightwell",
        name_key=company_key("Brightwell"),
        company_domain="brightwell.example",
        company_phone=SWITCHBOARD,
        notes="Maud Okafor decides",
        aliases=aliases,
        alias_keys=[company_key(alias) for alias in aliases],
        extra={"Owner": "Maud Okafor", "Floor": "3"},
    )
    other = add_lead(url, company_name="Northgate")
    own = add_lead(url, stands_for="person", name_key=person_key("Maud Okafor"))
    maud = {"person_id": person, "contact_name": "Maud Okafor", "name_key": person_key("Maud Okafor")}
    known = {"contact_email": ADDRESS, "contact_phone": PHONE, "linkedin_url": PROFILE, "contact_title": "Chief Okafor"}
    ids = add_contact(
        url, company, **maud, **known, extra={"remark": f"private: {ADDRESS}"}, original={"contact_name": "OKAFOR, M"}
    )
    add_contact(url, other, **maud, contact_email=SECOND)
    add_contact(url, own, **maud)
    odo = add_contact(
        url,
        company,
        contact_name="Odo Brand",
        contact_email="odo@brightwell.example",
        contact_phone=SWITCHBOARD,
        notes="likes tea",
        extra={"Met": "fair", "Asked": f"see {ADDRESS}"},
    )
    hers = f"ada.{ADDRESS}"
    namesake = add_contact(
        url, company, contact_name="Ada Maud", contact_email=hers, extra={"Mail": f"write to {hers}"}
    )
    return People(company, person, ids, odo, namesake)


async def fill(url: str, engine: Engine) -> People:
    """Put the person wherever they can be."""
    people = add_people(url)
    import_id = uuid4()
    email = identity(IdentityKind.EMAIL, ADDRESS).key
    found = json.dumps([{"name": "Maud Okafor", "email": ADDRESS}, {"name": "Odo Brand", "email": None}])
    statements: list[tuple[str, list[Any]]] = [
        (
            "INSERT INTO imports (id, fingerprint, file_name, file_sha256, options, format, records)"
            " VALUES (%s, 'f', 'f.csv', '0', '{}', '{}', 3)",
            [import_id],
        ),
        (
            "INSERT INTO import_met (import_id, first_record, lead_ids, contact_ids, keys)"
            " VALUES (%s, 2, ARRAY[%s], ARRAY[%s, %s], ARRAY[%s]::uuid[])",
            [import_id, people.company, people.maud, people.odo, email],
        ),
        (
            'INSERT INTO import_rejects (import_id, record, line, "column", value, reason, cells)'
            " VALUES (%s, 3, 3, 'x', 'x', 'x', %s::jsonb)",
            [import_id, json.dumps([f"see {ADDRESS}"])],
        ),
        ("INSERT INTO identities VALUES (%s, %s, 12, %s)", [email, people.person, ADDRESS]),
        (
            "INSERT INTO possible_duplicates (first_id, second_id, kind, reason) VALUES (%s, %s, 'person', %s)",
            [*sorted([people.person, uuid4()]), f"both are {ADDRESS}"],
        ),
        ("INSERT INTO merged_records (old_id, new_id, kind) VALUES (%s, %s, 'contact')", [uuid4(), people.maud]),
        ("INSERT INTO discoveries (site, website, contacts) VALUES ('b', 'b', %s::jsonb)", [found]),
        (
            "INSERT INTO discovery_runs (id, request, report) VALUES (gen_random_uuid(), '{}', %s)",
            [json.dumps({"leads": 3, "reasons": {f"'see {ADDRESS}'": 1, "'Maud OKAFOR' is none": 1, "HTTP 403": 1}})],
        ),
        ("INSERT INTO lead_discoveries (lead_id, site, address) VALUES (%s, 'b', 'b')", [people.company]),
        (
            "INSERT INTO crm_dead_letters (provider, kind, own_id, action, payload, reason)"
            " VALUES ('close', 'contact', %s, 'create', %s, 'no')",
            [people.maud, json.dumps({"emails": [ADDRESS]})],
        ),
    ]
    for record, lead, before in (
        (people.maud, people.company, {"contact_name": "Maud Okafor"}),
        (people.company, people.company, {"extra.Owner": "Maud Okafor", "city": "Leeds"}),
    ):
        statements += [
            (
                "INSERT INTO import_changes (import_id, record_id, lead_id, before, after) VALUES (%s, %s, %s, %s, %s)",
                [import_id, record, lead, json.dumps(before), json.dumps({"city": "York"})],
            ),
            (
                "INSERT INTO record_history (record_id, lead_id, action, done_by, before)"
                " VALUES (%s, %s, 'edit', 'Odo', %s)",
                [record, lead, json.dumps(before)],
            ),
            (
                "INSERT INTO field_provenance (record_id, lead_id, field, value, source, observed_at)"
                " VALUES (%s, %s, 'notes', %s, 'apollo', now())",
                [record, lead, f"{ADDRESS} is Maud Okafor's"],
            ),
            (
                "INSERT INTO enrichment_attempts (record_id, lead_id, run_id, provider, question_hash, outcome,"
                " cost_usd, cost_credits, is_reused, attempted_at)"
                " VALUES (%s, %s, gen_random_uuid(), 'apollo', %s, 'hit', 0, 0, false, now())",
                [record, lead, f"of {record.hex}"],
            ),
            (
                "INSERT INTO enrichment_questions (provider, question_hash, state, token, found)"
                " VALUES ('apollo', %s, 'answered', 0, %s)",
                [f"of {record.hex}", json.dumps([{"value": before.get("contact_name", ADDRESS)}, {"value": "Leeds"}])],
            ),
        ]
    for kind, own, base in (
        ("contact", people.maud, {"name": {"t": "Maud Okafor"}, "emails": {"t": [ADDRESS]}}),
        ("lead", people.company, {"name": {"t": "Brightwell"}, "description": {"t": f"see {ADDRESS}"}}),
        ("contact", people.odo, {"name": {"t": "Odo Brand"}}),
    ):
        statements += [
            (
                "INSERT INTO crm_links (provider, kind, own_id, lead_id, remote_id, state, base)"
                " VALUES ('close', %s, %s, %s, %s, 'in_sync', %s)",
                [kind, own, people.company, f"{kind}_{own}", json.dumps(base)],
            ),
            (
                "INSERT INTO crm_sync_logs (run_id, provider, side, action, kind, own_id, before, actor, outcome)"
                " VALUES (gen_random_uuid(), 'close', 'theirs', 'update', %s, %s, %s, 'x', 'done')",
                [kind, own, json.dumps(base)],
            ),
        ]
    statements += [
        (
            "INSERT INTO crm_conflicts (run_id, provider, kind, own_id, field, base, ours, theirs, winner, rule)"
            " VALUES (gen_random_uuid(), 'close', 'contact', %s, 'name', '1', '\"Maud Okafor\"', '2', 'o', 'x')",
            [people.maud],
        ),
        (
            "INSERT INTO assessments (lead_id, outcome, best_contact_id, breakdown, reasoning, icp_version, facts_hash,"
            " run_id, assessed_at) VALUES (%s, 'scored', %s, '[]', 'Chief Okafor decides', 'v', 'h', %s, now())",
            [people.company, people.maud, uuid4()],
        ),
    ]
    with psycopg.connect(url) as connection:
        for statement, values in statements:
            connection.execute(statement, values)  # type: ignore[arg-type]
    async with transaction(engine) as connection_:
        await suppressions.add(connection_, target_of(ADDRESS), reason=Reason.OPT_OUT, by="Odo", now=NOW)
        # As a file says it that knew no address; and another address of theirs, which stays suppressed.
        keys = ("person:maud okafor|brightwell",)
        for target in (Target("person", "person: maud okafor, brightwell", keys), Target("address", OTHER, keys)):
            await suppressions.add(connection_, target, reason=Reason.OPT_OUT, by="Odo", now=NOW)
        await approvals.request(connection_, draft(people.company), now=NOW)
    return people


def draft(lead_id: Any) -> Proposal:
    content = {"to": ADDRESS, "subject": "Maud", "body": "Dear Maud Okafor"}
    facts = {"contact.contact_email": ADDRESS}
    return Proposal(
        ApprovalKind.EMAIL, str(uuid4()), "To Maud Okafor", content, facts, recipient=ADDRESS, lead_id=lead_id
    )


async def erase(engine: Engine, key: TombstoneKey = KEY, who: str = ADDRESS) -> dict[str, int]:
    async with transaction(engine) as connection:
        return (await erasure.erase(connection, named_person(who), key, by="Odo", now=NOW))[1]


def rows(url: str, table: str, condition: str = "true") -> list[Any]:
    with psycopg.connect(url) as connection:
        query = f"SELECT to_jsonb(t) FROM {table} t WHERE {condition} ORDER BY 1"
        return [row[0] for row in connection.execute(query)]  # type: ignore[arg-type]


@pytest.mark.parametrize("by", ["address", "profile", "contact"])
async def test_nothing_is_left_of_the_person(database: str, engine: Engine, by: str) -> None:
    people = await fill(database, engine)
    assert len(mentions(database, ADDRESS)) >= 10
    receipt = await erase(engine, who={"address": ADDRESS, "profile": PROFILE, "contact": str(people.maud)}[by])
    assert {place.name for place in erasure.PLACES} - {name for name, count in receipt.items() if count} == {
        "sent messages", "meetings", "model runs", "messages of campaigns", "agents' threads and checkpoints",
    }  # fmt: skip
    for word in (f" {ADDRESS}", f'"{ADDRESS}', SECOND, "okafor", PHONE):
        assert mentions(database, word) == [], word
    # The link remains, empty, so that the CRM's record is not made twice.
    assert mentions(database, str(people.maud)) == ["crm_links", "crm_sync_logs"]
    assert [row["after"] for row in rows(database, "record_history", "action = 'erase'")] == [{}, {}]
    assert sum((await erase(engine)).values()) == 0


async def test_erasing_one_of_two(database: str, engine: Engine) -> None:
    """The company stays and so do colleagues, also one whose address ends like the erased person's."""
    people = await fill(database, engine)
    before = rows(database, "contacts", f"id IN ('{people.odo}', '{people.namesake}')")
    await erase(engine)
    after = rows(database, "contacts")
    assert [row["id"] for row in after] == [row["id"] for row in before]
    for then, now in zip(before, after, strict=True):
        then["extra"].pop("Asked", None)
        assert {**now, "updated_at": None} == {**then, "updated_at": None}
    leads = {row["company_name"]: row for row in rows(database, "leads")}
    assert set(leads) == {"Brightwell", "Northgate"}
    kept = leads["Brightwell"]
    assert (kept["aliases"], kept["alias_keys"], kept["extra"], kept["notes"]) == (
        ["Brightwell Works"], [company_key("Brightwell Works")], {"Floor": "3"}, None,
    )  # fmt: skip
    assert [row["base"] for row in rows(database, "crm_links", "kind = 'lead'")] == [{"name": {"t": "Brightwell"}}]
    assert [row["base"] for row in rows(database, "crm_links", f"own_id = '{people.odo}'")] == [
        {"name": {"t": "Odo Brand"}}
    ]
    assert [row["report"] for row in rows(database, "discovery_runs")] == [{"leads": 3, "reasons": {"HTTP 403": 1}}]
    assert [found["name"] for row in rows(database, "discoveries") for found in row["contacts"]] == ["Odo Brand"]
    assert [(row["before"], row["after"]) for row in rows(database, "import_changes")] == [
        ({"city": "Leeds"}, {"city": "York"})
    ]
    assert [row["found"] for row in rows(database, "enrichment_questions")].count([{"value": "Leeds"}]) == 1
    assert [(row["status"], row["reason"]) for row in rows(database, "approvals")] == [
        ("stale", "the recipient was erased")
    ]


async def test_an_erased_person_is_not_written_to(engine: Engine) -> None:
    await erase(engine)
    async with transaction(engine) as connection:
        with pytest.raises(Suppressed, match="erased"):
            await suppressions.refuse_suppressed(connection, ADDRESS, KEY)
        assert not await suppressions.remove(connection, target_of(ADDRESS), by="Odo", now=NOW)
        assert await suppressions.why_suppressed(connection, ADDRESS, KEY) == "erased"
        assert await suppressions.why_suppressed(connection, "odo@brightwell.example", KEY) is None


async def test_tombstones_cover_every_address_profile_and_own_number(database: str, engine: Engine) -> None:
    people = add_people(database)
    add_contact(database, people.company, person_id=people.person, contact_phone=SWITCHBOARD)
    await erase(engine)
    async with transaction(engine) as connection:

        async def found(values: list[str], kind: Any = "address") -> set[str]:
            return await erased_among(connection, values, lambda: KEY, kind=kind)

        assert await found([ADDRESS, SECOND, "odo@brightwell.example"]) == {ADDRESS, SECOND}
        assert await found([PROFILE, PROFILE + "2"], "profile") == {PROFILE}
        assert await found([PHONE, SWITCHBOARD], "phone") == {PHONE}
        assert await found([PHONE, PROFILE]) == set()


async def test_a_mailbox_of_several_people_names_nobody(database: str, engine: Engine) -> None:
    company = add_lead(database, company_name="Brightwell")
    ids = [add_contact(database, company, contact_name=name, contact_email="info@brightwell.example")
           for name in ("Maud Okafor", "Odo Brand")]  # fmt: skip
    with pytest.raises(Conflict, match="2 people have this mailbox"):
        await erase(engine, who="info@brightwell.example")
    await erase(engine, who=str(ids[0]))
    assert [row["contact_name"] for row in rows(database, "contacts")] == ["Odo Brand"]
    async with transaction(engine) as connection:
        assert await erased_among(connection, ["info@brightwell.example"], lambda: KEY) == set()


async def test_who_may_be_the_same_is_shown_and_stays(database: str, engine: Engine) -> None:
    company = add_lead(database, company_name="Brightwell")
    persons = [uuid4(), uuid4()]
    add_contact(database, company, contact_name="Maud Okafor", contact_email=ADDRESS, person_id=persons[0])
    other = add_contact(database, company, contact_name="M. Okafor", person_id=persons[1])
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO possible_duplicates (first_id, second_id, kind, reason) VALUES (%s, %s, 'person', 'alike')",
            sorted(persons),
        )
    async with transaction(engine) as connection_:
        subject = await subjects.find(connection_, named_person(ADDRESS))
        shown = await subjects.select_namesakes(connection_, subject)
    assert shown == [subjects.Namesake(other, "M. Okafor", None, "Brightwell", "alike")]
    await erase(engine)
    assert [row["id"] for row in rows(database, "contacts")] == [str(other)]


async def test_another_address_of_an_erased_person_stays_suppressed(database: str, engine: Engine) -> None:
    await fill(database, engine)
    await erase(engine)
    async with transaction(engine) as connection:
        assert [one.target for one in await suppressions.select_standing(connection)] == [Target("address", OTHER)]


async def test_a_wrong_key_is_told(engine: Engine) -> None:
    await erase(engine)
    other = TombstoneKey(b"o" * 32)
    async with transaction(engine) as connection:
        for key in (no_key, lambda: other):
            with pytest.raises(ConfigurationError, match=r"SUPPRESSION_KEY|no key"):
                await erased_among(connection, ["a@a.example"], key)
        with pytest.raises(ConfigurationError, match="another key"):
            await suppressions.why_suppressed(connection, "a@a.example", other)
    with pytest.raises(ConfigurationError):
        await erase(engine, other)


async def test_an_import_keeps_the_company_and_does_not_bring_the_person_back(database: str, engine: Engine) -> None:
    await fill(database, engine)
    await erase(engine)
    maud = {"contact_name": "Maud Okafor", "contact_email": ADDRESS, "notes": "call Maud"}
    ada = {"contact_email": "ada@third.example", "contact_name": "Ada Byron"}
    given: list[Row] = [
        {**maud, "company_name": "Brightwell", "company_domain": "brightwell.example"},
        {**maud, "company_name": "New Works", "city": "Hull", "extra.mail": ADDRESS},
        maud,
        {"company_name": "Third", **ada},
        {"company_name": "Third", "contact_name": "M. Okafor", "linkedin_url": PROFILE},
        {"company_name": "Third", "contact_name": "M. Okafor", "contact_phone": PHONE},
        # Whoever has the number now.
        {
            "company_name": "Third",
            "contact_name": "Bo Heir",
            "contact_email": "bo@third.example",
            "contact_phone": PHONE,
        },
    ]
    for number in range(2):
        import_id = await load(database, given, fingerprint=str(number), tombstone_key=lambda: KEY)
        assert (await totals(database, import_id)).rows == 7
    assert mentions(database, f" {ADDRESS}") == mentions(database, f'"{ADDRESS}') == []
    assert mentions(database, "okafor") == []
    names = sorted(row["company_name"] for row in rows(database, "leads"))
    assert names == ["Brightwell", "New Works", "Northgate", "Third"]
    people = {row["contact_name"] for row in rows(database, "contacts")}
    assert people == {"Odo Brand", "Ada Maud", "Ada Byron", "Bo Heir"}


async def test_what_is_held_is_told_with_its_place_and_nobody_elses(database: str, engine: Engine) -> None:
    """`person export` reads the places that erasing empties: what one covers the other tells."""
    people = await fill(database, engine)
    async with transaction(engine) as connection:
        found = (await erasure.held(connection, named_person(ADDRESS)))[1]
    assert {place.name for place in erasure.PLACES} - set(found) == {
        "sent messages", "meetings", "model runs", "messages of campaigns", "agents' threads and checkpoints",
    }  # fmt: skip
    told = json.dumps(found, default=str)
    assert all(word in told for word in (ADDRESS, SECOND, PROFILE, PHONE, "Chief Okafor", "f.csv", "Brightwell"))
    assert "Odo Brand" not in told
    assert "likes tea" not in told
    assert str(people.namesake) not in told
    await erase(engine)
    async with transaction(engine) as connection:
        assert (await erasure.held(connection, named_person(ADDRESS)))[1].keys() <= {"suppressions"}
