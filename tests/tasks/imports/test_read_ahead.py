"""Rows read in a process of their own are those read here, whatever happens to the process."""

import asyncio
import pickle
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from bench.dirty_leads import HEADER, write_dirty
from core.errors import InvalidFile
from core.imports import csv_rows
from core.imports.columns import map_columns
from db.imports.copy_text import PreparedBatch
from tasks.imports.read_ahead import ReadAhead
from tasks.imports.row_reading import RowReading

ROWS = 2_000


@pytest.fixture
def reading(tmp_path: Path) -> RowReading:
    """Scan a dirty file."""
    path = tmp_path / "dirty.csv"
    write_dirty(path, ROWS)
    return RowReading(
        import_id=UUID(int=1),
        file=csv_rows.scan(path),
        mapping=map_columns(HEADER, []),
        source="fair",
        default_country=None,
        batch_rows=100,
    )


async def read(reading: RowReading, start: int, process_rows: int, kill_at: int | None = None) -> list[PreparedBatch]:
    """Read all; kill the process once a batch begins at `kill_at`."""
    batches = []
    async with ReadAhead(reading, start, process_rows=process_rows) as ahead:
        async for batch in ahead:
            batches.append(batch)
            if batch.first_record == kill_at:
                for child in children():
                    child.kill()
    assert (ahead.process_memory_bytes > 0) == (process_rows == 0 and kill_at is None)
    return batches


def children() -> list[psutil.Process]:
    """Return the processes that read rows; others of this process's may just be ending."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "row_process" in " ".join(child.cmdline()):
                found.append(child)
    return found


@pytest.mark.parametrize("start", [0, 700])
async def test_a_process_reads_what_is_read_here(reading: RowReading, start: int) -> None:
    here = await read(reading, start, process_rows=10**9)
    assert here[0].first_record == start
    assert here[-1].next_record == ROWS
    assert await read(reading, start, process_rows=0) == here
    assert children() == []


async def test_what_a_killed_process_did_not_read_is_read_here(
    reading: RowReading, caplog: pytest.LogCaptureFixture
) -> None:
    assert await read(reading, 0, process_rows=0, kill_at=300) == list(reading.batches(0))
    assert "row_process_lost" in caplog.messages


async def test_a_process_says_why_it_cannot_read(reading: RowReading) -> None:
    reading.file.path.write_bytes(b'Company\n"' + b"x" * 2 * csv_rows.MAX_CELL_CHARS)
    with pytest.raises(InvalidFile, match="no longer what was scanned") as caught:
        await read(reading, 0, process_rows=0)
    assert caught.value.attributes["path"] == str(reading.file.path)


async def test_nothing_is_left_of_a_reading_given_up(reading: RowReading, caplog: pytest.LogCaptureFixture) -> None:
    async def give_up() -> None:
        async with ReadAhead(reading, 0, process_rows=0) as ahead:
            async for batch in ahead:
                raise LookupError(batch.first_record)

    with pytest.raises(LookupError):
        await give_up()
    assert children() == []
    assert caplog.messages == []


async def test_a_cancelled_reading_ends_its_process(reading: RowReading) -> None:
    begun = asyncio.Event()

    async def wait() -> None:
        async with ReadAhead(reading, 0, process_rows=0) as ahead:
            async for _ in ahead:
                begun.set()
                await asyncio.sleep(60)

    waiting = asyncio.create_task(wait())
    await begun.wait()
    assert len(children()) == 1
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert children() == []


_PARENT = """
import os, pickle, psutil, signal, sys
from tasks.imports.row_process import RowProcess
next(RowProcess(pickle.load(sys.stdin.buffer), 0).batches())
print(*(child.pid for child in psutil.Process().children()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_ends_when_its_parent_is_gone(reading: RowReading) -> None:
    done = subprocess.run([sys.executable, "-c", _PARENT], input=pickle.dumps(reading), stdout=subprocess.PIPE)
    assert done.returncode == -signal.SIGKILL
    (orphan,) = map(int, done.stdout.split())
    began = time.monotonic()
    while psutil.pid_exists(orphan) and psutil.Process(orphan).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() - began < 120
        time.sleep(0.02)
