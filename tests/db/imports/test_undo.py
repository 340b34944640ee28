"""An undo removes what only its import brought, gives back what it overwrote, and respects people."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from importing import Row, clear, leads, load, session, take_back

from core.errors import ImportBusy, ImportNotFound, InvalidInput, LeadNotFound
from core.leads.merging import ConflictPolicy
from db.imports.lead_loading import NewImport, loading
from db.leads import reading as stored_leads
from db.server.engine import own_connection

OVERWRITE = ConflictPolicy.OVERWRITE


async def edit(url: str, key: str, **changes: str | None) -> None:
    with psycopg.connect(url) as connection:
        (lead_id,) = connection.execute("SELECT id FROM leads WHERE company_domain = %s", [key]).fetchone() or (
            uuid4(),
        )
    async with session(url) as connection:
        await stored_leads.edit(connection, lead_id, changes, by="Ada", now=datetime.now(UTC))


async def test_removes_what_it_brought_and_twice_is_harmless(database: str) -> None:
    import_id = await load(database, [{"key": "a"}, {"key": "b"}])
    assert (await take_back(database, import_id)).removed == 2
    assert leads(database) == {}
    again = await take_back(database, import_id)
    assert again.already_undone
    assert again.removed == 0


async def test_gives_back_what_it_overwrote_columns_of_extra_included(database: str) -> None:
    await load(database, [{"key": "a", "industry": "Oslo", "extra.k": "1"}])
    before = leads(database)
    changed = await load(
        database, [{"key": "a", "industry": "Rome", "notes": "n", "extra.k": "2", "extra.m": "3"}], OVERWRITE
    )
    assert leads(database) != before
    assert (await take_back(database, changed)).restored == 1
    assert leads(database) == before


async def test_after_a_reimport_the_leads_stay_until_both_are_undone(database: str) -> None:
    rows: list[Row] = [{"key": "a", "industry": "Oslo"}]
    first = await load(database, rows)
    second = await load(database, rows, fingerprint="the same rows again")
    report = await take_back(database, first)
    assert (report.removed, report.kept_shared) == (0, 1)
    assert set(leads(database)) == {"a"}
    assert (await take_back(database, second)).removed == 1
    assert leads(database) == {}


async def test_an_earlier_import_undone_leaves_what_a_later_one_overwrote(database: str) -> None:
    await load(database, [{"key": "a", "industry": "Oslo", "notes": "old"}])
    second = await load(database, [{"key": "a", "industry": "Rome", "notes": "new"}], OVERWRITE)
    third = await load(database, [{"key": "a", "industry": "Bern"}], OVERWRITE)
    await take_back(database, second)
    assert leads(database)["a"] == {"industry": "Bern", "notes": "old"}
    await take_back(database, third)
    assert leads(database)["a"] == {"industry": "Oslo", "notes": "old"}


async def test_a_persons_edit_is_kept_unless_forced(database: str) -> None:
    first = await load(database, [{"key": "a", "industry": "Oslo"}])
    second = await load(database, [{"key": "a", "industry": "Rome"}], OVERWRITE)
    await edit(database, "a", notes="rang them")
    report = await take_back(database, second)
    assert (report.restored, report.kept_edited) == (0, 1)
    assert report.kept[0].reason == "edited_since"
    assert leads(database)["a"] == {"industry": "Rome", "notes": "rang them"}
    assert (await take_back(database, first)).kept_edited == 1


async def test_forced_it_takes_back_what_was_imported_and_leaves_what_was_edited(database: str) -> None:
    first = await load(database, [{"key": "a", "industry": "Oslo"}])
    second = await load(database, [{"key": "a", "industry": "Rome"}], OVERWRITE)
    await edit(database, "a", notes="rang them")
    assert (await take_back(database, second, force=True)).restored == 1
    assert leads(database)["a"] == {"industry": "Oslo", "notes": "rang them"}
    assert (await take_back(database, first, force=True)).removed == 1


async def test_an_edit_before_the_import_does_not_stand_in_the_way(database: str) -> None:
    await load(database, [{"key": "a", "industry": "Oslo"}])
    await edit(database, "a", industry="Bergen")
    second = await load(database, [{"key": "a", "industry": "Rome", "state": "Lazio"}], OVERWRITE)
    assert leads(database)["a"] == {"industry": "Bergen", "state": "Lazio"}, "a person's edit outranks files"
    assert (await take_back(database, second)).restored == 1
    assert leads(database)["a"] == {"industry": "Bergen"}


async def test_unknown_and_running_imports_are_refused(database: str) -> None:
    with pytest.raises(ImportNotFound):
        await take_back(database, uuid4())
    new = NewImport("f", "rows.csv", "0" * 64, 0, {}, {})
    async with own_connection(database) as connection, loading(connection, new, OVERWRITE) as running:
        with pytest.raises(ImportBusy):
            await take_back(database, running.import_id)
    assert not (await take_back(database, running.import_id)).already_undone


async def test_an_edit_names_a_field_and_a_lead(database: str) -> None:
    with pytest.raises(LeadNotFound):
        await edit(database, "nobody", industry="Oslo")
    await load(database, [{"key": "a"}])
    with pytest.raises(InvalidInput, match="shoe_size"):
        await edit(database, "a", shoe_size="44")


rows = st.lists(
    st.fixed_dictionaries(
        {"key": st.sampled_from(["a", "b", "c"])},
        optional={
            "industry": st.sampled_from(["x", "y"]),
            "notes": st.sampled_from(["x", "y"]),
            "extra.k": st.sampled_from(["1", "2"]),
        },
    ),
    max_size=6,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(rows, st.sampled_from(ConflictPolicy)), min_size=1, max_size=4), st.randoms())
def test_all_undone_in_any_order_nothing_is_left(database: str, history, random) -> None:
    clear(database)
    ids: list[UUID] = [
        asyncio.run(load(database, list(given_rows), policy, batch_rows=2, fingerprint=str(number)))
        for number, (given_rows, policy) in enumerate(history)
    ]
    latest = asyncio.run(load(database, [{"key": "z"}], fingerprint="stays"))
    random.shuffle(ids)
    for import_id in ids:
        asyncio.run(take_back(database, import_id))
    assert leads(database) == {"z": {}}
    assert asyncio.run(take_back(database, latest)).removed == 1
