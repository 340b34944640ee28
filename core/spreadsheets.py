"""Cells that a spreadsheet would run as a formula get a guarding apostrophe (OWASP, "CSV Injection").

The import takes it off again when such a file comes back (`core.cell_text`), so nothing changes on the way out and in.
"""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """Keep a spreadsheet from running a cell."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def unguarded(cell: str) -> str:
    """Take the guard off again."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell
