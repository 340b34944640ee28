"""Leads of a segment are found by their country, however either is written."""

from people import add_contact, add_lead

from core.outreach.markets import Segment
from db.leads.segments import select_counted
from db.server.engine import open_engine, transaction

STORED = ("US", "US", "US", "DE", "AT", "NA", None)
FOUND = {"US": 3, "United States": 3, "Vereinigte Staaten": 3, "DACH": 2, "AT": 1, "Namibia": 1, "FR": 0}


async def test_a_country_is_found_in_any_spelling(database: str) -> None:
    for name in STORED:
        lead_id = add_lead(database, country=name)
        add_contact(database, lead_id, contact_name="Ada Byron")
        add_contact(database, lead_id, contact_name="Bo Byron")
        add_contact(database, lead_id, contact_name="Cy Byron", state="former")
    engine = open_engine(database)
    try:
        async with transaction(engine) as connection:
            rows = {name: await select_counted(connection, Segment(country=name)) for name in FOUND}
            few = await select_counted(connection, Segment(limit=2))
    finally:
        await engine.dispose()
    assert {name: len({row[0] for row in found}) for name, found in rows.items()} == FOUND
    assert {name: len(found) for name, found in rows.items()} == {name: 2 * count for name, count in FOUND.items()}
    assert len(few) == 4, "a limit counts leads, not their people"
