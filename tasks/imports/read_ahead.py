"""Batches read ahead of the database: in a process of their own for a large file, in a thread for a small one.

Reading a row costs as much CPU as storing it. In a process of its own it never waits for the interpreter lock of the
one that talks to the database, nor that one for it; but a process takes a quarter of a second to start.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from types import TracebackType

from db.imports.copy_text import PreparedBatch
from tasks.imports.row_process import RowProcess
from tasks.imports.row_reading import RowReading

log = logging.getLogger(__name__)


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
        self._process = _started(reading, start) if rows >= process_rows else None
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
        """Return what the process reads; should it get lost (killed, no memory), go on here at the same record."""
        if self._process is None:
            raise AssertionError("made only where there is a process")
        for batch in self._process.batches():
            start = batch.next_record
            yield batch
        self.process_memory_bytes = self._process.memory_bytes
        if self._process.is_lost and not self._is_over:
            log.warning("row_process_lost", extra={"record": start, "exit_code": self._process.exit_code})
            yield from _yielding(reading.batches(start))


def _started(reading: RowReading, start: int) -> RowProcess | None:
    """Start a process, if there is a second processor for it and an interpreter to start."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if usable < 2 or not sys.executable:
        return None
    try:
        return RowProcess(reading, start)
    except OSError as error:
        log.warning("row_process_not_started", extra={"why": str(error)})
        return None


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
