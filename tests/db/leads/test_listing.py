"""Lists go on after a row, count what is countable, and say where they estimate or are cut."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from people import add_contact, add_lead

from core.errors import InvalidInput
from core.leads.search import search_of
from db.leads import listing
from db.leads.listing import Filters
from db.reports import counts
from db.server.engine import Connection, open_engine, transaction

MANY = 10_050


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    engine = open_engine(database)
    async with transaction(engine) as connection:
        yield connection
    await engine.dispose()


def fill(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO leads (id, company_name, name_key, tags) SELECT gen_random_uuid(), 'Company ' || n,"
            " n || ' company', CASE WHEN n %% 100 = 0 THEN ARRAY['fair'] ELSE '{}' END"
            " FROM generate_series(1, %s) AS n",
            [MANY],
        )
        connection.execute(
            "INSERT INTO contacts (id, lead_id, person_id, contact_name, name_key)"
            " SELECT gen_random_uuid(), id, gen_random_uuid(), 'Ann', 'ann' FROM leads"
        )
        connection.execute("ANALYZE leads, contacts")


async def test_many_are_estimated_listed_once_each_and_cut_where_a_word_is_everybodys(
    database: str, connection: Connection
) -> None:
    fill(database)
    for table in ("lead", "contact"):
        found = await listing.count(connection, table)  # type: ignore[arg-type]
        assert found.is_estimated
        assert abs(found.number - MANY) < MANY / 20
    people = await counts.people(connection)
    assert people["is_estimated"]
    assert abs(people["leads_with_contacts"] - MANY) < MANY / 20
    seen: list[object] = []
    after = None
    while True:
        page = await listing.select_leads(connection, filters=Filters(tag="fair"), after=after, limit=30)
        seen += [row["id"] for row in page.rows]
        if (after := page.cursor) is None:
            break
    assert len(seen) == len(set(seen)) == MANY // 100
    assert seen == sorted(seen, reverse=True)
    everybody = await listing.select_leads(connection, search_of("company"), limit=2)
    assert (len(everybody.rows), everybody.is_cut) == (2, True)
    some = await listing.select_leads(connection, search_of("Company 1005"))
    assert (len(some.rows), some.is_cut) == (2, False), "Company 1005 and 10050"
    tagged = await listing.select_leads(connection, search_of("company 100"), Filters(tag="fair"))
    assert {row["company_name"] for row in tagged.rows} == {"Company 100", "Company 1000", "Company 10000"}


async def test_few_are_counted(database: str, connection: Connection) -> None:
    lead = add_lead(database, company_name="Brightwell", name_key="brightwell")
    add_contact(database, lead, contact_name="Maud Okafor", name_key="maud okafor")
    assert await listing.count(connection, "lead") == listing.Count(1, is_estimated=False)
    people = await counts.people(connection)
    assert (people["contacts"], people["leads_with_contacts"], people["is_estimated"]) == (1, 1, False)
    for query in ("okafor", "Mau", "Okafor, Maud", "Dr. Maud Okafor"):
        assert len((await listing.select_contacts(connection, search_of(query))).rows) == 1, query
    with pytest.raises(InvalidInput, match="--after"):
        await listing.select_leads(connection, after="page 2")
