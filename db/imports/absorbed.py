"""What an import merged: the lead of a person alone, into their company, taken apart when the import is undone."""

from datetime import UTC, datetime
from uuid import UUID

from core.errors import Conflict, LeadNotFound
from db.leads.merging import Deed
from db.leads.unmerging import unmerge_leads
from db.server.engine import Connection
from db.server.statements import select

_ABSORBED = """
SELECT before->'merged'->>'id' AS id FROM record_history
WHERE action = 'merge' AND before->>'import_id' = %(import_id)s::text AND before ? 'moved' ORDER BY id DESC
"""


async def take_absorbed_apart(connection: Connection, import_id: UUID) -> list[UUID]:
    """Take apart what an import merged, as far as nothing since stands against it; return who is back."""
    deed = Deed("undo of the import", datetime.now(UTC))
    back: list[UUID] = []
    for row in await select(connection, _ABSORBED, {"import_id": str(import_id)}):
        try:
            async with connection.transaction():
                back.append((await unmerge_leads(connection, UUID(row.id), deed, decides=False)).gone_id)
        except (Conflict, LeadNotFound):
            continue  # merged on, or deleted: it stays as a person made it
    return back
