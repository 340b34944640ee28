"""Lists of leads and contacts, a page at a time: each page is read off an index, however many there are.

A page begins after a row of the page before (its `cursor`), never at a number: no page is slower than the first.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from core.errors import InvalidInput
from core.leads.search import Search
from db.leads.matching import current_id
from db.leads.repointing import LeadOrContact
from db.server.engine import Connection
from db.server.statements import select, select_dicts, select_value

_COUNTED = 10_000
"""More are estimated."""
_LEAD_COLUMNS = """
    l.id, l.company_name, l.company_domain, l.city, l.country, l.stands_for, l.tags, l.assigned_to,
    (SELECT count(*) FROM (SELECT FROM contacts c WHERE c.lead_id = l.id LIMIT 1000) AS c) AS contacts,
    (SELECT a.score FROM assessments a WHERE a.lead_id = l.id) AS score,
    (SELECT a.tier FROM assessments a WHERE a.lead_id = l.id) AS tier
"""
_CONTACT_COLUMNS = """
    c.id, c.contact_name, c.first_name, c.last_name, c.contact_title, c.contact_email, c.contact_phone, c.state,
    c.lead_id, (SELECT l.company_name FROM leads l WHERE l.id = c.lead_id) AS company_name
"""
_HIGHEST = "\U0010ffff"
_AT_ADDRESS = "SELECT {0} FROM contacts c WHERE lower(c.contact_email) = %(address)s"
_OF_ADDRESS = "SELECT {0} FROM identities i JOIN contacts c ON c.person_id = i.owner_id WHERE i.key = %(key)s"
_FOUND_LEADS = {
    "id": "SELECT id FROM leads WHERE id = %(id)s UNION SELECT lead_id FROM contacts WHERE id = %(id)s",
    "address": f"{_AT_ADDRESS} UNION {_OF_ADDRESS}".format("c.lead_id AS id"),
    "domain": "SELECT id FROM leads WHERE company_domain = %(domain)s"
    " UNION SELECT owner_id FROM identities WHERE key = %(key)s",
}
_FOUND_CONTACTS = {
    "id": "SELECT id FROM contacts WHERE id = %(id)s UNION SELECT id FROM contacts WHERE person_id = %(id)s"
    " UNION SELECT id FROM contacts WHERE lead_id = %(id)s",
    "address": f"{_AT_ADDRESS} UNION {_OF_ADDRESS}".format("c.id"),
    "domain": "SELECT c.id FROM leads l JOIN contacts c ON c.lead_id = l.id WHERE l.company_domain = %(domain)s"
    " UNION SELECT c.id FROM identities i JOIN contacts c ON c.lead_id = i.owner_id WHERE i.key = %(key)s",
}
"""What finds ids, each part by an index of its own."""


class Page(NamedTuple):
    """Rows of a list, and where the next page begins; None after the last."""

    rows: list[dict[str, Any]]
    cursor: str | None


class Count(NamedTuple):
    """How many there are, and whether that is an estimate."""

    number: int
    is_estimated: bool


class Filters(NamedTuple):
    """Which leads: of a tag, of a user they are assigned to."""

    tag: str | None = None
    assigned_to: str | None = None


async def select_leads(
    connection: Connection,
    search: Search | None = None,
    filters: Filters = Filters(),  # noqa: B008 - immutable
    *,
    after: str | None = None,
    limit: int = 25,
) -> Page:
    """List leads: the newest first, or by name where a name is looked for.

    Args:
        connection: any.
        search: what is looked for.
        filters: what else must hold.
        after: the cursor of the page before.
        limit: rows at most.

    Raises:
        InvalidInput: `after` is no cursor of this list.
    """
    conditions = {
        "tag": "l.tags @> ARRAY[%(tag)s] AND l.tags <> '{}'",
        "assigned_to": "l.assigned_to = %(assigned_to)s",
    }
    chosen = [conditions[name] for name, value in filters._asdict().items() if value is not None]
    if search is None or search.company is None:
        found, values = await _found(connection, search, _FOUND_LEADS)
        return await _by_id(
            connection, "leads l", _LEAD_COLUMNS, found, chosen, {**values, **filters._asdict()}, after, limit
        )
    values = {"key": search.company, "last": search.company + _HIGHEST, **filters._asdict()}
    named = (
        "l.name_key >= %(key)s AND l.name_key < %(last)s",
        "l.alias_keys @> ARRAY[%(key)s] AND l.alias_keys <> '{}'",
    )
    return await _by_name(connection, "leads l", _LEAD_COLUMNS, named, chosen, values, after, limit)


async def select_contacts(
    connection: Connection, search: Search | None = None, *, after: str | None = None, limit: int = 25
) -> Page:
    """List contacts: the newest first, or by name where a name is looked for; a lead's id finds its contacts.

    Args and Raises: as of `select_leads`.
    """
    if search is None or search.person is None:
        found, values = await _found(connection, search, _FOUND_CONTACTS)
        return await _by_id(connection, "contacts c", _CONTACT_COLUMNS, found, [], values, after, limit)
    values = {"key": search.person, "last": search.person + _HIGHEST}
    named = ("c.name_key >= %(key)s AND c.name_key < %(last)s",)
    return await _by_name(connection, "contacts c", _CONTACT_COLUMNS, named, [], values, after, limit)


async def _found(
    connection: Connection, search: Search | None, known: Mapping[str, str]
) -> tuple[str | None, dict[str, Any]]:
    """Return what finds the ids of a search that is by no name, and its values; None finds all."""
    if search is None:
        return None, {}
    if search.id is not None:
        return known["id"], {"id": await current_id(connection, search.id)}
    return known["address" if search.address else "domain"], search._asdict()


async def _by_id(
    connection: Connection,
    table: str,
    columns: str,
    found: str | None,
    chosen: list[str],
    values: Mapping[str, Any],
    after: str | None,
    limit: int,
) -> Page:
    alias = table[-1]
    since = None if after is None else _uuid(after)
    conditions = [*chosen, *([f"{alias}.id < %(since)s"] if since is not None else [])]
    ids: list[UUID] | None = None
    if found is not None:
        # Apart from the list: what is found are a few ids, which the planner cannot know.
        some = f"SELECT id FROM ({found}) AS f ORDER BY id DESC LIMIT {_COUNTED}"
        ids = [row.id for row in await select(connection, some, values)]
        conditions.append(f"{alias}.id = ANY (%(ids)s)")
    statement = f"""
        SELECT {columns} FROM {table} {"WHERE" if conditions else ""} {" AND ".join(conditions)}
        ORDER BY {alias}.id DESC LIMIT %(more)s
    """
    values = {**values, "ids": ids}
    rows = await select_dicts(connection, statement, {**values, "since": since, "more": limit + 1})
    shown = rows[:limit]
    return Page(shown, str(shown[-1]["id"]) if len(rows) > limit else None)


async def _by_name(
    connection: Connection,
    table: str,
    columns: str,
    named: tuple[str, ...],
    chosen: list[str],
    values: Mapping[str, Any],
    after: str | None,
    limit: int,
) -> Page:
    alias = table[-1]
    place: dict[str, Any] = {}
    beyond = ""
    if after is not None:
        name, _, since = after.rpartition("/")
        place = {"name": name, "since": _uuid(since)}
        # The first half alone is what the index is entered by.
        beyond = (
            f' AND {alias}.name_key >= %(name)s AND ({alias}.name_key, {alias}.id) > (%(name)s COLLATE "C", %(since)s)'
        )
    where = "".join(f" AND ({each})" for each in chosen) + beyond
    found = " UNION ".join(
        f"(SELECT {alias}.name_key, {alias}.id FROM {table} WHERE {arm}{where}"
        f" ORDER BY {alias}.name_key, {alias}.id LIMIT %(more)s)"
        for arm in named
    )
    statement = f"""
        SELECT {columns}, f.name_key FROM ({found}) AS f JOIN {table} ON {alias}.id = f.id
        ORDER BY f.name_key, f.id LIMIT %(more)s
    """
    rows = await select_dicts(connection, statement, {**values, **place, "more": limit + 1})
    shown = rows[:limit]
    cursor = f"{shown[-1]['name_key']}/{shown[-1]['id']}" if len(rows) > limit else None
    for row in shown:
        del row["name_key"]
    return Page(shown, cursor)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput("--after takes what the page before printed as its cursor") from None


async def count(connection: Connection, table: LeadOrContact) -> Count:
    """Count all leads or contacts; more than ten thousand are estimated from what the database knows of the table."""
    counted = f"SELECT count(*) FROM (SELECT FROM {table}s LIMIT {_COUNTED + 1}) AS t"
    exact = int(await select_value(connection, counted))
    if exact <= _COUNTED:
        return Count(exact, is_estimated=False)
    # The density that was measured last, over the pages there are now.
    statement = f"""
        SELECT CASE WHEN reltuples > 0 AND relpages > 0
            THEN (reltuples / relpages * (pg_relation_size(oid) / current_setting('block_size')::int))::bigint END
        FROM pg_class WHERE oid = '{table}s'::regclass
    """
    estimate = await select_value(connection, statement)
    if estimate is None:
        return Count(int(await select_value(connection, f"SELECT count(*) FROM {table}s")), is_estimated=False)
    return Count(max(int(estimate), exact), is_estimated=True)
