"""The file of rejected rows: the same columns plus `_line` and `_error`, to be mended and imported as it is.

Where rows have more cells than there are columns, `_more` holds what is left over.

Cells a spreadsheet would run as a formula are guarded (`core.text.spreadsheets`).
"""

from collections.abc import Mapping, Sequence

from core.imports.batches import RejectedRecord
from core.imports.columns import MORE_COLUMN
from core.text.spreadsheets import guarded

LINE_COLUMN = "_line"
ERROR_COLUMN = "_error"
ENCODING = "utf-8-sig"  # the byte order mark is what makes Excel read UTF-8 as UTF-8


def header_of(
    labels: Sequence[str], mapping: Mapping[str, str], *, has_header: bool, has_wider: bool = False
) -> list[str]:
    """Name the columns of the rejects file.

    Args:
        labels: the columns of the imported file.
        mapping: column label -> field.
        has_header: without one, the columns get the names of their fields, so that the mapping is not lost.
        has_wider: whether a rejected row has more cells than the file has columns: a column takes them, and a row
            where it is filled is rejected again.
    """
    names = list(labels) if has_header else [mapping.get(label, label) for label in labels]
    return [*names, LINE_COLUMN, ERROR_COLUMN, *([MORE_COLUMN] if has_wider else [])]


def reject_row(reject: RejectedRecord, width: int, delimiter: str = ",") -> list[str]:
    """Render one row of the rejects file: the cells, the line, and "reason: column: value", as much as there is.

    Args:
        reject: the record.
        width: columns of the imported file.
        delimiter: what the file is written with.
    """
    column, value, reason = reject.reject
    error = ": ".join(part for part in (reason, column, value) if part)
    cells = [*reject.cells[:width], *[""] * (width - len(reject.cells))]
    more = [delimiter.join(reject.cells[width:])] if len(reject.cells) > width else []
    return [*(guarded(cell, delimiter) for cell in (*cells, str(reject.line), error, *more))]
