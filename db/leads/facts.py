"""The facts an approval names, as they are now: `lead.<field>`, `contact.<field>` of one contact, the lead's tier."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.leads.lead import FIELDS
from core.outreach.approvals import TIER
from db.schema.contacts_tables import ContactRow
from db.schema.tables import AssessmentRow, LeadRow

_CONTACT_FIELDS = ("person_key", "name", "title", "role", "email", "linkedin_url", "phone")
PERSON_KEY = "contact.person_key"
"""The fact that says which of a lead's contacts the others are about."""


async def read(
    connection: AsyncConnection, lead_id: UUID | None, names: Collection[str], *, person_key: str | None = None
) -> dict[str, Any]:
    """Read facts by name. What does not exist (any more), or is no fact of ours, is absent: absent is a change.

    Args:
        connection: in a transaction.
        lead_id: whose.
        names: as `lead.company_name`.
        person_key: which contact of the lead, for `contact.…`.
    """
    found: dict[str, Any] = {}
    if lead_id is None:
        return found
    fields = [name.removeprefix("lead.") for name in names if name.startswith("lead.")]
    wanted = [LeadRow.__table__.c[field] for field in fields if field in FIELDS]
    if wanted:
        row = (await connection.execute(select(*wanted).where(LeadRow.id == lead_id))).mappings().one_or_none()
        found |= {f"lead.{name}": value for name, value in (row or {}).items()}
    if TIER in names:
        found[TIER] = await find_tier(connection, lead_id)
    fields = [name.removeprefix("contact.") for name in names if name.startswith("contact.")]
    columns = [ContactRow.__table__.c[field] for field in fields if field in _CONTACT_FIELDS]
    if columns and person_key is not None:
        query = select(*columns).where(ContactRow.lead_id == lead_id, ContactRow.person_key == person_key)
        row = (await connection.execute(query)).mappings().one_or_none()
        found |= {f"contact.{name}": value for name, value in (row or {}).items()}
    return found


async def find_tier(connection: AsyncConnection, lead_id: UUID) -> str | None:
    """Return the tier of a lead's last assessment, or None."""
    tier: str | None = await connection.scalar(select(AssessmentRow.tier).where(AssessmentRow.lead_id == lead_id))
    return tier
