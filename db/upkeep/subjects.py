"""Who a person is: every contact of theirs, and whatever else names them; and who may be the same person."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from core.errors import Conflict
from core.leads.identities import IdentityKind, identity
from core.outreach.approvals import canonical
from core.outreach.suppression import spellings
from core.text import normalize
from core.text.mailboxes import is_made_up, is_shared
from core.upkeep.erasure import NamedPerson, Subject
from db.agents import threads as agent_threads
from db.leads.matching import current_id
from db.server.engine import Connection
from db.server.statements import select, select_dicts

_CONTACTS = """
    SELECT c.id, c.lead_id, c.person_id, c.contact_name, c.first_name, c.last_name, c.contact_email, c.contact_phone,
        c.linkedin_url, c.original, l.stands_for
    FROM contacts c JOIN leads l ON l.id = c.lead_id WHERE c.person_id = ANY (%(ids)s) ORDER BY c.id
"""


class Namesake(NamedTuple):
    """Somebody who may be the same person, undecided so far."""

    contact_id: UUID
    name: str | None
    email: str | None
    company: str | None
    reason: str


async def find(connection: Connection, who: NamedPerson) -> Subject:
    """Find out what is known of a person here: all their contacts, by their person id, and what names them elsewhere.

    Raises:
        Conflict: the address is a mailbox that several people have.
    """
    person_ids = await _person_ids(connection, who)
    contacts = await select(connection, _CONTACTS, {"ids": person_ids})
    addresses = dict.fromkeys([who.address] if who.address else [])
    for address in filter(None, (row.contact_email for row in contacts)):
        if not is_shared(address) and not is_made_up(address):
            addresses[normalize.email(address) or address] = None
    named = dict.fromkeys([who.profile] if who.profile else []) | dict.fromkeys(row.linkedin_url for row in contacts)
    subject = Subject(
        addresses=tuple(addresses),
        profiles=tuple(filter(None, named)),
        phones=await _own_phones(connection, contacts),
        person_ids=tuple(person_ids),
        contact_ids=tuple(row.id for row in contacts),
        lead_ids=tuple(dict.fromkeys(row.lead_id for row in contacts)),
        own_lead_ids=await _own_leads(connection, contacts),
        names=_names(contacts),
        identity_keys=await _identity_keys(connection, person_ids, addresses, named),
    )
    return await _with_mentions(connection, subject)


async def _person_ids(connection: Connection, who: NamedPerson) -> list[UUID]:
    written = list(spellings(who.address)) if who.address else []
    contact_id = await current_id(connection, who.contact_id) if who.contact_id else None
    statement = """
        SELECT person_id FROM contacts WHERE lower(contact_email) = ANY (%(written)s) OR id = %(id)s
            OR person_id = %(id)s OR linkedin_url = %(profile)s
        UNION SELECT i.owner_id FROM identities i JOIN contacts c ON c.person_id = i.owner_id
            WHERE i.key = ANY (%(keys)s::uuid[])
        ORDER BY 1
    """
    keys = _keys(filter(None, [who.address]), filter(None, [who.profile]))
    values = {"written": written, "id": contact_id, "profile": who.profile, "keys": keys}
    found = [row.person_id for row in await select(connection, statement, values)]
    if len(found) > 1 and who.address and is_shared(who.address):
        raise Conflict(
            f"{len(found)} people have this mailbox; name the one who is meant by a contact's id: "
            "`sales-agent contacts list` with the address lists them"
        )
    return found


def _keys(addresses: Iterable[str], profiles: Iterable[str]) -> list[str]:
    found = [identity(IdentityKind.EMAIL, address.lower()) for address in addresses]
    return [each.key for each in [*found, *(identity(IdentityKind.PROFILE, profile) for profile in profiles)]]


def _names(contacts: Iterable[Any]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in contacts:
        parts = " ".join(filter(None, (row.first_name, row.last_name)))
        found |= dict.fromkeys((row.contact_name or "", parts, str(row.original.get("contact_name") or "")))
    return tuple(sorted(name for name in found if name.strip()))


async def _own_phones(connection: Connection, contacts: Iterable[Any]) -> tuple[str, ...]:
    """Return their numbers that no colleague and no company has."""
    numbers = sorted({row.contact_phone for row in contacts if row.contact_phone})
    if not numbers:
        return ()
    statement = """
        SELECT number FROM unnest(%(numbers)s::text[]) AS n (number)
        WHERE NOT EXISTS (SELECT FROM contacts c WHERE c.contact_phone = number AND c.person_id <> ALL (%(ids)s))
            AND NOT EXISTS (SELECT FROM leads l WHERE l.company_phone = number AND l.stands_for = 'company')
    """
    values = {"numbers": numbers, "ids": [row.person_id for row in contacts]}
    return tuple(row.number for row in await select(connection, statement, values))


async def _own_leads(connection: Connection, contacts: Iterable[Any]) -> tuple[UUID, ...]:
    """Return the leads that are nobody but this person."""
    statement = """
        SELECT l.id FROM leads l WHERE l.id = ANY (%(leads)s) AND l.stands_for = 'person' AND NOT EXISTS (
            SELECT FROM contacts c WHERE c.lead_id = l.id AND c.person_id <> ALL (%(ids)s))
        ORDER BY 1
    """
    rows = list(contacts)
    values = {"leads": [row.lead_id for row in rows], "ids": [row.person_id for row in rows]}
    return tuple(row.id for row in await select(connection, statement, values))


async def _identity_keys(
    connection: Connection, person_ids: list[UUID], addresses: Iterable[str], profiles: Iterable[str | None]
) -> tuple[UUID, ...]:
    statement = "SELECT key FROM identities WHERE owner_id = ANY (%(ids)s) ORDER BY 1"
    stored = [row.key for row in await select(connection, statement, {"ids": person_ids})]
    return tuple(dict.fromkeys([*stored, *map(UUID, _keys(addresses, filter(None, profiles)))]))


async def _with_mentions(connection: Connection, subject: Subject) -> Subject:
    """Add the approvals and threads that are about them."""
    # Approvals keep JSON in ASCII: an address in other letters is escaped there.
    escaped = [canonical(address)[1:-1] for address in subject.addresses if not address.isascii()]
    statement = """
        SELECT id, thread_id FROM approvals
        WHERE recipient = ANY (%(addresses)s) OR contact_id = ANY (%(contacts)s) OR lead_id = ANY (%(own)s)
            OR concat_ws(' ', content, facts, original_content, title) ~* %(pattern)s
            OR concat(content, facts, original_content) LIKE ANY (%(likes)s)
        ORDER BY id
    """
    values = {
        "addresses": [spelling for address in subject.addresses for spelling in spellings(address)],
        "contacts": list(subject.contact_ids),
        "own": list(subject.own_lead_ids),
        "pattern": subject.pattern,
        "likes": ["%" + word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%" for word in escaped],
    }
    approvals = await select(connection, statement, values)
    threads = {UUID(row.thread_id) for row in approvals if row.thread_id} | await _threads(connection, subject)
    return replace(subject, approval_ids=tuple(row.id for row in approvals), thread_ids=tuple(sorted(threads)))


async def _threads(connection: Connection, subject: Subject) -> set[UUID]:
    """Return threads that hold an address, a profile or an id of theirs, or their name beside one of their leads."""
    words = [*subject.addresses, *subject.profiles]
    found = await agent_threads.select_mentioning(
        connection, [*words, *map(str, (*subject.contact_ids, *subject.person_ids, *subject.own_lead_ids))]
    )
    written = [name for name in subject.names if " " in name.strip()]
    named = await agent_threads.select_mentioning(connection, written)
    if named:
        named = sorted({*named} & {*await agent_threads.select_mentioning(connection, map(str, subject.lead_ids))})
    return {*found, *named}


async def select_namesakes(connection: Connection, subject: Subject) -> list[Namesake]:
    """List who may be the same person: pairs that nobody has decided."""
    statement = """
        SELECT DISTINCT ON (c.person_id) c.id AS contact_id, c.contact_name AS name, c.contact_email AS email,
            l.company_name AS company, p.reason
        FROM possible_duplicates p
        JOIN contacts c ON c.person_id = CASE WHEN p.first_id = ANY (%(ids)s) THEN p.second_id ELSE p.first_id END
        JOIN leads l ON l.id = c.lead_id
        WHERE p.kind = 'person' AND p.decision IS NULL AND (p.first_id = ANY (%(ids)s) OR p.second_id = ANY (%(ids)s))
            AND c.person_id <> ALL (%(ids)s)
        ORDER BY c.person_id, c.id
    """
    ids = list(subject.person_ids)
    return [Namesake(**row) for row in await select_dicts(connection, statement, {"ids": ids})]
