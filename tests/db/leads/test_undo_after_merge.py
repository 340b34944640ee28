"""Undoing an import after a merge acts on the lead that stays; a merge taken apart leaves what there was."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import psycopg
import pytest
from importing import load, take_back

from core.errors import Conflict, LeadNotFound
from db.imports.taking_apart import take_apart
from db.leads import merging
from db.leads.merging import Deed
from db.server.engine import open_engine, transaction

DEED = Deed("Ana", datetime(2026, 11, 30, 9, 0, tzinfo=UTC), "one company")


def rows(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


async def test_undoing_an_import_after_a_merge_acts_on_the_one_that_stays(database: str) -> None:
    """The second import brought a company that was merged: undone, what only it brought goes, the rest stays."""
    await load(database, [{"company_name": "Brightwell", "company_domain": "brightwell.example"}], fingerprint="first")
    second = await load(
        database,
        [{"company_name": "Bright Well Works", "city": "York", "contact_name": "Maud Okafor",
          "contact_email": "maud@works.example"}],
        fingerprint="second",
    )  # fmt: skip
    (kept,), (gone,) = rows(database, "SELECT id FROM leads ORDER BY created_at, id")
    engine = open_engine(database)
    async with transaction(engine) as connection:
        await merging.merge_leads(connection, kept, gone, DEED)
    await engine.dispose()
    assert rows(database, "SELECT company_name, city FROM leads") == [("Brightwell", "York")]
    report = await take_back(database, second)
    assert report.kept == []
    assert rows(database, "SELECT company_name, city FROM leads") == [("Brightwell", None)]
    assert rows(database, "SELECT contact_name FROM contacts") == []


@pytest.mark.parametrize("person", [{"contact_name": "Maud Okafor", "contact_email": "maud@works.example"}, {}])
async def test_undoing_the_import_of_the_one_that_stays_keeps_what_the_other_brought(
    database: str, person: dict[str, str]
) -> None:
    first = await load(
        database, [{"company_name": "Brightwell", "company_domain": "brightwell.example", "industry": "Wool"}],
        fingerprint="first",
    )  # fmt: skip
    await load(
        database,
        [{"company_name": "Bright Well Works", **person}],
        fingerprint="second",
    )
    (kept,), (gone,) = rows(database, "SELECT id FROM leads ORDER BY created_at, id")
    engine = open_engine(database)
    async with transaction(engine) as connection:
        await merging.merge_leads(connection, kept, gone, DEED)
    await engine.dispose()
    await take_back(database, first)
    assert len(rows(database, "SELECT id FROM leads")) == 1
    found = rows(database, "SELECT contact_name, lead_id FROM contacts")
    assert found == ([("Maud Okafor", kept)] if person else [])


async def apart(url: str, kind: str, gone: UUID) -> Any:
    engine = open_engine(url)
    try:
        async with transaction(engine) as connection:
            return await take_apart(connection, kind, gone, DEED)  # type: ignore[arg-type]
    finally:
        await engine.dispose()


async def joined(url: str, kept: UUID, gone: UUID) -> None:
    engine = open_engine(url)
    try:
        async with transaction(engine) as connection:
            await merging.merge_leads(connection, kept, gone, DEED)
    finally:
        await engine.dispose()


BRIGHT = {"company_name": "Brightwell", "company_domain": "brightwell.example", "contact_name": "Ann Roe",
          "contact_email": "ann@gmail.com", "extra.Floor": "3"}  # fmt: skip
WORKS = {"company_name": "Bright Well Works", "city": "York", "industry": "Wool", "contact_name": "Maud Okafor",
         "contact_email": "maud@gmail.com", "notes": "met", "extra.Dock": "2"}  # fmt: skip
COMPANY_ONLY = {"company_name": "Bright Well Works", "city": "York", "notes": "met", "extra.Dock": "2"}
STATE = (
    "SELECT to_jsonb(l) - 'updated_at' FROM leads l ORDER BY id",
    "SELECT to_jsonb(c) - 'updated_at' FROM contacts c ORDER BY id",
    "SELECT to_jsonb(i) - 'value' FROM identities i ORDER BY key",
    "SELECT import_id, record_id, lead_id, before, after FROM import_changes ORDER BY import_id, record_id",
    "SELECT * FROM merged_records",
)


def stored(url: str) -> list[Any]:
    return [rows(url, query) for query in STATE]


@pytest.mark.parametrize("second_rows", [[WORKS], [COMPANY_ONLY], [WORKS, {**COMPANY_ONLY, "city": "Leeds"}]])
@pytest.mark.parametrize("is_older_kept", [True, False])
async def test_a_merge_taken_apart_leaves_what_there_was(
    database: str, second_rows: list[dict[str, str | None]], is_older_kept: bool
) -> None:
    await load(database, [BRIGHT], fingerprint="first")
    await load(database, second_rows, fingerprint="second")
    await load(database, [{**BRIGHT, "industry": "Silk"}], fingerprint="third")
    before = stored(database)
    ids = [row[0] for row in rows(database, "SELECT id FROM leads ORDER BY created_at, id")][:2]
    kept, gone = ids if is_older_kept else ids[::-1]
    await joined(database, kept, gone)
    assert stored(database) != before
    done = await apart(database, "lead", gone)
    assert (done.kept_id, done.gone_id) == (kept, gone)
    assert stored(database) == before
    (pair,) = rows(database, "SELECT decision, decided_by FROM possible_duplicates WHERE decision IS NOT NULL")
    assert pair == ("apart", "Ana")


@pytest.mark.parametrize("undone", ["first", "second"])
async def test_undone_while_merged_and_taken_apart_is_as_undone_alone(database: str, undone: str) -> None:
    imports = {
        name: await load(database, [row], fingerprint=name) for name, row in (("first", BRIGHT), ("second", WORKS))
    }
    (kept,), (gone,) = rows(database, "SELECT id FROM leads ORDER BY created_at, id")
    left = gone if undone == "first" else kept
    of_left = [
        rows(database, f"SELECT to_jsonb(r) - 'updated_at' FROM {table} r WHERE {column} = '{left}'")
        for table, column in (("leads", "id"), ("contacts", "lead_id"))
    ]
    await joined(database, kept, gone)
    await take_back(database, imports[undone])
    await apart(database, "lead", gone)
    assert [rows(database, query) for query in STATE[:2]] == of_left
    await take_back(database, imports["second" if undone == "first" else "first"])
    assert [rows(database, query) for query in STATE] == [[]] * 5


@pytest.mark.parametrize("order", list(permutations(["first", "second", "merge"])))
async def test_undone_in_any_order_nothing_is_left(database: str, order: tuple[str, ...]) -> None:
    imports = {
        name: await load(database, [row], fingerprint=name) for name, row in (("first", BRIGHT), ("second", WORKS))
    }
    (kept,), (gone,) = rows(database, "SELECT id FROM leads ORDER BY created_at, id")
    await joined(database, kept, gone)
    for step in order:
        if step == "merge" and order[2] == "merge":
            continue  # nothing is left that could be taken apart
        await (apart(database, "lead", gone) if step == "merge" else take_back(database, imports[step]))
    assert [rows(database, query) for query in STATE[:4]] == [[]] * 4


async def test_the_person_alone_is_back_when_the_import_of_the_company_is_undone(database: str) -> None:
    """The third row names the person at the company: the person's lead was merged into it."""
    await load(database, [{"company_name": "Acme", "company_domain": "acme.example"}], fingerprint="company")
    person = await load(database, [{"contact_name": "Jane Doe", "contact_email": "jane@gmail.com"}], fingerprint="p")
    before = stored(database)
    both = {"company_name": "Acme", "company_domain": "acme.example", "contact_name": "Jane Doe",
            "contact_email": "jane@gmail.com", "contact_title": "CEO"}  # fmt: skip
    joining = await load(database, [both], fingerprint="both")
    assert len(rows(database, "SELECT id FROM leads")) == 1
    await take_back(database, joining)
    assert stored(database) == before
    again = await load(database, [both], fingerprint="again")
    await take_back(database, person)
    await take_back(database, again)
    assert rows(database, "SELECT company_name FROM leads") == [("Acme",)]
    assert rows(database, "SELECT id FROM contacts") == []


