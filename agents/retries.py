"""When a node of a graph is tried again: by our classes of errors, and rarely.

Calls are retried in seconds by their client; a node tries once more for what may pass but took longer than that.
"""

from langgraph.types import RetryPolicy

from core.errors import Transient


def is_transient(error: Exception) -> bool:
    """Return whether trying again may help."""
    return isinstance(error, Transient)


NODE_RETRY = RetryPolicy(
    initial_interval=2.0, backoff_factor=2.0, max_interval=30.0, max_attempts=3, jitter=True, retry_on=is_transient
)
"""For nodes that state no policy of their own."""
