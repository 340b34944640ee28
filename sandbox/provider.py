"""What every stand-in has: routes, settings, state, and answers in its provider's own shapes."""

import json
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.faults import FaultPlan, Struck
from sandbox.recorder import Exchange, Recorder

ANY_METHOD = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


class World:
    """What all providers share: the clock, the record, the faults, and each other's addresses."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.recorder = Recorder()
        self.faults = FaultPlan()
        self.urls: dict[str, str] = {}


class Settings(BaseModel):
    """A provider's knobs, changed over the control endpoint."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    keys: list[str]


class Refusal(Exception):
    """An answer that ends the call at once; with a `rule` it is recorded as a violation too."""

    def __init__(self, response: Response, rule: str | None = None, detail: str = "") -> None:
        super().__init__(rule or str(response.status_code))
        self.response = response
        self.rule = rule
        self.detail = detail


class Provider:
    """One outside service. Subclasses hold its state and its routes; nothing else touches them."""

    name: str
    faults: ClassVar[frozenset[str]] = frozenset()
    base_path: ClassVar[str] = ""
    settings: Settings

    def __init__(self, world: World) -> None:
        self.world = world
        self.reset()
        routes = [*self.routes(), Route("/{path:path}", self.unknown, methods=ANY_METHOD)]
        self.app: ASGIApp = Router(routes, redirect_slashes=False)

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes this provider answers."""
        raise NotImplementedError

    def reset(self) -> None:
        """Start with empty state and the usual settings."""
        self.random = random.Random(self.name)

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return an error in this provider's shape, as a scripted fault or a check wants it."""
        raise NotImplementedError

    async def unknown(self, request: Request) -> Response:
        """Answer a path that does not exist."""
        self.violate(request, "unknown_path", f"{request.method} {request.url.path}")
        return self.error(404)

    def environment(self, url: str) -> dict[str, str]:
        """Return the environment variables that point a client at `url`, this provider's origin."""
        prefix = self.name.upper()
        return {f"{prefix}_BASE_URL": url + self.base_path, f"{prefix}_API_KEY": self.settings.keys[0]}

    def seed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Put made-up data in; returns what was made."""
        raise Refusal(JSONResponse({"error": f"{self.name} takes no seed data: {sorted(data)}"}, 422))

    def state(self) -> dict[str, Any]:
        """Show what this provider holds, as plain JSON values."""
        return {}

    async def open(self) -> None:
        """Start what is not HTTP."""

    async def close(self) -> None:
        """Let go of what outlives a request."""

    def violate(self, request: HTTPConnection, rule: str, detail: str = "") -> None:
        """Record that `request` broke a rule."""
        self.world.recorder.violate(exchange_of(request), rule, detail)

    def charge(self, request: HTTPConnection, units: Mapping[str, Decimal | float], **detail: object) -> None:
        """Put `units` on the bill for `request`, with what a bill would say of it."""
        self.world.recorder.charge(exchange_of(request), units, **detail)


def exchange_of(request: HTTPConnection) -> Exchange:
    """Return the record of a request."""
    exchange: Exchange = request.scope["sandbox.exchange"]
    return exchange


def fault_of(request: HTTPConnection) -> Struck | None:
    """Return the provider's own fault that strikes this request, if one does."""
    struck: Struck | None = request.scope["sandbox.fault"]
    return struck


def fault_kind(request: HTTPConnection) -> str:
    """Return the name of the provider's own fault that strikes this request, or an empty text."""
    struck = fault_of(request)
    return struck.kind if struck else ""


def bearer(request: HTTPConnection) -> str | None:
    """Return the token of an `Authorization: Bearer` header, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def json_object(request: Request, refuse: Refusal) -> dict[str, Any]:
    """Return the body as an object, or raise `refuse`."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise refuse from None
    if not isinstance(body, dict):
        raise refuse
    return body
