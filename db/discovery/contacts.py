"""Contacts of leads: what a look for people found, and whom it missed. Nothing here deletes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.discovery.company_contacts import Contact, SiteDiscovery, StoredContact, is_gone, key_among
from core.text import normalize
from core.text.cell_text import storable
from db.schema.contacts_tables import ContactRow

_TABLE = ContactRow.__table__
_FOUND = ("name", "title", "role", "is_owner_like", "source", "source_url", "evidence", "confidence", "last_seen_at")
_KEPT = ("linkedin_url", "email", "phone")


async def record(connection: AsyncConnection, lead_ids: Sequence[UUID], look: SiteDiscovery, at: datetime) -> int:
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
    if rows:
        await connection.execute(_upsert(), list(rows.values()))
    if missing:
        await connection.execute(_MARK_NOT_SEEN, missing)
    return len(rows)


_MARK_NOT_SEEN = text(
    "UPDATE contacts SET not_seen_since = :at WHERE lead_id = :lead AND person_key = :key AND not_seen_since IS NULL"
)


def _upsert() -> Any:
    new = insert(ContactRow)
    changed: dict[str, Any] = {name: new.excluded[name] for name in _FOUND}
    changed |= {name: func.coalesce(new.excluded[name], _TABLE.c[name]) for name in _KEPT}
    changed["provenance"] = _TABLE.c.provenance.op("||")(new.excluded.provenance)
    changed["not_seen_since"] = None
    return new.on_conflict_do_update(index_elements=["lead_id", "person_key"], set_=changed)


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
        "provenance": provenance,
        "first_seen_at": at,
        "last_seen_at": at,
    }


async def _select_stored(connection: AsyncConnection, lead_ids: Sequence[UUID]) -> dict[UUID, list[StoredContact]]:
    query = select(_TABLE.c.lead_id, _TABLE.c.person_key, _TABLE.c.name, _TABLE.c.role, _TABLE.c.provenance)
    found: dict[UUID, list[StoredContact]] = defaultdict(list)
    for row in await connection.execute(query.where(_TABLE.c.lead_id.in_(lead_ids))):
        places = {source: said.get("source_url") for source, said in row.provenance.items()}
        found[row.lead_id].append(StoredContact(row.person_key, row.name, row.role, places))
    return found


async def select_of_lead(connection: AsyncConnection, lead_id: UUID) -> list[dict[str, Any]]:
    """List a lead's contacts: those seen last first, by role."""
    query = select(_TABLE).where(_TABLE.c.lead_id == lead_id)
    order = (_TABLE.c.not_seen_since.is_not(None), _TABLE.c.role.is_(None), _TABLE.c.role, _TABLE.c.name)
    return [dict(row) for row in (await connection.execute(query.order_by(*order))).mappings()]


async def counts(connection: AsyncConnection) -> dict[str, Any]:
    """Count what the looks for leads' people came to (`outcomes`), `contacts` seen last, and `leads_with_contacts`."""
    looks = "SELECT coalesce(outcome, 'due'), count(*) FROM lead_discoveries GROUP BY 1 ORDER BY 1"
    people = "SELECT count(*), count(DISTINCT lead_id) FROM contacts WHERE not_seen_since IS NULL"
    outcomes = {row[0]: row[1] for row in await connection.execute(text(looks))}
    found = (await connection.execute(text(people))).one()
    return {"outcomes": outcomes, "contacts": found[0], "leads_with_contacts": found[1]}
