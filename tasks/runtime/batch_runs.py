"""The batches of a run side by side, with one progress for all of them."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.batches import BatchRun
from tasks.runtime.batches import bounded_gather
from tasks.runtime.progress import Progress

B = TypeVar("B")


async def work_on_batches(
    run: BatchRun[B], work: Callable[[B], Awaitable[int]], *, of: int, title: str, width: int
) -> None:
    """Work on all batches of a run; the first error ends it all.

    Args:
        run: that has begun.
        work: does one batch and returns how many it did.
        of: how many there are to do in all.
        title: of the progress: "leads enriched".
        width: batches at once.
    """
    progress = Progress(of, title)
    await progress.advance_to(0)
    done = 0

    async def one(batch: B) -> None:
        nonlocal done
        worked_on = await work(batch)  # apart: `done` is read before what an expression waits for
        done += worked_on
        await progress.advance_to(min(done, of))

    await bounded_gather(one, run.batches, width=width)
