"""Keeps erased persons out of an import: a row that names one keeps its company and loses the person."""

from collections.abc import Callable, Sequence

from core.leads.fields import PERSONAL_FIELDS
from core.leads.lead import FIELDS, POSITION
from core.leads.rows import NewRow, new_row
from core.outreach.suppression import TombstoneKey
from db.outreach.tombstones import PersonMarks, erased_people
from db.server.engine import Connection

_MARKS = tuple(POSITION[name] for name in ("contact_email", "linkedin_url", "contact_phone"))
_PERSONAL = frozenset(POSITION[name] for name in FIELDS if name in PERSONAL_FIELDS)
_NAMES_COMPANY = tuple(POSITION[name] for name in ("company_name", "company_domain", "company_website"))


async def without_erased(
    connection: Connection, rows: Sequence[NewRow], key: Callable[[], TombstoneKey]
) -> tuple[list[NewRow], int]:
    """Take erased persons out of rows; return what is left, and how many rows named nobody else.

    Args:
        connection: in the import's transaction: erasing waits for its end.
        rows: of a batch.
        key: gives the key of the tombstones; asked only where there are any.

    Raises:
        ConfigurationError: there are tombstones of another key.
    """
    people = [PersonMarks(*(row.values[position] for position in _MARKS)) for row in rows]
    erased = await erased_people(connection, people, key)
    if not any(erased):
        return list(rows), 0
    left: list[NewRow] = []
    gone = 0
    for row, is_erased in zip(rows, erased, strict=True):
        if not is_erased:
            left.append(row)
            continue
        values = [None if position in _PERSONAL else value for position, value in enumerate(row.values)]
        if any(values[position] for position in _NAMES_COMPANY):
            left.append(new_row(values))
        else:
            gone += 1
    return left, gone
