"""Tells column names from data: what looks like a value, what is a word that names a column."""

import re
from collections.abc import Sequence

from core.imports.column_words import concept_of
from core.text.folding import fold
from core.text.lexicons import folded

_TOTALS = folded("header_words.totals")

_VALUE = re.compile(
    r"""^(?:
      [^@\s]++@(?=[^@\s]+\.[^@\s])[^@\s]++         # an address
    | (?:https?://|www\.)\S+                       # a URL
    | [a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|de|fr|io|co|uk|es|it|nl|pl|eu|ch|at|be|br)(?:/\S*)?   # a domain
    | [-+(]?[$€£₹]?\s?\d[\d\s.,:/()\-+%]*[a-z]{0,3}  # a number, a date, a phone number
    | \d{4}-\d\d-\d\dt[\d:.]\S*+                   # a time stamp
    | true | false | n/a | null | none
    )$""",
    re.VERBOSE | re.IGNORECASE,
)


def is_value(cell: str) -> bool:
    """Return whether a cell is data for certain: an address, a URL, a number, a date, a truth value."""
    return bool(_VALUE.match(cell.strip()))


def known_share(cells: Sequence[str]) -> float:
    """Return the share of filled cells that are known words for a column, 0-1."""
    filled = [cell for cell in cells if cell.strip()]
    if not filled:
        return 0.0
    return sum(1 for cell in filled if concept_of(cell)) / len(filled)


def is_total(cell: str) -> bool:
    """Return whether a cell stands before sums: 'Total', 'Summe:', 'Grand Total (EUR)'."""
    words = re.sub(r"[^\w\s]+|\d+", " ", fold(cell)).split()
    return 0 < len(words) <= 4 and (words[0] in _TOTALS or " ".join(words[:2]) in _TOTALS)
