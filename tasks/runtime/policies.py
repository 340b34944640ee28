"""When a task is tried again, and how often.

Calls to providers are retried in seconds by their client, tasks in minutes by these policies, nothing else retries.
"""

from typing import Any

from core.errors import Transient


async def is_transient(task: Any, task_run: Any, state: Any) -> bool:  # noqa: ARG001 - Prefect's signature
    """Tell Prefect whether a failed task may succeed when it is tried again."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, Transient)


STEP: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": [5, 20, 60],
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_transient,
    "persist_result": False,
}
"""A step that may be run again from its start: everything it does is safe twice."""
