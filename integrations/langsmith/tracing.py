"""LangSmith tracing: off unless asked for, without persons unless asked for, and never in the way of the exit.

Source: docs.smith.langchain.com, "Trace without environment variables", "Prevent logging of sensitive data" (checked
November 2026). Set in code, so that no variable on the machine can switch it on.
"""

import atexit
import logging
import os
from typing import Any

import langsmith
from urllib3.util import Retry

from core.errors import ProviderNotConfigured
from integrations.http_errors import redacted

log = logging.getLogger(__name__)

EXIT_S = 1.2
"""Seconds the process waits at its end for traces to be sent; the rest of two is for the interpreter's own end."""
_TIMEOUT_MS = 1_000

_INFO = {
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "scale_up_qsize_trigger": 1000,
        "scale_up_nthreads_limit": 16,
        "scale_down_nempty_trigger": 4,
        "size_limit": 100,
        "size_limit_bytes": 20_971_520,
    }
}
"""What the server's `/info` says; asked for, an odd answer would end the sending thread with a traceback."""

# It logs addresses and payload sizes of what it could not send, once a batch.
logging.getLogger("langsmith").setLevel(logging.CRITICAL)


class _Client(langsmith.Client):
    """Takes persons out of error texts, which hiding inputs and outputs leaves in."""

    def create_run(self, *args: Any, **kwargs: Any) -> None:
        """Send the beginning of a run, or a short run as a whole."""
        super().create_run(*args, **_without_persons(kwargs))

    def update_run(self, *args: Any, **kwargs: Any) -> None:
        """Send the end of a run."""
        super().update_run(*args, **_without_persons(kwargs))


def _without_persons(run: dict[str, Any]) -> dict[str, Any]:
    if run.get("error"):
        # Further lines are a traceback, which quotes messages once more.
        run["error"] = redacted(str(run["error"]).splitlines()[0])
    return run


def switch_tracing_off() -> None:
    """Make sure that nothing is traced, whatever the environment says."""
    langsmith.configure(enabled=False)


def switch_tracing_on(*, endpoint: str, api_key: str | None, project: str, show_content: bool = False) -> None:
    """Send traces of chains and graphs from now on.

    Args:
        endpoint: address, which chooses the region.
        api_key: without one nothing is sent.
        project: where they go.
        show_content: send prompts and answers too, which name persons.

    Raises:
        ProviderNotConfigured: there is no key.
    """
    if not api_key:
        switch_tracing_off()
        raise ProviderNotConfigured("langsmith is off: LANGSMITH_TRACING is true but LANGSMITH_API_KEY is empty")
    # Threads that are no daemons would hold the exit up until the last request has timed out; LangSmith's client takes
    # this from the environment only, and remembers what it read there.
    os.environ["LANGSMITH_USE_DAEMON"] = "true"
    langsmith.utils.get_env_var.cache_clear()  # type: ignore[attr-defined]  # a cached function, typed as a plain one
    client = _Client(
        api_url=endpoint,
        api_key=api_key,
        retry_config=Retry(total=0),
        timeout_ms=_TIMEOUT_MS,
        info=_INFO,
        hide_inputs=not show_content,
        hide_outputs=not show_content,
        hide_metadata=True,
        omit_traced_runtime_info=True,
    )
    langsmith.configure(client=client, enabled=True, project_name=project)
    atexit.register(client.close, timeout=EXIT_S)
    log.info("tracing_on", extra={"project": project, "show_content": show_content})
