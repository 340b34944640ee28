"""Batches of a run side by side: all are done, and the progress counts what each of them did."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from core.batches import BatchRun
from tasks.runtime.batch_runs import work_on_batches
from tasks.runtime.orchestration import progress_sink


async def test_batches_that_end_beside_one_another_all_count() -> None:
    run = BatchRun(uuid4(), datetime.now(UTC), 7, (1, 2, 4))
    told: list[tuple[int, int]] = []
    progress_sink.set(lambda done, total: told.append((done, total)))
    all_began = asyncio.Barrier(3)

    async def work(batch: int) -> int:
        await all_began.wait()
        return batch

    await work_on_batches(run, work, of=7, title="leads", width=3)
    assert told[0] == (0, 7)
    assert sorted(done for done, _ in told) == [done for done, _ in told]
    assert told[-1] == (7, 7)
