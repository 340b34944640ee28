"""A place that holds something of persons: how it is found there, and how it is removed. Both always come together."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from core.outreach.suppression import spellings
from core.upkeep.erasure import Subject
from db.server.engine import Connection
from db.server.statements import change, select_dicts

HeldRows = list[dict[str, Any]]
Find = Callable[[Connection, Subject], Awaitable[Mapping[str, HeldRows]]]
Erase = Callable[[Connection, Subject], Awaitable[int]]


class Place(NamedTuple):
    """Some tables that hold something of a person.

    Attributes:
        name: as the receipt calls it.
        tables: every table it looks at.
        find: returns by table what it holds of the person, as JSON, and nothing of anybody else.
        erase: removes the person; returns how many rows it changed. Safe to repeat.
    """

    name: str
    tables: tuple[str, ...]
    find: Find
    erase: Erase


def values_of(subject: Subject) -> dict[str, Any]:
    """Return what conditions on rows name a person by."""
    return {
        "addresses": list(dict.fromkeys(each for address in subject.addresses for each in spellings(address))),
        "profiles": list(subject.profiles),
        "persons": list(subject.person_ids),
        "contacts": list(subject.contact_ids),
        "leads": list(subject.lead_ids),
        "own": list(subject.own_lead_ids),
        "records": [*subject.contact_ids, *subject.own_lead_ids],
        "all_ids": [*subject.contact_ids, *subject.person_ids, *subject.own_lead_ids],
        "approvals": list(subject.approval_ids),
        "threads": list(subject.thread_ids),
        "keys": list(subject.identity_keys),
        "pattern": subject.pattern,
        "named": subject.name_pattern,
    }


def rows_where(**conditions: str) -> Find:
    """Find whole rows: table=condition, with the names of `values_of`."""

    async def find(connection: Connection, subject: Subject) -> dict[str, HeldRows]:
        values = values_of(subject)
        found = {}
        for table, condition in conditions.items():
            statement = f"SELECT to_jsonb(t) AS row FROM {table} t WHERE {condition}"
            found[table] = [row["row"] for row in await select_dicts(connection, statement, values)]
        return found

    return find


def runs(*statements: str) -> Erase:
    """Erase by statements, with the names of `values_of`."""

    async def erase(connection: Connection, subject: Subject) -> int:
        values = values_of(subject)
        return sum([await change(connection, statement, values) for statement in statements])

    return erase
