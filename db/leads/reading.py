"""Leads, one at a time and in lists."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from core.errors import InvalidInput, LeadNotFound
from core.leads.fields import EDITABLE_FIELDS, edited
from core.leads.lead import FIELDS
from db.server.engine import Connection
from db.server.statements import change, change_each, listed, select_dicts, select_value

VALUE_COLUMNS = (*FIELDS, "extra", "created_at", "updated_at")
_NOTE_EDIT = """
INSERT INTO field_provenance (lead_id, field, value, source, observed_at, edited_by)
VALUES (%(lead_id)s, %(field)s, %(value)s, 'person', %(now)s, %(by)s)
ON CONFLICT (lead_id, field) DO UPDATE SET value = excluded.value, source = excluded.source,
    observed_at = excluded.observed_at, edited_by = excluded.edited_by, source_url = NULL, confidence = NULL,
    run_id = NULL, question_hash = NULL
"""


async def edit(
    connection: Connection, lead_id: UUID, changes: Mapping[str, str | None], *, by: str, now: datetime
) -> None:
    """Change fields of a lead in a person's name; undoing an import keeps such a lead, no provider replaces the values.

    Args:
        connection: in a transaction.
        lead_id: which.
        changes: new values by canonical field; None empties a field.
        by: the person's name.
        now: aware UTC.

    Raises:
        InvalidInput: a name is not a field of a lead, or a country is none.
        LeadNotFound: no lead has this id.
    """
    if unknown := sorted(set(changes) - set(EDITABLE_FIELDS)):
        known = ", ".join(EDITABLE_FIELDS)
        raise InvalidInput(f"no such field of a lead: {', '.join(unknown)}; fields are {known}")
    changes = {name: edited(name, value) for name, value in changes.items()}
    marks = {name: {"at": now.isoformat(), "by": by} for name in changes}
    statement = f"""
        UPDATE leads SET updated_at = %(now)s, edited_at = %(now)s, edited_by = %(by)s,
            field_edits = field_edits || %(marks)s{"".join(f", {name} = %({name})s" for name in changes)}
        WHERE id = %(lead_id)s
    """
    values = {**changes, "lead_id": lead_id, "now": now, "by": by, "marks": Jsonb(marks)}
    if not await change(connection, statement, values):
        raise LeadNotFound(f"no lead {lead_id}")
    rows = [
        {"lead_id": lead_id, "field": field, "value": value, "now": now, "by": by} for field, value in changes.items()
    ]
    await change_each(connection, _NOTE_EDIT, rows)


async def count(connection: Connection) -> int:
    """Count all leads."""
    return int(await select_value(connection, "SELECT count(*) FROM leads"))


async def select_values(connection: Connection, limit: int | None = None) -> list[dict[str, Any]]:
    """List leads, oldest first: `id` and `VALUE_COLUMNS`.

    Args:
        connection: any.
        limit: leads at most; None for all.
    """
    statement = f"SELECT id, {listed(VALUE_COLUMNS)} FROM leads ORDER BY id LIMIT %(limit)s"
    return await select_dicts(connection, statement, {"limit": limit})
