"""Contacts of leads: what a look for people found, and whom it missed. Nothing here deletes.

Who is found is looked up as whoever is imported (`db.leads.matching`), so that one person is one contact whatever
brought them. What a file, the CRM or a person said stays: a look fills what is empty, and replaces only what a look
said before.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from core.discovery.company_contacts import Contact, Provenance, SiteDiscovery
from core.discovery.known_people import (
    StoredContact,
    fields_of,
    is_gone,
    known_among,
    role_of,
    source_of,
    with_own_details,
)
from core.leads.fields import FIELDS_OF_CONTACT
from core.leads.identities import IdentityKind, identity
from core.leads.known import CONTACT_AT, KnownContact, KnownLead, KnownPerson, key_of_name
from core.leads.lead import FIELDS
from core.leads.matching import Matching
from core.leads.merging import ConflictPolicy
from core.leads.names import Likeness
from core.leads.rows import NewRow, new_row
from core.leads.taking import FoundPair
from core.outreach.suppression import TombstoneKey
from core.text import normalize
from core.text.cell_text import storable
from core.text.phones import phone
from db.leads.matching import read_known_at
from db.leads.storing import store
from db.outreach.tombstones import PersonMarks, erased_people
from db.server.engine import Connection
from db.server.statements import listed, select, select_dicts

_WRITTEN_ELSEWHERE = ("import", "person", "crm")
"""Origins of contacts that no source of people brought."""
_COLUMNS = (
    *("id", "lead_id", "person_id", *FIELDS_OF_CONTACT, "state", "role", "is_owner_like", "origin", "source_url"),
    *("evidence", "confidence", "provenance", "created_at", "last_seen_at", "not_seen_since", "field_edits"),
)
_STORED = """
SELECT id, lead_id, contact_name, contact_title, contact_email, linkedin_url, name_key, role, is_owner_like, origin,
    source_url, evidence, confidence, provenance,
    (SELECT jsonb_object_agg(p.field, jsonb_build_array(p.source, p.value)) FROM field_provenance p
        WHERE p.record_id = c.id) AS origins
