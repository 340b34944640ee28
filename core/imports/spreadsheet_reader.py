"""Writes one sheet of a workbook as CSV; run in a process of its own, which may be ended and has little memory to take.

    python -c "from core.imports.spreadsheet_reader import main; main()" WORKBOOK CSV

What stands in a cell is written as people see it: whole numbers without a point, dates as 2026-11-30, the value of a
formula. Prints the chosen sheet and the others as JSON.
"""

import csv
import datetime
import json
import sys

_MANY_BLANK = 1000
_MAX_MEMORY_BYTES = 1536 * 1024 * 1024


def main() -> None:
    """Read the workbook named first and write the CSV file named second."""
    _bound_memory()
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(sys.argv[1])
    shown = [sheet.name for sheet in book.sheets_metadata if "Visible" in str(sheet.visible)] or book.sheet_names
    sheets = (book.get_sheet_by_name(name) for name in shown)
    # The first sheet that holds a table: a cover with a title is none.
    chosen = next((sheet for sheet in sheets if sheet.height > 1 and sheet.width > 1), None)
    chosen = chosen or book.get_sheet_by_name(shown[0])
    with open(sys.argv[2], "w", encoding="utf-8", newline="") as target:  # noqa: PTH123 - a process that imports little
        writer = csv.writer(target)
        blank: list[list[str]] = []
        for row in chosen.iter_rows():
            cells = [_text(cell) for cell in row]
            blank.append(cells)
            if any(cells):
                writer.writerows(blank)
                blank = []
        if (
            len(blank) < _MANY_BLANK
        ):  # blank rows are rows, as in CSV; of a sheet that was formatted to its end they are not
            writer.writerows(blank)
    others = [name for name in shown if name != chosen.name]
    sys.stdout.write(json.dumps({"sheet": chosen.name, "others": others}))


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # no such thing on this system
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        is_day = cell.time() == datetime.time()
        return cell.date().isoformat() if is_day else cell.isoformat(" ", "seconds")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell).replace("\x00", "")
