"""Some of a file's rows, from all over it, by which its columns are told; and which of its records are no rows.

The first rows of a file are often not like the rest: sorted by country, the newest first, filled in by hand. So the
sample holds the file's beginning, in order, and rows from places spread over it. Records that are no rows (the header
again where files were put together, totals, counts, notices and comments at the foot) are found in a short file
throughout, in a long one at its beginning and its end.
"""

import csv
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from core.imports.columns import ColumnMapping, map_columns
from core.imports.csv_format import CsvFormat
from core.imports.csv_rows import ScannedFile, read
from core.imports.headers import is_total
from core.leads.identities import IdsOf

HEAD_ROWS = 200
_SPREAD_ROWS = 200
_SHORT_BYTES = 512 * 1024
_PLACES, _CHUNK_BYTES = 24, 12 * 1024
_TAIL_BYTES = 48 * 1024
_TAIL_ROWS = 40
_FEW = 0.34
"""Of the cells that rows usually fill: so few has a record that only says something about the others."""
_COUNTED = re.compile(r"^[\d.,]{1,12}\s+[^\W\d]{3,}|[^\W\d]{3,}\s*[:=]\s*[\d.,]{1,12}$")
_COMMENT = re.compile(r"^(?:#|//|--|\*{2,}|©|\(c\))")
_SENTENCE = re.compile(r"\w+\s+\w+\s+\w+.*(?:[.:!]|\d{4})\s*$")


@dataclass(frozen=True)
class RowSample:
    """What was read of a file.

    Attributes:
        head: Its first records: (line, cells).
        spread: Further rows, from all over the file.
        last: Its last records, in order.
    """

    head: tuple[tuple[int, list[str]], ...]
    spread: tuple[list[str], ...] = ()
    last: tuple[list[str], ...] = ()

    @property
    def rows(self) -> list[list[str]]:
        """All rows that tell what columns hold, the first of the file first."""
        return [*(cells for _, cells in self.head[:HEAD_ROWS]), *self.spread]


def sample_of(file: ScannedFile) -> RowSample:
    """Read some of a file's rows."""
    if file.size_bytes <= _SHORT_BYTES:
        records = tuple(read(file))
        rest = [cells for _, cells in records[HEAD_ROWS:]]
        step = max(1, len(rest) // _SPREAD_ROWS)
        return RowSample(
            records, tuple(rest[::step][:_SPREAD_ROWS]), tuple(cells for _, cells in records[-_TAIL_ROWS:])
        )
    head = tuple(islice(read(file), 2 * HEAD_ROWS))
    if file.format.encoding.startswith("utf-16"):  # no place in it is known to begin a character
        return RowSample(head)
    width = len(file.format.header)
    spread: list[list[str]] = []
    with file.path.open("rb") as source:
        for place in range(1, _PLACES):
            source.seek(file.size_bytes * place // _PLACES)
            found = _records_in(source.read(_CHUNK_BYTES), file.format)[:-1]
            sound = [cells for cells in found if len(cells) == width]
            spread.extend(sound[: _SPREAD_ROWS // _PLACES + 1])
        source.seek(-_TAIL_BYTES, 2)
        last = _records_in(source.read(), file.format)[-_TAIL_ROWS:]
    return RowSample(head, tuple(spread[:_SPREAD_ROWS]), tuple(last))


def _records_in(chunk: bytes, form: CsvFormat) -> list[list[str]]:
    """Cut a piece of a file into records, without the one that it begins within."""
    text = chunk[chunk.find(b"\n") + 1 :].decode(form.encoding, "replace")
    try:
        return [record for record in form.quoting.reader(text.splitlines(keepends=True), form.delimiter) if record]
    except csv.Error:
        return []


def read_table(
    file: ScannedFile,
    sample: RowSample | None = None,
    *,
    overrides: Mapping[str, str] | None = None,
    remembered: Mapping[str, str] | None = None,
    ids: Mapping[str, IdsOf] | None = None,
) -> ColumnMapping:
    """Decide what a file's columns hold, and which of its records are no rows.

    Args:
        file: What `scan` gave.
        sample: Its rows, where they were read before.
        overrides: What the user says: label -> field, '' for none.
        remembered: A mapping confirmed before for the same header.
        ids: Whose the ids of a column are, by its label.
    """
    sample = sample or sample_of(file)
    no_rows = _no_rows(file.format, sample)
    rows = [cells for cells in sample.rows if tuple(cells) not in no_rows]
    mapping = map_columns(file.format.header, rows, overrides=overrides, remembered=remembered, ids=ids)
    return replace(mapping, no_rows=no_rows, is_damaged=bool(file.format.damaged_lines))


def _no_rows(form: CsvFormat, sample: RowSample) -> dict[tuple[str, ...], str]:
    """Return the records that are no rows, with the reason why."""
    found: dict[tuple[str, ...], str] = {}
    if form.has_header:
        names = [_name(label, index) for index, label in enumerate(form.header)]
        for again in (names, ["\ufeff" + names[0], *names[1:]], [name.strip() for name in names], list(form.header)):
            found[tuple(again)] = "header_again"
    filled = sorted(_filled(cells) for cells in sample.rows)
    usual = filled[len(filled) // 2] if filled else 0
    if usual < 2:  # of a list of one column every cell is a row
        return found
    few = max(1, _FEW * usual)
    for cells in (*(cells for _, cells in sample.head), *sample.last):
        is_sparse = 0 < _filled(cells) <= few or _is_total(cells)
        if is_sparse and (is_total(said := _first_said(cells)) or _COMMENT.match(said)):
            found[tuple(cells)] = "no_row"
    if usual >= 3:
        found |= dict.fromkeys(_notices(sample.last, found), "no_row")
    return found


def _first_said(cells: Sequence[str]) -> str:
    return next(cell.strip() for cell in cells if cell.strip())


def _notices(last: Sequence[Sequence[str]], known: Container[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield the notices at a file's foot: from its end, up to the first record that is none."""
    for cells in reversed(last):
        if not _filled(cells) or tuple(cells) in known:
            continue
        if _filled(cells) > 1 or not _is_notice(_first_said(cells)):
            return
        yield tuple(cells)


def _name(label: str, index: int) -> str:
    if label == f"col_{index + 1}":
        return ""
    name, sign, number = label.rpartition("#")
    return name if sign and name and number.isdigit() else label


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def _is_total(cells: Sequence[str]) -> bool:
    """Return whether a record adds the others up: its first word says so, and the rest are numbers."""
    said = [cell.strip() for cell in cells if cell.strip()]
    numbers = [cell for cell in said[1:] if not any(map(str.isalpha, cell))]
    return bool(said) and is_total(said[0]) and len(numbers) == len(said) - 1


def _is_notice(said: str) -> bool:
    """Return whether a cell that stands alone says something about the list: a count, a date, a sentence."""
    return bool(_COUNTED.search(said) or _SENTENCE.search(said) or len(said) > 80)
