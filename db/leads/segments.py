"""Leads of a segment with their people, as research counts them and as messages may know them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from core.leads.fields import BY_NAME
from core.outreach.markets import Segment
from core.text.regions import countries_of
from db.server.engine import Connection
from db.server.statements import listed, select_dicts

_COUNTED_OF_LEADS = ("industry", "country", "company_size")
COUNTED = ("lead_id", *_COUNTED_OF_LEADS, "tier", "contact_id", "contact_title", "contact_email")
"""What research counts, in the order of its columns; one row a contact, one without a contact where a lead has none."""

_OF_LEAD = ("id", "company_domain", "source", "created_import_id", "edited_by")
_OF_ASSESSMENT = ("tier", "score", "reasoning", "best_contact_id")
_OF_CONTACT = {
    "contact_id": "c.id",
    "person_id": "c.person_id",
    "state": "c.state",
    "title_points": "c.title_points",
    "confidence": "c.confidence",
    "origin": "c.origin",
    "source_url": "c.source_url",
    "provenance": "c.provenance",
    "contact_source": "c.source",
    "contact_import_id": "c.created_import_id",
    "contact_edited_by": "c.edited_by",
    "contact_created_at": "c.created_at",
}
"""Beside the fields of a person."""
_MOST_LEADS = 100_000

_CONDITIONS = {
    "industry": "position(%(industry)s IN lower(l.industry)) > 0",
    "country": "l.country = ANY (%(country)s)",
    "tiers": "a.tier = ANY (%(tiers)s)",
    "lead_ids": "l.id = ANY (%(lead_ids)s)",
    "contact_ids": "l.id IN (SELECT lead_id FROM contacts WHERE id = ANY (%(contact_ids)s))",
}


async def _select(
    connection: Connection,
    segment: Segment,
    of_leads: Sequence[str],
    of_contacts: Sequence[str],
    *,
    lead_ids: Collection[UUID] = (),
    contact_ids: Collection[UUID] = (),
) -> list[dict[str, Any]]:
    """Return the people of a segment's leads, whom nobody works for any more left out but where they are named."""
    asked = {
        "industry": segment.industry.lower() if segment.industry else None,
        "country": sorted(countries_of(segment.country)) if segment.country else None,
        "tiers": segment.tiers or None,
        "lead_ids": list(lead_ids) or None,
        "contact_ids": list(contact_ids) or None,
    }
    conditions = [condition for name, condition in _CONDITIONS.items() if asked[name] is not None]
    statement = f"""
        WITH chosen AS (
            SELECT {listed(dict.fromkeys(("id", *of_leads)), "l.{}")}, {listed(_OF_ASSESSMENT, "a.{}")}
            FROM leads l LEFT JOIN assessments a ON a.lead_id = l.id
            {"WHERE" if conditions else ""} {" AND ".join(conditions)} ORDER BY l.id LIMIT %(limit)s
        )
        SELECT l.*, {listed(of_contacts)} FROM chosen l
        LEFT JOIN contacts c ON c.lead_id = l.id
            AND {"c.id = ANY (%(contact_ids)s)" if contact_ids else "c.state = 'active'"}
        ORDER BY l.id, c.created_at, c.id
    """
    return await select_dicts(connection, statement, {**asked, "limit": segment.limit})


async def select_counted(connection: Connection, segment: Segment) -> list[tuple[Any, ...]]:
    """Return the people of a segment's leads, the oldest leads first, each in the order of `COUNTED`."""
    of_contacts = ("c.id AS contact_id", "c.contact_title", "c.contact_email")
    rows = await _select(connection, segment, _COUNTED_OF_LEADS, of_contacts)
    return [tuple(row["id" if name == "lead_id" else name] for name in COUNTED) for row in rows]


async def select_addressed(
    connection: Connection,
    segment: Segment,
    fields: Sequence[str],
    *,
    lead_ids: Collection[UUID] = (),
    contact_ids: Collection[UUID] = (),
) -> list[dict[str, Any]]:
    """Return the people of a segment's leads, the oldest leads first, as messages need them.

    Args:
        connection: any.
        segment: which; not looked at where leads or contacts are named.
        fields: of leads and contacts.
        lead_ids: only these leads.
        contact_ids: only these contacts, also those that have left.

    Returns:
        One row a contact, and one without a `contact_id` for a lead that has none. By name: `id` of the lead, the
        fields, and what is known of the lead's assessment and of where lead and contact are from.
    """
    is_named = bool(lead_ids or contact_ids)
    of_person = [name for name in fields if BY_NAME[name].of == "person"]
    of_lead = dict.fromkeys((*_OF_LEAD, *(name for name in fields if BY_NAME[name].of == "company")))
    of_contact = [*(f"c.{name}" for name in of_person), *(f"{value} AS {name}" for name, value in _OF_CONTACT.items())]
    chosen = Segment(limit=_MOST_LEADS) if is_named else segment
    return await _select(connection, chosen, list(of_lead), of_contact, lead_ids=lead_ids, contact_ids=contact_ids)
