"""What an admin sets up in Close: lead statuses, custom fields, webhooks. Source: Close API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.close import events
from sandbox.close.gate import invalid
from sandbox.close.store import Row
from sandbox.close.webhooks import MAX_SUBSCRIPTIONS

if TYPE_CHECKING:
    from starlette.routing import Route

    from sandbox.close.app import Call, Close


def routes(close: Close) -> list[Route]:
    """Return the routes of this module, answered from `close`'s store."""
    desk = _Desk(close)
    one_field = {"GET": close.get("custom_field"), "DELETE": close.delete("custom_field")}
    one_webhook = {"GET": close.get("webhook"), "PUT": desk.update_webhook, "DELETE": close.delete("webhook")}
    return [
        close.at("/status/lead/", GET=desk.list_statuses, POST=desk.create_status),
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
        """List lead statuses."""
        return self._close.page(call, "status", list(self._close.store.rows["status"].values()), status)

    def create_status(self, call: Call) -> Row:
        """Make a lead status."""
        if not call.body.get("label"):
            raise invalid(fields={"label": "This field is required."})
        return status(self._close.store.insert("status", {"label": call.body["label"], "type": "lead"}, path=call.path))

    def list_custom_fields(self, call: Call) -> Row:
        """List the custom field definitions of an object type."""
        kind = call.id("kind")
        rows = [row for row in self._close.store.rows["custom_field"].values() if row["object_type"] == kind]
        return self._close.page(call, "custom_field", rows, lambda row: row)

    def create_custom_field(self, call: Call) -> Row:
        """Make a custom field definition."""
        missing = {key: "This field is required." for key in ("name", "type") if not call.body.get(key)}
        if missing:
            raise invalid(fields=missing)
        return self._close.store.insert("custom_field", custom_field(call.body, call.id("kind")), path=call.path)

    def list_webhooks(self, call: Call) -> Row:
        """List webhook subscriptions."""
        return self._close.page(call, "webhook", list(self._close.store.rows["webhook"].values()), lambda row: row)

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


def custom_field(body: Row, kind: str) -> Row:
    """Return a custom field definition with Close's defaults."""
    return {
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
