"""The set-based merge does what merging row by row would do, whatever the batches, and counts every row once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from importing import Row, clear, leads, load, totals

from core.leads.merging import ConflictPolicy
from db.leads.matching import find_or_add_lead, lock_who_is_who
from db.schema import upgrade as schema
from db.server import embedded

values = st.sampled_from([None, "x", "y\tz", "a\\b", "line\nbreak", '"q"', "é€", "\\N"])
rows = st.lists(
    st.fixed_dictionaries(
        {"key": st.sampled_from(["", "a", "b", "c", "d", "e"])},
        optional={"industry": values, "notes": values, "state": values, "extra.k": values, "extra.m": values},
    ),
    max_size=25,
)
policies = st.sampled_from(ConflictPolicy)
slow = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def applied(known: dict[str, dict[str, str]], given_rows: list[Row], policy: ConflictPolicy) -> None:
    """Merge row by row, in Python; what the rows brought themselves is filled, whatever the policy."""
    there = set(known)
    for row in given_rows:
        if not row["key"]:
            continue
        said = {name: value for name, value in row.items() if value is not None and name != "key"}
        old = known.setdefault(str(row["key"]), dict(said))
        if policy is ConflictPolicy.OVERWRITE:
            old.update(said)
        elif policy is ConflictPolicy.FILL_EMPTY or row["key"] not in there:
            known[str(row["key"])] = {**said, **old}


@slow
@given(rows, rows, policies, st.integers(1, 30), st.integers(1, 30))
def test_equals_merging_row_by_row(database: str, first, second, policy, size, other_size) -> None:
    clear(database)
    known: dict[str, dict[str, str]] = {}
    imports = (("first", first, size, ConflictPolicy.FILL_EMPTY), ("second", second, other_size, policy))
    for name, given_rows, batch_rows, rule in imports:
        before = set(known)
        import_id = asyncio.run(load(database, given_rows, rule, batch_rows=batch_rows, fingerprint=name))
        applied(known, given_rows, rule)
        assert leads(database) == known
        counts = asyncio.run(totals(database, import_id))
        keys = [row["key"] for row in given_rows if row["key"]]
        assert counts.rows == len(given_rows)
        assert counts.rejected == len(given_rows) - len(keys)
        assert counts.inserted == len(set(keys) - before)
        assert counts.updated + counts.unchanged == len(set(keys) & before)
        assert counts.duplicates == len(keys) - len(set(keys))


@slow
@given(rows, policies, st.integers(1, 5), st.integers(0, 4))
def test_an_interrupted_import_goes_on_and_counts_the_same(database: str, given_rows, policy, size, stop) -> None:
    clear(database)
    whole = asyncio.run(totals(database, asyncio.run(load(database, given_rows, policy, batch_rows=size))))
    expected = leads(database)
    clear(database)
    interrupted = asyncio.run(load(database, given_rows, policy, batch_rows=size, batches=stop))
    resumed = asyncio.run(load(database, given_rows, policy, batch_rows=size))
    assert resumed == interrupted
    assert leads(database) == expected
    assert asyncio.run(totals(database, resumed)) == whole


async def test_two_imports_at_once_make_every_lead_once(database: str) -> None:
    given_rows: list[Row] = [{"key": f"lead {number % 400}", "industry": "Oslo"} for number in range(500)]
    ids = await asyncio.gather(*(load(database, given_rows, batch_rows=50, fingerprint=name) for name in "abcd"))
    assert len(set(ids)) == 4
    assert len(leads(database)) == 400
    counts = [await totals(database, import_id) for import_id in ids]
    assert sum(count.inserted for count in counts) == 400
    assert {count.rows for count in counts} == {500}
    assert {count.duplicates for count in counts} == {100}


async def test_who_makes_leads_waits_for_who_makes_leads(database: str) -> None:
    """Another import is in mid-transaction when this one looks: it waits, then finds what the other brought."""
    await load(database, [{"key": "d", "industry": "Rome"}], fingerprint="earlier")
    async with await psycopg.AsyncConnection.connect(database) as other:
        await lock_who_is_who(other)
        company = {"company_domain": "b"}
        await find_or_add_lead(other, company, origin="crm", now=datetime.now(UTC))
        given_rows: list[Row] = [{"key": key, "industry": "Oslo"} for key in "abcd"]
        importing = asyncio.create_task(load(database, given_rows, fingerprint="this"))
        await _until_waiting(other)
        await other.commit()
        import_id = await importing
    assert {key: lead.get("industry") for key, lead in leads(database).items()} == {
        "a": "Oslo", "b": "Oslo", "c": "Oslo", "d": "Rome"
    }  # fmt: skip
    counts = await totals(database, import_id)
    assert counts.model_dump() == {"inserted": 2, "updated": 1, "unchanged": 1, "duplicates": 0, "rejected": 0}


async def _until_waiting(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    """Wait until another session waits for the lock."""
    waits = "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
    for _ in range(1_000):
        (is_waiting,) = await (await connection.execute(f"SELECT {waits}")).fetchone() or (False,)
        if is_waiting:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_updates_are_told_from_unchanged_leads_across_batches(database: str) -> None:
    await load(database, [{"key": "a", "industry": "Oslo"}, {"key": "b"}])
    changed = await load(
        database,
        [
            {"key": "a", "industry": "Bergen"},
            {"key": "b"},
            {"key": "b", "industry": "Rome"},
            {"key": "b", "notes": "n"},
        ],
        batch_rows=1,
    )
    counts = await totals(database, changed)
    assert counts.model_dump() == {"inserted": 0, "updated": 1, "unchanged": 1, "duplicates": 2, "rejected": 0}


async def test_the_same_rows_again_write_almost_nothing(own_home: Path) -> None:
    database = embedded.embedded_postgres_url(own_home)  # the log is the whole server's: nobody else may write to it
    schema.upgrade(database)
    given_rows: list[Row] = [
        {"key": f"lead {number}", "company_name": f"Company {number}", "industry": "Oslo", "extra.k": "v" * 50}
        for number in range(20_000)
    ]

    async def wal_bytes(fingerprint: str) -> int:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            (before,) = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone() or (None,)
            await load(database, given_rows, batch_rows=5_000, fingerprint=fingerprint)
            query = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)"
            (written,) = connection.execute(query, [before]).fetchone() or (0,)
        return int(written)

    first = await wal_bytes("first")
    again = [await wal_bytes(f"again {number}") for number in range(3)]
    assert max(again) <= 0.15 * first, (first, again)


async def test_rows_are_settled_while_their_commits_are_young(database: str) -> None:
    """No reader has to note anything about them: what a vacuum cannot do for commits that are not on the disk."""
    with psycopg.connect(database) as connection:
        # The import leaves a table alone that is being vacuumed already.
        for table in ("leads", "contacts", "identities"):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")  # type: ignore[arg-type]
    await load(database, [{"key": f"lead {number}"} for number in range(3_000)], batch_rows=1_000, fingerprint="f")
    with psycopg.connect(database) as connection:
        connection.execute("CREATE EXTENSION pg_visibility")
        seen = """
            SELECT count(*), count(*) FILTER (WHERE pd_all_visible) FROM pg_visibility('leads')
            WHERE blkno IN (SELECT (ctid::text::point)[0]::bigint FROM leads)
        """  # COPY makes some pages in advance, which are empty
        pages, visible = connection.execute(seen).fetchone() or (0, 0)
    assert 0 < pages == visible


async def test_a_value_that_cannot_be_stored_costs_its_batch_and_no_more(database: str) -> None:
    await load(database, [{"key": "a"}], batch_rows=1)
    with pytest.raises(psycopg.Error):
        await load(database, [{"key": "b"}, {"key": "c", "industry": "nul\0"}], batch_rows=1)
    assert set(leads(database)) == {"a", "b"}
