"""Ranges of employees that a spreadsheet took for dates: '1-10' became '10-Jan', '11-50' became 'Nov-50'."""

import re

from core.text.folding import fold
from core.text.lexicons import phrases

_DAY_MONTH = re.compile(r"(\d{1,2})[-. /]+([^\W\d_]{3,9})\.?")
_MONTH_YEAR = re.compile(r"([^\W\d_]{3,9})\.?[-. /]+'?(\d{2})")
_DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)\d{2})(?:[ T].*)?")
_ISO = re.compile(r"((?:19|20)\d{2})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
_WRITTEN_OUT = range(2000, 2050)
"""Years in which a spreadsheet puts a day without a year; another year was the upper end of the range."""


def is_date(text: str) -> bool:
    """Return whether a cell is one of the dates that spreadsheets make of ranges."""
    return _numbers(text) is not None


def size_of_date(text: str) -> str | None:
    """Return the range that became a date; None where it is no such date, or tells no range."""
    numbers = _numbers(text)
    if numbers is None or numbers[0] == numbers[1] or numbers[0] <= 0:
        return None
    return f"{numbers[0]}-{numbers[1]}"


def _numbers(text: str) -> tuple[int, int] | None:
    text = text.strip()
    if (found := _DAY_MONTH.fullmatch(text)) and (month := _month(found[2])):
        low, high = sorted((int(found[1]), month))
        return low, high
    if (found := _MONTH_YEAR.fullmatch(text)) and (month := _month(found[1])):
        return (month, int(found[2])) if int(found[2]) > month else (0, 0)
    if found := _DATE.fullmatch(text):
        return _of_date(int(found[1]), int(found[2]), int(found[3]))
    if found := _ISO.fullmatch(text):
        return _of_date(int(found[3]), int(found[2]), int(found[1]))
    return None


def _of_date(day: int, month: int, year: int) -> tuple[int, int] | None:
    if not (1 <= day <= 31 and 1 <= month <= 31):
        return None
    if 1 in (day, month) and year not in _WRITTEN_OUT:
        low, high = max(day, month), year % 100
        return (low, high) if high > low else (0, 0)
    low, high = sorted((day, month))
    return low, high


def _month(word: str) -> int | None:
    return _MONTHS.get(fold(word)[:3]) or _MONTHS.get(fold(word))


_MONTHS = {
    fold(name): number for names in phrases("numbers.months") for number, name in enumerate(names.split(), 1)
}  # fmt: skip
