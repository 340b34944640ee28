"""Loading leads in batches: opening an import (or taking up an interrupted one) and committing batch after batch.

While an import runs, its process holds an advisory lock on its id on one connection. The server drops the lock with
the connection, so a killed process never blocks the next one; a second process finds the lock held and starts an
import of its own, which is safe beside the first.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from core.imports.batches import Placing
from core.imports.identity import LOOKED_AT, unedited
from core.imports.lead_rows import ImportedRow
from core.imports.runs import BatchCounts
from core.leads.lead import DedupeKey
from core.leads.merging import ConflictPolicy
from core.outreach.suppression import TombstoneKey
from db.imports import lead_merge
from db.imports.copy_text import PreparedBatch, render_settled
from db.imports.repeated import repeat
from db.outreach.tombstones import no_key, strip_erased
from db.server.engine import Connection

_SESSION = (
    # The staging table has no statistics; without these the planner may hash all leads for a batch of rows.
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET jit = off",
    # What a batch is staged in and sorted in: with the defaults, every batch of wide rows goes through the disk.
    "SET temp_buffers = '32MB'",
    "SET work_mem = '64MB'",
    # A commit that a crash loses is read again from the file; the last one waits for the disk, and so for all before.
    "SET synchronous_commit = off",
)

# The columns by which leads are found. Figures of the others, which take most of a second, come with autovacuum.
_ANALYZED = ("id", "dedupe_key", "company_domain", "created_import_id")


@dataclass(frozen=True)
class NewImport:
    """What is known of an import before its first row.

    `fingerprint` stands for the file's bytes and all options that decide what its rows become. `prefer` is the kind of
    key that the rows try first, `ids_count` whether their ids are their own.
    """

    fingerprint: str
    file_name: str
    file_sha256: str
    records: int
    options: Mapping[str, Any]
    format: Mapping[str, Any]
    prefer: DedupeKey = "auto"
    ids_count: bool = True


class Loading:
    """An open import: holds its connection and its lock. Use `loading()`."""

    def __init__(
        self,
        connection: Connection,
        import_id: UUID,
        new: NewImport,
        policy: ConflictPolicy,
        next_record: int,
        tombstone_key: Callable[[], TombstoneKey],
    ) -> None:
        self.import_id = import_id
        self.next_record = next_record
        self._policy = policy
        self._new = new
        self._written = 0
        self._tombstone_key = tombstone_key
        self._connection = connection
        self._beside_others = False
        self._insert = {
            careful: lead_merge.look_up_and_insert(policy, beside_others=careful) for careful in (False, True)
        }
        self._change_existing = lead_merge.change_existing(policy)

    async def load(self, batch: PreparedBatch) -> BatchCounts:
        """Merge a batch, from `next_record` on, into the leads and commit, with its rejects and its counts."""
        try:
            counts = await self._commit(batch)
        except psycopg.errors.UniqueViolation:
            if self._beside_others:
                raise
            # Another import inserted one of these keys after we had looked: from now on, expect that.
            self._beside_others = True
            counts = await self._commit(batch)
        self.next_record = batch.next_record
        self._written += counts.inserted + counts.updated
        return counts

    async def _commit(self, batch: PreparedBatch) -> BatchCounts:
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            if batch.next_record == self._new.records:
                await cursor.execute("SET LOCAL synchronous_commit = on")
            counts = await self._merge(cursor, batch)
            await self._record(cursor, batch, counts)
        return counts

    async def repeats_earlier(self) -> bool:
        """Account for all rows at once if an earlier import did exactly this and nothing has changed since."""
        if self.next_record or self._policy is ConflictPolicy.OVERWRITE:
            return False
        if not await repeat(
            self._connection, self.import_id, fingerprint=self._new.fingerprint, records=self._new.records
        ):
            return False
        self.next_record = self._new.records
        return True

    async def settle(self) -> None:
        """Let the next reader find the new rows in order: their visibility noted, the planner's figures fresh.

        Without it the first reader after a checkpoint notes that every new row is visible and, with page checksums
        (the default since PostgreSQL 18), logs each page whole: a second import of the same file would write as much
        as the first. Autovacuum does the same, a minute late. Nobody can note it of rows whose commit is not on the
        disk yet, which is why the last batch's commit waits for that.
        """
        if self._written:
            columns = ", ".join(_ANALYZED)
            await self._connection.execute(f"VACUUM (ANALYZE, SKIP_LOCKED, TRUNCATE false) leads ({columns})")

    async def _merge(self, cursor: psycopg.AsyncCursor[Any], batch: PreparedBatch) -> BatchCounts:
        await _copy(cursor, lead_merge.COPY_STAGE, batch.leads)
        counts, doubtful = await self._merge_staged(cursor, batch.first_record, batch.staged)
        counts = counts.plus(BatchCounts(repeated=batch.repeated, rejected=batch.rejected))
        rows = [*batch.contested, *doubtful]
        while rows:
            placing, owners = await self._placed(cursor, rows)
            await cursor.execute(lead_merge.CLEAR_STAGE)
            placed = list(placing.placed.values())
            await _copy(cursor, lead_merge.COPY_SETTLED, render_settled(placed, owners))
            merged, rows = await self._merge_staged(cursor, batch.first_record, len(placed))
            counts = counts.plus(merged).plus(BatchCounts(repeated=placing.repeated, kept_apart=placing.kept_apart))
        return counts

    async def _merge_staged(
        self, cursor: psycopg.AsyncCursor[Any], first_record: int, staged: int
    ) -> tuple[BatchCounts, list[ImportedRow]]:
        """Merge what is staged; give what became of it, and the rows that may contradict who has their key."""
        names = {"import_id": self.import_id, "first_record": first_record}
        erased = await strip_erased(cursor, self._tombstone_key)
        inserted = updated = 0
        while True:
            new, own, matched, differs, doubtful = await _one(cursor, self._insert[self._beside_others], names)
            inserted += new
            if inserted + own + matched + doubtful >= staged - erased:
                break
            # Another import inserted some of these keys since we looked: look again, they are there now.
        rows: list[ImportedRow] = []
        if doubtful:
            await cursor.execute(lead_merge.TAKE_DOUBTFUL)
            rows = [
                ImportedRow(key, values, extra, original) for key, *values, extra, original in await cursor.fetchall()
            ]
        if differs:
            (updated,) = await _one(cursor, self._change_existing, names)
        return BatchCounts(inserted=inserted, matched=matched, updated=updated, repeated=own + erased), rows

    async def _placed(
        self, cursor: psycopg.AsyncCursor[Any], rows: Sequence[ImportedRow]
    ) -> tuple[Placing, dict[str, UUID]]:
        """Find each row the lead it is, or a key of its own; give also which stored lead has which key."""
        placing = Placing(rows, self._policy, self._new.prefer, ids_count=self._new.ids_count)
        owners: dict[str, UUID] = {}
        while keys := placing.pending:
            await cursor.execute(lead_merge.SELECT_OWNERS, [list(keys)])
            found = {}
            for key, lead_id, edits, *values in await cursor.fetchall():
                owners[key] = lead_id
                found[key] = unedited(dict(zip(LOOKED_AT, values, strict=True)), edits)
            placing.place(found)
        return placing, owners

    async def _record(self, cursor: psycopg.AsyncCursor[Any], batch: PreparedBatch, counts: BatchCounts) -> None:
        if batch.rejected:
            async with cursor.copy("COPY import_rejects FROM STDIN") as copy:
                await copy.write(batch.rejects)
        await cursor.execute(
            "INSERT INTO import_batches VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                self.import_id,
                batch.first_record,
                batch.next_record,
                counts.inserted,
                counts.matched,
                counts.updated,
                counts.repeated,
                counts.rejected,
                Jsonb(counts.kept_apart),
            ),
        )


@asynccontextmanager
async def loading(
    connection: Connection,
    new: NewImport,
    policy: ConflictPolicy,
    tombstone_key: Callable[[], TombstoneKey] = no_key,
) -> AsyncIterator[Loading]:
    """Open an import on a connection of its own: the interrupted one with the same fingerprint, else a new one.

    Args:
        connection: its own.
        new: the import.
        policy: what happens to leads that are there.
        tombstone_key: asked where persons were erased, who must not come back.
    """
    for statement in (*_SESSION, lead_merge.CREATE_STAGE):
        await connection.execute(statement)
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (new.fingerprint,))
        import_id = await _interrupted(connection, new.fingerprint) or await _insert(connection, new)
    cursor = await connection.execute(
        "SELECT coalesce(max(next_record), 0) FROM import_batches WHERE import_id = %s", (import_id,)
    )
    row = await cursor.fetchone()
    yield Loading(connection, import_id, new, policy, row[0] if row else 0, tombstone_key)


async def _interrupted(connection: Connection, fingerprint: str) -> UUID | None:
    """Find an unfinished import with this fingerprint that nobody works on, and lock it."""
    cursor = await connection.execute(
        "SELECT id FROM imports WHERE fingerprint = %s AND status = 'running' ORDER BY started_at DESC", (fingerprint,)
    )
    for (import_id,) in await cursor.fetchall():
        if not await _lock(connection, import_id):
            continue
        still = await connection.execute("SELECT FROM imports WHERE id = %s AND status = 'running'", (import_id,))
        if await still.fetchone() is not None:
            return UUID(str(import_id))
        await _unlock(connection, import_id)  # its process ended it while we waited
    return None


async def _insert(connection: Connection, new: NewImport) -> UUID:
    import_id = uuid4()
    await _lock(connection, import_id)
    await connection.execute(
        "INSERT INTO imports (id, fingerprint, file_name, file_sha256, records, options, format)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            import_id,
            new.fingerprint,
            new.file_name,
            new.file_sha256,
            new.records,
            Jsonb(dict(new.options)),
            Jsonb(dict(new.format)),
        ),
    )
    return import_id


async def _lock(connection: Connection, import_id: UUID) -> bool:
    """Lock an import for this connection; False if another process has it.

    The server takes a moment to see that a killed process is gone, so a lock that is held is waited for that long.
    """
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '2s'")
            await connection.execute(
                "SELECT pg_advisory_lock(hashtextextended('import ' || %s::text, 0))", (str(import_id),)
            )
    except psycopg.errors.LockNotAvailable:
        return False
    return True


async def _unlock(connection: Connection, import_id: UUID) -> None:
    await connection.execute("SELECT pg_advisory_unlock(hashtextextended('import ' || %s::text, 0))", (str(import_id),))


async def _copy(cursor: psycopg.AsyncCursor[Any], statement: str, rows: bytes) -> None:
    async with cursor.copy(statement) as copy:
        await copy.write(rows)


async def _one(cursor: psycopg.AsyncCursor[Any], statement: str, names: Mapping[str, Any]) -> tuple[Any, ...]:
    await cursor.execute(statement, names)
    row: tuple[Any, ...] | None = await cursor.fetchone()
    if row is None:
        raise AssertionError("an aggregate answers one row")
    return row
