"""Whether the column that holds ids says which row is which: a company's, a batch's or a running number does not.

Such a column is kept as what it is, but two rows with one value are not one lead for it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from core.imports.column_readings import HeaderReading, Table, has_person
from core.imports.identity import LOOKED_AT, contradicts
from core.leads.lead import FIELDS, POSITION
from core.text.lexicons import words

_VAGUE = words("header_words.row_number")
"""What a column of running numbers may be called; 'Lead ID' and 'Customer number' name a record of some system."""
_IN_ORDER = 3
_SEVERAL, _SHARE = 2, 0.02


def why_no_identity(
    reading: HeaderReading, table: Table, column: int, fields: Mapping[str, int], rows: Sequence[Sequence[str]]
) -> str | None:
    """Return why the values of an id column do not tell rows apart; None where they do, as far as one can see.

    Args:
        reading: The column's name, read.
        table: What all columns say.
        column: Which one, from 0.
        fields: Field -> its column.
        rows: A sample of the file.
    """
    if has_person(table) and (reading.has("company_id", "register_id", "company", "account")):
        return "is an id of companies"
    values = [cells[column].strip() if column < len(cells) else "" for cells in rows]
    if (set(reading.phrases) <= _VAGUE or reading.has("number")) and _counts(values):
        return "counts the rows"
    if _repeats_over_others(values, fields, rows):
        return "repeats over different people or companies"
    return None


def _counts(values: Sequence[str]) -> bool:
    """Return whether values are the numbers of their rows, in order or shuffled."""
    if not values or not all(value.isascii() and value.removesuffix(".").isdigit() for value in values):
        return False
    numbers = [int(value.removesuffix(".")) for value in values if len(value) < 10]
    if len(numbers) < len(values):
        return False
    first = min(numbers)
    if sorted(numbers) != list(range(first, first + len(numbers))):
        return False
    return first <= 1 or (len(numbers) >= _IN_ORDER and numbers == sorted(numbers))


def _repeats_over_others(values: Sequence[str], fields: Mapping[str, int], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether rows with one value name different people or companies, more often than by mistake."""
    groups: dict[str, list[list[str | None]]] = defaultdict(list)
    others = filled = 0
    for value, cells in zip(values, rows, strict=True):
        if not value:
            continue
        filled += 1
        lead = _looked_at(cells, fields)
        known = groups[value]
        if known and all(contradicts("id:", other, lead) for other in known):
            others += 1
        if len(known) < _SEVERAL:  # more would make a column of one value a walk over all pairs
            known.append(lead)
    return others >= _SEVERAL and others > _SHARE * filled


def _looked_at(cells: Sequence[str], fields: Mapping[str, int]) -> list[str | None]:
    columns = {POSITION[field]: fields[field] for field in LOOKED_AT if field in fields}
    lead: list[str | None] = [None] * len(FIELDS)
    for position, column in columns.items():
        lead[position] = (cells[column].strip().lower() if column < len(cells) else "") or None
    return lead
