"""Deliveries of a CRM's webhooks: each only says that a run need not wait for its schedule.

A delivery whose signature is not the CRM's is refused. Of one that is, nothing is read: what happened is read from the
change log by the run that it brings forward, so duplicates, order and loss of deliveries do not matter. However many
come, a run is started once in `PAUSE_S`, the first at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import SalesAgentError

log = logging.getLogger(__name__)

PAUSE_S = 60.0
MAX_BYTES = 1_000_000

Verify = Callable[[Mapping[str, str], bytes], bool]
"""Tells from headers (lower case) and raw body whether a delivery is the CRM's own."""


class Bell:
    """Starts a run when it was rung, at most once in `pause_s`."""

    def __init__(self, start_run: Callable[[], Awaitable[None]], pause_s: float = PAUSE_S) -> None:
        self._start_run = start_run
        self._pause_s = pause_s
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Ask for a run."""
        self._rung.set()

    async def answer(self) -> None:
        """Start runs for as long as this is not cancelled; one that cannot be started is left to the schedule."""
        while True:
            await self._rung.wait()
            self._rung.clear()
            try:
                await self._start_run()
            except SalesAgentError as error:
                log.warning("crm_run_not_started", extra={"why": str(error)})
            await asyncio.sleep(self._pause_s)


def build(path: str, verify: Verify, bell: Bell) -> Starlette:
    """Return the receiver: 204 for a delivery of the CRM's that is posted to `path`, 401 for any other."""

    async def receive(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BYTES:
                return Response(status_code=413)
        if not verify(request.headers, body):
            return Response(status_code=401)
        bell.ring()
        return Response(status_code=204)

    @asynccontextmanager
    async def answering(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.ensure_future(bell.answer())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return Starlette(routes=[Route(path, receive, methods=["POST"])], lifespan=answering)
