"""All batches of a run of qualification, side by side."""

from functools import partial

from core.qualification.runs import QualificationPlan
from tasks.qualification.steps import qualify_batch
from tasks.runtime.batch_runs import work_on_batches

_BATCHES_AT_ONCE = 2


async def qualify_batches(begun: QualificationPlan) -> None:
    """Assess all batches of a run, a few side by side, each as a task of its own."""
    work = partial(qualify_batch, begun)
    await work_on_batches(begun, work, of=begun.leads, title="leads qualified", width=_BATCHES_AT_ONCE)
