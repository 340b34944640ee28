"""What an admin sets up in Close: lead statuses, custom fields, webhooks. Source: Close API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.close import events
from sandbox.close.gate import invalid
from sandbox.close.store import ORGANIZATION, Row
from sandbox.close.webhooks import MAX_SUBSCRIPTIONS

if TYPE_CHECKING:
    from starlette.routing import Route

    from sandbox.close.app import Call, Close


def routes(close: Close) -> list[Route]:
    """Return the routes of this module, answered from `close`'s store."""
    desk = _Desk(close)
    one_field = {"GET": desk.get_custom_field, "DELETE": close.delete("custom_field")}
    one_webhook = {"GET": close.get("webhook"), "PUT": desk.update_webhook, "DELETE": close.delete("webhook")}
    return [
        close.at("/status/lead/", GET=desk.list_statuses, POST=desk.create_status),
        close.at("/custom_field_schema/{kind}/", GET=desk.show_schema),
        close.at("/custom_field/shared/", GET=desk.list_shared_fields, POST=desk.create_shared_field),
        close.at("/custom_field/shared/{id}/association/", 201, POST=desk.associate),
        close.at("/custom_field/{kind}/", GET=desk.list_custom_fields, POST=desk.create_custom_field),
        close.at("/custom_field/{kind}/{id}/", **one_field),
        close.at("/webhook/", GET=desk.list_webhooks, POST=desk.create_webhook),
        close.at("/webhook/{id}/", **one_webhook),
    ]


class _Desk:
    """Handlers over the store of one Close."""

    def __init__(self, close: Close) -> None:
        self._close = close

    def list_statuses(self, call: Call) -> Row:
        """List lead statuses; all at once, nothing may be asked for."""
        return self._all(call, [status(row) for row in self._close.store.rows["status"].values()])

    def create_status(self, call: Call) -> Row:
        """Make a lead status."""
        if not call.body.get("label"):
            raise invalid(fields={"label": "This field is required."})
        return status(self._close.store.insert("status", {"label": call.body["label"], "type": "lead"}, path=call.path))

    def list_custom_fields(self, call: Call) -> Row:
        """List the regular custom fields of an object type; shared ones are not among them."""
        kind = call.id("kind")
        rows = [row for row in self._fields() if row["object_type"] == kind]
        return self._close.page(call, "custom_field", rows, shown_field)

    def get_custom_field(self, call: Call) -> Row:
        """Show a custom field definition."""
        return shown_field(self._close.row("custom_field", call.id()))

    def show_schema(self, call: Call) -> Row:
        """Show all custom fields that an object may have, shared ones too, in the order of their making."""
        kind = call.id("kind")
        return {
            "object_type": kind,
            "organization_id": ORGANIZATION,
            "fields": [shown_field(row) for row in self._fields() if is_field_of(row, kind)],
        }

    def list_shared_fields(self, call: Call) -> Row:
        """List the custom fields that may be shared over object types."""
        return self._all(call, [shown_field(row) for row in self._fields() if row["object_type"] is None])

    def create_shared_field(self, call: Call) -> Row:
        """Make a custom field that belongs to nothing until it is associated."""
        return self._new_field(call, None)

    def associate(self, call: Call) -> Row:
        """Let objects of a type have a shared field."""
        row = self._close.row("custom_field", call.id())
        if row["object_type"] is not None or not call.body.get("object_type"):
            raise invalid(fields={"object_type": "This field is required."})
        association = {"object_type": call.body["object_type"], "editable_with_roles": [], "required": False}
        row["associations"].append(association)
        return association

    def _fields(self) -> list[Row]:
        return list(self._close.store.rows["custom_field"].values())

    def _all(self, call: Call, rows: list[Row]) -> Row:
        """Answer a list that has no pages."""
        self._close.note_parameters(call, frozenset({"_fields"}))
        return {"data": rows, "has_more": False}

    def create_custom_field(self, call: Call) -> Row:
        """Make a custom field definition."""
        return self._new_field(call, call.id("kind"))

    def _new_field(self, call: Call, kind: str | None) -> Row:
        missing = {key: "This field is required." for key in ("name", "type") if not call.body.get(key)}
        if missing:
            raise invalid(fields=missing)
        return shown_field(self._close.store.insert("custom_field", custom_field(call.body, kind), path=call.path))

    def list_webhooks(self, call: Call) -> Row:
        """List webhook subscriptions; all at once, nothing may be asked for."""
        return self._all(call, [events.shown_subscription(row) for row in self._close.store.rows["webhook"].values()])

    def create_webhook(self, call: Call) -> Row:
        """Subscribe an address to events; at most 40 subscriptions."""
        missing = {key: "This field is required." for key in ("url", "events") if not call.body.get(key)}
        if missing:
            raise invalid(fields=missing)
        if len(self._close.store.rows["webhook"]) >= MAX_SUBSCRIPTIONS:
            raise invalid(f"At most {MAX_SUBSCRIPTIONS} webhook subscriptions are allowed.")
        row = events.subscription(call.body, self._close.random.randbytes(32).hex())
        return events.shown_subscription(self._close.store.insert("webhook", row, path=call.path))

    def update_webhook(self, call: Call) -> Row:
        """Change a subscription, or start a paused one again."""
        row = self._close.row("webhook", call.id())
        known: Row = {key: call.body[key] for key in ("url", "events", "status", "verify_ssl") if key in call.body}
        return events.shown_subscription(self._close.store.update("webhook", row, known, path=call.path))


def custom_field(body: Row, kind: str | None) -> Row:
    """Return a custom field definition with Close's defaults; without a `kind` it is a shared one."""
    return {
        "associations": [],
        "name": body["name"],
        "type": body["type"],
        "object_type": kind,
        "choices": body.get("choices", []),
        "accepts_multiple_values": bool(body.get("accepts_multiple_values", False)),
        "description": body.get("description"),
    }


def status(row: Row) -> Row:
    """Return a lead status as Close shows it."""
    return {key: row[key] for key in ("id", "label", "type", "organization_id")}


def is_field_of(field: Row, kind: str) -> bool:
    """Return whether objects of a type may have a custom field: their own, or a shared one that is associated."""
    return field["object_type"] == kind or any(each["object_type"] == kind for each in field["associations"])


def shown_field(field: Row) -> Row:
    """Return a custom field definition as Close shows it; only a shared one says with what it is associated."""
    shown = {key: value for key, value in field.items() if key not in ("object_type", "associations")}
    is_shared = field["object_type"] is None
    return shown | {"is_shared": is_shared} | ({"associations": field["associations"]} if is_shared else {})