FROM contacts c WHERE lead_id = ANY (%(lead_ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
_FACTS = ("role", "is_owner_like", "origin", "source_url", "evidence", "confidence")
_SEEN = f"""
UPDATE contacts c SET {listed(_FACTS, "{0} = n.{0}")}, provenance = c.provenance || n.provenance,
    last_seen_at = %(at)s, not_seen_since = NULL, updated_at = CASE
        WHEN (c.role, c.is_owner_like) IS DISTINCT FROM (n.role, n.is_owner_like) THEN now() ELSE c.updated_at END
FROM jsonb_to_recordset(%(rows)s) AS n (id uuid, role text, is_owner_like boolean, origin text, source_url text,
    evidence text, confidence float8, provenance jsonb)
WHERE c.id = n.id
"""
_VALUES_FROM = """
INSERT INTO field_provenance (record_id, lead_id, field, value, source, source_url, observed_at, confidence)
SELECT n.record_id, n.lead_id, n.field, n.value, n.source, n.source_url, %(at)s, n.confidence
FROM jsonb_to_recordset(%(rows)s) AS n (record_id uuid, lead_id uuid, field text, value text, source text,
    source_url text, confidence float8)
ORDER BY n.record_id, n.field
ON CONFLICT (record_id, field) DO UPDATE SET value = excluded.value, source = excluded.source,
    source_url = excluded.source_url, observed_at = excluded.observed_at, confidence = excluded.confidence,
    run_id = NULL, question_hash = NULL, original = NULL, edited_by = NULL
"""
_MARK_NOT_SEEN = """
UPDATE contacts SET not_seen_since = %(at)s WHERE id = ANY (%(ids)s) AND not_seen_since IS NULL
"""


class _Found(NamedTuple):
    """Somebody whom a look found, at one lead.

    Attributes:
        values: by field.
        known: the stored contact of that name.
    """

    lead_id: UUID
    contact: Contact
    values: Mapping[str, str]
    row: NewRow
    known: StoredContact | None


async def without_erased(connection: Connection, look: SiteDiscovery, key: Callable[[], TombstoneKey]) -> SiteDiscovery:
    """Leave out persons who were erased here: their company's website does not bring them back.

    Args:
        connection: in the transaction that would, which holds `lock_who_is_who`.
        look: what was found.
        key: gives the key of the tombstones; asked only where there are any.
    """
    marks = [
        PersonMarks(
            normalize.email(one.email or ""),
            normalize.linkedin_person(one.linkedin_url or ""),
            phone(one.phone) if one.phone else None,
        )
        for one in look.contacts
    ]
    are_erased = await erased_people(connection, marks, key)
    if not any(are_erased):
        return look
    return replace(look, contacts=tuple(one for one, gone in zip(look.contacts, are_erased, strict=True) if not gone))


async def record(connection: Connection, site: str, lead_ids: Sequence[UUID], look: SiteDiscovery, at: datetime) -> int:
    """Store what one look found for each lead, and mark those it looked for in vain as not seen since `at`.

    Who is a contact there already, whoever brought them, is met again: what is empty is filled, details that are not
    shown any more are kept, and what each source says stands side by side. Who is former stays so.

    Args:
        connection: in a transaction that holds `lock_who_is_who`.
        site: that was looked at.
        lead_ids: leads that share it.
        look: contacts, sources and pages of the site.
        at: when the look ended, aware UTC.

    Returns:
        How many contacts were found or made.
    """
    stored = {row.id: row for row in await select(connection, _STORED, {"lead_ids": list(lead_ids)})}
    matching = Matching(ConflictPolicy.FILL_EMPTY, lambda _: str(uuid4()))
    people = await _people(connection, site, lead_ids, look, list(stored.values()))
    leads = await read_known_at(connection, matching, [(each.row, str(each.lead_id)) for each in people])
    met: dict[UUID, tuple[_Found, KnownContact]] = {}
    # Who is known by name goes first: leads that share the site then get the same person.
    for each in sorted(people, key=lambda each: each.known is None):
        contact = _place(matching, each, leads[str(each.lead_id)])
        if UUID(contact.id) not in met:
            _replace(contact, each, stored.get(UUID(contact.id)))
            met[UUID(contact.id)] = each, contact
    await store(connection, matching)
    seen = [_facts(found, contact, stored.get(key), at) for key, (found, contact) in met.items()]
    await connection.execute(_SEEN, {"rows": Jsonb(seen), "at": at})
    values = [row for found, contact in met.values() for row in _values_from(found, contact)]
    await connection.execute(_VALUES_FROM, {"rows": Jsonb(values), "at": at})
    gone = [row.id for row in stored.values() if is_gone(_known(row), look.attempts, look.pages, now_seen=met)]
    await connection.execute(_MARK_NOT_SEEN, {"ids": gone, "at": at})
    return len(met)


async def _people(
    connection: Connection, site: str, lead_ids: Sequence[UUID], look: SiteDiscovery, stored: Sequence[Any]
) -> list[_Found]:
    """Return everybody whom a look found, at every lead."""
    statement = "SELECT id, company_phone, country FROM leads WHERE id = ANY (%(ids)s::uuid[]) ORDER BY id"
    contacts, at_lead = with_own_details(look.contacts), defaultdict[UUID, list[StoredContact]](list)
    for row in stored:
        at_lead[row.lead_id].append(_known(row))
    found = []
    for lead in await select(connection, statement, {"ids": list(lead_ids)}):
        known = known_among(contacts, at_lead[lead.id])
        for place, contact in enumerate(contacts):
            values = fields_of(contact, company_phone=lead.company_phone, country=lead.country)
            row = _row(values, site, known.get(place))
            found.append(_Found(lead.id, contact, values, row, known.get(place)))
    return found


def _known(row: Any) -> StoredContact:
    return StoredContact(
        id=row.id,
        contact_name=row.contact_name or "",
        role=role_of(row.role, row.contact_title),
        places={source: said.get("source_url") for source, said in row.provenance.items()},
        name_key=row.name_key,
        contact_email=row.contact_email,
        linkedin_url=row.linkedin_url,
    )


def _row(values: Mapping[str, str], site: str, known: StoredContact | None) -> NewRow:
    """Return what somebody is found by: without anything of their own, by their name on that site."""
    row = new_row([values.get(field) for field in FIELDS])
    signs = (values.get("contact_email"), values.get("linkedin_url"))
    key = "\x1f".join((site, row.person_key or "", *(sign or "" for sign in signs)))
    return row._replace(
        person_row=identity(IdentityKind.PERSON_ROW, key),
        person_key=row.person_key if known is None or known.name_key is None else known.name_key,
    )


def _place(matching: Matching, found: _Found, lead: KnownLead) -> KnownContact:
    """Find somebody the contact they are at a lead, or make it.

    Who is known at the lead by name is the contact of that name, whoever has the name or the address elsewhere: they
    are a possible duplicate, and nobody stands at one lead twice.
    """
    row, known = found.row, found.known
    if known is None or row.person_row is None:
        return matching.place_at(row, lead)
    row = _without_others(matching, row, known, lead)
    owner = matching.owners.get(row.person_row.key) if row.person_row is not None else None
    if not isinstance(owner, KnownPerson) or str(known.id) in {one.id for one in owner.contacts}:
        return matching.place_at(row, lead)
    unread = identity(IdentityKind.PERSON_ROW, str(known.id))
    contact = matching.place_at(row._replace(person_row=unread), lead)
    matching.added = [added for added in matching.added if added.key != unread.key]
    return contact


def _without_others(matching: Matching, row: NewRow, known: StoredContact, lead: KnownLead) -> NewRow:
    """Leave out identities of people who stand at other leads only, and note that they may be the one known here."""
    at_lead = matching.at_lead.get((lead.id, row.person_key or ""), [])
    here = next((one for one in at_lead if one.id == str(known.id)), None)
    left = []
    for each in row.person_ids:
        owner = matching.owners.get(each.key)
        if here is None or not isinstance(owner, KnownPerson) or any(one.lead is lead for one in owner.contacts):
            left.append(each)
            continue
        first, second = sorted((owner.id, here.person.id))
        matching.pairs.setdefault((first, second), FoundPair("person", first, second, "one page names both"))
    return row._replace(person_ids=left)


def _replace(contact: KnownContact, found: _Found, stored: Any) -> None:
    """Let a look replace what a look said before: a title, a fuller name, an address, a profile, a number."""
    if stored is None:
        return
    values = contact.values
    for field, value in found.values.items():
        old = values[CONTACT_AT[field]]
        if old is None or old == value or field in contact.edits or not _was_found(stored, field, old):
            continue
        if field == "contact_name" and (contact.likeness(value) is not Likeness.PART or len(value) <= len(old)):
            continue
        contact.keep()
        values[CONTACT_AT[field]] = value
    contact.name_key = key_of_name(values) or contact.name_key


def _was_found(stored: Any, field: str, value: str) -> bool:
    """Return whether a value is what a source of people said of a contact."""
    source, said = (stored.origins or {}).get(field, (None, None))
    if said == value:
        return source in stored.provenance
    return field == "contact_title" and any(each.get("title") == value for each in stored.provenance.values())


def _facts(found: _Found, contact: KnownContact, stored: Any, at: datetime) -> dict[str, Any]:
    """Return what is noted of somebody who was seen."""
    provenance = {
        each.source: {
            "source_url": each.source_url,
            "title": storable(each.title),
            "evidence": storable(each.evidence),
            "confidence": each.confidence,
            "seen_at": at.isoformat(),
        }
        for each in found.contact.provenance
    }
    best = found.contact.best
    origin = best.source if stored is None else stored.origin
    says_title = contact.values[CONTACT_AT["contact_title"]] == found.values.get("contact_title")
    takes_role = stored is None or says_title or (stored.role is None and not stored.is_owner_like)
    facts = found.contact if takes_role else stored
    return {
        "id": contact.id,
        "role": facts.role,
        "is_owner_like": facts.is_owner_like,
        "origin": origin,
        **_evidence(found.contact.provenance, origin, stored),
        "provenance": provenance,
    }


def _evidence(provenance: Sequence[Provenance], origin: str, stored: Any) -> dict[str, Any]:
    """Return what speaks for somebody: what the source that they were met by first says, where one of people is it."""
    said = provenance[0]
    if origin not in _WRITTEN_ELSEWHERE:
        of_origin = next((each for each in provenance if each.source == origin), None)
        if of_origin is None:
            return {name: getattr(stored, name) for name in ("source_url", "evidence", "confidence")}
        said = of_origin
    return {"source_url": said.source_url, "evidence": storable(said.evidence), "confidence": said.confidence}


def _values_from(found: _Found, contact: KnownContact) -> list[dict[str, Any]]:
    """Return where the values come from that a look gave a contact."""
    old, rows = contact.stored or {}, []
    for field, value in found.values.items():
        if contact.values[CONTACT_AT[field]] != value or not (contact.is_new or field in old):
            continue
        if not contact.is_new and old[field] == value:
            continue
        said = source_of(found.contact, field)
        rows.append(
            {
                "record_id": contact.id,
                "lead_id": contact.lead.id,
                "field": field,
                "value": value,
                "source": said.source,
                "source_url": said.source_url,
                "confidence": said.confidence,
            }
        )
    return rows


async def select_of_lead(connection: Connection, lead_id: UUID) -> list[dict[str, Any]]:
    """List a lead's contacts: those seen last first, by role."""
    statement = f"""
        SELECT {listed(_COLUMNS)} FROM contacts WHERE lead_id = %(lead_id)s
        ORDER BY not_seen_since IS NOT NULL, role IS NULL, role, contact_name, id
    """
    return await select_dicts(connection, statement, {"lead_id": lead_id})
