"""Leads of a segment are found by their country, however either is written."""

from importing import load

from core.outreach.markets import Segment
from db.leads.segments import select_counted
from db.server.engine import open_engine, transaction

STORED = ("US", "US", "US", "DE", "AT", "NA", None)
FOUND = {"US": 3, "United States": 3, "Vereinigte Staaten": 3, "DACH": 2, "AT": 1, "Namibia": 1, "FR": 0}


async def test_a_country_is_found_in_any_spelling(database: str) -> None:
    await load(database, [{"key": f"k{number}", "country": name} for number, name in enumerate(STORED)])
    engine = open_engine(database)
    try:
        async with transaction(engine) as connection:
            counts = {name: len(await select_counted(connection, Segment(country=name))) for name in FOUND}
    finally:
        await engine.dispose()
    assert counts == FOUND
