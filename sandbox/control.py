"""The sandbox's own door: `/_sandbox/...` on its control port.

GET    /_sandbox/                     every provider's address and the environment lines
POST   /_sandbox/reset                forget everything (`?provider=` for one)
GET    /_sandbox/faults               what can still strike
POST   /_sandbox/faults               script a fault (see `sandbox.faults.Fault`)
DELETE /_sandbox/faults               clear them (`?provider=`)
GET    /_sandbox/requests             recorded requests (`?provider=`, `path=` pattern, `method=`, `since=` number)
GET    /_sandbox/violations           what a real provider would have refused (`?provider=`)
DELETE /_sandbox/violations           the same, and forget them
GET    /_sandbox/charges              the bill, exchange by exchange (`?provider=`)
GET    /_sandbox/bill                 the bill added up: units a provider
GET    /_sandbox/clock                the sandbox's time
POST   /_sandbox/clock                `{"advance_s": 3600}`, `{"set": "2026-06-01T00:00:00+00:00"}`,
                                     `{"hold": true}` or `{"reset": true}`
GET    /_sandbox/settings/{provider}  a provider's knobs (limits, header style, credits, ...)
POST   /_sandbox/settings/{provider}  change some of them
POST   /_sandbox/seed/{provider}      put made-up data in
GET    /_sandbox/state/{provider}     what a provider holds
GET    /_sandbox/leads.csv            the made-up companies as a list to import, their websites included
"""

import csv
import io
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.cast import COMPANIES
from sandbox.faults import GENERAL_FAULTS, Fault
from sandbox.provider import Provider, Refusal, World, json_object
from sandbox.recorder import shown


