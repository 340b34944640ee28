"""The Close stand-in: routes and what they do.

Source: developer.close.com and its OpenAPI file, checked August 2026.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.close import activities, events, searching, setup, shapes
from sandbox.close.dates import date_filters, within_dates
from sandbox.close.gate import NOT_FOUND, CloseSettings, Gate, invalid, not_found, recorded_headers, too_deep
from sandbox.close.store import ORGANIZATION, USER, USER_NAME, CloseStore, Row
from sandbox.close.webhooks import WebhookSender
from sandbox.provider import ANY_METHOD, Provider, Refusal, World, fault_kind

_METHOD_NOT_ALLOWED = "The method is not allowed for the requested URL."
_STATUSES = ("Potential", "Qualified", "Bad Fit", "Customer")
_LARGEST_SKIP = 10_000
_LARGEST_PAGE = {"lead": 200, "contact": 200, "opportunity": 250, "task": 1000, "activity": 100}
_PARAMETERS = frozenset({"_skip", "_limit", "_fields"})
_FILTERS = {
    "contact": frozenset({"lead_id"}),
    "opportunity": frozenset({"lead_id", "_order_by", *date_filters("date_created"), *date_filters("date_updated")}),
    "task": frozenset({"lead_id", "view", "_order_by", *date_filters("date_created"), *date_filters("date_updated")}),
    "activity": frozenset({"lead_id", "_type__in", "user_id", "contact_id", *date_filters("date_created")}),
}
_COUNTED = frozenset({"lead", "task", "opportunity"})


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has passed the gate, its parameters and body read."""

    request: Request
    params: dict[str, str]
    body: Row
    path: str

    def id(self, name: str = "id") -> str:
        """Return an id from the path."""
        return str(self.request.path_params[name])


Handler = Callable[[Call], Row]


