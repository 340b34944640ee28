"""What Close remembers: objects with their event log. Source: Close API, "Event Log", checked August 2026."""

import hashlib
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import Clock

ORGANIZATION = "orga_sandbox"
USER = "user_sandbox"
USER_NAME = "Sandbox User"
EVENTS_KEPT_S = 30 * 86_400

PREFIXES = {
    "lead": "lead",
    "contact": "cont",
    "opportunity": "oppo",
    "task": "task",
    "activity.note": "acti",
    "activity.email": "acti",
    "activity.meeting": "acti",
    "custom_field": "cf",
    "status": "stat",
    "event": "ev",
    "webhook": "whsub",
    "bulk_action": "bulk",
}
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

Row = dict[str, Any]


class CloseStore:
    """Rows by type and id, and the events they left behind.

    Args:
        clock: Stamps rows and events.
        consolidate_s: Updates of one object within this time become one event.
        on_event: Called with each new or changed event.

    Attributes:
        key_id: Whose call is being answered, as events name it.
        event_lag_s: Every other event shows in the log only so many seconds after it happened.
    """

    def __init__(self, clock: Clock, consolidate_s: float, on_event: Callable[[Row], None]) -> None:
        self.clock = clock
        self.consolidate_s = consolidate_s
        self._on_event = on_event
        self.key_id: str | None = None
        self.event_lag_s = 0.0
        self._appears_at: dict[str, float] = {}
        self._ids = random.Random("close")
        self._last_stamp = 0.0
        self.rows: dict[str, dict[str, Row]] = {kind: {} for kind in PREFIXES}
        self.events: list[Row] = []

    def new_id(self, kind: str) -> str:
        """Return a fresh id of Close's form: a prefix and an opaque text."""
        return f"{PREFIXES[kind]}_" + "".join(self._ids.choices(_ALPHABET, k=22))

    def stamp(self) -> datetime:
        """Return the time now, later than any stamp before it, so that newest-first is a total order."""
        now = self.clock.now()
        if self._last_stamp >= now > self._last_stamp - 1:
            now = self._last_stamp + 1e-6
        self._last_stamp = now
        return datetime.fromtimestamp(now, UTC)

    def insert(self, kind: str, row: Row, *, path: str) -> Row:
        """Store a new row; it gets id, author and dates, and leaves a `created` event."""
        at = self.stamp().isoformat(timespec="microseconds")
        stored = {
            "id": row.get("id") or self.new_id(kind),
            "organization_id": ORGANIZATION,
            "created_by": USER,
            "updated_by": USER,
            **row,
            "date_created": at,
            "date_updated": at,
        }
        self.rows[kind][stored["id"]] = stored
        self._log(kind, stored, "created", sorted(row), {}, "POST", path)
        return stored

    def update(self, kind: str, row: Row, changes: Row, *, path: str) -> Row:
        """Change keys of a row; `None` under a custom field's key unsets it. Leaves an `updated` event."""
        before = {key: row.get(key) for key in changes if row.get(key) != changes[key]}
        for key, value in changes.items():
            if value is None and key.startswith("custom."):
                row.pop(key, None)
            else:
                row[key] = value
        row["date_updated"] = self.stamp().isoformat(timespec="microseconds")
        if before:
            self._log(kind, row, "updated", sorted(before), before, "PUT", path)
        return row

    def touch(self, lead_id: str | None) -> None:
        """Move a lead's `date_updated` because of one of its children: Close logs no lead event for that."""
        lead = self.rows["lead"].get(lead_id or "")
        if lead is not None:
            lead["date_updated"] = self.stamp().isoformat(timespec="microseconds")

    def delete(self, kind: str, row: Row, *, path: str) -> None:
        """Remove a row, for a lead its children first; each leaves a `deleted` event."""
        if kind == "lead":
            for child_kind, child in list(self.children(row["id"])):
                self.delete(child_kind, child, path=path)
        del self.rows[kind][row["id"]]
        self._log(kind, row, "deleted", [], deepcopy(row), "DELETE", path)

    def children(self, lead_id: str) -> Iterator[tuple[str, Row]]:
        """Yield contacts, opportunities, tasks and activities of a lead."""
        for kind, rows in self.rows.items():
            if kind not in {"lead", "webhook"}:
                yield from ((kind, row) for row in rows.values() if row.get("lead_id") == lead_id)

    def merge(self, source: Row, destination: Row, *, path: str) -> None:
        """Move the children of `source` to `destination`, fill its empty fields, and remove `source`."""
        for _, child in list(self.children(source["id"])):
            child["lead_id"] = destination["id"]
        for key, value in source.items():
            if destination.get(key) in (None, "", [], {}):
                destination[key] = value
        destination["date_updated"] = self.stamp().isoformat(timespec="microseconds")
        del self.rows["lead"][source["id"]]
        meta = {"merge_source_lead_id": source["id"], "merge_destination_lead_id": destination["id"]}
        self._log("lead", destination, "merged", [], {}, "POST", path, meta)
        self._log("lead", source, "deleted", [], deepcopy(source), "POST", path, meta)

    def kept_events(self) -> list[Row]:
        """Return the events of the last 30 days, newest first."""
        horizon = naive(datetime.fromtimestamp(self.clock.now() - EVENTS_KEPT_S, UTC))
        self.events = [event for event in self.events if event["date_updated"] >= horizon]
        now = self.clock.now()
        shown = [event for event in self.events if self._appears_at.get(event["id"], now) <= now]
        return sorted(shown, key=lambda event: (event["date_updated"], event["id"]), reverse=True)

    def _log(
        self,
        kind: str,
        row: Row,
        action: str,
        changed: list[str],
        before: Row,
        method: str,
        path: str,
        meta: Row | None = None,
    ) -> None:
        at = self.stamp()
        if action == "updated" and (event := self._open_event(kind, row["id"], at)) is not None:
            event["changed_fields"] = sorted({*event["changed_fields"], *changed})
            event["previous_data"] = {**before, **event["previous_data"]}
            event["data"] = deepcopy(row)
            event["date_updated"] = naive(at)
        else:
            event = {
                "id": self.new_id("event"),
                "object_type": kind,
                "object_id": row["id"],
                "lead_id": row["id"] if kind == "lead" else row.get("lead_id"),
                "action": action,
                "changed_fields": changed if action == "updated" else [],
                "data": {} if action == "deleted" else deepcopy(row),
                "previous_data": before,
                "date_created": naive(at),
                "date_updated": naive(at),
                "organization_id": ORGANIZATION,
                "user_id": USER,
                "request_id": "req_" + hashlib.sha256(f"{at.timestamp()}".encode()).hexdigest()[:22],
                "api_key_id": self.key_id,
                "meta": {"request_method": method, "request_path": path, **(meta or {})},
            }
            self.events.append(event)
            if self.event_lag_s and self._ids.random() < 0.5:
                self._appears_at[event["id"]] = at.timestamp() + self.event_lag_s
        self._on_event(deepcopy(event))

    def _open_event(self, kind: str, object_id: str, at: datetime) -> Row | None:
        """Return the `updated` event that a further update of this object still joins."""
        for event in reversed(self.events):
            if event["object_id"] == object_id and event["object_type"] == kind:
                began = datetime.fromisoformat(event["date_created"]).replace(tzinfo=UTC)
                is_open = event["action"] == "updated" and (at - began).total_seconds() <= self.consolidate_s
                return event if is_open else None
        return None


def naive(at: datetime) -> str:
    """Write a time as events and webhooks do: UTC, but without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
