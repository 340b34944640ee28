"""What stands in the columns of a file: a table for a person who decides about a mapping."""

import re

import pandas as pd

from core.imports import csv_rows
from core.imports.runs import ImportRequest
from core.imports.spreadsheet_files import scan_file

_PROFILED_ROWS = 20_000
_EXAMPLES = 3


def profile(request: ImportRequest) -> pd.DataFrame:
    """Profile the columns of a file over its first 20,000 rows.

    Returns:
        One row a column: `column`, `filled` (share of rows, as "87%"), `type` (number, date, e-mail, URL, text),
        `distinct`, and `examples`, masked: letters and digits after the first two become x and 0.
    """
    file = scan_file(request.path.expanduser(), request.format_options)
    header = list(file.format.header)
    width = len(header)
    rows = [(cells + [""] * width)[:width] for _, cells in csv_rows.read(file, limit=_PROFILED_ROWS)]
    frame = pd.DataFrame(rows, columns=pd.RangeIndex(width), dtype="str").apply(lambda column: column.str.strip())
    return pd.DataFrame([_profile(label, frame[position]) for position, label in enumerate(header)])


def _profile(label: str, column: "pd.Series[str]") -> dict[str, object]:
    filled = column[column != ""]
    share = len(filled) / len(column) if len(column) else 0.0
    return {
        "column": label,
        "filled": f"{share:.0%}",
        "type": _kind(filled),
        "distinct": int(filled.nunique()),
        "examples": ", ".join(mask(value) for value in filled.unique()[:_EXAMPLES]),
    }


def _kind(filled: "pd.Series[str]") -> str:
    if filled.empty:
        return "empty"
    kinds = {
        "e-mail": r"[^@\s]+@[^@\s]+\.[^@\s]+",
        "URL": r"(?:https?://|www\.)\S+",
        "number": r"[-+]?[\d.,\s]*\d",
        "date": r"\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}.*",
    }
    return next((kind for kind, pattern in kinds.items() if filled.str.fullmatch(pattern).mean() > 0.9), "text")


def mask(value: str) -> str:
    """Keep the shape of a value and hide what it says: 'Anna Berg' becomes 'Anxx xxxx'."""
    shown = value[:40]
    return shown[:2] + re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "0", shown[2:])) + ("…" if len(value) > 40 else "")
