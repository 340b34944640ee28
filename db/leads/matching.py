"""Ids that are no more: whoever asks for one is answered with the record it was merged into."""

from uuid import UUID

from db.server.engine import Connection
from db.server.statements import select_value

_CURRENT = """
WITH RECURSIVE onward (id, depth) AS (
    SELECT %(id)s::uuid, 0
    UNION ALL
    SELECT m.new_id, o.depth + 1 FROM onward o JOIN merged_records m ON m.old_id = o.id WHERE o.depth < 50
)
SELECT id FROM onward ORDER BY depth DESC LIMIT 1
"""


async def current_id(connection: Connection, record_id: UUID) -> UUID:
    """Return the id that answers for a lead, contact or person: its own, or that of what it was merged into."""
    found: UUID = await select_value(connection, _CURRENT, {"id": record_id})
    return found
