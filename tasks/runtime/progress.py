"""Progress of a run: as an artifact in the Prefect UI, and to whatever door asked to hear of it."""

import time
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from tasks.runtime.orchestration import in_flow_run, progress_sink

_EVERY_S = 1.0


class Progress:
    """Rows done out of a known total; reported at most once a second.

    Args:
        total: how many there are.
        description: of the artifact.
        is_heard: whether the door is told too: not of runs that hold runs, whose own progress it hears.
    """

    def __init__(self, total: int, description: str, *, is_heard: bool = True) -> None:
        self._is_heard = is_heard
        self._total = total
        self._description = description
        self._artifact: UUID | None = None
        self._reported_at = 0.0

    async def advance_to(self, done: int) -> None:
        """Report that `done` of all rows are done."""
        if self._is_heard and (sink := progress_sink.get()) is not None:
            sink(done, self._total)
        if not in_flow_run() or (done < self._total and time.monotonic() - self._reported_at < _EVERY_S):
            return
        self._reported_at = time.monotonic()
        percent = 100.0 * done / self._total if self._total else 100.0
        if self._artifact is None:
            self._artifact = await acreate_progress_artifact(progress=percent, description=self._description)
        else:
            await aupdate_progress_artifact(self._artifact, progress=percent)
