"""Leads, one at a time and in lists."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import InvalidInput, LeadNotFound
from core.leads.fields import EDITABLE_FIELDS
from core.leads.lead import FIELDS
from db.schema.enrichment_tables import FieldProvenanceRow
from db.schema.tables import LeadRow

VALUE_COLUMNS = (*FIELDS, "extra", "created_at", "updated_at")


async def edit(
    connection: AsyncConnection, lead_id: UUID, changes: Mapping[str, str | None], *, by: str, now: datetime
) -> None:
    """Change fields of a lead in a person's name; undoing an import keeps such a lead, no provider replaces the values.

    Args:
        connection: in a transaction.
        lead_id: which.
        changes: new values by canonical field; None empties a field.
        by: the person's name.
        now: aware UTC.

    Raises:
        InvalidInput: a name is not a field of a lead.
        LeadNotFound: no lead has this id.
    """
    if unknown := sorted(set(changes) - set(EDITABLE_FIELDS)):
        known = ", ".join(EDITABLE_FIELDS)
        raise InvalidInput(f"no such field of a lead: {', '.join(unknown)}; fields are {known}")
    marks = LeadRow.field_edits.op("||")({name: {"at": now.isoformat(), "by": by} for name in changes})
    values = {**changes, "edited_at": now, "edited_by": by, "updated_at": now, "field_edits": marks}
    statement = update(LeadRow).where(LeadRow.id == lead_id).values(**values)
    if (await connection.execute(statement)).rowcount == 0:
        raise LeadNotFound(f"no lead {lead_id}")
    rows = [
        {"lead_id": lead_id, "field": field, "value": value, "source": "person", "observed_at": now, "edited_by": by}
        for field, value in changes.items()
    ]
    if rows:
        noted = insert(FieldProvenanceRow).values(rows)
        replaced = {name: noted.excluded[name] for name in rows[0] if name not in ("lead_id", "field")}
        emptied = dict.fromkeys(("source_url", "confidence", "run_id", "question_hash"))
        await connection.execute(
            noted.on_conflict_do_update(index_elements=["lead_id", "field"], set_=replaced | emptied)
        )


async def count(connection: AsyncConnection) -> int:
    """Count all leads."""
    return int((await connection.execute(text("SELECT count(*) FROM leads"))).scalar_one())


async def select_values(connection: AsyncConnection, limit: int | None = None) -> list[dict[str, Any]]:
    """List leads, oldest first: `id` and `VALUE_COLUMNS`.

    Args:
        connection: any.
        limit: leads at most; None for all.
    """
    columns = [getattr(LeadRow, name) for name in ("id", *VALUE_COLUMNS)]
    query = select(*columns).order_by(LeadRow.id).limit(limit)
    return [dict(row) for row in (await connection.execute(query)).mappings()]
