"""Moving a contact to another lead, and deleting leads and contacts, each in a person's name."""

from typing import Any
from uuid import UUID

from core.errors import Conflict, LeadNotFound
from db.leads import record_history
from db.leads.matching import current_id, lock_who_is_who
from db.leads.merging import Deed, told
from db.leads.repointing import LeadOrContact, hang_on_lead, select_row
from db.server.engine import Connection
from db.server.statements import change, select_value

_STALE = """
UPDATE approvals SET status = 'stale', reason = 'its recipient was deleted', closed_at = now()
WHERE {0} = %(id)s AND status IN ('pending', 'approved')
"""
_UNPAIR = """
DELETE FROM possible_duplicates
WHERE (first_id = %(id)s OR second_id = %(id)s) AND NOT EXISTS (SELECT FROM contacts WHERE person_id = %(id)s)
"""


async def move_contact(connection: Connection, contact_id: UUID, lead_id: UUID, deed: Deed) -> None:
    """Move a contact to another lead; all that hangs on the contact goes with it.

    Args:
        connection: in a transaction of its own.
        contact_id: which.
        lead_id: where to.
        deed: who moves it.

    Raises:
        LeadNotFound: the contact or the lead is not there.
        Conflict: the contact is there already, or the person has a contact there, with which it is to be merged.
    """
    await lock_who_is_who(connection)
    contact_id, lead_id = await current_id(connection, contact_id), await current_id(connection, lead_id)
    contact = await _row(connection, "contact", contact_id)
    await _row(connection, "lead", lead_id)
    there = "SELECT id FROM contacts WHERE lead_id = %(lead_id)s AND person_id = %(person_id)s LIMIT 1"
    other = await select_value(connection, there, {"lead_id": lead_id, "person_id": contact["person_id"]})
    if other == contact_id:
        raise Conflict("the contact is at this lead already")
    if other is not None:
        raise Conflict(f"this person is at that lead already, as contact {other}: delete one of the two")
    old = contact["lead_id"]
    names = {"id": contact_id, "lead_id": lead_id, "now": deed.now, "by": deed.by}
    await connection.execute(
        "UPDATE contacts SET lead_id = %(lead_id)s, updated_at = %(now)s, edited_at = %(now)s, edited_by = %(by)s"
        " WHERE id = %(id)s",
        names,
    )
    await hang_on_lead(connection, [contact_id], lead_id)
    for each in (old, lead_id):
        await record_history.note(
            connection, contact_id, each, "move", by=deed.by, now=deed.now, reason=deed.reason,
            before={"lead_id": old}, after={"lead_id": lead_id},
        )  # fmt: skip


async def delete(connection: Connection, kind: LeadOrContact, record_id: UUID, deed: Deed) -> None:
    """Delete a lead with its contacts, or one contact; what waited for approval is stale, refusals stay.

    An import of a file that names them brings them back; erasing a person does not let that happen.

    Args:
        connection: in a transaction of its own.
        kind: what the id is of.
        record_id: which.
        deed: who deletes it.

    Raises:
        LeadNotFound: there is none.
    """
    await lock_who_is_who(connection)
    record_id = await current_id(connection, record_id)
    row = await _row(connection, kind, record_id)
    names = {"id": record_id}
    await connection.execute(_STALE.format(f"{kind}_id"), names)
    if kind == "contact":
        await connection.execute("DELETE FROM assessments WHERE best_contact_id = %(id)s", names)
    await change(connection, f"DELETE FROM {kind}s WHERE id = %(id)s", names)
    await connection.execute(_UNPAIR, {"id": record_id if kind == "lead" else row["person_id"]})
    lead_id = record_id if kind == "lead" else row["lead_id"]
    await record_history.note(
        connection, record_id, lead_id, "delete", by=deed.by, now=deed.now, reason=deed.reason, before=told(row)
    )


async def _row(connection: Connection, kind: LeadOrContact, record_id: UUID) -> dict[str, Any]:
    row = await select_row(connection, kind, record_id)
    if not row:
        raise LeadNotFound(f"no {kind} {record_id}; `sales-agent {kind}s list` finds them")
    return row
