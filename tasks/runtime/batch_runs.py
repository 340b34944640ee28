"""The batches of a run side by side, with one progress for all of them."""

from collections.abc import Awaitable, Callable

from core.batches import BatchRun, LeadRange
from tasks.runtime.batches import bounded_gather
from tasks.runtime.progress import Progress


async def work_on_batches(
    run: BatchRun, work: Callable[[LeadRange], Awaitable[int]], *, title: str, width: int
) -> None:
    """Work on all batches of a run; the first error ends it all.

    Args:
        run: that has begun.
        work: does one batch and returns how many leads it did.
        title: of the progress: "leads enriched".
        width: batches at once.
    """
    progress = Progress(run.leads, title)
    await progress.advance_to(0)
    done = 0

    async def one(batch: LeadRange) -> None:
        nonlocal done
        done += await work(batch)
        await progress.advance_to(min(done, run.leads))

    await bounded_gather(one, run.ranges, width=width)
