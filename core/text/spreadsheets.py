"""Cells that a spreadsheet would run as a formula get a guarding apostrophe (OWASP, "CSV Injection").

A formula begins with one of a few signs, also in their full width, also behind blanks and characters nobody sees; and
where a program cuts lines at another delimiter than they were written with, it begins in the middle of a cell: each
such piece is guarded. The import takes the guards off again when such a file comes back (`core.text.cell_text`).
"""

import re
from functools import cache

_SIGN = r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe63\ufe62\ufe66\ufe6b]"
# What may stand before a sign: white space, quotes that a reader takes off, control characters, characters without a
# width, marks of direction.
_BEFORE = (
    r"\s\"\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_CUTS = ";,\t|\n\r"
_may_hold_one = re.compile(rf"{_SIGN}|\A[\t\r]").search
# Each run of what may stand before a sign is looked at once, from its start: linear whatever the cell holds.
_run = re.compile(rf"(?<![{_BEFORE}{_CUTS}])[{_BEFORE}{_CUTS}]*+(?={_SIGN})")
_guarded_run = re.compile(rf"(?<![{_BEFORE}{_CUTS}'])[{_BEFORE}{_CUTS}']++(?={_SIGN})")
_guards = re.compile(rf"(\A|[{_CUTS}])'++")
_guarded_blank = re.compile(r"\A'++(?=[\t\r])")


def guarded(cell: str, delimiter: str = ",") -> str:
    """Keep a spreadsheet from running a cell, or a piece of it.

    Args:
        cell: Its text.
        delimiter: What the file is written with: a cell that holds it is quoted, and not cut there.
    """
    if not _may_hold_one(cell):
        return cell
    inner = _run.sub(_guarding(delimiter), cell)
    return f"'{inner}" if cell[0] in "\t\r" and inner[0] != "'" else inner


@cache
def _guarding(delimiter: str) -> "_Guarding":
    return _Guarding(delimiter)


class _Guarding:
    """Puts an apostrophe before what a run of blanks and delimiters leads to, if that begins a piece."""

    def __init__(self, delimiter: str) -> None:
        self._cuts = _CUTS.replace(delimiter, "")

    def __call__(self, found: re.Match[str]) -> str:
        run = found[0]
        at = max(map(run.rfind, self._cuts)) + 1
        guarded_run = f"{run[:at]}'{run[at:]}" if at else run
        begins_cell = found.start() == 0 and not any(cut in run for cut in ";,|")
        return f"'{guarded_run}" if begins_cell else guarded_run


def unguarded(cell: str) -> str:
    """Take the guards off again; twice changes no more than once."""
    return _guarded_blank.sub("", _guarded_run.sub(_bare, cell)) if "'" in cell else cell


def _bare(found: re.Match[str]) -> str:
    run = found[0]
    # Where the run does not begin the cell, what stands before it keeps its first apostrophe from beginning a piece.
    return _guards.sub(r"\1", f"x{run}")[1:] if found.start() else _guards.sub(r"\1", run)
