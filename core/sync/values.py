"""Values in the one form in which they are compared, and the hash of a whole record."""

import re

from core import normalize
from core.crm import Value

_DIGITS = re.compile(r"\D")
_BREAKS = re.compile(r"\r\n?")


def tidy(value: Value) -> Value:
    """Return a value without what no person sees: blanks around it, other line ends, an empty text for nothing.

    A list keeps its order and loses its repetitions.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _BREAKS.sub("\n", value).replace("\0", "").strip() or None
    seen: dict[str, str] = {}
    for item in value:
        text = item.replace("\0", "").strip()
        if text:
            seen.setdefault(same(text), text)
    return tuple(seen.values())


def same(item: str) -> str:
    """Return what two spellings of one address or number share."""
    if "@" in item:
        return normalize.email(item) or item.lower()
    digits = _DIGITS.sub("", item)
    if len(digits) < 5 or re.search(r"[^\W\d_]", item):
        return item.lower()
    return f"+{digits}" if item.lstrip().startswith("+") else digits


def are_equal(one: Value, other: Value) -> bool:
    """Tell whether two values say the same: lists without regard to order or spelling, nothing as an empty list."""
    one, other = tidy(one), tidy(other)
    if isinstance(one, tuple) or isinstance(other, tuple):
        return items(one) == items(other)
    return one == other


def items(value: Value) -> frozenset[str]:
    """Return a list's items as they are compared; a text counts as a list of one."""
    listed = (value,) if isinstance(value, str) else value or ()
    return frozenset(same(item) for item in listed)
