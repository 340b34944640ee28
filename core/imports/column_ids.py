"""Whose the ids of a column are: a person's, a company's, or nobody's, like a batch's or a running number.

Such a column is kept as what it is; two rows with one value of nobody's are not one for it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from core.imports.column_readings import HeaderReading, Table, has_person
from core.leads.identities import IdsOf
from core.leads.names import Likeness, companies_likeness, people_likeness
from core.text.lexicons import words

_VAGUE = words("header_words.row_number")
"""What a column of running numbers may be called; 'Lead ID' and 'Customer number' name a record of some system."""
_IN_ORDER = 3
_BEGINNING = 200
"""Rows of the sample that follow each other in the file."""
_SEVERAL, _SHARE = 2, 0.02


def ids_of_column(
    reading: HeaderReading, table: Table, column: int, fields: Mapping[str, int], rows: Sequence[Sequence[str]]
) -> tuple[IdsOf, str | None]:
    """Return whose the ids of a column are, and where they are nobody's, as far as one can see, why.

    Args:
        reading: The column's name, read.
        table: What all columns say.
        column: Which one, from 0.
        fields: Field -> its column.
        rows: A sample of the file.
    """
    values = [cells[column].strip() if column < len(cells) else "" for cells in rows]
    if (set(reading.phrases) <= _VAGUE or reading.has("number")) and _counts(values[:_BEGINNING]):
        return "none", "counts the rows"
    is_of_people = has_person(table) or not _NAMES.isdisjoint(fields)
    if is_of_people and reading.has("batch", "list", "owner"):
        return "none", "is an id of something else"
    others, filled = _shared_by_others(values, fields, rows)
    limit = max(_SEVERAL, int(_SHARE * filled) + 1)
    if others["company"] >= limit:
        return "none", "repeats over different companies"
    if is_of_people and (reading.has("company_id", "register_id", "company", "account") or others["person"] >= limit):
        return "company", None
    return ("person" if is_of_people else "company"), None


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


def _shared_by_others(
    values: Sequence[str], fields: Mapping[str, int], rows: Sequence[Sequence[str]]
) -> tuple[dict[str, int], int]:
    """Count the rows whose id an earlier row of another company, or of another person, has; and those with an id."""
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    others, filled = {"company": 0, "person": 0}, 0
    for value, cells in zip(values, rows, strict=True):
        if not value:
            continue
        filled += 1
        said = {field: text for field in _LOOKED_AT if field in fields and (text := _cell(cells, fields[field]))}
        known = groups[value]
        if known and all(_is_another_company(other, said) for other in known):
            others["company"] += 1
        if known and all(_is_another_person(other, said) for other in known):
            others["person"] += 1
        if len(known) < _SEVERAL:  # more would make a column of one value a walk over all pairs
            known.append(said)
    return others, filled


_NAMES = frozenset({"contact_name", "first_name", "last_name", "contact_title"})
_LOOKED_AT = ("company_name", "company_domain", "contact_name", "first_name", "last_name", "contact_email")


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column].strip().lower() if column < len(cells) else ""


def _is_another_company(known: Mapping[str, str], new: Mapping[str, str]) -> bool:
    likeness = companies_likeness(known.get("company_name"), new.get("company_name"))
    return likeness is not None and likeness < Likeness.PART


def _is_another_person(known: Mapping[str, str], new: Mapping[str, str]) -> bool:
    likeness = people_likeness(_person(known), _person(new))
    if likeness is not None:
        return likeness < Likeness.PART
    ours, theirs = known.get("contact_email"), new.get("contact_email")
    return bool(ours and theirs and ours != theirs)


def _person(said: Mapping[str, str]) -> str | None:
    halves = " ".join(filter(None, (said.get("first_name"), said.get("last_name"))))
    return said.get("contact_name") or halves or None
