"""What hung on a record that was merged away goes back to it, as it was noted when the merge was made."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from orjson import dumps

from db.leads.inventories import primary_key
from db.leads.merging import Deed
from db.leads.repointing import ARRAYS, LeadOrContact, hanging_on
from db.server.engine import Connection
from db.server.statements import select_dicts

_APART = """
INSERT INTO possible_duplicates (first_id, second_id, kind, reason, decision, decided_by, decided_at, decision_reason)
VALUES (least(%(kept)s, %(gone)s), greatest(%(kept)s, %(gone)s), %(kind)s, 'merged, and taken apart again', 'apart',
    %(by)s, %(now)s, %(reason)s)
ON CONFLICT (first_id, second_id) DO UPDATE SET decision = excluded.decision, decided_by = excluded.decided_by,
    decided_at = excluded.decided_at, decision_reason = excluded.decision_reason
"""


async def give_back(
    connection: Connection, kind: LeadOrContact, kept: UUID, gone: UUID, moved: Mapping[str, Any]
) -> None:
    """Let what hung on the one that is back name it again."""
    names: dict[str, Any] = {"kept": kept, "gone": gone, "kind": kind}
    statement = """
        UPDATE crm_links SET own_id = %(gone)s, local_token = NULL
        WHERE kind = %(kind)s AND own_id = %(kept)s AND provider = %(provider)s AND remote_id = %(remote_id)s
    """
    for link in moved.get("links", ()):
        await connection.execute(statement, {**names, **link})
    await connection.execute(
        "UPDATE crm_links SET local_token = NULL WHERE kind = %(kind)s AND own_id = %(kept)s", names
    )
    for table, column, beside in hanging_on(kind):
        if rows := moved.get("rows", {}).get(f"{table}.{column}"):
            values = {**names, "rows": dumps(rows).decode()}
            back = _return if beside is None else _split
            await back(connection, table, column, values)
    await _give_back_imports(connection, kind, names, moved)


async def _return(connection: Connection, table: str, column: str, values: Mapping[str, Any]) -> None:
    key = await primary_key(connection, table)
    same = " AND ".join(f"t.{name} = k.{name}" for name in key)
    statement = f"""
        UPDATE {table} t SET {column} = %(gone)s FROM jsonb_populate_recordset(NULL::{table}, %(rows)s::jsonb) k
        WHERE {same} AND t.{column} = %(kept)s
    """
    await connection.execute(statement, values)


async def _split(connection: Connection, table: str, column: str, values: Mapping[str, Any]) -> None:
    """Give rows back that stand for a record and something else; those written anew since stay with the other one."""
    key = [name for name in await primary_key(connection, table) if name != column]
    same = "".join(f" AND t.{name} = k.{name}" for name in key)
    source = f"jsonb_populate_recordset(NULL::{table}, %(rows)s::jsonb) k"
    unlike = f"- '{column}' - 'lead_id'"
    await connection.execute(
        f"DELETE FROM {table} t USING {source} WHERE t.{column} = %(kept)s{same}"
        f" AND to_jsonb(t) {unlike} = to_jsonb(k) {unlike}",
        values,
    )
    await connection.execute(f"INSERT INTO {table} SELECT k.* FROM {source} ON CONFLICT DO NOTHING", values)


async def _give_back_imports(
    connection: Connection, kind: LeadOrContact, names: Mapping[str, Any], moved: Mapping[str, Any]
) -> None:
    """Let imports vouch again for the one that is back, with what they changed in either, undone ones too."""
    for met in moved.get("met", ()):
        others = met["column"] if met["both"] else f"array_remove({met['column']}, %(kept)s)"
        statement = f"""
            UPDATE import_met SET {met["column"]} = array_append({others}, %(gone)s)
            WHERE import_id = %(import_id)s AND first_record = %(first_record)s AND %(kept)s = ANY ({met["column"]})
        """
        await connection.execute(statement, {**names, **met})
    if moved.get("vouched"):
        statement = f"""
            UPDATE import_met SET {kind}_ids = array_remove({kind}_ids, %(kept)s)
            WHERE import_id = (SELECT created_import_id FROM {kind}s WHERE id = %(gone)s)
        """
        await connection.execute(statement, names)
    changes = moved.get("changes")
    if changes is None:
        return
    rows = [*changes["kept"], *changes["gone"]]
    values = {**names, "rows": dumps(rows).decode(), "made_by": [row["import_id"] for row in changes["gone"]]}
    # Those of imports since stay; what the merge noted as given by the import of the one that is back goes.
    await connection.execute(
        f"""
        DELETE FROM import_changes WHERE record_id = %(kept)s AND (import_id = ANY (%(made_by)s::uuid[])
            OR import_id = (SELECT created_import_id FROM {kind}s WHERE id = %(gone)s)
            OR import_id IN (SELECT import_id FROM jsonb_populate_recordset(NULL::import_changes, %(rows)s::jsonb)))
        """,
        values,
    )
    await connection.execute(
        "INSERT INTO import_changes SELECT k.* FROM jsonb_populate_recordset(NULL::import_changes, %(rows)s::jsonb) k"
        " WHERE EXISTS (SELECT FROM leads l WHERE l.id = k.lead_id) ON CONFLICT DO NOTHING",
        values,
    )


async def part_pairs(
    connection: Connection, kind: str, kept: UUID, gone_id: str, moved: Mapping[str, Any], deed: Deed | None
) -> None:
    """Give pairs back to the one that is back; the two themselves are apart from now on."""
    pairs = moved.get("pairs") or {"kept": [], "gone": []}
    known = {other for row in pairs["kept"] for other in (row["first_id"], row["second_id"])}
    theirs = [row for row in pairs["gone"] if str(kept) not in (row["first_id"], row["second_id"])]
    others = [({row["first_id"], row["second_id"]} - {gone_id}).pop() for row in theirs]
    statement = """
        DELETE FROM possible_duplicates WHERE %(kept)s IN (first_id, second_id) AND decision IS NULL
            AND (first_id = ANY (%(others)s::uuid[]) OR second_id = ANY (%(others)s::uuid[]))
    """
    await connection.execute(statement, {"kept": kept, "others": [other for other in others if other not in known]})
    owners = "SELECT 1 FROM leads WHERE id = k.{0}", "SELECT 1 FROM contacts WHERE person_id = k.{0}"
    is_there = " AND ".join(
        f"({' OR '.join(f'EXISTS ({owner.format(name)})' for owner in owners)})" for name in ("first_id", "second_id")
    )
    await connection.execute(
        "INSERT INTO possible_duplicates SELECT k.* FROM"
        f" jsonb_populate_recordset(NULL::possible_duplicates, %(rows)s::jsonb) k WHERE {is_there}"
        " ON CONFLICT DO NOTHING",
        {"rows": dumps(theirs).decode()},
    )
    if deed is not None:
        names = {"kept": kept, "gone": gone_id, "kind": kind}
        names |= {"by": deed.by, "now": deed.now, "reason": deed.reason}
        await connection.execute(_APART.replace("%(gone)s", "%(gone)s::uuid"), names)
    if kind == "person":
        await connection.execute("DELETE FROM merged_records WHERE old_id = %(id)s", {"id": gone_id})
        await connection.execute(
            "UPDATE merged_records SET new_id = %(gone)s WHERE old_id = ANY (%(ids)s::uuid[])",
            {"gone": gone_id, "ids": moved["old_ids"]},
        )


async def undone_since(connection: Connection, ids: Iterable[UUID]) -> list[UUID]:
    """Return the undone imports that named or made some leads, contacts or people, the latest first."""
    statement = f"""
        WITH meant AS (
            SELECT unnest(%(ids)s::uuid[]) AS id
            UNION SELECT id FROM contacts WHERE lead_id = ANY (%(ids)s) OR person_id = ANY (%(ids)s)
        ), made AS (
            SELECT created_import_id AS id FROM leads WHERE id = ANY (%(ids)s)
            UNION SELECT created_import_id FROM contacts WHERE id IN (SELECT id FROM meant)
            UNION SELECT import_id FROM import_changes WHERE record_id IN (SELECT id FROM meant)
        )
        SELECT i.id FROM imports i WHERE i.status = 'undone' AND (
            i.id IN (SELECT id FROM made) OR EXISTS (SELECT FROM import_met m WHERE m.import_id = i.id AND ({
        " OR ".join(f"m.{column} && ARRAY(SELECT id FROM meant)" for column in ARRAYS)
    })))
        ORDER BY i.started_at DESC, i.id
    """
    return [row["id"] for row in await select_dicts(connection, statement, {"ids": list(ids)})]
