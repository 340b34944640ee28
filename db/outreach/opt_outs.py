"""Refusals that were heard, in a file or from the CRM, written down as suppressions: one statement for any number."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import psycopg
from orjson import dumps
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.outreach.approvals import person
from core.outreach.suppression import Heard, TombstoneKey
from db.outreach import suppressions, tombstones

_HEAR = """
INSERT INTO suppressions (id, kind, value, keys, reason, note, added_by, added_at, origin)
SELECT DISTINCT ON (n.value) n.id, n.kind, n.value, n.keys, n.reason, n.note, n.added_by, n.added_at, n.origin
FROM jsonb_to_recordset(CAST({rows} AS jsonb)) AS n (id uuid, kind text, value text, keys text[], reason text,
    note text, added_by text, added_at timestamptz, origin text)
-- What a person has lifted is not heard again from the same statement.
WHERE NOT EXISTS (SELECT FROM suppressions s
    WHERE s.value = n.value AND s.origin = n.origin AND s.removed_at IS NOT NULL)
-- In the order of the values, so that no two writers wait for one another; an opt-out outlasts a bounce.
ORDER BY n.value, n.reason = 'bounce'
ON CONFLICT (value) WHERE removed_at IS NULL DO UPDATE
    SET keys = excluded.keys, reason = excluded.reason, note = excluded.note, added_by = excluded.added_by,
        added_at = excluded.added_at, origin = excluded.origin
    WHERE suppressions.reason = 'bounce' AND excluded.reason <> 'bounce'
"""


async def hear(
    connection: AsyncConnection, heard: Sequence[Heard], key: Callable[[], TombstoneKey], *, now: datetime
) -> int:
    """Suppress whom a file or the CRM says not to write to; return how many are new. Safe to repeat, and at once.

    Left out are erased persons, whose address must not come back, and what a person has lifted since the very same
    statement was heard: only another statement brings it back.

    Args:
        connection: in a transaction.
        heard: any number; none of an erased person is written.
        key: gives the key of the tombstones; asked only where there are any.
        now: aware UTC.
    """
    addresses = _addresses(heard)
    gone = await suppressions.erased_among(connection, addresses, key()) if addresses else set()
    rows = _rows(heard, gone, now)
    return int((await connection.execute(text(_HEAR.format(rows=":rows")), {"rows": rows})).rowcount)


async def hear_beside(
    connection: psycopg.AsyncConnection[Any],
    heard: Sequence[Heard],
    key: Callable[[], TombstoneKey],
    *,
    now: datetime,
) -> int:
    """Do as `hear` over a connection of the synchronisation's kind."""
    gone = await tombstones.erased_among(connection, _addresses(heard), key)
    cursor = await connection.execute(_HEAR.format(rows="%(rows)s"), {"rows": _rows(heard, gone, now)})
    return cursor.rowcount


def _addresses(heard: Sequence[Heard]) -> set[str]:
    return {each.target.value for each in heard if each.target.kind == "address"}


def _rows(heard: Sequence[Heard], gone: Collection[str], now: datetime) -> str:
    rows = [
        {
            "id": uuid4(),
            "kind": each.target.kind,
            "value": each.target.value,
            "keys": list(each.target.keys),
            "reason": str(each.reason),
            "note": each.note,
            "added_by": person(each.by),
            "added_at": now,
            "origin": each.origin,
        }
        for each in heard
        if each.target.value not in gone
    ]
    return dumps(rows).decode()
