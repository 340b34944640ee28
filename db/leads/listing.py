"""Lists of leads and contacts, a page at a time: each page is read off an index, however many there are.

A page begins after a row of the page before (its `cursor`), never at a number: no page is slower than the first.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from uuid import UUID

from core.errors import InvalidInput
from core.leads.search import Search
from db.leads.matching import current_id
from db.leads.repointing import LeadOrContact
from db.schema.tables import WORDS_OF_NAME
from db.server.engine import Connection
from db.server.statements import select, select_dicts, select_value

_COUNTED = 10_000
"""More are estimated."""
_LEAD_COLUMNS = """
    l.id, l.company_name, l.company_domain, l.city, l.country, l.stands_for, l.tags, l.assigned_to,
    (SELECT count(*) FROM (SELECT FROM contacts c WHERE c.lead_id = l.id LIMIT 1000) AS c) AS contacts,
    (SELECT a.score::float8 FROM assessments a WHERE a.lead_id = l.id) AS score,
    (SELECT a.tier FROM assessments a WHERE a.lead_id = l.id) AS tier
"""
_CONTACT_COLUMNS = """
    c.id, c.contact_name, c.first_name, c.last_name, c.contact_title, c.contact_email, c.contact_phone, c.state,
    c.lead_id, (SELECT l.company_name FROM leads l WHERE l.id = c.lead_id) AS company_name
"""
_AT_ADDRESS = "SELECT {0} FROM contacts c WHERE lower(c.contact_email) = %(address)s"
_OF_ADDRESS = "SELECT {0} FROM identities i JOIN contacts c ON c.person_id = i.owner_id WHERE i.key = %(key)s"
_FOUND_LEADS = {
    "id": "SELECT id FROM leads WHERE id = %(id)s UNION SELECT lead_id FROM contacts WHERE id = %(id)s",
    "address": f"{_AT_ADDRESS} UNION {_OF_ADDRESS}".format("c.lead_id AS id"),
    "domain": "SELECT id FROM leads WHERE company_domain = %(domain)s"
    " UNION SELECT owner_id FROM identities WHERE key = %(key)s",
    "company": f"(SELECT id FROM leads WHERE {WORDS_OF_NAME} @@ %(words)s::tsquery LIMIT %(most)s)"
    " UNION (SELECT id FROM leads WHERE alias_keys @> ARRAY[%(company)s] AND alias_keys <> '{}' LIMIT %(most)s)",
}
_FOUND_CONTACTS = {
    "id": "SELECT id FROM contacts WHERE id = %(id)s UNION SELECT id FROM contacts WHERE person_id = %(id)s"
    " UNION SELECT id FROM contacts WHERE lead_id = %(id)s",
    "address": f"{_AT_ADDRESS} UNION {_OF_ADDRESS}".format("c.id"),
    "domain": "SELECT c.id FROM leads l JOIN contacts c ON c.lead_id = l.id WHERE l.company_domain = %(domain)s"
    " UNION SELECT c.id FROM identities i JOIN contacts c ON c.lead_id = i.owner_id WHERE i.key = %(key)s",
    "person": f"SELECT id FROM contacts WHERE {WORDS_OF_NAME} @@ %(words)s::tsquery LIMIT %(most)s",
}
"""What finds ids, each part by an index of its own."""


class Page(NamedTuple):
    """Rows of a list, where the next page begins (None after the last), and whether more are found than are listed."""

    rows: list[dict[str, Any]]
    cursor: str | None
    is_cut: bool = False


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
    """List leads, the newest first.

    Args:
        connection: in a transaction.
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
    found = None if search is None else await _find(connection, search, "company", _FOUND_LEADS)
    listed = _Listed("leads l", _LEAD_COLUMNS, tuple(chosen), filters._asdict())
    return await _page(connection, listed, found, after, limit)


async def select_contacts(
    connection: Connection, search: Search | None = None, *, after: str | None = None, limit: int = 25
) -> Page:
    """List contacts, the newest first; a lead's id finds its contacts.

    Args and Raises: as of `select_leads`.
    """
    found = None if search is None else await _find(connection, search, "person", _FOUND_CONTACTS)
    return await _page(connection, _Listed("contacts c", _CONTACT_COLUMNS), found, after, limit)


async def _find(
    connection: Connection, search: Search, name: Literal["company", "person"], known: Mapping[str, str]
) -> list[UUID]:
    """Return the ids of what is found: few, or the first ten thousand and one.

    Apart from the list, because the planner cannot know how few they are and would walk all records in their order.
    """
    values = {**search._asdict(), "most": _COUNTED + 1}
    key = getattr(search, name)
    if search.id is not None:
        statement, values["id"] = known["id"], await current_id(connection, search.id)
    elif key is None:
        statement = known["address" if search.address else "domain"]
    else:
        # Nor how early a scan of the whole table would end.
        await connection.execute("SET LOCAL enable_seqscan = off")
        statement, values["words"] = known[name], " & ".join(map(_beginning, key.split()))
    found = await select(connection, f"SELECT id FROM ({statement}) AS f LIMIT {_COUNTED + 1}", values)
    await connection.execute("SET LOCAL enable_seqscan = on")
    return [row.id for row in found]


def _beginning(word: str) -> str:
    """Write the beginning of a word as Postgres reads it in a tsquery."""
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"


class _Listed(NamedTuple):
    table: str
    columns: str
    conditions: tuple[str, ...] = ()
    values: Mapping[str, Any] = MappingProxyType({})


async def _page(
    connection: Connection, listed: _Listed, found: list[UUID] | None, after: str | None, limit: int
) -> Page:
    alias = listed.table[-1]
    values = {**listed.values, "since": None if after is None else _uuid(after), "ids": found, "more": limit + 1}
    conditions = [
        *listed.conditions,
        *([f"{alias}.id < %(since)s"] if after is not None else []),
        *([f"{alias}.id = ANY (%(ids)s)"] if found is not None else []),
    ]
    statement = f"""
        SELECT {listed.columns} FROM {listed.table} {"WHERE" if conditions else ""} {" AND ".join(conditions)}
        ORDER BY {alias}.id DESC LIMIT %(more)s
    """
    rows = await select_dicts(connection, statement, values)
    shown = rows[:limit]
    cursor = str(shown[-1]["id"]) if len(rows) > limit else None
    return Page(shown, cursor, is_cut=found is not None and len(found) > _COUNTED)


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
