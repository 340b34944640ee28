"""The facts an approval names, as they are now: `lead.<field>`, `contact.<field>`, the lead's tier.

An approval is about a lead and one of its contacts. `lead.<field>` of a person's field is that contact's: so facts were
named when a lead was one person, and so they are named in templates and approvals since.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from core.leads.fields import COMPANY_FIELDS, FIELDS_OF_CONTACT, FIELDS_OF_LEAD, shown
from core.outreach.approvals import TIER
from db.leads.matching import current_id
from db.server.engine import Connection
from db.server.statements import listed, select_dict, select_value

_OLD_NAMES = {"name": "contact_name", "title": "contact_title", "email": "contact_email", "phone": "contact_phone"}
"""What approvals that were made before contacts had the fields' own names call them, under `contact.`."""
_OF_CONTACT = (*FIELDS_OF_CONTACT, "role", *_OLD_NAMES)


async def read(
    connection: Connection, lead_id: UUID | None, names: Collection[str], *, contact_id: UUID | None = None
) -> dict[str, Any]:
    """Read facts by name, as people read them. What is none (any more), or none of ours, is absent: a change.

    Args:
        connection: in a transaction.
        lead_id: whose; one that was merged away is answered by what it was merged into.
        names: as `lead.company_name`, `lead.contact_name`, `contact.role`.
        contact_id: which contact of the lead; None where there is none, and no fact of a person then.
    """
    if lead_id is None:
        return {}
    lead_id = await current_id(connection, lead_id)
    found = await _of_lead(connection, lead_id, names, COMPANY_FIELDS if contact_id else FIELDS_OF_LEAD)
    if contact_id is not None:
        found |= await _of_contact(connection, lead_id, await current_id(connection, contact_id), names)
    if TIER in names:
        found[TIER] = await find_tier(connection, lead_id)
    return found


async def _of_lead(
    connection: Connection, lead_id: UUID, names: Collection[str], fields: Collection[str]
) -> dict[str, Any]:
    wanted = _named(names, "lead.", fields)
    if not wanted:
        return {}
    row = await select_dict(connection, f"SELECT {listed(wanted)} FROM leads WHERE id = %(id)s", {"id": lead_id})
    return {f"lead.{name}": value and shown(name, value) for name, value in (row or {}).items()}


async def _of_contact(
    connection: Connection, lead_id: UUID, contact_id: UUID, names: Collection[str]
) -> dict[str, Any]:
    wanted = {
        f"{prefix}{name}": _OLD_NAMES.get(name, name)
        for prefix, fields in (("lead.", FIELDS_OF_CONTACT), ("contact.", _OF_CONTACT))
        for name in _named(names, prefix, fields)
    }
    if not wanted:
        return {}
    columns = list(dict.fromkeys(wanted.values()))
    statement = f"SELECT {listed(columns)} FROM contacts WHERE id = %(id)s AND lead_id = %(lead_id)s"
    row = await select_dict(connection, statement, {"id": contact_id, "lead_id": lead_id})
    return {} if row is None else {name: row[column] for name, column in wanted.items()}


def _named(names: Collection[str], prefix: str, fields: Collection[str]) -> list[str]:
    """Return the fields that are asked for under a prefix, each once."""
    asked = dict.fromkeys(name.removeprefix(prefix) for name in names if name.startswith(prefix))
    return [field for field in asked if field in fields]


async def find_tier(connection: Connection, lead_id: UUID) -> str | None:
    """Return the tier of a lead's last assessment, or None."""
    statement = "SELECT tier FROM assessments WHERE lead_id = %(lead_id)s"
    values = {"lead_id": await current_id(connection, lead_id)}
    tier: str | None = await select_value(connection, statement, values)
    return tier
