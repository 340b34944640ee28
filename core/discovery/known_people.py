"""The people that a look found beside those a lead has already: who is whom, what is their own, who was missed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from core.discovery.company_contacts import WEBSITE, Contact, Provenance, SourceAttempt, is_same
from core.discovery.site_report import PageNote
from core.leads.identities import own_address
from core.outcomes import ANSWERED
from core.text import normalize
from core.text.cell_text import storable
from core.text.phones import phone
from core.text.titles import Role, read_title
from core.text.web_addresses import page_key

_READ = frozenset({"ok", "not found"})
_SETTLED = _READ | {"leads to another site", "not a page", "too many redirects"}
_OWN = {"contact_email": "email", "contact_phone": "phone", "linkedin_url": "linkedin_url"}
"""Field -> what a `Contact` calls it."""


@dataclass(frozen=True)
class StoredContact:
    """A contact as it was stored earlier, as far as telling people apart and missing them needs it.

    Attributes:
        name_key: what equal names share (`core.leads.names`).
        role: as stored, else as the stored title says.
        places: source -> the page or profile it was last found on; empty for whom no source of people has named.
    """

    id: UUID
    contact_name: str
    role: Role | None
    places: Mapping[str, str | None]
    name_key: str | None = None
    contact_email: str | None = None
    linkedin_url: str | None = None


def role_of(role: str | None, title: str | None) -> Role | None:
    """Return a stored contact's role; where none is stored, that of the title."""
    return role or (read_title(title).role if title else None)  # type: ignore[return-value]  # the column holds roles


def with_own_details(found: Sequence[Contact]) -> tuple[Contact, ...]:
    """Leave out addresses, profiles and numbers that are not a person's own, and write the others as fields hold them.

    Not their own is a shared or made-up mailbox, and whatever stands with two people of one look: a switchboard.
    """
    cleaned = [
        replace(
            contact,
            email=own_address(normalize.email(contact.email or "")),
            linkedin_url=normalize.linkedin_person(contact.linkedin_url or ""),
            phone=contact.phone and storable(contact.phone),
        )
        for contact in found
    ]
    said = Counter(
        (name, _compared(name, value))
        for contact in cleaned
        for name in _OWN.values()
        if (value := getattr(contact, name))
    )

    def own(contact: Contact, name: str) -> str | None:
        value: str | None = getattr(contact, name)
        return value if value and said[name, _compared(name, value)] == 1 else None

    return tuple(
        replace(
            contact,
            email=own(contact, "email"),
            linkedin_url=own(contact, "linkedin_url"),
            phone=own(contact, "phone"),
        )
        for contact in cleaned
    )


def _compared(name: str, value: str) -> str:
    return (phone(value) or value) if name == "phone" else value


def fields_of(contact: Contact, *, company_phone: str | None, country: str | None) -> dict[str, str]:
    """Return what a look says of a person, by field of a contact.

    Args:
        contact: of `with_own_details`.
        company_phone: of the lead: its switchboard is nobody's own number.
        country: of the lead, for reading a number without a country code.
    """
    number = phone(contact.phone, country) if contact.phone else None
    found = {
        "contact_name": storable(contact.name),
        "contact_title": storable(contact.title),
        "contact_email": contact.email,
        "contact_phone": None if number in (company_phone, company_phone and phone(company_phone, country)) else number,
        "linkedin_url": contact.linkedin_url,
    }
    return {field: value for field, value in found.items() if value}


def source_of(contact: Contact, field: str) -> Provenance:
    """Return which source gave a field: the best one, unless a further one filled it."""
    name = _OWN.get(field)
    return next((found for found in contact.provenance if name in found.filled), contact.best)


def known_among(found: Sequence[Contact], stored: Sequence[StoredContact]) -> dict[int, StoredContact]:
    """Find whom a lead has already, by name; nobody with another address of their own, or another profile.

    Equal names count; names that only agree ('J. Smith', 'Jane Smith') where they agree with nobody else's.

    Returns:
        Place among `found` -> the stored contact. Each stored contact once.
    """
    known: dict[int, StoredContact] = {}
    taken: set[UUID] = set()
    for place, contact in enumerate(found):
        key = contact.key
        same = (one for one in stored if one.id not in taken and _key(one) == key and not _contradicts(contact, one))
        if (one := next(same, None)) is not None:
            known[place] = one
            taken.add(one.id)
    alike = [
        (place, one)
        for place, contact in enumerate(found)
        for one in stored
        if place not in known and one.id not in taken and _agrees(contact, one)
    ]
    of_found, of_stored = Counter(place for place, _ in alike), Counter(one.id for _, one in alike)
    return known | {place: one for place, one in alike if of_found[place] == of_stored[one.id] == 1}


def _key(stored: StoredContact) -> str:
    return Contact(stored.contact_name, "", None, False, None, None, None, ()).key


def _agrees(contact: Contact, stored: StoredContact) -> bool:
    other = replace(contact, name=stored.contact_name, role=stored.role)
    return is_same(other, contact) and not _contradicts(contact, stored)


def _contradicts(contact: Contact, stored: StoredContact) -> bool:
    pairs = ((own_address(stored.contact_email), contact.email), (stored.linkedin_url, contact.linkedin_url))
    return any(ours and theirs and ours.lower() != theirs.lower() for ours, theirs in pairs)


def is_gone(
    stored: StoredContact, attempts: Sequence[SourceAttempt], pages: Sequence[PageNote], *, now_seen: Iterable[UUID]
) -> bool:
    """Return whether somebody stored earlier was really looked for and not seen.

    Only where every source that once named them has answered. A website answers for a person when their page was
    read or is gone, or when no page of the site was left unread.

    Args:
        stored: who.
        attempts: this run's sources.
        pages: this run's pages of the website.
        now_seen: ids of those who were seen.
    """
    if stored.id in now_seen or not stored.places:
        return False
    answered = {attempt.source for attempt in attempts if attempt.outcome in ANSWERED}
    return all(
        source in answered and (source != WEBSITE or _was_read(url, pages)) for source, url in stored.places.items()
    )


def _was_read(url: str | None, pages: Sequence[PageNote]) -> bool:
    key = page_key(url) if url else None
    if any(page_key(page.url) == key and page.status in _READ for page in pages):
        return True
    return all(page.status in _SETTLED for page in pages)
