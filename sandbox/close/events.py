"""Close's event log pages and webhook subscriptions.

Source: Close API, "Event Log", "Retrieve a list of events", "Webhooks", checked November 2026.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.close.gate import invalid
from sandbox.close.store import CloseStore, Row, naive

PAGE = 50
_FILTERS = ("object_type", "object_id", "action", "lead_id", "user_id", "request_id")
_DATES = ("date_updated__gt", "date_updated__gte", "date_updated__lt", "date_updated__lte")
_COMBINATIONS = {
    frozenset(names.split())
    for names in (
        "",
        "object_type object_id",
        "object_type action",
        "object_id action",
        "lead_id",
        "lead_id object_type",
        "lead_id object_type action",
        "user_id",
        "user_id object_type",
        "user_id object_type action",
        "user_id object_type object_id",
        "user_id object_id action",
        "user_id lead_id",
        "user_id lead_id object_type",
        "user_id lead_id object_type action",
        "request_id",
    )
}
"""What may be asked for together, as the page "Retrieve a list of events" lists it; and no filter at all."""
_HIDDEN_AFTER = timedelta(hours=1)


def page(store: CloseStore, params: dict[str, str], is_admin: bool) -> Row:
    """Return one page of the event log, newest first.

    `cursor_next` leads to older events, `cursor_previous` to newer ones; each is null where there are none.
    """
    filters, limit = _checked(params)
    found = [event for event in store.kept_events() if all(event[name] == filters[name] for name in filters)]
    start = 0
    if "_cursor" in params:
        found, start = _placed(found, params["_cursor"], filters, limit)
    else:
        found = [event for event in found if _in_dates(event["date_updated"], params)]
    shown = found[start : start + limit]
    older, newer = found[start + limit :], found[:start]
    dates = {name: params[name] for name in _DATES if name in params}
    return {
        "data": [_seen(event, store, is_admin) for event in shown],
        "cursor_next": _cursor("older", shown[-1], filters, dates) if older and shown else None,
        "cursor_previous": _cursor("newer", shown[0], filters, dates) if newer and shown else None,
    }


def _checked(params: dict[str, str]) -> tuple[Row, int]:
    """Return what is asked for and how many events at most. Raises a 400 for what the API refuses."""
    filters = {name: params[name] for name in _FILTERS if name in params}
    if "_skip" in params or frozenset(filters) not in _COMBINATIONS:
        raise invalid(f"Unsupported combination of filters: {sorted(filters) or '_skip'}")
    limit = int(params.get("_limit", PAGE))
    if not 1 <= limit <= PAGE:
        raise invalid(fields={"_limit": f"Must be between 1 and {PAGE}."})
    return filters, limit


def _placed(found: list[Row], cursor: str, filters: Row, limit: int) -> tuple[list[Row], int]:
    """Return the events a cursor pages through, and where its page starts."""
    try:
        held = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise invalid("Invalid cursor.") from None
    if held["filters"] != filters:
        raise invalid("Repeat the filters of the first page with its cursor.")
    found = [event for event in found if _in_dates(event["date_updated"], held["dates"])]
    mark = (held["date_updated"], held["id"])
    newer = sum((event["date_updated"], event["id"]) > mark for event in found)
    if held["way"] == "newer":
        return found, max(0, newer - limit)
    at_mark = any((event["date_updated"], event["id"]) == mark for event in found)
    return found, newer + at_mark


def _cursor(way: str, event: Row, filters: Row, dates: Row) -> str:
    held = {"way": way, "date_updated": event["date_updated"], "id": event["id"], "filters": filters, "dates": dates}
    return base64.urlsafe_b64encode(json.dumps(held).encode()).decode()


def _in_dates(at: str, params: dict[str, str]) -> bool:
    bounds = {name[14:]: _naive(params[name]) for name in _DATES if name in params}
    return (
        ("gt" not in bounds or at > bounds["gt"])
        and ("gte" not in bounds or at >= bounds["gte"])
        and ("lt" not in bounds or at < bounds["lt"])
        and ("lte" not in bounds or at <= bounds["lte"])
    )


def _naive(text: str) -> str:
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise invalid(fields={"date_updated": f"Not a date: {text}"}) from None
    return naive(at if at.tzinfo else at.replace(tzinfo=UTC))


def _seen(event: Row, store: CloseStore, is_admin: bool) -> Row:
    """Return an event as this key may see it: only admins see the data of older ones."""
    is_old = event["date_updated"] < naive(store.clock.moment() - _HIDDEN_AFTER)
    return event if is_admin or not is_old else {**event, "data": None, "previous_data": None}


def subscription(body: Row, signature_key: str) -> Row:
    """Return a webhook subscription as it is stored."""
    wanted = body["events"]
    if not isinstance(wanted, list) or not all({"object_type", "action"} <= set(one) for one in wanted):
        raise invalid(fields={"events": "Each event needs object_type and action."})
    nothing: dict[str, Any] = {
        "health_status": None,
        "counters": {"successes": 0, "errors": 0},
        "history": {"errors": [], "successes": []},
        "latest_error": None,
        "pause_reason": None,
        "recent_consecutive_fail_buckets_cnt": 0,
    }
    return {
        "url": body["url"],
        "events": [{"extra_filter": None, **one} for one in wanted],
        "status": "active",
        "signature_key": signature_key,
        "verify_ssl": bool(body.get("verify_ssl", True)),
        **nothing,
    }


def shown_subscription(row: Row) -> Row:
    """Return a subscription with its dates as Close writes them here: without an offset."""
    dates = {key: naive(datetime.fromisoformat(row[key])) for key in ("date_created", "date_updated")}
    return row | dates
