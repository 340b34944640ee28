"""Flows and tasks that are Prefect's where there is a Prefect server, and plain coroutines where there is none.

Prefect would start a temporary server of its own for a flow without one: eleven seconds, and a history that is gone
afterwards. Ours run the same code without Prefect instead and say so. A server is the one of `PREFECT_API_URL`, else
the one that `sales-agent up` runs on this machine.
"""

import logging
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from prefect import Flow, Task
from prefect.context import FlowRunContext
from prefect.exceptions import CancelledRun
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled
from prefect.utilities.callables import get_call_parameters

from core.errors import (
    ConfigurationError,
    Conflict,
    InvalidInput,
    MalformedAnswer,
    NotFound,
    SalesAgentError,
    Unavailable,
)
from core.settings import prefect_server
from core.settings.settings import settings
from db.server import processes

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)


def server_url() -> str | None:
    """Find the Prefect server's API address: configured, else that of `sales-agent up`, else None."""
    if url := PREFECT_API_URL.value():
        return str(url)
    home = settings().home
    state = prefect_server.state(home)
    # A killed `up` leaves its note behind, and whoever takes its port would be told the password.
    if state is None or not processes.is_owners(prefect_server.pid_of(state), home / prefect_server.STATE_FILE):
        return None
    url = str(state["api_url"])
    return url if _answers(url) else None


def checked_server(url: str) -> str:
    """Return the address of a Prefect server that somebody listens at. Raises Unavailable saying what to do."""
    if not _answers(url):
        raise Unavailable(
            f"no Prefect server answers at {url}: start it, or unset PREFECT_API_URL to work without one",
            provider="prefect",
        )
    return url


def _answers(url: str) -> bool:
    """Return whether anybody listens there."""
    place = urlsplit(url)
    try:
        socket.create_connection((place.hostname, place.port), timeout=1.0).close()
    except OSError:
        return False
    return True


def connected(url: str) -> AbstractContextManager[Any]:
    """Return a context in which Prefect's clients speak to this server, signed in to it where we know how."""
    login = prefect_server.login(settings(), url)
    return temporary_settings({PREFECT_API_URL: url, **({PREFECT_API_AUTH_STRING: login} if login else {})})


def in_flow_run() -> bool:
    """Return whether this code runs inside a Prefect flow run."""
    return FlowRunContext.get() is not None


REFUSED = "Refused"
"""The state, of the type Cancelled, of a run that was asked for what cannot be: its message says why."""
_MISTAKES = (ConfigurationError, InvalidInput, NotFound, Conflict)
"""What whoever started a run can mend; nothing is broken where it comes up."""

_refusals: ContextVar[list[SalesAgentError] | None] = ContextVar("refusals", default=None)
"""Where the flow that is called now leaves why it was refused, for who called it in this process."""


def _refusing(function: Callable[P, R]) -> Callable[P, R]:
    """Return a flow's function whose run ends as refused, and not as failed, where its user has made a mistake."""

    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return await function(*args, **kwargs)  # type: ignore[misc]  # a flow is a coroutine function
        except _MISTAKES as error:
            if not in_flow_run() or isinstance(error, MalformedAnswer):
                raise
            if (held := _refusals.get()) is not None:
                held.append(error)
            return Cancelled(name=REFUSED, message=str(error))

    return run  # type: ignore[return-value]  # as above


class OptionalFlow(Flow[P, R]):
    """A Prefect flow that runs without Prefect where there is no server."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the flow; give what its function gives, a coroutine."""
        if in_flow_run():
            return self._told_of_refusal(super().__call__(*args, **kwargs))
        url = server_url()
        if url is None:
            log.info("running_without_prefect", extra={"flow": self.name, "why": "no server: see `sales-agent up`"})
            function: Callable[..., R] = self.fn
            return function(**self.validate_parameters(get_call_parameters(self.fn, args, kwargs)))
        checked_server(url)
        return self._run_against(url, *args, **kwargs)

    async def _run_against(self, url: str, *args: Any, **kwargs: Any) -> Any:
        with connected(url):
            return await self._told_of_refusal(super().__call__(*args, **kwargs))

    async def _told_of_refusal(self, run: Any) -> Any:
        """Wait for a run; raise to who called it why it was refused."""
        held: list[SalesAgentError] = []
        token = _refusals.set(held)
        try:
            return await run
        except CancelledRun:
            if not held:
                raise
            raise held[0] from None
        finally:
            _refusals.reset(token)


class OptionalTask(Task[P, R]):
    """A Prefect task that is its plain function outside a flow run."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:  # type: ignore[override]  # overloaded there
        """Call the task; give what its function gives."""
        return super().__call__(*args, **kwargs) if in_flow_run() else self.fn(*args, **kwargs)


def flow(**options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate an async function as a flow; options are those of `prefect.flow`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return OptionalFlow(_refusing(function), **options)

    return decorate


def task(**options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate an async function as a task; options are those of `prefect.task`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return OptionalTask(function, **options)

    return decorate


ProgressSink = Callable[[int, int], None]
progress_sink: ContextVar[ProgressSink | None] = ContextVar("progress_sink", default=None)
"""Where a door (the command line) wants to hear of progress: called with (done, total) rows."""
