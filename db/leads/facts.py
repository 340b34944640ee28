"""The facts an approval names, as they are now: `lead.<field>`, `contact.<field>` of one contact, the lead's tier."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from core.leads.fields import shown
from core.leads.lead import FIELDS
from core.outreach.approvals import TIER
from db.server.engine import Connection
from db.server.statements import listed, select_dict, select_value

_CONTACT_FIELDS = ("person_key", "name", "title", "role", "email", "linkedin_url", "phone")
PERSON_KEY = "contact.person_key"
"""The fact that says which of a lead's contacts the others are about."""


async def read(
    connection: Connection, lead_id: UUID | None, names: Collection[str], *, person_key: str | None = None
) -> dict[str, Any]:
    """Read facts by name, as people read them. What is none (any more), or none of ours, is absent: a change.

    Args:
        connection: in a transaction.
        lead_id: whose.
        names: as `lead.company_name`.
        person_key: which contact of the lead, for `contact.…`.
    """
    found: dict[str, Any] = {}
    if lead_id is None:
        return found
    if wanted := _named(names, "lead.", FIELDS):
        statement = f"SELECT {listed(wanted)} FROM leads WHERE id = %(lead_id)s"
        row = await select_dict(connection, statement, {"lead_id": lead_id})
        found |= {f"lead.{name}": value and shown(name, value) for name, value in (row or {}).items()}
    if TIER in names:
        found[TIER] = await find_tier(connection, lead_id)
    wanted = _named(names, "contact.", _CONTACT_FIELDS)
    if wanted and person_key is not None:
        statement = f"SELECT {listed(wanted)} FROM contacts WHERE lead_id = %(lead_id)s AND person_key = %(person_key)s"
        row = await select_dict(connection, statement, {"lead_id": lead_id, "person_key": person_key})
        found |= {f"contact.{name}": value for name, value in (row or {}).items()}
    return found


def _named(names: Collection[str], prefix: str, fields: Collection[str]) -> list[str]:
    """Return the fields that are asked for under a prefix, each once."""
    asked = dict.fromkeys(name.removeprefix(prefix) for name in names if name.startswith(prefix))
    return [field for field in asked if field in fields]


async def find_tier(connection: Connection, lead_id: UUID) -> str | None:
    """Return the tier of a lead's last assessment, or None."""
    statement = "SELECT tier FROM assessments WHERE lead_id = %(lead_id)s"
    tier: str | None = await select_value(connection, statement, {"lead_id": lead_id})
    return tier
