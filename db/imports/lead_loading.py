"""Loading rows in batches: opening an import (or taking up an interrupted one) and committing batch after batch.

While an import runs, its process holds an advisory lock on its id on one connection. The server drops the lock with
the connection, so a killed process never blocks the next one; a second process finds the lock held and starts an
import of its own, which is safe beside the first.

A batch is placed under the lock of who is who (`db.leads.matching`): what its rows may be is read, each row finds its
lead and contact or makes them (`core.leads.matching`), and what that comes to is stored, in one transaction.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from core.collector import collector_paused
from core.imports.beside_columns import Beside
from core.imports.runs import BatchCounts
from core.leads.batch_matching import BatchMatching
from core.leads.identities import IdsOf
from core.leads.known import KnownContact, KnownLead
from core.leads.matching import Matching
from core.leads.merging import ConflictPolicy
from core.leads.rows import NewRow
from core.outreach.suppression import TombstoneKey
from db.imports.beside import BesideRows
from db.imports.copy_text import PreparedBatch
from db.imports.erased import without_erased
from db.imports.repeated import repeat
from db.leads import matching as who
from db.leads.storing import store
from db.outreach.tombstones import no_key
from db.server.engine import Connection

_SESSION = (
    # A batch's arrays have no statistics; without these the planner may hash all leads for a batch of rows.
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET jit = off",
    # What a batch is sorted in: with the defaults, every batch of wide rows goes through the disk.
    "SET work_mem = '64MB'",
    # A commit that a crash loses is read again from the file; the last one waits for the disk, and so for all before.
    "SET synchronous_commit = off",
)

# The columns by which records are found. Figures of the others, which take most of a second, come with autovacuum.
_ANALYZED = {
    "leads": ("id", "name_key", "company_domain", "created_import_id"),
    "contacts": ("id", "lead_id", "person_id", "name_key", "created_import_id"),
    "identities": ("key", "owner_id"),
}
_ROWS_BEFORE_FIGURES = 50_000


_BATCH = (
    *("import_id", "first_record", "next_record", "inserted", "matched", "repeated", "rejected", "leads", "contacts"),
    *("elsewhere", "duplicates"),
)


@dataclass(frozen=True)
class NewImport:
    """What is known of an import before its first row.

    `fingerprint` stands for the file's bytes and all options that decide what its rows become. `ids_of` says whose the
    file's ids are, `are_branches_apart` whether the place tells companies apart, `beside` which columns hold users and
    tags.
    """

    fingerprint: str
    file_name: str
    file_sha256: str
    records: int
    options: Mapping[str, Any]
    format: Mapping[str, Any]
    ids_of: IdsOf = "none"
    are_branches_apart: bool = False
    beside: Mapping[str, Beside] = field(default_factory=dict)


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
        self._ids = iter(who.new_ids(4096))

    async def load(self, batch: PreparedBatch) -> BatchCounts:
        """Place a batch's rows, from `next_record` on, and commit what comes of it, with its rejects and its counts."""
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            if batch.next_record == self._new.records:
                await cursor.execute("SET LOCAL synchronous_commit = on")
            with collector_paused():
                counts = await self._place(batch)
            await self._record(cursor, batch, counts)
        self.next_record = batch.next_record
        await self._note_figures(counts)
        return counts

    async def _place(self, batch: PreparedBatch) -> BatchCounts:
        await who.lock_who_is_who(self._connection)
        rows: list[NewRow] = list(batch.rows)
        rows, erased = await without_erased(self._connection, rows, self._tombstone_key)
        matching = BatchMatching(
            self._policy,
            lambda _: next(self._ids),
            ids_of=self._new.ids_of,
            are_branches_apart=self._new.are_branches_apart,
        )
        await who.read_known(self._connection, matching, rows, import_id=self.import_id)
        ends = {"inserted": 0, "matched": 0, "repeated": erased}
        beside = BesideRows(self._new.beside, self._policy, self.import_id)
        for row in rows:
            placed, said = beside.taken(row)
            ends[matching.place(placed, is_asked_for=said is not None)] += 1
            beside.note(matching, said)
        await store(self._connection, matching, import_id=self.import_id)
        await beside.store(self._connection, matching)
        await self._note_met(batch.first_record, matching)
        matching.let_go()
        return BatchCounts(
            **ends,
            rejected=batch.rejected,
            leads=len(matching.leads) + len(matching.noted),
            contacts=len(matching.contacts) + len(matching.noted),
            elsewhere=matching.elsewhere,
            duplicates=len(matching.pairs),
            kept_apart=matching.apart,
        )

    async def _note_met(self, first_record: int, matching: Matching) -> None:
        """Note which records were there before this import, which of them rows named, and what was added to them."""
        gone = {alone.id for alone, _ in matching.absorbed}
        met = [record for record in matching.met.values() if not record.is_own and record.id not in gone]
        keys = [added.key for added in matching.added if added.value is not None]
        if met or keys or matching.things:
            await self._connection.execute(
                "INSERT INTO import_met (import_id, first_record, lead_ids, contact_ids, changed_ids, thing_ids,"
                " updated_ids, keys)"
                " VALUES (%s, %s, %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[])",
                (
                    self.import_id,
                    first_record,
                    [record.id for record in met if isinstance(record, KnownLead)],
                    [record.id for record in met if isinstance(record, KnownContact)],
                    [record.id for record in met if record.is_changed],
                    list(matching.things),
                    [thing for thing, has_news in matching.things.items() if has_news],
                    keys,
                ),
            )

    async def _note_figures(self, counts: BatchCounts) -> None:
        """Tell the planner early how large the tables have become: it has seen them empty."""
        before, self._written = self._written, self._written + counts.inserted
        if before < _ROWS_BEFORE_FIGURES <= self._written:
            await self._analyze("ANALYZE")

    async def _analyze(self, command: str) -> None:
        for table, columns in _ANALYZED.items():
            await self._connection.execute(f"{command} {table} ({', '.join(columns)})")

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
            await self._analyze("VACUUM (ANALYZE, SKIP_LOCKED, TRUNCATE false)")

    async def _record(self, cursor: psycopg.AsyncCursor[Any], batch: PreparedBatch, counts: BatchCounts) -> None:
        if batch.rejected:
            async with cursor.copy("COPY import_rejects FROM STDIN") as copy:
                await copy.write(batch.rejects)
        await cursor.execute(
            f"INSERT INTO import_batches ({', '.join(_BATCH)}, kept_apart)"
            f" VALUES ({', '.join(['%s'] * len(_BATCH))}, %s)",
            (
                *(self.import_id, batch.first_record, batch.next_record, counts.inserted, counts.matched),
                *(counts.repeated, counts.rejected, counts.leads, counts.contacts, counts.elsewhere),
                *(counts.duplicates, Jsonb(counts.kept_apart)),
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
    for statement in _SESSION:
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
