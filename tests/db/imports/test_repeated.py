"""The same import again is recognised only where it would change nothing, and accounts for every row."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from importing import Row, leads, load, session, take_back, totals

from core.imports.runs import ImportReport
from core.leads.merging import ConflictPolicy
from db.imports import history as imports
from db.imports.lead_loading import NewImport, loading
from db.leads import reading as stored_leads
from db.server.engine import own_connection

ROWS: list[Row] = [{"key": "a", "industry": "Oslo"}, {"key": "b"}, {"key": "a", "notes": "n"}, {"key": ""}]
FINGERPRINT = "these rows"


async def first_import(url: str) -> UUID:
    """Import the rows to the end, report included."""
    import_id = await load(url, ROWS, fingerprint=FINGERPRINT)
    await finish(url, import_id)
    return import_id


async def finish(url: str, import_id: UUID) -> None:
    async with session(url) as connection:
        counts = await imports.totals(connection, import_id)
        report = ImportReport(
            import_id=import_id,
            rows=counts.rows.rows,
            **counts.rows.model_dump(),
            leads=counts.leads,
            contacts=counts.contacts,
            rejects_file=None,
            seconds=1.0,
            rows_per_s=1.0,
            peak_memory_mb=1.0,
        )
        await imports.mark_finished(connection, report)


async def again(url: str, policy: ConflictPolicy = ConflictPolicy.FILL_EMPTY) -> tuple[bool, UUID]:
    new = NewImport(FINGERPRINT, "rows.csv", "0" * 64, len(ROWS), {}, {})
    async with own_connection(url) as connection, loading(connection, new, policy) as opened:
        return await opened.repeats_earlier(), opened.import_id


async def test_every_row_is_accounted_for_and_the_lead_is_vouched_for_twice(database: str) -> None:
    first = await first_import(database)
    repeated, second = await again(database)
    assert repeated
    counts = await totals(database, second)
    assert counts.model_dump() == {"inserted": 0, "updated": 0, "unchanged": 2, "duplicates": 1, "rejected": 1}
    async with session(database) as connection:
        assert [reject.record for reject in await imports.first_rejects(connection, second, 9)] == [3]
    await finish(database, second)
    assert (await again(database))[0]
    assert (await take_back(database, first)).kept_shared == 2
    assert set(leads(database)) == {"a", "b"}


async def test_a_policy_that_replaces_values_reads_the_file(database: str) -> None:
    await first_import(database)
    assert not (await again(database, ConflictPolicy.OVERWRITE))[0]


async def test_an_unfinished_import_is_not_repeated(database: str) -> None:
    await load(database, ROWS, fingerprint="another")
    assert not (await again(database))[0]


@pytest.mark.parametrize("what", ["edited", "deleted", "written", "undone"])
async def test_whatever_may_have_emptied_a_field_makes_it_read_the_file(database: str, what: str) -> None:
    await load(database, [{"key": "b", "industry": "Rome"}])
    first = await first_import(database)
    assert (await again(database))[0]
    other = await load(database, [{"key": "z"}])
    with psycopg.connect(database) as connection:
        (lead_id,) = connection.execute("SELECT id FROM leads WHERE company_domain = 'a'").fetchone() or (None,)
    if what == "edited":
        async with session(database) as edits:
            await stored_leads.edit(edits, lead_id, {"industry": None}, by="Ada", now=datetime.now(UTC))
    elif what == "undone":
        await take_back(database, other)
    else:
        statement = (
            "DELETE FROM leads WHERE id = %s"
            if what == "deleted"
            else "UPDATE leads SET industry = NULL, updated_at = now() WHERE id = %s"
        )
        with psycopg.connect(database) as connection:
            connection.execute(statement, [lead_id])
    assert not (await again(database))[0]
    assert first
