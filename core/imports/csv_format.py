"""What a CSV file turns out to be: encoding, delimiter, where its header stands, what its columns are called.

Decisions only, on bytes and records that somebody else has read. The rules come from measurements over real
exports: a vote
over parsed records finds the delimiter more often than `csv.Sniffer`; a byte order mark, else strict UTF-8 over the
whole file, decides on the encoding before letters do (`core.imports.csv_encoding`).
"""

import codecs
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.imports.csv_quoting import USUAL, Quoting, records_of
from core.imports.headers import is_value, known_share
from core.text.cell_text import aside

DELIMITERS = (",", ";", "\t", "|")
MAX_COLUMNS = 16_384
"""As many as a spreadsheet has."""
VOTE_RECORDS = 60
HEADER_SEARCH_RECORDS = 30

_YEAR = re.compile(r"(?:19|20)\d\d")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class FormatOptions:
    """What the user says about the file; None: find out."""

    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool | None = None
    preamble_lines: int | None = None


@dataclass(frozen=True)
class CsvFormat:
    """What a file turned out to be.

    Attributes:
        encoding: 'ascii', 'utf-8', 'utf-16-le', 'utf-16-be', what the letters speak for, or what the user named.
        has_bom: Whether a byte order mark stands at the start; it is not part of the header.
        delimiter: One character.
        preamble_lines: Records above the header (empty lines are no records).
        has_header: Whether a record with column names stands above the data.
        header: Column labels: the names as they stand, padding kept; the second of a name is 'Name#2', a column without
            a name 'col_5'; without a header 'col_1', 'col_2', …
        quoting: How cells are quoted.
        damaged_lines: Lines with bytes that the encoding does not have, 1-based; their rows are refused.
    """

    encoding: str
    has_bom: bool
    delimiter: str
    preamble_lines: int
    has_header: bool
    header: tuple[str, ...]
    quoting: Quoting = USUAL
    damaged_lines: tuple[int, ...] = ()


