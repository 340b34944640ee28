"""What was done to leads and contacts, by whom: written with each operation, read when a person asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from orjson import dumps

from db.server.engine import Connection
from db.server.statements import select_dicts

DATED_NOTE = """
INSERT INTO record_history (record_id, lead_id, action, done_by, reason, before, after)
VALUES (%(record_id)s, %(lead_id)s, %(action)s, %(by)s, %(reason)s, %(before)s::jsonb, %(after)s::jsonb)
"""
"""The same, of now."""
_NOTE = """
INSERT INTO record_history (at, record_id, lead_id, action, done_by, reason, before, after)
VALUES (%(now)s, %(record_id)s, %(lead_id)s, %(action)s, %(by)s, %(reason)s, %(before)s::jsonb, %(after)s::jsonb)
"""


async def note(
    connection: Connection,
    record_id: UUID,
    lead_id: UUID | None,
    action: str,
    *,
    by: str,
    now: datetime,
    reason: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down what is done to a record, in the transaction that does it.

    Args:
        connection: in a transaction.
        record_id: the lead's own id, a contact's, or a person's.
        lead_id: of whose story it is a part.
        action: merge, unmerge, apart, move, edit, delete or erase.
        by: the person's name.
        now: aware UTC.
        reason: in the person's words.
        before: values before, by field.
        after: values after.
    """
    values = {
        "record_id": record_id,
        "lead_id": lead_id,
        "action": action,
        "by": by,
        "now": now,
        "reason": reason,
        "before": dumps(before or {}, default=str).decode(),
        "after": dumps(after or {}, default=str).decode(),
    }
    await connection.execute(_NOTE, values)


async def select_of(connection: Connection, lead_id: UUID, record_id: UUID, *, limit: int = 50) -> list[dict[str, Any]]:
    """List what was done to a record, the last first; of a lead also what was done to its contacts."""
    condition = (
        "record_id = %(record_id)s" if record_id != lead_id else "(record_id = %(lead_id)s OR lead_id = %(lead_id)s)"
    )
    statement = f"""
        SELECT at, action, done_by, reason, record_id, before - 'moved' AS before, after FROM record_history
        WHERE {condition} ORDER BY at DESC, id DESC LIMIT %(limit)s
    """
    return await select_dicts(connection, statement, {"lead_id": lead_id, "record_id": record_id, "limit": limit})
