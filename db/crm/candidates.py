"""Which leads that no link knows are to be created in a CRM: found in the database, by the conditions of `crm.yaml`.

A condition becomes a list of the values that meet it: the values there are, each asked once, so that the database
decides as the rules do and a synchronisation costs what takes part, not what is stored. Where there are too many
different values for that, all pass, and the rules decide when the lead is read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import sql

from core.crm.config import CrmConfig, SyncCondition
from core.leads.fields import FIELDS_OF_LEAD, PERSON_FIELDS
from db.crm.records import JOINED
from db.server.engine import Connection

_MOST_VALUES = 5_000
_OF_ASSESSMENT = ("tier", "reasoning")
_UNLINKED = """NOT EXISTS (SELECT FROM crm_links k
    WHERE k.provider = %(provider)s AND k.kind = 'lead' AND k.own_id = l.id)"""


class Test(NamedTuple):
    """A condition as SQL over `l` and `a`: None where only the rules can tell; what to say where it is not met."""

    sql: sql.Composable | None
    words: str


class Gate(NamedTuple):
    """What a lead must meet to be created, as tests in order, with their values."""

    tests: tuple[Test, ...]
    values: Mapping[str, Any]


async def open_gate(connection: Connection, config: CrmConfig) -> Gate:
    """Turn the conditions of a configuration into SQL, for the values there are now."""
    opening = _Opening(connection)
    tests = []
    for place, condition in enumerate((*config.leads.only_if, *config.leads.create_if)):
        tests.append(Test(await opening.test(condition, f"v{place}"), condition.words))
    return Gate(tuple(tests), opening.values)


class _Opening:
    """Conditions becoming SQL; `values` are those of the placeholders so far."""

    def __init__(self, connection: Connection) -> None:
        self.values: dict[str, Any] = {}
        self._connection = connection
        self._there: dict[str, list[str | None] | None] = {}

    async def test(self, condition: SyncCondition, name: str) -> sql.Composable | None:
        """Return a condition as SQL, its value under a name; None where only the rules can tell."""
        column = _column(condition.field)
        if condition.field in PERSON_FIELDS:
            return _of_people(condition)
        if column is None:
            return None
        if condition.field == "tags":
            return await self._of_tags(condition, name)
        if condition.is_set is not None:
            form = "coalesce({}, '') <> ''" if condition.is_set else "coalesce({}, '') = ''"
            met: sql.Composable = sql.SQL(form).format(column)
        elif condition.field == "score" and condition.one_of is None and condition.none_of is None:
            is_least = condition.at_least is not None
            self.values[name] = condition.at_least if is_least else condition.at_most
            met = sql.SQL("a.score >= {}" if is_least else "a.score <= {}").format(sql.Placeholder(name))
        else:
            among = await self._of_values(condition, name, column)
            if among is None:
                return None
            met = among
        if condition.field == "company_name":
            # Where a person stands for the company, their name is the company's.
            return sql.SQL("(l.stands_for = 'person' OR {})").format(met)
        return met

    async def _of_values(self, condition: SyncCondition, name: str, column: sql.Composable) -> sql.Composable | None:
        table = sql.SQL("assessments a" if condition.field in _OF_ASSESSMENT else "leads l")
        there = await self._distinct(condition.field, sql.SQL("SELECT DISTINCT {} FROM {}").format(column, table))
        if there is None:
            return None
        self.values[name] = [value for value in there if value is not None and condition.is_met(value)]
        # A plain comparison where it says all: the database then begins with the few that meet it.
        unset = "{column} IS NULL OR " if condition.is_met(None) else ""
        return sql.SQL(f"({unset}{{column}} = ANY ({{there}}))").format(column=column, there=sql.Placeholder(name))

    async def _of_tags(self, condition: SyncCondition, name: str) -> sql.Composable | None:
        if condition.is_set is not None:
            return sql.SQL("l.tags <> '{}'" if condition.is_set else "l.tags = '{}'")
        there = await self._distinct("tags", sql.SQL("SELECT DISTINCT tag FROM leads l, unnest(l.tags) AS t (tag)"))
        if there is None or (condition.one_of is None and condition.none_of is None):
            return None
        is_wanted = condition.one_of is not None
        self.values[name] = [tag for tag in there if tag is not None and condition.is_met(tag) is is_wanted]
        test = sql.SQL("l.tags && {}::text[]" if is_wanted else "NOT l.tags && {}::text[]")
        return test.format(sql.Placeholder(name))

    async def _distinct(self, field: str, query: sql.Composable) -> list[str | None] | None:
        """Return the values there are of a field, or None where they are too many to be asked one by one."""
        if field not in self._there:
            few = sql.SQL("{} LIMIT {}").format(query, sql.Literal(_MOST_VALUES + 1))
            rows = await (await self._connection.execute(few)).fetchall()
            self._there[field] = None if len(rows) > _MOST_VALUES else [row[0] for row in rows]
        return self._there[field]


def _column(field: str) -> sql.Composable | None:
    if field == "score":
        return sql.SQL("a.score::text")
    if field in _OF_ASSESSMENT:
        return sql.Identifier("a", field)
    if field in {*FIELDS_OF_LEAD, "assigned_to", "tags"}:
        return sql.Identifier("l", field)
    return None


def _of_people(condition: SyncCondition) -> sql.Composable | None:
    if condition.is_set is None:
        return None
    there = sql.SQL("{} (SELECT FROM contacts c WHERE c.lead_id = l.id AND coalesce(c.{}, '') <> '')")
    return there.format(sql.SQL("EXISTS" if condition.is_set else "NOT EXISTS"), sql.Identifier(condition.field))


async def select_new(connection: Connection, provider: str, gate: Gate, *, after: UUID, limit: int) -> list[UUID]:
    """List leads that no link knows and that a gate lets through, by id."""
    conditions = [test.sql for test in gate.tests if test.sql is not None]
    query = sql.SQL("SELECT l.id FROM {} WHERE l.id > %(after)s AND {} ORDER BY l.id LIMIT %(limit)s").format(
        sql.SQL(JOINED), sql.SQL(" AND ").join([sql.SQL(_UNLINKED), *conditions])
    )
    rows = await connection.execute(query, {**gate.values, "provider": provider, "after": after, "limit": limit})
    return [row[0] async for row in rows]


async def count_outside(connection: Connection, provider: str, gate: Gate) -> dict[str, int]:
    """Count the leads that no link knows by the first test they do not meet, the most frequent first."""
    cases: Sequence[sql.Composable] = [
        sql.SQL("WHEN ({}) IS NOT TRUE THEN {}").format(test.sql, sql.Literal(test.words))
        for test in gate.tests
        if test.sql is not None
    ]
    if not cases:
        return {}
    query = sql.SQL(
        "SELECT reason, count(*) FROM (SELECT CASE {} END AS reason FROM {} WHERE {}) r WHERE reason IS NOT NULL"
        " GROUP BY 1 ORDER BY 2 DESC, 1"
    ).format(sql.SQL(" ").join(cases), sql.SQL(JOINED), sql.SQL(_UNLINKED))
    rows = await connection.execute(query, {**gate.values, "provider": provider})
    return {reason: count async for reason, count in rows}
