"""Values in the one form in which they are compared, and the hash of a whole record."""

import re
from collections.abc import Sequence

from core.crm.meanings import Meaning, as_written
from core.crm.records import Value
from core.text import normalize

_NATIONAL = 7
"""Digits of a number without its country that tell it from others."""
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


def are_equal(one: Value, other: Value, meaning: Meaning = as_written) -> bool:
    """Return whether two values say the same: lists without regard to order or spelling, nothing as an empty list.

    Args:
        one: a value.
        other: another one of the same field.
        meaning: what compares two texts of that field.
    """
    one, other = tidy(one), tidy(other)
    if isinstance(one, tuple) or isinstance(other, tuple):
        one, other = aligned(_listed(one), _listed(other)), _listed(other)
        return items(one) == items(other)
    return one == other or (one is not None and other is not None and meaning(one) == meaning(other))


def aligned(listed: tuple[str, ...], like: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list with numbers of a country written as `like` writes them with that country's code.

    '0113 496 0000' and '+441134960000' are one number, whatever country that is.
    """
    whole = [same(item) for item in like if same(item).startswith("+")]
    return tuple(_whole(item, whole) for item in listed) if whole else listed


def _whole(item: str, whole: Sequence[str]) -> str:
    number = same(item)
    national = number.removeprefix("00").lstrip("0")
    if number.startswith("+") or not number.isdigit() or len(national) < _NATIONAL:
        return item
    return next((each for each in whole if each.endswith(national) and len(each) - len(national) <= 4), item)


def _listed(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()


def items(value: Value) -> frozenset[str]:
    """Return a list's items as they are compared; a text counts as a list of one."""
    return frozenset(same(item) for item in _listed(value))