async def test_an_approval_of_a_person_alone_goes_over_to_the_company(database: str) -> None:
    await load(database, [{"company_name": "Acme", "company_domain": "acme.example"}], fingerprint="company")
    await load(database, [{"contact_name": "Jane Doe", "contact_email": "jane@gmail.com"}], fingerprint="p")
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE leads SET tags = '{fair}', assigned_to = 'Ana' WHERE stands_for = 'person'")
        connection.execute(
            "INSERT INTO field_provenance (record_id, lead_id, field, value, source, observed_at)"
            " SELECT id, lead_id, 'contact_title', 'CEO', 'apollo', now() FROM contacts"
        )
    before = stored(database)
    joining = await load(
        database,
        [{"company_name": "Acme", "company_domain": "acme.example", "contact_name": "Jane Doe",
          "contact_email": "jane@gmail.com"}],
        fingerprint="both",
    )  # fmt: skip
    (lead,) = rows(database, "SELECT id, tags, assigned_to FROM leads")
    assert lead[1:] == (["fair"], "Ana")
    assert rows(database, "SELECT lead_id FROM field_provenance") == [(lead[0],)]
    await take_back(database, joining)
    assert stored(database) == before
    assert rows(database, "SELECT p.lead_id = c.lead_id FROM field_provenance p JOIN contacts c ON true") == [(True,)]


