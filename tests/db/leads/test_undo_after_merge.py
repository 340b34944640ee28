"""Undoing an import after a merge acts on the lead that stays."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from importing import load, take_back

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
