r"""How the cells of a CSV file are quoted: RFC 4180, and the other ways in which programs and people do it.

Quotes after a blank (`Acme, "Doe, Jane"`), quotes escaped with a backslash (`"5\" pipe"`), apostrophes instead of
quotes (`'Doe, Jane'`), quotes that are only letters (a file cut by tabs). A way other than the usual one is taken where
the file's first records come out more alike by it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from _csv import Reader

_ESCAPED = re.compile(r'\\(["\\])')
_ESCAPED_INSIDE = re.compile(r'\\"(?=[^",;\t|\r\n])')
_IN_APOSTROPHES = re.compile(r"'[^']*+(?:''[^']*+)*+'")
_MOSTLY = 0.5


@dataclass(frozen=True)
class Quoting:
    """How cells are quoted.

    Attributes:
        mark: What stands around a cell; None: nothing does, and quotes are letters.
        skips_blanks: Whether a cell's quote may stand after blanks.
        escapes: Whether a backslash stands before a quote inside a cell.
    """

    mark: Literal['"', "'"] | None = '"'
    skips_blanks: bool = False
    escapes: bool = False

    def reader(self, lines: Iterable[str], delimiter: str) -> "Reader":
        """Return what cuts lines into records."""
        if self.escapes:
            lines = _without_escapes(lines)
        return csv.reader(
            lines,
            delimiter=delimiter,
            quotechar=self.mark,
            quoting=csv.QUOTE_NONE if self.mark is None else csv.QUOTE_MINIMAL,
            skipinitialspace=self.skips_blanks,
        )


USUAL = Quoting()


def _without_escapes(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield _ESCAPED.sub(_unescaped, line) if "\\" in line else line


def _unescaped(found: re.Match[str]) -> str:
    return '""' if found[1] == '"' else "\\"


def records_of(text: str, delimiter: str, limit: int, quoting: Quoting = USUAL) -> list[list[str]]:
    """Parse at most `limit` records of `text`; empty lines are no records. Stops quietly at what cannot be parsed."""
    records: list[list[str]] = []
    try:
        for record in quoting.reader(io.StringIO(text, newline=""), delimiter):
            if record:
                records.append(record)
                if len(records) >= limit:
                    break
    except csv.Error:
        pass  # the whole file is checked record by record later; the vote takes what it has
    return records


def find_quoting(text: str, delimiter: str, limit: int) -> Quoting:
    """Find out how the cells of a file's first records are quoted.

    Args:
        text: The file's beginning.
        delimiter: What stands between its cells.
        limit: Records to look at.
    """
    usual = records_of(text, delimiter, limit)
    skips_blanks = re.search(rf'{re.escape(delimiter)}[ \t]+"[^"\r\n]*"[ \t]*(?:{re.escape(delimiter)}|\r|\n|$)', text)
    escapes = _ESCAPED_INSIDE.search(text) is not None
    best, likeness = USUAL, _likeness(usual)
    for quoting, is_equal_enough in (
        (Quoting(skips_blanks=True), True),
        (Quoting(escapes=True), True),
        (Quoting(skips_blanks=True, escapes=True), False),
    ):
        if (quoting.skips_blanks and not skips_blanks) or (quoting.escapes and not escapes):
            continue
        alike = _likeness(records_of(text, delimiter, limit, quoting))
        if alike > likeness or (alike == likeness and is_equal_enough and best == USUAL):
            best, likeness = quoting, alike
    if best == USUAL and _is_in_apostrophes(usual, text, delimiter, limit):
        return Quoting(mark="'")
    return Quoting(mark=None) if best == USUAL and _is_of_letters(text, delimiter) else best


def _is_in_apostrophes(usual: Sequence[Sequence[str]], text: str, delimiter: str, limit: int) -> bool:
    cells = [cell for record in usual for cell in record if cell.strip()]
    if len(usual) < 2 or '"' in text:
        return False
    quoted = sum(_IN_APOSTROPHES.fullmatch(cell) is not None for cell in cells)
    if quoted > _MOSTLY * len(cells):
        return True
    # Where a delimiter stands between apostrophes, one cell begins with one and a later one ends with one.
    begun, ended = (sum(cell[at] == "'" for cell in cells) for at in (0, -1))
    by_apostrophes = records_of(text, delimiter, limit, Quoting(mark="'"))
    is_cut = any(delimiter in cell for record in by_apostrophes for cell in record)
    return begun == ended >= 2 and is_cut and _likeness(by_apostrophes) >= _likeness(usual)


def _likeness(records: Sequence[Sequence[str]]) -> float:
    """Return the share of records that have the commonest width, 0-1."""
    widths = Counter(map(len, records))
    return max(widths.values(), default=0) / len(records) if records else 0.0


def _is_of_letters(text: str, delimiter: str) -> bool:
    """Return whether quotes are letters: the lines are of one width as they stand, and of several by their quotes."""
    if '"' not in text or delimiter != "\t":  # elsewhere a stray quote is a fault of the file
        return False
    lines = [line for line in text.splitlines()[:-1] if line.strip()]
    widths = {line.count(delimiter) for line in lines}
    if len(widths) != 1 or widths == {0} or len(lines) < 3:
        return False
    if re.search(r'(?:^|\t)"[^"\t]*"(?:\t|$)', text, re.MULTILINE):  # some cell is quoted
        return False
    return len(records_of("\n".join(lines), delimiter, len(lines))) < len(lines)