class Control:
    """Answers `/_sandbox/...`."""

    def __init__(self, world: World, providers: dict[str, Provider]) -> None:
        self.world = world
        self.providers = providers
        self._app: ASGIApp = Router(
            [
                Route("/_sandbox/", self.overview, methods=["GET"]),
                Route("/_sandbox/reset", self.reset, methods=["POST"]),
                Route("/_sandbox/faults", self.faults, methods=["GET", "POST", "DELETE"]),
                Route("/_sandbox/requests", self.requests, methods=["GET"]),
                Route("/_sandbox/violations", self.violations, methods=["GET", "DELETE"]),
                Route("/_sandbox/charges", self.charges, methods=["GET"]),
                Route("/_sandbox/bill", self.bill, methods=["GET"]),
                Route("/_sandbox/clock", self.clock, methods=["GET", "POST"]),
                Route("/_sandbox/settings/{provider}", self.settings, methods=["GET", "POST"]),
                Route("/_sandbox/seed/{provider}", self.seed, methods=["POST"]),
                Route("/_sandbox/leads.csv", self.leads, methods=["GET"]),
                Route("/_sandbox/state/{provider}", self.state, methods=["GET"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one control call; every mistake of the caller is a 422 that says what is wrong.

        Web pages are refused: they may send calls to this machine, and all that is asked of here comes from programs.
        """
        if scope["type"] == "http" and _is_of_a_page(scope):
            await JSONResponse({"error": "only programs on this machine may ask here"}, 403)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except Refusal as refusal:
            await refusal.response(scope, receive, send)
        except (ValidationError, ValueError) as mistake:
            await JSONResponse({"error": str(mistake)}, 422)(scope, receive, send)

    def environment(self) -> dict[str, str]:
        """Return the environment variables that point every client here."""
        lines: dict[str, str] = {}
        for provider in self.providers.values():
            lines.update(provider.environment(self.world.urls[provider.name]))
        return lines

    def clear(self, name: str | None = None) -> None:
        """Forget what one provider, or everyone, was asked and told."""
        for provider in self.providers.values():
            if name in (None, provider.name):
                provider.reset()
        self.world.recorder.forget(name)
        self.world.faults.clear(name)
        if name is None:
            self.world.clock.reset()

    def script(self, fault: Fault) -> None:
        """Queue a fault. Raises ValueError when its provider does not know it."""
        known = set(GENERAL_FAULTS)
        for provider in self.providers.values():
            if fault.provider in (provider.name, "*"):
                known |= provider.faults
        if fault.provider not in {"*", *self.providers} or fault.kind not in known:
            raise ValueError(f"no such fault: {fault.kind!r} of {fault.provider!r}; known: {sorted(known)}")
        self.world.faults.add(fault)

    async def overview(self, _request: Request) -> Response:
        """Show addresses, environment lines and the faults each provider knows."""
        known = {p.name: sorted(GENERAL_FAULTS | p.faults) for p in self.providers.values()}
        return JSONResponse({"urls": self.world.urls, "environment": self.environment(), "faults": known})

    async def reset(self, request: Request) -> Response:
        """Forget everything, or everything of one provider."""
        self.clear(_named(request))
        return JSONResponse({})

    async def faults(self, request: Request) -> Response:
        """List, add or clear scripted faults."""
        if request.method == "POST":
            self.script(Fault.model_validate(await _body(request)))
        elif request.method == "DELETE":
            self.world.faults.clear(_named(request))
        return JSONResponse(self.world.faults.pending())

    async def requests(self, request: Request) -> Response:
        """List recorded requests in the order they came."""
        query = request.query_params
        since, pattern, method = int(query.get("since", "0")), query.get("path", "*"), query.get("method")
        found = [
            shown(exchange)
            for exchange in _of(_named(request), self.world.recorder.exchanges)
            if exchange.number > since and fnmatchcase(exchange.path, pattern) and method in (None, exchange.method)
        ]
        return JSONResponse(found)

    async def violations(self, request: Request) -> Response:
        """List violations; DELETE takes them off the record."""
        recorder = self.world.recorder
        found = list(_of(_named(request), recorder.violations))
        if request.method == "DELETE":
            recorder.violations[:] = [violation for violation in recorder.violations if violation not in found]
        return JSONResponse([shown(violation) for violation in found])

    async def charges(self, request: Request) -> Response:
        """List charges in the order they were made."""
        return JSONResponse([shown(charge) for charge in _of(_named(request), self.world.recorder.charges)])

    async def bill(self, _request: Request) -> Response:
        """Add the charges up: `{provider: {unit: amount}}`."""
        totals: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for charge in self.world.recorder.charges:
            for unit, amount in charge.units.items():
                totals[charge.provider][unit] += amount
        return JSONResponse({p: {unit: str(amount) for unit, amount in units.items()} for p, units in totals.items()})

    async def clock(self, request: Request) -> Response:
        """Show or move the sandbox's time."""
        clock = self.world.clock
        if request.method == "POST":
            change = await _body(request)
            if "set" in change:
                clock.set(datetime.fromisoformat(change["set"]))
            elif change.get("reset"):
                clock.reset()
            elif change.get("hold"):
                clock.hold()
            else:
                clock.advance(float(change["advance_s"]))
        return JSONResponse({"now": clock.moment().isoformat()})

    async def settings(self, request: Request) -> Response:
        """Show or change a provider's knobs."""
        provider = self._provider(request)
        if request.method == "POST":
            changed = {**provider.settings.model_dump(), **await _body(request)}
            provider.settings = type(provider.settings).model_validate(changed)
        return JSONResponse(provider.settings.model_dump(mode="json"))

    async def seed(self, request: Request) -> Response:
        """Put made-up data into a provider."""
        return JSONResponse(self._provider(request).seed(await _body(request)))

    async def state(self, request: Request) -> Response:
        """Show what a provider holds."""
        return JSONResponse(self._provider(request).state())

    async def leads(self, _request: Request) -> Response:
        """Write the made-up companies as a CSV file whose websites are the sandbox's."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["company_name", "company_website", "industry", "company_size", "city", "country"])
        for company in COMPANIES:
            website = self.world.urls.get(f"site-{company.slug}", f"http://{company.domain}")
            place = (company.city, company.country)
            writer.writerow([company.name, website, company.industry, company.employee_count, *place])
        return Response(text.getvalue(), media_type="text/csv")

    def _provider(self, request: Request) -> Provider:
        name = request.path_params["provider"]
        if name not in self.providers:
            raise ValueError(f"no such provider: {name!r}; known: {sorted(self.providers)}")
        return self.providers[name]


def _is_of_a_page(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    try:
        host = urlsplit("//" + headers.get(b"host", b"").decode("latin-1")).hostname
    except ValueError:
        return True
    return host not in ("127.0.0.1", "localhost") or b"origin" in headers


def _named(request: Request) -> str | None:
    return request.query_params.get("provider")


def _of(name: str | None, entries: list[Any]) -> list[Any]:
    return [entry for entry in entries if name in (None, entry.provider)]


async def _body(request: Request) -> dict[str, Any]:
    return await json_object(request, Refusal(JSONResponse({"error": "send a JSON object"}, 422)))
