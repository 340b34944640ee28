"""Refusals that were reported, by a file or the CRM, written down as suppressions: one statement for any number."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import uuid4

from orjson import dumps

from core.outreach.approvals import person
from core.outreach.suppression import ReportedOptOut, TombstoneKey, without_channel
from db.outreach.tombstones import erased_among
from db.server.engine import Connection
from db.server.statements import change

_RECORD = """
INSERT INTO suppressions (id, kind, value, keys, reason, note, added_by, added_at, origin)
SELECT DISTINCT ON (n.value) n.id, n.kind, n.value, n.keys, n.reason, n.note, n.added_by, n.added_at, n.origin
FROM jsonb_to_recordset(%(rows)s::jsonb) AS n (id uuid, kind text, value text, keys text[], reason text,
    note text, added_by text, added_at timestamptz, origin text)
-- What a person has lifted is not taken again from the same statement.
WHERE NOT EXISTS (SELECT FROM suppressions s
    WHERE s.value = n.value AND s.origin = n.origin AND s.removed_at IS NOT NULL)
-- In the order of the values, so that no two writers wait for one another; an opt-out outlasts a bounce.
ORDER BY n.value, n.reason = 'bounce'
ON CONFLICT (value) WHERE removed_at IS NULL DO UPDATE
    SET keys = excluded.keys, reason = excluded.reason, note = excluded.note, added_by = excluded.added_by,
        added_at = excluded.added_at, origin = excluded.origin
    WHERE suppressions.reason = 'bounce' AND excluded.reason <> 'bounce'
"""


async def record(
    connection: Connection, reported: Sequence[ReportedOptOut], key: Callable[[], TombstoneKey], *, now: datetime
) -> int:
    """Suppress whom a file or the CRM says not to write to; return how many are new. Safe to repeat, and at once.

    Left out are erased persons, whose address must not come back, and what a person has lifted since the very same
    statement was reported: only another statement brings it back.

    Args:
        connection: in a transaction.
        reported: any number; none of an erased person is written.
        key: gives the key of the tombstones; asked only where there are any.
        now: aware UTC.
    """
    addresses = {without_channel(each.target.value) for each in reported if each.target.kind == "address"}
    gone = await erased_among(connection, addresses, key)
    return await change(connection, _RECORD, {"rows": _rows(reported, gone, now)})


def _rows(reported: Sequence[ReportedOptOut], gone: Collection[str], now: datetime) -> str:
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
        for each in reported
        if without_channel(each.target.value) not in gone
    ]
    return dumps(rows).decode()