class Close(Provider):
    """Leads, contacts, opportunities, tasks, activities, search, event log, webhooks."""

    name = "close"
    base_path = "/api/v1"
    faults = frozenset({"row_between_pages"})
    settings: CloseSettings

    def __init__(self, world: World) -> None:
        self.sender = WebhookSender(world.clock)
        super().__init__(world)

    def reset(self) -> None:
        """Start with statuses, custom fields, and no lead."""
        super().reset()
        self.settings = CloseSettings()
        self.gate = Gate(self.world.clock, self.random)
        self.sender.forget()
        self.store = CloseStore(self.world.clock, self.settings.consolidate_s, self._publish)
        self.cursors: dict[str, tuple[float, list[str], int, Row]] = {}
        for label in _STATUSES:
            self.store.insert("status", {"label": label, "type": "lead"}, path="/sandbox/")
        source = {"name": "Source", "type": "choices", "choices": ["Inbound", "Outbound", "Partner"]}
        tags = {"name": "Tags", "type": "text", "accepts_multiple_values": True}
        own_id = {"name": "Sales Agent ID", "type": "text"}
        for kind, field in (("lead", source), ("lead", tags), ("lead", own_id), ("contact", own_id)):
            self.store.insert("custom_field", setup.custom_field(field, kind), path="/sandbox/")
        self.store.events.clear()

    def routes(self) -> list[Route]:
        """Return Close's routes; every path ends in a slash."""
        return [
            self.at("/me/", GET=self.me),
            self.at("/user/{id}/", GET=self.me),
            self.at("/lead/", GET=self.list_leads, POST=self.create_lead),
            self.at("/lead/merge/", POST=self.merge_leads),
            self.at("/lead/{id}/", GET=self.get_lead, PUT=self.update_lead, DELETE=self.delete("lead")),
            self.at("/contact/", GET=self.list_contacts, POST=self.create_contact),
            self.at("/contact/{id}/", GET=self.get_contact, PUT=self.update_contact, DELETE=self.delete("contact")),
            self.at("/event/", GET=self.list_events),
            self.at("/event/{id}/", GET=self.get_event),
            *setup.routes(self),
            *searching.routes(self),
            *activities.routes(self),
        ]

    def at(self, template: str, status: int = 200, /, **verbs: Handler) -> Route:
        """Return a route that passes the gate, reads the call, and lets the verb's handler answer, with `status`."""

        async def endpoint(request: Request) -> Response:
            verb = request.method
            body = await request.body()
            if verb == "POST" and request.headers.get("x-http-method-override", "").upper() == "GET":
                verb = "GET"
            if verb not in verbs:
                raise Refusal(JSONResponse({"error": _METHOD_NOT_ALLOWED}, 405), "method_not_allowed", verb)
            key = self.gate.admit(request, template, self.settings)
            self.store.key_id, self.store.event_lag_s = self.settings.key_ids.get(key), self.settings.event_lag_s
            given = _object(request, body) if request.method in {"POST", "PUT"} else {}
            params = dict(request.query_params)
            if verb == "GET" and given:
                params, given = {name: str(value) for name, value in given.get("_params", {}).items()}, {}
            answer = verbs[verb](Call(request, params, given, request.url.path))
            headers = recorded_headers(240, 239, 2) if template in {"/me/", "/user/{id}/"} else {}
            dated = {"Date": format_datetime(self.world.clock.moment(), usegmt=True)}
            return JSONResponse(answer, status, headers | dated)

        # Any verb gets here, to be told which are not allowed; the route's name says which are.
        return Route(self.base_path + template, endpoint, methods=ANY_METHOD, name=",".join(verbs))

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return an error as Close words it."""
        if status == 429:
            return self.gate.too_many(self.settings, 20, 1.0 if retry_after_s is None else retry_after_s)
        if status == 400:
            return JSONResponse({"errors": [message or "Bad request"], "field-errors": {}}, 400)
        if status == 401:
            return JSONResponse({"error": "Unauthorized"}, 401, recorded_headers(100, 100, 1.0))
        headers = {} if retry_after_s is None else {"Retry-After": str(int(retry_after_s))}
        text = NOT_FOUND if status == 404 else message or f"Error {status}"
        return JSONResponse({"error": text}, status, headers)

    def seed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Create leads from `leads` (bodies as for POST) or `count` of them; `misdeeds` spoil webhooks."""
        self.sender.misdeeds.extend(data.get("misdeeds", []))
        bodies = data.get("leads") or [{"name": f"Seeded Lead {n + 1}"} for n in range(data.get("count", 0))]
        return {"leads": [self._new_lead(body, "/sandbox/")["id"] for body in bodies]}

    def state(self) -> dict[str, Any]:
        """Show every row and event."""
        rows = {kind: list(found.values()) for kind, found in self.store.rows.items()}
        return {**rows, "event": self.store.events}

    async def close(self) -> None:
        """Give up webhooks that have not been delivered."""
        await self.sender.close()

    def _publish(self, event: Row) -> None:
        if event["object_type"] not in {"webhook", "status", "custom_field"}:
            subscriptions = list(self.store.rows["webhook"].values())
            self.sender.publish(event, subscriptions)

    def get(self, kind: str) -> Handler:
        """Return a handler that shows one row."""
        return lambda call: only_fields(self.row(kind, call.id()), call)

    def delete(self, kind: str) -> Handler:
        """Return a handler that deletes one row and answers `{}`."""

        def handler(call: Call) -> Row:
            row = self.row(kind, call.id())
            self.store.delete(kind, row, path=call.path)
            self.store.touch(row.get("lead_id"))
            return {}

        return handler

    def row(self, kind: str, row_id: object) -> Row:
        """Return a row, or raise Close's 404."""
        row = self.store.rows[kind].get(str(row_id))
        if row is None:
            raise not_found()
        return row

    def page(self, call: Call, kind: str, rows: list[Row], shown: Callable[[Row], Row]) -> Row:
        """Return one page of `rows` by `_skip` and `_limit`."""
        self.note_parameters(call, _PARAMETERS | _FILTERS.get(kind, frozenset()))
        rows = [row for row in rows if within_dates(row, call.params)]
        skip, limit = _number(call, "_skip", 0), _number(call, "_limit", 100)
        if limit > _LARGEST_PAGE.get(kind, 1000) or limit < 1:
            raise too_deep("_limit", _LARGEST_PAGE.get(kind, 1000))
        if skip > _LARGEST_SKIP or skip < 0:
            raise too_deep("_skip", _LARGEST_SKIP)
        data = [only_fields(shown(row), call) for row in rows[skip : skip + limit]]
        answer: Row = {"data": data, "has_more": len(rows) > skip + limit}
        if kind in _COUNTED:
            answer["total_results"] = len(rows)
        if fault_kind(call.request) == "row_between_pages":
            self._new_lead({"name": "Inserted Between Pages"}, "/sandbox/")
        return answer

    def note_parameters(self, call: Call, known: frozenset[str]) -> None:
        """Record parameters that the reference does not name for this list."""
        if unknown := sorted(set(call.params) - known):
            self.violate(call.request, "unknown_parameter", ", ".join(unknown))

    def note_unknown(self, call: Call, known: frozenset[str]) -> None:
        """Record keys nobody documents: Close ignores them, and whoever sent them should know."""
        unknown = [key for key in call.body if key not in known and not key.startswith("custom.")]
        if unknown:
            self.violate(call.request, "unknown_key", ", ".join(unknown))

    def me(self, call: Call) -> Row:
        """Show the user, the organisation and all ids needed to start."""
        if call.request.path_params.get("id", USER) != USER:
            raise not_found()
        fields = list(self.store.rows["custom_field"].values())
        organization = {
            "id": ORGANIZATION,
            "name": "Sandbox Organization",
            "currency": "USD",
            "lead_statuses": [setup.status(row) for row in self.store.rows["status"].values()],
            "opportunity_statuses": activities.OPPORTUNITY_STATUSES,
            "pipelines": [{"id": "pipe_sandbox", "name": "Sales", "statuses": activities.OPPORTUNITY_STATUSES}],
            "lead_custom_fields": [setup.shown_field(field) for field in fields if field["object_type"] == "lead"],
        }
        return {
            "id": USER,
            "first_name": "Sandbox",
            "last_name": "User",
            "display_name": USER_NAME,
            "email": "user@sandbox.example",
            "memberships": [
                {"id": "memb_sandbox", "organization_id": ORGANIZATION, "user_id": USER, "role_id": "admin"}
            ],
            "organizations": [organization],
        }

    def list_leads(self, call: Call) -> Row:
        """List leads, oldest first."""
        if "query" in call.params:
            raise invalid("query is not supported here: use /data/search/")
        rows = list(self.store.rows["lead"].values())
        return self.page(call, "lead", rows, lambda lead: shapes.shown_lead(self.store, lead))

    def get_lead(self, call: Call) -> Row:
        """Show a lead with its children."""
        return only_fields(shapes.shown_lead(self.store, self.row("lead", call.id())), call)

    def create_lead(self, call: Call) -> Row:
        """Make a lead, with contacts where given. Two posts make two leads: Close has no idempotency key."""
        self.note_unknown(call, shapes.LEAD_KEYS)
        return only_fields(shapes.shown_lead(self.store, self._new_lead(call.body, call.path)), call)

    def _new_lead(self, body: Row, path: str) -> Row:
        first = next(iter(self.store.rows["status"]))
        nothing: Row = {"name": None, "url": None, "description": "", "addresses": [], "status_id": first}
        values = nothing | shapes.lead_values(self.store, body, {})
        nested = shapes.list_of_objects(body, "contacts") if "contacts" in body else []
        contacts = [(one, shapes.contact_values(self.store, one, {})) for one in nested]
        lead = self.store.insert("lead", {k: v for k, v in values.items() if not _unset(k, v)}, path=path)
        for _, contact in contacts:
            self._insert_contact(contact, lead["id"], path)
        return lead

    def update_lead(self, call: Call) -> Row:
        """Change the keys that are sent; nested contacts cannot be changed here."""
        lead = self.row("lead", call.id())
        self.note_unknown(call, shapes.LEAD_KEYS - {"contacts"})
        values = shapes.lead_values(self.store, call.body, lead)
        self.store.consolidate_s = self.settings.consolidate_s
        self.store.update("lead", lead, values, path=call.path)
        return only_fields(shapes.shown_lead(self.store, lead), call)

    def merge_leads(self, call: Call) -> Row:
        """Merge `source` into `destination`; `source` is gone afterwards."""
        missing = {key: "This field is required." for key in ("source", "destination") if not call.body.get(key)}
        if missing:
            raise invalid(fields=missing)
        source, destination = self.row("lead", call.body["source"]), self.row("lead", call.body["destination"])
        if source is destination:
            raise invalid("A lead cannot be merged into itself.")
        self.store.merge(source, destination, path=call.path)
        return {}

    def list_contacts(self, call: Call) -> Row:
        """List contacts, of one lead if `lead_id` says so; there is no filter by date."""
        if any(name.startswith("date_") for name in call.params):
            raise invalid("Contacts cannot be filtered by date.")
        lead_id = call.params.get("lead_id")
        rows = [row for row in self.store.rows["contact"].values() if lead_id in (None, row["lead_id"])]
        return self.page(call, "contact", rows, shapes.shown_contact)

    def get_contact(self, call: Call) -> Row:
        """Show a contact."""
        return only_fields(shapes.shown_contact(self.row("contact", call.id())), call)

    def create_contact(self, call: Call) -> Row:
        """Make a contact; without `lead_id` Close makes a lead for it."""
        self.note_unknown(call, shapes.CONTACT_KEYS)
        values = shapes.contact_values(self.store, call.body, {})
        lead_id = call.body.get("lead_id")
        if lead_id is None:
            lead_id = self._new_lead({"name": values.get("name")}, call.path)["id"]
        elif lead_id not in self.store.rows["lead"]:
            raise invalid(fields={"lead_id": "Object does not exist."})
        return shapes.shown_contact(self._insert_contact(values, lead_id, call.path))

    def _insert_contact(self, values: Row, lead_id: str, path: str) -> Row:
        nothing: Row = {"name": "", "title": "", "emails": [], "phones": [], "urls": [], "timezone": None}
        row = self.store.insert("contact", nothing | values | {"lead_id": lead_id}, path=path)
        self.store.touch(lead_id)
        return row

    def update_contact(self, call: Call) -> Row:
        """Change the keys that are sent; `emails`, `phones` and `urls` replace the whole list."""
        contact = self.row("contact", call.id())
        self.note_unknown(call, shapes.CONTACT_KEYS)
        values = shapes.contact_values(self.store, call.body, contact)
        if (lead_id := call.body.get("lead_id")) is not None:
            if lead_id not in self.store.rows["lead"]:
                raise invalid(fields={"lead_id": "Object does not exist."})
            # The contact moves to another lead; both have changed.
            self.store.touch(contact["lead_id"])
            values["lead_id"] = lead_id
        self.store.update("contact", contact, values, path=call.path)
        self.store.touch(contact["lead_id"])
        return shapes.shown_contact(contact)

    def list_events(self, call: Call) -> Row:
        """Page through the event log, newest first."""
        return events.page(self.store, call.params, self.settings.is_admin)

    def get_event(self, call: Call) -> Row:
        """Show one event."""
        found = next((event for event in self.store.kept_events() if event["id"] == call.id()), None)
        if found is None:
            raise not_found()
        return found


def only_fields(row: Row, call: Call) -> Row:
    """Return the keys the call's `_fields` names."""
    return shapes.only(row, call.params.get("_fields"))


def _unset(key: str, value: object) -> bool:
    return value is None and key.startswith("custom.")


def _number(call: Call, name: str, default: int) -> int:
    try:
        return int(call.params.get(name, default))
    except ValueError:
        raise invalid(fields={name: "Expected an integer."}) from None


def _object(request: Request, body: bytes) -> Row:
    """Read a JSON body, or raise Close's 415 or 400."""
    if body and not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(JSONResponse({"error": "Unsupported Media Type"}, 415), "not_json", "content-type")
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise invalid("The request body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise invalid("The request body must be an object.")
    return value
