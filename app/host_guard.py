"""Whom a server on this machine answers: requests that name it by a name of its own, from no foreign web page.

A page of any website may send requests to 127.0.0.1 from the browser of whoever looks at it. It cannot choose the
`Host` header, unless its own name is made to point here (DNS rebinding), and it cannot leave out `Origin` where it
wants to change something. So a foreign name is refused whatever is asked, and a foreign origin whatever may change
something or opens a WebSocket, which no rule of the browser's keeps it from.
"""

import ipaddress
import json
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Addresses that only this machine reaches."""

_READS = ("GET", "HEAD", "OPTIONS")  # of OPTIONS, CORS takes care
_HERE = ("localhost",)


class HostGuard:
    """An ASGI application in front of another.

    Args:
        app: Who is guarded.
        names: Names under which it may be reached, beside `localhost`.
        origins: Origins of other pages that may call it; `*` for all.
        beyond_loopback: Whether addresses that are not of this machine alone are its own too.
    """

    def __init__(
        self, app: ASGIApp, *, names: Collection[str], origins: Collection[str], beyond_loopback: bool
    ) -> None:
        self._app = app
        self._names = frozenset(map(str.lower, (*_HERE, *names)))
        self._origins = frozenset(origins)
        self._beyond_loopback = beyond_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, and refuse the rest."""
        if scope["type"] in ("http", "websocket") and (refused := self._refusal(scope)) is not None:
            await _refuse(scope, send, *refused)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        hosts, origins = _headers(scope, b"host"), _headers(scope, b"origin")
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            return 400, "This server does not go by that name: see SALES_AGENT_HOST_NAMES."
        if scope["type"] == "http" and scope["method"] in _READS:
            return None
        for origin in origins:
            is_same = urlsplit(origin).netloc.lower() == hosts[0].lower()
            if not is_same and not self._origins & {origin, "*"}:
                return 403, "Another website's page may not do that."
        return None

    def _is_own(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").removesuffix(".")
        except ValueError:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return self._beyond_loopback or address.is_loopback


def _headers(scope: Scope, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


async def _refuse(scope: Scope, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})
        return
    body = json.dumps({"detail": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
