"""Contacts of leads: what a look for people found, and whom it missed. Nothing here deletes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from core.discovery.company_contacts import Contact, SiteDiscovery, StoredContact, is_gone, key_among
from core.text import normalize
from core.text.cell_text import storable
from db.server.engine import Connection
from db.server.statements import change_each, inserted, listed, select, select_dicts, select_one

_FOUND = ("name", "title", "role", "is_owner_like", "source", "source_url", "evidence", "confidence", "last_seen_at")
_KEPT = ("linkedin_url", "email", "phone")
_WRITTEN = ("lead_id", "person_key", *_FOUND, *_KEPT, "provenance", "first_seen_at")
_COLUMNS = (*_WRITTEN, "not_seen_since", "field_edits")
_UPSERT = f"""
{inserted("contacts AS c", _WRITTEN)}
ON CONFLICT (lead_id, person_key) DO UPDATE SET {listed(_FOUND, "{0} = excluded.{0}")},
    {listed(_KEPT, "{0} = coalesce(excluded.{0}, c.{0})")}, provenance = c.provenance || excluded.provenance,
    not_seen_since = NULL
"""
_MARK_NOT_SEEN = """
UPDATE contacts SET not_seen_since = %(at)s
WHERE lead_id = %(lead)s AND person_key = %(key)s AND not_seen_since IS NULL
"""


async def record(connection: Connection, lead_ids: Sequence[UUID], look: SiteDiscovery, at: datetime) -> int:
    """Store what one look found for each lead, and mark those it looked for in vain as not seen since `at`.

    A contact that is there already is met again: what is new of it is taken, details that are not shown any more are
    kept, and what each source says stands side by side.

    Args:
        connection: in a transaction.
        lead_ids: in ascending order, so that two writers never wait for one another in a circle.
        look: contacts, sources and pages of one site.
        at: when the look ended, aware UTC.

    Returns:
        How many contacts were written.
    """
    stored = await _select_stored(connection, lead_ids)
    rows: dict[tuple[UUID, str], dict[str, Any]] = {}
    missing: list[dict[str, Any]] = []
    for lead_id in lead_ids:
        known = stored.get(lead_id, [])
        found = {key_among(contact, known): contact for contact in reversed(look.contacts)}
        for key in sorted(found):
            rows[lead_id, key] = _values(lead_id, key, found[key], at)
        gone = [other.key for other in known if is_gone(other, look.attempts, look.pages, now_seen=found)]
        missing += [{"lead": lead_id, "key": key, "at": at} for key in sorted(gone)]
    await change_each(connection, _UPSERT, list(rows.values()))
    await change_each(connection, _MARK_NOT_SEEN, missing)
    return len(rows)


def _values(lead_id: UUID, key: str, contact: Contact, at: datetime) -> dict[str, Any]:
    best = contact.best
    provenance = {
        found.source: {
            "source_url": found.source_url,
            "title": storable(found.title),
            "evidence": storable(found.evidence),
            "confidence": found.confidence,
            "seen_at": at.isoformat(),
        }
        for found in contact.provenance
    }
    return {
        "lead_id": lead_id,
        "person_key": storable(key),
        "name": storable(contact.name),
        "title": storable(contact.title),
        "role": contact.role,
        "is_owner_like": contact.is_owner_like,
        "linkedin_url": contact.linkedin_url,
        "email": contact.email and (normalize.email(contact.email) or contact.email),
        "phone": contact.phone,
        "source": best.source,
        "source_url": best.source_url,
        "evidence": storable(best.evidence),
        "confidence": best.confidence,
        "provenance": Jsonb(provenance),
        "first_seen_at": at,
        "last_seen_at": at,
    }


async def _select_stored(connection: Connection, lead_ids: Sequence[UUID]) -> dict[UUID, list[StoredContact]]:
    statement = """
        SELECT lead_id, person_key, name, role, provenance FROM contacts WHERE lead_id = ANY (%(lead_ids)s::uuid[])
    """
    found: dict[UUID, list[StoredContact]] = defaultdict(list)
    for row in await select(connection, statement, {"lead_ids": list(lead_ids)}):
        places = {source: said.get("source_url") for source, said in row.provenance.items()}
        found[row.lead_id].append(StoredContact(row.person_key, row.name, row.role, places))
    return found


async def select_of_lead(connection: Connection, lead_id: UUID) -> list[dict[str, Any]]:
    """List a lead's contacts: those seen last first, by role."""
    statement = f"""
        SELECT {listed(_COLUMNS)} FROM contacts WHERE lead_id = %(lead_id)s
        ORDER BY not_seen_since IS NOT NULL, role IS NULL, role, name
    """
    return await select_dicts(connection, statement, {"lead_id": lead_id})


async def counts(connection: Connection) -> dict[str, Any]:
    """Count what the looks for leads' people came to (`outcomes`), `contacts` seen last, and `leads_with_contacts`."""
    looks = "SELECT coalesce(outcome, 'due') AS outcome, count(*) AS leads FROM lead_discoveries GROUP BY 1 ORDER BY 1"
    people = """
        SELECT count(*) AS contacts, count(DISTINCT lead_id) AS leads FROM contacts WHERE not_seen_since IS NULL
    """
    outcomes = {row.outcome: row.leads for row in await select(connection, looks)}
    found = await select_one(connection, people)
    return {"outcomes": outcomes, "contacts": found.contacts, "leads_with_contacts": found.leads}
