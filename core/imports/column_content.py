"""What the cells of a column look like, from a sample: evidence for or against what its name suggests."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.imports.column_names import COUNTRIES, FIRST_NAMES, HONORIFICS, SIZE_WORDS, STATUS_WORDS
from core.text.folding import fold
from core.text.lexicons import alternatives, any_word, words

EMPTY = frozenset(
    {
        "",
        "-",
        "--",
        "---",
        "n/a",
        "na",
        "#n/a",
        "null",
        "none",
        "nan",
        "nil",
        "undefined",
        "#ref!",
        "#value!",
        "#name?",
        ".",
    }
)
"""Cells, folded, that say nothing."""

_EMAIL = re.compile(r"(?<![^@\s<>,;])[^@\s<>,;]++@[^@\s<>,;]+\.[^@\s<>,;]{2,}")
_URL = re.compile(r"^(?:[a-z]+://|www\.)\S+$|^(?:[\w-]+\.)+[a-z]{2,24}(?:[/:?]\S*)?$", re.IGNORECASE)
_LINKEDIN_PERSON = re.compile(r"linkedin\.com/(?:in|pub|sales/(?:lead|people)|profile)/?", re.IGNORECASE)
_LINKEDIN_COMPANY = re.compile(r"linkedin\.com/(?:company|school|showcase|organization|sales/company)", re.IGNORECASE)
_LEGAL_FORM = re.compile(
    r"(?:^|[\s,.(&])"
    rf"(?:{any_word('companies.legal_forms')}|{alternatives('companies.signs_in_cells')})\.?(?:$|[\s,.)&])",
    re.IGNORECASE,
)
_LEGAL_UNSPACED = re.compile(alternatives("companies.signs_unspaced"))
_NUMBER = re.compile(r"^[-+]?[$€£₹]?\s?\d[\d.,' ]*%?$")
_DATE = re.compile(r"^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[T ].*)?$")
_RECORD_ID = re.compile(
    r"^(?:[0-9a-fA-F]{16,}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-zA-Z]{15}(?:[0-9A-Z]{3})?|rec[0-9a-zA-Z]{14}|\d+|[a-z]{1,5}[-_:]?\d+)$"
)
_POSTAL = re.compile(
    r"[A-Z]{1,2}-?\d{4,5}|\d{5}(?:-\d{4})?|\d{2}-\d{3}|\d{3} \d{2}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{4} ?[A-Z]{2}"
    r"|\d{5}-\d{3}"
)
_HOST = re.compile(r"^(?:https?://)?(?:www\.)?([^/:?#\s]+)", re.IGNORECASE)
_TRUTH = words("cells.truth") | words("cells.yes") | words("cells.no")
_PERSON = re.compile(r"^(?:[^\W\d_][\w.'’-]*[\s,]+){1,4}[^\W\d_][\w.'’-]*$")


@dataclass(frozen=True)
class ColumnProfile:
    """What a column's sample holds: shares, 0-1, of its filled cells; `filled` is a share of all cells."""

    count: int = 0
    filled: float = 0.0
    distinct: float = 0.0
    mean_chars: float = 0.0
    shares: dict[str, float] = field(default_factory=dict)
    is_of_one_host: bool = False
    """Whether its web addresses, several, are nearly all of one host: a directory's, not the companies' own."""

    def share(self, kind: str) -> float:
        """Return the share of filled cells of one kind; 0 for an empty column."""
        return self.shares.get(kind, 0.0)


def _is_phone(cell: str) -> bool:
    digits = sum(char.isdigit() for char in cell)
    letters = sum(char.isalpha() for char in cell)
    return 5 <= digits <= 40 and letters <= 8 and not _DATE.match(cell) and not _EMAIL.search(cell)


def _is_record_id(cell: str) -> bool:
    return bool(_RECORD_ID.match(cell)) and any(char.isdigit() for char in cell)


def _is_person(cell: str) -> bool:
    words = cell.replace(",", " ").split()
    named = len(words) <= 5 and any(fold(word) in FIRST_NAMES for word in words[:3])
    return named and not _is_legal(cell)


def _is_legal(cell: str) -> bool:
    return bool(_LEGAL_FORM.search(cell) or (not cell.isascii() and _LEGAL_UNSPACED.search(cell)))


_KINDS: dict[str, Callable[[str], object]] = {
    "email": _EMAIL.search,
    "url": _URL.match,
    "linkedin_person": _LINKEDIN_PERSON.search,
    "linkedin_company": _LINKEDIN_COMPANY.search,
    "linkedin": lambda cell: "linkedin" in cell.lower() or "lnkd.in" in cell.lower(),
    "phone": _is_phone,
    "number": _NUMBER.match,
    "date": _DATE.match,
    "id": _is_record_id,
    "truth": lambda cell: fold(cell) in _TRUTH,
    "digits": lambda cell: any(char.isdigit() for char in cell),
    "letters": lambda cell: any(char.isalpha() for char in cell),
    "latin": lambda cell: cell[:1].isalpha() and cell[0] < "\u0250",
    "legal": _is_legal,
    "person": _is_person,
    "person_shape": lambda cell: _PERSON.match(cell) and not _is_legal(cell),
    "first_name": lambda cell: fold(cell) in FIRST_NAMES,
    "country": lambda cell: (
        fold(cell).replace(".", "") in COUNTRIES or (len(cell) == 2 and cell.isupper() and cell.isalpha())
    ),
    "honorific": lambda cell: fold(cell).rstrip(".") in HONORIFICS,
    "status": lambda cell: fold(cell) in STATUS_WORDS,
    "size_word": lambda cell: any(word in SIZE_WORDS for word in fold(cell).split()),
    "long": lambda cell: len(cell) > 80,
    "short": lambda cell: len(cell) <= 12,
    "json": lambda cell: cell[0] in "[{" and cell[-1] in "]}",
    "coded": lambda cell: cell.partition(".")[0].isdigit() and cell[-1:].isalpha(),
    "dialled": lambda cell: cell.startswith(("+", "(+", "(0", "00")),
    "postal": lambda cell: _POSTAL.fullmatch(cell) is not None,
    "dial": lambda cell: re.fullmatch(r"\+\d{1,4}", cell) is not None,
}


def is_kind(kind: str, cell: str) -> bool:
    """Return whether one cell, stripped and not empty, is of a kind that `ColumnProfile.shares` knows."""
    return bool(_KINDS[kind](cell))


def profile(cells: Sequence[str]) -> ColumnProfile:
    """Profile one column's sampled cells."""
    stripped = [cell.strip() for cell in cells]
    values = [cell for cell in stripped if fold(cell) not in EMPTY]
    if not values:
        return ColumnProfile()
    shares = {kind: sum(1 for cell in values if test(cell)) / len(values) for kind, test in _KINDS.items()}
    return ColumnProfile(
        count=len(values),
        filled=len(values) / len(stripped),
        distinct=len(set(values)) / len(values),
        mean_chars=sum(map(len, values)) / len(values),
        shares=shares,
        is_of_one_host=shares["url"] > 0.5 and _is_of_one_host(values),
    )


def _is_of_one_host(values: Sequence[str]) -> bool:
    hosts = Counter(found[1].lower() for cell in set(values) if (found := _HOST.match(cell)))
    return sum(hosts.values()) >= 4 and max(hosts.values()) > 0.8 * sum(hosts.values())
