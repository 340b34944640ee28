"""Running a statement: what it answers, in the shape its caller reads; and lists of names inside one.

A statement is SQL of this program's own with `%(name)s` for each value, `%%` for a percent sign, and `= ANY (...)` for
a list. What comes from outside is a value, never part of the text.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg.rows import dict_row, namedtuple_row

from db.server.engine import Connection

_Values = Mapping[str, Any]


async def select(connection: Connection, statement: str, values: _Values | None = None) -> list[Any]:
    """Return all rows, each with its columns as attributes."""
    async with connection.cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()


async def select_one(connection: Connection, statement: str, values: _Values | None = None) -> Any:
    """Return the first row, with its columns as attributes; None where there is none."""
    async with connection.cursor(row_factory=namedtuple_row) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchone()


async def select_dicts(connection: Connection, statement: str, values: _Values | None = None) -> list[dict[str, Any]]:
    """Return all rows, each by the names of its columns."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()


async def select_dict(connection: Connection, statement: str, values: _Values | None = None) -> dict[str, Any] | None:
    """Return the first row by the names of its columns; None where there is none."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchone()


async def select_value(connection: Connection, statement: str, values: _Values | None = None) -> Any:
    """Return the first column of the first row; None where there is none."""
    row = await (await connection.execute(statement, values)).fetchone()
    return None if row is None else row[0]


async def change(connection: Connection, statement: str, values: _Values | None = None) -> int:
    """Run a statement that writes; return how many rows it wrote."""
    return (await connection.execute(statement, values)).rowcount


async def change_each(connection: Connection, statement: str, rows: Sequence[_Values]) -> None:
    """Run a statement that writes once for each row, in their order; the database is spoken to once for all."""
    if rows:
        async with connection.cursor() as cursor:
            await cursor.executemany(statement, rows)


def listed(names: Iterable[str], form: str = "{}") -> str:
    """Return names of columns as a list in a statement.

    Args:
        names: as the tables have them.
        form: of each: `%({})s` for its value, `{0} = excluded.{0}` to take it over.
    """
    return ", ".join(form.format(name) for name in names)


def inserted(table: str, names: Iterable[str]) -> str:
    """Return the statement that inserts a row of these columns, each value under its column's name."""
    columns = list(names)
    return f"INSERT INTO {table} ({listed(columns)}) VALUES ({listed(columns, '%({})s')})"
