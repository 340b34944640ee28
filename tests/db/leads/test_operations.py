"""Leads and contacts are merged, moved, edited, deleted in a person's name; nothing that hangs on them is lost."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from people import add_contact, add_lead

from core.errors import Conflict, InvalidInput, LeadNotFound
from core.leads.identities import IdentityKind, identity
from core.leads.names import company_key, person_key
from db.leads import changing, duplicates, merging, reading
from db.leads.matching import current_id
from db.leads.merging import Deed
from db.leads.repointing import NOT_REPOINTED
from db.schema.tables import TableBase
from db.server.engine import Connection, open_engine, transaction

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
DEED = Deed("Ana", NOW, "seen at the fair")


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    engine = open_engine(database)
    async with transaction(engine) as connection:
        yield connection
    await engine.dispose()


def execute(url: str, statement: str, *values: Any) -> None:
    given = [json.dumps(value) if isinstance(value, dict) else value for value in values]
    with psycopg.connect(url) as connection:
        connection.execute(statement, given)  # type: ignore[arg-type]


def rows(url: str, query: str, *values: Any) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()  # type: ignore[arg-type]


async def read(connection: Connection, query: str, *values: Any) -> list[Any]:
    return await (await connection.execute(query, values)).fetchall()


def add_import(url: str, name: str) -> UUID:
    import_id = uuid4()
    execute(
        url,
        "INSERT INTO imports (id, fingerprint, file_name, file_sha256, options, format, records, status)"
        " VALUES (%s, %s, %s, '0', '{}', '{}', 1, 'finished')",
        import_id, name, name,
    )  # fmt: skip
    return import_id


def add_identity(url: str, kind: IdentityKind, value: str, owner: UUID) -> None:
    execute(url, "INSERT INTO identities VALUES (%s, %s, %s)", identity(kind, value).key, owner, int(kind))


def link(url: str, kind: str, own_id: UUID, lead_id: UUID, remote_id: str | None) -> None:
    execute(
        url,
        "INSERT INTO crm_links (provider, kind, own_id, lead_id, remote_id, local_token)"
        " VALUES ('close', %s, %s, %s, %s, 'looked at')",
        kind, own_id, lead_id, remote_id,
    )  # fmt: skip


async def test_a_merged_lead_gives_all_that_hangs_on_it(database: str, connection: Connection) -> None:
    first, second = add_import(database, "first.csv"), add_import(database, "second.csv")
    kept = add_lead(
        database, company_name="Brightwell", name_key="brightwell", city="Leeds", created_import_id=first,
        extra={"Floor": "3"}, tags=["fair"],
    )  # fmt: skip
    gone = add_lead(
        database, company_name="Bright Well Works", name_key=company_key("Bright Well Works"), city="York",
        street="Mill 1", industry="Wool", created_import_id=second, extra={"Floor": "4", "Dock": "2"}, tags=["old"],
    )  # fmt: skip
    ann, other = (add_contact(database, gone, contact_name=name, created_import_id=second) for name in ("Ann", "Bo"))
    third = add_lead(database, company_name="Third")
    add_identity(database, IdentityKind.DOMAIN, "brightwell.example", gone)
    link(database, "lead", gone, gone, "lead_1")
    link(database, "contact", ann, gone, "cont_1")
    for field, record in (("industry", gone), ("contact_title", ann)):
        execute(
            database,
            "INSERT INTO field_provenance (record_id, lead_id, field, value, source, observed_at)"
            " VALUES (%s, %s, %s, 'x', 'website', now())",
            record, gone, field,
        )  # fmt: skip
    execute(
        database, "INSERT INTO import_met (import_id, first_record, lead_ids, contact_ids)"
        " VALUES (%s, 2, ARRAY[%s, %s], ARRAY[%s])", first, kept, gone, ann,
    )  # fmt: skip
    for one, two in ((gone, third), (kept, gone)):
        execute(
            database, "INSERT INTO possible_duplicates (first_id, second_id, kind, reason)"
            " VALUES (%s, %s, 'lead', 'x')", *sorted([one, two]),
        )  # fmt: skip
    old = uuid4()
    execute(database, "INSERT INTO merged_records (old_id, new_id, kind) VALUES (%s, %s, 'lead')", old, gone)

    assert await merging.merge_leads(connection, kept, gone, DEED) == kept
    (lead,) = await read(
        connection,
        "SELECT company_name, city, street, industry, extra, aliases, alias_keys, tags, places FROM leads"
        " WHERE id = %s", kept,
    )  # fmt: skip
    place = {"city": "York", "street": "Mill 1"}
    assert lead == (
        "Brightwell", "Leeds", None, "Wool", {"Floor": "3", "Dock": "2"}, ["Bright Well Works"],
        [company_key("Bright Well Works")], ["fair", "old"], [place],
    )  # fmt: skip
    for table, column in (("contacts", "lead_id"), ("crm_links", "lead_id"), ("field_provenance", "lead_id")):
        assert await read(connection, f"SELECT DISTINCT {column} FROM {table}") == [(kept,)], table
    assert {row[0] for row in await read(connection, "SELECT id FROM contacts")} == {ann, other}
    assert await read(connection, "SELECT own_id, remote_id, local_token FROM crm_links WHERE kind = 'lead'") == [
        (kept, "lead_1", None)
    ]
    assert await read(connection, "SELECT owner_id FROM identities") == [(kept,)]
    assert [await current_id(connection, each) for each in (gone, old, kept)] == [kept] * 3
    pairs = await read(connection, "SELECT first_id, second_id, decision, decided_by FROM possible_duplicates")
    assert sorted(pairs, key=str) == sorted(
        [(*sorted([kept, third]), None, None), (*sorted([kept, gone]), "merge", "Ana")], key=str
    )
    # The second import, which brought the one that is gone, vouches for the other and can take back what it gave.
    assert await read(connection, "SELECT import_id, lead_ids FROM import_met ORDER BY first_record DESC") == [
        (first, [kept]), (second, [kept]),
    ]  # fmt: skip
    changes = await read(connection, "SELECT import_id, record_id, before, after FROM import_changes")
    given = {"industry": "Wool", "tags.old": "old", "extra.Dock": "2"}
    assert changes == [(second, kept, dict.fromkeys(given), given)]
    history = await read(
        connection, "SELECT action, done_by, reason, before->'merged'->>'company_name' FROM record_history"
    )
    assert history == [("merge", "Ana", "seen at the fair", "Bright Well Works")]


async def test_what_an_import_changed_in_a_merged_lead_is_its_change_of_the_other(
    database: str, connection: Connection
) -> None:
    both, brought = add_import(database, "both.csv"), add_import(database, "brought.csv")
    kept = add_lead(database, company_name="Brightwell")
    gone = add_lead(database, company_name="Brightwell", city="York", created_import_id=brought)
    for record, before, after in (
        (kept, {"industry": None}, {"industry": "Wool"}),
        (gone, {"city": "Leeds", "industry": None}, {"city": "York", "industry": "Silk"}),
    ):
        execute(
            database, "INSERT INTO import_changes (import_id, record_id, lead_id, before, after)"
            " VALUES (%s, %s, %s, %s, %s)", both, record, record, before, after,
        )  # fmt: skip
    await merging.merge_leads(connection, kept, gone, DEED)
    found = await read(
        connection, "SELECT import_id, lead_id, before, after FROM import_changes ORDER BY after->>'city'"
    )
    assert found == [
        (brought, kept, {"city": None}, {"city": "Leeds"}),
        (both, kept, {"city": "Leeds", "industry": None}, {"city": "York", "industry": "Wool"}),
    ]


def test_every_table_that_names_a_lead_or_contact_is_repointed() -> None:
    """A new table with the id of a lead, a contact or a person goes over with a merge, or says why not."""
    from db.leads import repointing

    known = {each.table for each in (*repointing._OF_RECORD, *repointing._OF_LEAD, *repointing._OF_CONTACT)}
    known |= {
        "import_met",
        "import_changes",
        "crm_dead_letters",
        "merged_records",
        "possible_duplicates",
        *NOT_REPOINTED,
    }
    names = {"lead_id", "contact_id", "person_id", "record_id", "own_id", "best_contact_id", "lead_ids", "owner_id"}
    tables = {table.name for table in TableBase.metadata.tables.values() if names & set(table.columns.keys())}
    # A CRM's events name its own leads.
    assert tables - {"crm_events"} - known == set()


async def test_two_linked_leads_wait_until_one_link_is_given_up(database: str, connection: Connection) -> None:
    kept, gone = add_lead(database, company_name="A"), add_lead(database, company_name="A")
    link(database, "lead", kept, kept, "lead_1")
    link(database, "lead", gone, gone, "lead_2")
    with pytest.raises(Conflict, match="both are linked in the CRM close"):
        await merging.merge_leads(connection, kept, gone, DEED)
    with pytest.raises(Conflict, match="the same already"):
        await merging.merge_leads(connection, kept, kept, DEED)
    with pytest.raises(LeadNotFound):
        await merging.merge_leads(connection, kept, uuid4(), DEED)


async def test_a_persons_lead_becomes_the_company_it_is_merged_with(database: str, connection: Connection) -> None:
    alone = add_lead(database, stands_for="person", name_key="maud okafor")
    person = uuid4()
    names = {"contact_name": "Maud Okafor", "name_key": "maud okafor", "person_id": person}
    first = add_contact(database, alone, **names, contact_email="maud@brightwell.example")
    company = add_lead(database, company_name="Brightwell", name_key="brightwell")
    second = add_contact(database, company, **names, contact_title="Director")
    namesake = add_contact(database, company, contact_name="Okafor Maud", name_key="maud okafor")
    await merging.merge_leads(connection, alone, company, DEED)
    assert await read(connection, "SELECT stands_for, company_name, name_key FROM leads") == [
        ("company", "Brightwell", "brightwell")
    ]
    contacts = await read(connection, "SELECT id, contact_email, contact_title FROM contacts ORDER BY contact_email")
    assert contacts == [(first, "maud@brightwell.example", "Director"), (namesake, None, None)]
    assert await current_id(connection, second) == first
    (pair,) = await read(connection, "SELECT kind, reason, decision FROM possible_duplicates")
    assert pair == ("person", "the same name at leads that were merged", None)


async def test_merged_people_are_one_person_and_one_contact_a_lead(database: str, connection: Connection) -> None:
    company, other = add_lead(database, company_name="Brightwell"), add_lead(database, company_name="Northgate")
    kept = add_contact(database, company, contact_name="M. Okafor", contact_email="m@brightwell.example")
    gone = add_contact(
        database, company, contact_name="Maud Okafor", contact_email="maud@brightwell.example",
        contact_phone="+442079460000", notes="tea", field_edits={"contact_phone": {"by": "Bo"}},
    )  # fmt: skip
    persons = dict(rows(database, "SELECT id, person_id FROM contacts"))
    elsewhere = add_contact(database, other, person_id=persons[gone])
    add_identity(database, IdentityKind.EMAIL, "maud@brightwell.example", persons[gone])
    approval, campaign = uuid4(), uuid4()
    execute(database, "INSERT INTO campaigns (id, segment, variants) VALUES (%s, 's', '[]')", campaign)
    for contact in (kept, gone):
        execute(
            database, "INSERT INTO campaign_letters (campaign_id, contact_id, lead_id, approval_id, persona, tone,"
            " facts) VALUES (%s, %s, %s, %s, 'p', 't', '[]')", campaign, contact, company, approval,
        )  # fmt: skip
    link(database, "contact", gone, company, "cont_1")
    link(database, "contact", kept, company, None)
    assert await merging.merge_contacts(connection, kept, gone, DEED) == kept
    found = await read(
        connection, "SELECT id, person_id, contact_email, contact_phone, notes, field_edits FROM contacts"
        " ORDER BY lead_id = %s",
        company,
    )  # fmt: skip
    assert found == [
        (elsewhere, persons[kept], None, None, None, {}),
        (kept, persons[kept], "m@brightwell.example", "+442079460000", "tea", {"contact_phone": {"by": "Bo"}}),
    ]
    # The other address finds them still, and is told.
    assert await read(connection, "SELECT owner_id, value FROM identities") == [
        (persons[kept], "maud@brightwell.example")
    ]
    assert await read(connection, "SELECT own_id, remote_id FROM crm_links") == [(kept, "cont_1")]
    assert await read(connection, "SELECT contact_id FROM campaign_letters") == [(kept,)]
    assert await current_id(connection, gone) == kept
    assert await current_id(connection, persons[gone]) == persons[kept]


async def test_decided_pairs_ask_no_more(database: str, connection: Connection) -> None:
    ids = [add_lead(database, company_name=f"Company {number}") for number in range(4)]
    for one, two in ((0, 1), (1, 2), (2, 3)):
        execute(
            database, "INSERT INTO possible_duplicates (first_id, second_id, kind, reason)"
            " VALUES (%s, %s, 'lead', 'one name')", *sorted([ids[one], ids[two]]),
        )  # fmt: skip
    everything = duplicates.PairFilters()
    page = await duplicates.select_open(connection, everything, limit=2)
    rest = await duplicates.select_open(connection, everything, after=page.cursor, limit=2)
    assert (len(page.rows), len(rest.rows), rest.cursor) == (2, 1, None)
    assert {page.rows[0]["first"]["name"], page.rows[0]["second"]["name"]} <= {f"Company {n}" for n in range(4)}
    assert await duplicates.count_open(connection) == (3, False)
    first, second, third = await duplicates.select_pairs(connection, duplicates.PairFilters(kind="lead", about="ONE"))
    assert await duplicates.select_pairs(connection, duplicates.PairFilters(kind="person")) == []
    assert await duplicates.keep_apart(connection, [first], DEED) == 1
    assert await duplicates.keep_apart(connection, await duplicates.find(connection, [first.handle]), DEED) == 0
    kept, gone = await duplicates.ordered(connection, second, keep=second.second_id)
    assert kept == second.second_id
    await merging.merge_leads(connection, kept, gone, DEED)
    left = await duplicates.select_pairs(connection, everything)
    assert len(left) == 1
    assert gone not in left[0]
    with pytest.raises(InvalidInput, match="no such pair"):
        await duplicates.find(connection, ["nothing"])
    assert third.kind == "lead"


async def test_a_contact_moves_with_all_that_hangs_on_it(database: str, connection: Connection) -> None:
    old, new = add_lead(database, company_name="Brightwell"), add_lead(database, company_name="Northgate")
    maud = add_contact(database, old, contact_name="Maud Okafor")
    link(database, "contact", maud, old, "cont_1")
    execute(
        database, "INSERT INTO assessments (lead_id, outcome, best_contact_id, breakdown, icp_version, facts_hash,"
        " run_id, assessed_at) VALUES (%s, 'scored', %s, '[]', 'v', 'h', %s, now())", old, maud, uuid4(),
    )  # fmt: skip
    await changing.move_contact(connection, maud, new, DEED)
    assert await read(connection, "SELECT lead_id, edited_by FROM contacts") == [(new, "Ana")]
    assert await read(connection, "SELECT lead_id, local_token FROM crm_links") == [(new, None)]
    assert await read(connection, "SELECT lead_id FROM assessments") == []
    moved = await read(connection, "SELECT lead_id, action, before, after FROM record_history ORDER BY id")
    assert moved == [(each, "move", {"lead_id": str(old)}, {"lead_id": str(new)}) for each in (old, new)]
    with pytest.raises(Conflict, match="already"):
        await changing.move_contact(connection, maud, new, DEED)


async def test_an_edit_is_a_persons_and_finds_the_record_from_then_on(database: str, connection: Connection) -> None:
    lead = add_lead(database, company_name="Brightwell Ltd", name_key="brightwell")
    maud, odo = (add_contact(database, lead, contact_name=name) for name in ("Maud Okafor", "Odo Brand"))
    owner = dict(await read(connection, "SELECT id, person_id FROM contacts"))
    add_identity(database, IdentityKind.EMAIL, "odo@brightwell.example", owner[odo])
    await reading.edit(
        connection,
        lead,
        {"company_name": "Brightwell Works", "tags": ["fair"], "assigned_to": "Ana"},
        by="Ana",
        now=NOW,
    )
    await reading.edit(
        connection, maud, {"contact_email": "odo@brightwell.example", "state": "former"}, by="Ana", now=NOW
    )
    assert await read(
        connection, "SELECT company_name, name_key, aliases, tags, assigned_to, edited_by FROM leads"
    ) == [("Brightwell Works", company_key("Brightwell Works"), ["Brightwell Ltd"], ["fair"], "Ana", "Ana")]
    found = await read(connection, "SELECT state, name_key, field_edits FROM contacts WHERE id = %s", maud)
    assert found == [("former", person_key("Maud Okafor"), {"contact_email": {"at": NOW.isoformat(), "by": "Ana"}})]
    assert await read(connection, "SELECT record_id, field, source, edited_by FROM field_provenance ORDER BY 2") == [
        (lead, "company_name", "person", "Ana"), (maud, "contact_email", "person", "Ana"),
    ]  # fmt: skip
    assert await read(connection, "SELECT reason FROM possible_duplicates") == [
        ("the same e-mail address, by an edit",)
    ]
    assert await read(connection, "SELECT owner_id FROM identities") == [(owner[odo],)]
    with pytest.raises(InvalidInput, match="contact_email: of a contact, not of a lead"):
        await reading.edit(connection, lead, {"contact_email": None}, by="Ana", now=NOW)
    with pytest.raises(InvalidInput, match="no such field of a contact: shoe"):
        await reading.edit(connection, maud, {"shoe": None}, by="Ana", now=NOW)
    with pytest.raises(LeadNotFound):
        await reading.edit(connection, uuid4(), {"city": None}, by="Ana", now=NOW)


async def test_what_is_deleted_is_in_the_history_and_asks_nothing(database: str, connection: Connection) -> None:
    lead = add_lead(database, company_name="Brightwell")
    maud, odo = (add_contact(database, lead, contact_name=name) for name in ("Maud Okafor", "Odo Brand"))
    owner = dict(await read(connection, "SELECT id, person_id FROM contacts"))
    execute(
        database, "INSERT INTO possible_duplicates (first_id, second_id, kind, reason) VALUES (%s, %s, 'person', 'x')",
        *sorted(owner.values()),
    )  # fmt: skip
    await changing.delete(connection, "contact", maud, DEED)
    assert await read(connection, "SELECT id FROM contacts") == [(odo,)]
    assert await read(connection, "SELECT first_id FROM possible_duplicates") == []
    await changing.delete(connection, "lead", lead, DEED)
    assert await read(connection, "SELECT id FROM contacts") == []
    told = await read(
        connection, "SELECT record_id, action, before->>'contact_name', before->>'company_name' FROM record_history"
    )
    assert told == [(maud, "delete", "Maud Okafor", None), (lead, "delete", None, "Brightwell")]
    with pytest.raises(LeadNotFound):
        await changing.delete(connection, "lead", lead, DEED)
