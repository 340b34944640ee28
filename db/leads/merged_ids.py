"""Records by the ids they ever had: what was merged into a lead, contact or person still counts as its own."""

from collections.abc import Collection
from uuid import UUID

from db.server.engine import Connection
from db.server.statements import select

_ALL = """
WITH RECURSIVE back (id, now_id, depth) AS (
    SELECT i.id, i.id, 0 FROM unnest(%(ids)s::uuid[]) AS i (id)
    UNION ALL
    SELECT m.old_id, b.now_id, b.depth + 1 FROM back b JOIN merged_records m ON m.new_id = b.id WHERE b.depth < 50
)
SELECT id, now_id FROM back
"""


async def ids_ever(connection: Connection, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return every id that some records ever had, their own among them, with the one they have now."""
    if not ids:
        return {}
    return {row.id: row.now_id for row in await select(connection, _ALL, {"ids": list(ids)})}
