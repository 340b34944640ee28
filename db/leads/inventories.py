"""What hangs on a record that is about to be merged away, noted so that the merge can be taken apart again.

Of what only names the record the keys are kept; of tables with one row a record and something else whole rows, because
the one that stays keeps its own there. Values are in the history's entry beside it.
"""

from typing import Any
from uuid import UUID

from orjson import dumps, loads

from db.leads.repointing import ARRAYS, LeadOrContact, hanging_on
from db.server.engine import Connection
from db.server.statements import listed, select, select_value

_CHANGES = "SELECT to_jsonb(c) AS row FROM import_changes c WHERE record_id = %(id)s"
_PAIRS = "SELECT to_jsonb(p) AS row FROM possible_duplicates p WHERE %(id)s IN (first_id, second_id)"
_OLD_IDS = "SELECT old_id FROM merged_records WHERE new_id = %(id)s"
_LINKS = (
    "SELECT to_jsonb(k) AS row FROM crm_links k WHERE kind = %(kind)s AND own_id = %(id)s AND remote_id IS NOT NULL"
)


async def primary_key(connection: Connection, table: str) -> list[str]:
    """Return the columns of a table's primary key."""
    statement = """
        SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indrelid = %(table)s::text::regclass AND i.indisprimary ORDER BY a.attnum
    """
    return [row.attname for row in await select(connection, statement, {"table": table})]


async def take_inventory(
    connection: Connection, kind: LeadOrContact, kept: UUID, gone: dict[str, Any], *, within: UUID | None = None
) -> dict[str, Any]:
    """Note what hangs on a record, before it goes over to another one.

    Args:
        connection: in the transaction that merges them.
        kind: what they are.
        kept: who stays.
        gone: the row of who goes.
        within: the lead or person whose merge brings this one about.
    """
    gone_id = gone["id"]
    rows: dict[str, Any] = {}
    for table, column, beside in hanging_on(kind):
        keys = listed(await primary_key(connection, table), "'{0}', t.{0}")
        what = f"jsonb_build_object({keys})" if beside is None else "to_jsonb(t)"
        statement = f"SELECT {what} AS row FROM {table} t WHERE {column} = %(id)s"
        if found := [row.row for row in await select(connection, statement, {"id": gone_id})]:
            rows[f"{table}.{column}"] = found
    links = [row.row for row in await select(connection, _LINKS, {"kind": kind, "id": gone_id})]
    made_by = gone["created_import_id"]
    moved = {
        "kept": kept,
        "within": within,
        "rows": rows,
        "changes": {
            "kept": [row.row for row in await select(connection, _CHANGES, {"id": kept})],
            "gone": [row.row for row in await select(connection, _CHANGES, {"id": gone_id})],
        },
        "links": [{"provider": link["provider"], "remote_id": link["remote_id"]} for link in links],
        "met": await _met(connection, kept, gone_id),
        "vouched": made_by is not None and not await _is_met(connection, kind, made_by, kept),
        **(await pairs_and_old_ids(connection, kept, gone_id)),
    }
    plain: dict[str, Any] = loads(dumps(moved, default=str))
    return plain


async def pairs_and_old_ids(connection: Connection, kept: UUID, gone: UUID) -> dict[str, Any]:
    """Return the possible duplicates of two that become one, and the ids that were merged into the one that goes."""
    return {
        "pairs": {
            name: [row.row for row in await select(connection, _PAIRS, {"id": record_id})]
            for name, record_id in (("kept", kept), ("gone", gone))
        },
        "old_ids": [row.old_id for row in await select(connection, _OLD_IDS, {"id": gone})],
    }


async def _met(connection: Connection, kept: UUID, gone: UUID) -> list[dict[str, Any]]:
    """Return which imports named the one that goes, in which array, and whether the other stood there as well."""
    found = []
    for column in ARRAYS:
        statement = f"""
            SELECT import_id, first_record, %(kept)s = ANY ({column}) AS both FROM import_met
            WHERE %(gone)s = ANY ({column})
        """
        rows = await select(connection, statement, {"kept": kept, "gone": gone})
        found += [{"column": column, **row._asdict()} for row in rows]
    return found


async def _is_met(connection: Connection, kind: LeadOrContact, import_id: UUID, record_id: UUID) -> bool:
    statement = f"SELECT EXISTS (SELECT FROM import_met WHERE import_id = %(of)s AND %(id)s = ANY ({kind}_ids))"
    return bool(await select_value(connection, statement, {"of": import_id, "id": record_id}))
