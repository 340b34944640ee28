"""Close's Advanced Filtering as a predicate over rows. Source: Close API, "Advanced Filtering", checked August 2026."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.close.gate import invalid

Row = dict[str, Any]
Related = Callable[[str, str], list[Row]]


def matches(query: Row, row: Row, kind: str, related: Related) -> bool:
    """Return whether a row answers a query node.

    Args:
        query: A node: `and`, `or`, `object_type`, `id`, `has_related`, `field_condition`; `negate` turns any round.
        row: The lead or contact looked at.
        kind: Its object type.
        related: Gives the rows of another type that belong to a row's lead.

    Raises:
        Refusal: 400, when Close would not understand the node.
    """
    node = query.get("type")
    if node == "and":
        found = all(matches(part, row, kind, related) for part in query.get("queries", []))
    elif node == "or":
        found = any(matches(part, row, kind, related) for part in query.get("queries", []))
    elif node == "object_type":
        found = query.get("object_type") == kind
    elif node == "id":
        found = row["id"] == query.get("value")
    elif node == "match_all":
        found = True
    elif node == "has_related":
        other = query.get("related_object_type", "contact")
        within = query.get("related_query", {"type": "match_all"})
        lead_id = row["id"] if kind == "lead" else row.get("lead_id", "")
        found = any(matches(within, one, other, related) for one in related(other, lead_id))
    elif node == "field_condition":
        found = _meets(query.get("condition", {}), value_of(query.get("field", {}), row))
    else:
        raise invalid(f"unknown query type {node!r}")
    return found != bool(query.get("negate", False))


def value_of(field: Row, row: Row) -> Any:
    """Return the value a field node names."""
    if field.get("type") == "custom_field":
        return row.get(f"custom.{field.get('custom_field_id')}")
    if field.get("type") != "regular_field" or "field_name" not in field:
        raise invalid(f"unknown field {field!r}")
    name = field["field_name"]
    if name in {"email", "phone"}:
        return [entry[name] for entry in row.get(f"{name}s", [])]
    return row.get(name)


def _meets(condition: Row, value: Any) -> bool:
    kind = condition.get("type")
    values = value if isinstance(value, list) else [value]
    if kind == "exists":
        return bool(value not in (None, "", []))
    if kind == "text":
        return any(_has_text(condition, str(one)) for one in values if one is not None)
    if kind == "term":
        return any(one in condition.get("values", []) for one in values)
    if kind == "boolean":
        return bool(value) is bool(condition.get("value"))
    if kind == "reference":
        return any(one in condition.get("object_ids", []) for one in values)
    if kind == "current_user":
        return bool(value == "user_sandbox")
    if kind == "number_range":
        return isinstance(value, int | float) and _within(condition, float(value))
    if kind == "moment_range":
        return value is not None and _within_moments(condition, value)
    raise invalid(f"unknown condition type {kind!r}")


def _has_text(condition: Row, text: str) -> bool:
    wanted, text = str(condition.get("value", "")).lower(), text.lower()
    mode = condition.get("mode", "full_words")
    if mode == "phrase":
        return wanted in text
    if mode == "full_words":
        return set(wanted.split()) <= set(text.split())
    raise invalid(f"unknown text mode {mode!r}")


def _within(condition: Row, value: float) -> bool:
    bounds = {name: condition.get(name) for name in ("gt", "gte", "lt", "lte")}
    return (
        (bounds["gt"] is None or value > bounds["gt"])
        and (bounds["gte"] is None or value >= bounds["gte"])
        and (bounds["lt"] is None or value < bounds["lt"])
        and (bounds["lte"] is None or value <= bounds["lte"])
    )


def _within_moments(condition: Row, value: str) -> bool:
    at = datetime.fromisoformat(value)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    after, before = condition.get("on_or_after"), condition.get("before")
    return (after is None or at >= _moment(after)) and (before is None or at < _moment(before))


def _moment(bound: Row) -> datetime:
    """Read a bound: a day (its start or its end) or a moment."""
    if bound.get("type") == "fixed_local_date":
        day = datetime.fromisoformat(bound["value"]).replace(tzinfo=UTC)
        return day + timedelta(days=1) if bound.get("which") == "end" else day
    if bound.get("type") == "fixed_utc":
        at = datetime.fromisoformat(bound["value"])
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    raise invalid(f"unknown moment {bound!r}")
