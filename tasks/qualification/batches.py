"""All batches of a run of qualification, side by side."""

import asyncio

from core.batches import LeadRange
from core.qualification.runs import QualificationPlan
from tasks.qualification.steps import qualify_batch
from tasks.runtime.progress import Progress

_BATCHES_AT_ONCE = 2


async def qualify_batches(begun: QualificationPlan) -> None:
    """Assess all batches of a run, a few side by side, each as a task of its own."""
    progress = Progress(begun.leads, "leads qualified")
    await progress.advance_to(0)
    gate = asyncio.Semaphore(_BATCHES_AT_ONCE)
    done = 0

    async def one(batch: LeadRange) -> None:
        nonlocal done
        async with gate:
            done += await qualify_batch(begun, batch)
            await progress.advance_to(min(done, begun.leads))

    async with asyncio.TaskGroup() as group:
        for batch in begun.ranges:
            group.create_task(one(batch))
