"""A file's rows on their way to the database: read, normalised and rendered ahead of it, in batches.

Reading a row costs as much CPU as storing it. For a large file it is therefore done in a process of its own
(`tasks.row_process`), where it never waits for the interpreter lock of the one that talks to the database; for a small
one in a thread, since a process takes a third of a second to start.
"""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from uuid import UUID

from core import csv_rows
from core.columns import ColumnMapping
from core.csv_rows import ScannedFile
from core.import_batches import Batch, gather
from core.lead import DedupeKey
from core.lead_rows import row_reader
from core.merging import ConflictPolicy
from db.copy_text import PreparedBatch, prepare
from tasks.row_process import RowProcess

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RowReading:
    """All that decides what a file's records become; the same wherever it happens.

    Attributes:
        import_id: The import they belong to.
        file: What `core.csv_rows.scan` gave.
        mapping: Which column goes where.
        policy: Merges rows of one lead inside a batch.
        dedupe: Which kind of key to try first.
        source: The import's label.
        default_country: ISO alpha-2 code for phone numbers where the row names no country.
        batch_rows: Records a batch.
    """

    import_id: UUID
    file: ScannedFile
    mapping: ColumnMapping
    policy: ConflictPolicy
    dedupe: DedupeKey
    source: str | None
    default_country: str | None
    batch_rows: int

    def batches(self, start: int) -> Iterator[PreparedBatch]:
        """Give what is left of the file from record `start` on.

        Raises:
            InvalidFile: The file can no longer be read as it was scanned.
        """
        read_row = row_reader(
            self.mapping, default_country=self.default_country, source=self.source, dedupe=self.dedupe
        )
        records = csv_rows.read(self.file, skip=start)
        batches = gather(records, read_row, policy=self.policy, batch_rows=self.batch_rows, start=start)
        while (batch := self._next(batches)) is not None:
            yield batch

    def _next(self, batches: Iterator[Batch]) -> PreparedBatch | None:
        with _collector_paused():
            batch = next(batches, None)
            return None if batch is None else prepare(batch, self.import_id)


class ReadAhead:
    """Batches, the next of which is read while the caller works on one.

    Use as an asynchronous context manager and iterate over it once.

    Attributes:
        process_memory_bytes: The most that a process of their own took; 0 without one, and before the last batch.
    """

    def __init__(self, reading: RowReading, start: int, *, process_rows: int) -> None:
        """Begin to read.

        Args:
            reading: What to read, and how.
            start: The first record, 0-based.
            process_rows: From so many records on, a process of its own is worth its start.
        """
        rows = reading.file.records - start
        self._process = RowProcess(reading, start) if rows >= process_rows and _can_start_processes() else None
        self._batches = self._from_process(reading, start) if self._process else _yielding(reading.batches(start))
        self.process_memory_bytes = 0
        self._is_over = False

    async def __aenter__(self) -> "ReadAhead":
        self._upcoming = self._read_next()
        return self

    def _read_next(self) -> asyncio.Task[PreparedBatch | None]:
        return asyncio.create_task(asyncio.to_thread(next, self._batches, None))

    async def __aiter__(self) -> AsyncIterator[PreparedBatch]:
        # Shielded: a cancelled caller must not lose sight of a thread that goes on.
        while (batch := await asyncio.shield(self._upcoming)) is not None:
            self._upcoming = self._read_next()
            yield batch

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over = True
        if self._process is not None:
            self._process.end()
        # A thread cannot be cancelled: let it end before its file goes, and hear of its failure nobody waits for.
        await asyncio.gather(self._upcoming, return_exceptions=True)

    def _from_process(self, reading: RowReading, start: int) -> Iterator[PreparedBatch]:
        """Give what the process reads; should it get lost (killed, no memory), go on here at the same record."""
        if self._process is None:
            raise AssertionError("made only where there is a process")
        for batch in self._process.batches():
            start = batch.next_record
            yield batch
        self.process_memory_bytes = self._process.memory_bytes
        if self._process.is_lost and not self._is_over:
            log.warning("row_process_lost", extra={"record": start, "exit_code": self._process.exit_code})
            yield from _yielding(reading.batches(start))


def _can_start_processes() -> bool:
    """Tell whether there is a second processor for a second process, and an interpreter to start."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return usable > 1 and bool(sys.executable)


def _yielding(batches: Iterator[PreparedBatch]) -> Iterator[PreparedBatch]:
    """Read in this process, and let its other threads in often.

    The thread that talks to the database wakes often and briefly: it gets in ten times sooner than by default.
    """
    patience_s = sys.getswitchinterval()
    while True:
        sys.setswitchinterval(patience_s / 10)
        try:
            batch = next(batches, None)
        finally:
            sys.setswitchinterval(patience_s)
        if batch is None:
            return
        yield batch


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Read a batch without walks of the cyclic collector: a third of the time, and there is no cycle to find."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
