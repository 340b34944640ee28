"""Numbers and ranges of numbers as people write them into cells."""

import re
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache

from core.text import normalize

_CACHE = 8192
_PLAIN = re.compile(r"[-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][-+]?\d{1,2})?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d{1,15},(?:\d{1,2}|\d{4,9})")
_NUMBER_RANGE = re.compile(r"(\d{1,30}(?:\.\d+)?)(?:-(\d{1,30}(?:\.\d+)?)|(\+))?")
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")


@lru_cache(maxsize=_CACHE)
def read_range(value: str) -> tuple[Decimal, Decimal] | None:
    """Read a number or a range of numbers: (low, high), the same for one number and for an open range ('1000+').

    Understands what `core.text.normalize.number_range` does, decimal commas, a per cent sign, and an amount in or
    before brackets: 'Large (1,000+ employees)'. None where it is no number.
    """
    single = exact_number(value)
    if single is not None:
        return single, single
    outside = _IN_BRACKETS.sub(" ", value).strip()
    for part in (value, outside, *_IN_BRACKETS.findall(value)):
        if not 0 < len(part) <= 60:
            continue
        match = _NUMBER_RANGE.fullmatch(normalize.number_range(part) or "")
        if match:
            low = Decimal(match[1])
            return low, Decimal(match[2]) if match[2] else low
    return None


def read_number(value: str) -> Decimal | None:
    """Read a number exactly where it is written plainly, else the middle of what `read_range` gives."""
    ends = read_range(value)
    return None if ends is None else middle_of(*ends) if ends[0] != ends[1] else ends[0]


def exact_number(value: str) -> Decimal | None:
    """Read a number that is written plainly, with a decimal point or comma, perhaps a per cent sign; else None."""
    plain = value.strip().removesuffix("%").rstrip()
    if _PLAIN.fullmatch(plain):
        return Decimal(plain)
    return Decimal(plain.replace(",", ".")) if _DECIMAL_COMMA.fullmatch(plain) else None


def middle_of(low: Decimal, high: Decimal) -> Decimal:
    """Return the middle of a range."""
    # Between whole ends the middle is made whole: 200.5 would fall between the bands 51-200 and 201-500.
    middle = (low + high) / 2
    is_whole = low == low.to_integral_value() and high == high.to_integral_value()
    return middle.to_integral_value(ROUND_CEILING) if is_whole else middle
