"""Close's filters by date: `date_updated__gte` and its like. Source: Close's OpenAPI file, checked August 2026."""

import operator
from datetime import UTC, datetime

from sandbox.close.gate import invalid
from sandbox.close.store import Row

_WAYS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def date_filters(column: str) -> list[str]:
    """Return the parameters that filter by a column."""
    return [f"{column}__{way}" for way in _WAYS]


def within_dates(row: Row, params: dict[str, str]) -> bool:
    """Return whether a row's dates lie within every bound that is given."""
    for name, value in params.items():
        column, _, way = name.partition("__")
        if way in _WAYS and column in row and not _WAYS[way](_read(name, row[column]), _read(name, value)):
            return False
    return True


def _read(name: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign sent bare in a query arrives as a space
    except ValueError:
        raise invalid(fields={name: f"Not a date: {text}"}) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