def bom_of(head: bytes) -> tuple[str | None, int]:
    """Return the encoding that the byte order mark at the start of `head` names, and the mark's length in bytes."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark)
    return None, 0


def utf16_without_bom(head: bytes) -> str | None:
    """Recognise UTF-16 by its NUL bytes: every second byte of western text is one."""
    sample = head[:4096]
    if len(sample) < 8:
        return None
    pairs = len(sample) // 2
    even, odd = sample[0 : pairs * 2 : 2].count(0), sample[1 : pairs * 2 : 2].count(0)
    if odd > 0.7 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.7 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return None


def vote_delimiter(text: str) -> str:
    """Choose the delimiter for which the widths of the first records agree most; a comma where nothing speaks."""
    first_line = text.lstrip("\ufeff").split("\n", 1)[0].strip().strip('"').lower()
    if first_line.startswith("sep=") and len(first_line) == 5:
        return first_line[4]
    if first_line == "sep=":
        return "\t"
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        records = records_of(text, delimiter, VOTE_RECORDS)
        widths = Counter(len(record) for record in records)
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide:
            continue
        width, count = max(wide.items(), key=lambda item: (item[1] * math.log2(item[0]), item[0]))
        # Words that name columns are a better sign than lists inside cells, which split evenly too.
        names = max((known_share(record) for record in records[:HEADER_SEARCH_RECORDS] if len(record) > 1), default=0.0)
        score = count / len(records) * math.log2(width) * (1 + names)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def find_header(records: Sequence[Sequence[str]]) -> tuple[int, bool]:
    """Return how many records stand above the table, and whether its first record names the columns.

    Args:
        records: The file's first records, some dozens.

    Returns:
        (preamble records, has header). Title lines above the header are much narrower than the table.
    """
    if not records:
        return 0, True
    filled = [sum(1 for cell in record if cell.strip()) for record in records]
    widths = Counter(len(record) for record in records)
    table_width = max(widths.items(), key=lambda item: (item[1] * math.log2(item[0] + 1), item[0]))[0]
    if table_width == 1:
        return _find_single_column_header(records)
    typical = sorted(filled)[len(filled) // 2]
    needed = max(2, math.ceil(min(table_width, max(typical, 2)) * 0.5))
    for index, record in enumerate(records[:HEADER_SEARCH_RECORDS]):
        if filled[index] >= needed and not _is_banner(record, table_width):
            return _confirm(records, index)
    return 0, _names_columns(records, 0)


def _is_banner(record: Sequence[str], table_width: int) -> bool:
    """A line of a report's head: fewer fields than the table, none of them a column's name."""
    return len(record) < table_width * 0.6 and known_share(record) < 0.5


def _confirm(records: Sequence[Sequence[str]], index: int) -> tuple[int, bool]:
    """Look a few records further for a better header: 'Exported by: Ann;2024-05-01' is not one."""
    share = known_share(records[index])
    if share < 0.3:
        for later in range(index + 1, min(index + 6, len(records))):
            names = known_share(records[later])
            width_grew = len(records[later]) >= len(records[index])
            if width_grew and names >= 0.5 and len(records[later]) > 2 and not any(map(is_value, records[later])):
                return later, True
    return index, _names_columns(records, index)


def _find_single_column_header(records: Sequence[Sequence[str]]) -> tuple[int, bool]:
    # Of a list of one column that begins with no word for a column, the first line is one of the list.
    is_above = len(records) > 3 and all(not is_value(record[0]) for record in records if record)
    if is_above and known_share(records[0]) == 0:
        return 0, False
    return 0, _names_columns(records, 0)


def _names_columns(records: Sequence[Sequence[str]], index: int) -> bool:
    """Return whether the record at `index` names columns rather than holding data."""
    cells = [cell.strip() for cell in records[index] if cell.strip()]
    if not cells:
        return len(records) == 1
    share = known_share(cells)
    years = sum(1 for cell in cells if _YEAR.fullmatch(cell)) if share else 0
    values = sum(1 for cell in cells if is_value(cell)) - years
    if values == 0:
        if share > 0 or len(records) <= index + 1:
            return True
        return _differs_from_data(records, index)
    if values > len(cells) * 0.34:
        return False
    return share >= 0.5 or (share >= 0.2 and _stands_above_values(records, index))


def _stands_above_values(records: Sequence[Sequence[str]], index: int) -> bool:
    """Return whether words stand where the records below have values (numbers, addresses), in two columns or more."""
    below = records[index + 1 : index + 40]
    found = 0
    for column, name in enumerate(records[index]):
        values = [record[column] for record in below if column < len(record) and record[column].strip()]
        if name.strip() and not is_value(name) and values and sum(map(is_value, values)) > 0.6 * len(values):
            found += 1
    return found >= 2


def _differs_from_data(records: Sequence[Sequence[str]], index: int) -> bool:
    """For words in no list: a header is unlike its columns (text above numbers) and its cells do not come again."""
    top, below = records[index], records[index + 1 : index + 40]
    for column, name in enumerate(top):
        values = [record[column].strip() for record in below if column < len(record) and record[column].strip()]
        if name.strip() and values and sum(map(is_value, values)) > 0.6 * len(values):
            return True
        if name.strip() and name.strip() in values:
            return False
    lowered = [cell.strip() for cell in top if cell.strip()]
    return len(set(lowered)) == len(lowered) and all(len(cell) <= 40 for cell in lowered)


def labels_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return every column a label of its own: second of a name 'Name#2', nameless 'col_N', N counted from 1.

    Labels are stored, so what a database cannot store (NUL, from a file of two-byte characters) is left out.
    """
    labels: list[str] = []
    taken: set[str] = set()
    seen: Counter[str] = Counter()
    for number, name in enumerate(map(aside, names), 1):
        base = name if name.strip() else f"col_{number}"
        seen[base] += 1
        label = base if seen[base] == 1 else f"{base}#{seen[base]}"
        while label in taken:
            seen[base] += 1
            label = f"{base}#{seen[base]}"
        taken.add(label)
        labels.append(label)
    return tuple(labels)