async def test_what_stands_against_taking_apart_is_said(database: str) -> None:
    for number, name in enumerate(("Alpha", "Beta", "Gamma")):
        await load(database, [{"company_name": name, "city": f"City {number}"}], fingerprint=name)
    (a,), (b,), (c,) = rows(database, "SELECT id FROM leads ORDER BY created_at, id")
    with pytest.raises(LeadNotFound, match="was merged into another"):
        await apart(database, "lead", a)
    await joined(database, b, a)
    await joined(database, c, b)
    with pytest.raises(Conflict, match=f"{b}, which has it, was merged into {c} since: take that apart first"):
        await apart(database, "lead", a)
    await apart(database, "lead", b)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE leads SET city = 'Ulm', edited_at = now(), edited_by = 'Bo' WHERE id = %s", [b])
    await apart(database, "lead", a)
    assert sorted(rows(database, "SELECT company_name, city, aliases FROM leads")) == [
        ("Alpha", "City 0", []), ("Beta", "Ulm", []), ("Gamma", "City 2", []),
    ]  # fmt: skip


async def test_people_are_taken_apart_with_their_contacts(database: str) -> None:
    await load(
        database,
        [
            {"company_name": "Acme", "contact_name": "Maud Okafor", "contact_email": "maud@acme.example"},
            {"company_name": "Acme", "contact_name": "M. Okafor", "contact_phone": "+442079460000"},
            {"company_name": "Beta", "contact_name": "Maud Okafor", "contact_email": "maud@gmail.com"},
        ],
        fingerprint="one",
    )
    before = stored(database)
    first = rows(database, "SELECT id FROM contacts WHERE contact_email = 'maud@acme.example'")[0][0]
    second = rows(database, "SELECT id FROM contacts WHERE contact_phone IS NOT NULL")[0][0]
    third = rows(database, "SELECT id FROM contacts WHERE contact_email = 'maud@gmail.com'")[0][0]
    engine = open_engine(database)
    async with transaction(engine) as connection:
        await merging.merge_contacts(connection, first, second, DEED)
        await merging.merge_contacts(connection, first, third, DEED)
    await engine.dispose()
    assert rows(database, "SELECT count(DISTINCT person_id), count(*) FROM contacts") == [(1, 2)]
    await apart(database, "contact", third)  # it stayed, as the other's
    await apart(database, "contact", second)
    assert stored(database) == before
