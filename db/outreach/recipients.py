"""Whom a message, a meeting or a conversation is with: a contact, named or chosen from its lead's."""

from collections.abc import Callable
from uuid import UUID

from core.errors import LeadNotFound, NotFound
from core.outreach.approvals import Proposal
from core.outreach.markets import Segment
from core.outreach.recipients import best_of_each
from core.outreach.suppression import TombstoneKey, spellings
from db.leads.matching import current_id
from db.leads.segments import select_addressed
from db.outreach.suppressions import refusals_of
from db.server.engine import Connection
from db.server.statements import select_one, select_value

_BY_ADDRESS = """
SELECT id FROM contacts WHERE lead_id = %(lead_id)s AND contact_email = ANY (%(spellings)s)
ORDER BY state = 'former', created_at, id LIMIT 1
"""


async def contact_of(connection: Connection, proposal: Proposal) -> UUID | None:
    """Return the contact a proposal is about, by the id it has now.

    One that was made when a lead was one person names none: it is the lead's contact with the message's address.
    """
    if proposal.contact_id is not None:
        return await current_id(connection, proposal.contact_id)
    if proposal.lead_id is None or proposal.recipient is None:
        return None
    lead_id = await current_id(connection, proposal.lead_id)
    values = {"lead_id": lead_id, "spellings": list(spellings(proposal.recipient))}
    found: UUID | None = await select_value(connection, _BY_ADDRESS, values)
    return found


async def find_whom(
    connection: Connection,
    lead_id: UUID | None,
    contact_id: UUID | None,
    key: Callable[[], TombstoneKey] | None = None,
) -> tuple[UUID, UUID | None]:
    """Return the lead and the contact that are meant, by the ids they have now.

    Args:
        connection: in a transaction.
        lead_id: of which the best contact is meant where none is named.
        contact_id: whom of it.
        key: gives the key of the tombstones: who may be written to goes before who must not. None: that does not count.

    Returns:
        The lead, and None where it has no contact.

    Raises:
        LeadNotFound: there is no such lead.
        NotFound: there is no such contact, or it is another lead's.
    """
    now_lead = None if lead_id is None else await current_id(connection, lead_id)
    if contact_id is not None:
        return await _named(connection, now_lead, contact_id)
    assert now_lead is not None, "neither a lead nor a contact is named"
    rows = await select_addressed(connection, Segment(), ("contact_email",), lead_ids=[now_lead])
    if not rows:
        raise LeadNotFound(f"there is no lead {lead_id}")
    [chosen] = best_of_each(rows, await refusals_of(connection, rows, key) if key is not None else ())
    return now_lead, chosen["contact_id"]


async def _named(connection: Connection, lead_id: UUID | None, contact_id: UUID) -> tuple[UUID, UUID]:
    values = {"id": await current_id(connection, contact_id)}
    row = await select_one(connection, "SELECT id, lead_id FROM contacts WHERE id = %(id)s", values)
    if row is None:
        raise NotFound(f"there is no contact {contact_id}")
    if lead_id not in (None, row.lead_id):
        raise NotFound(f"contact {contact_id} is none of lead {lead_id}")
    return row.lead_id, row.id
