"""Contacts of a company from several sources: merged by person, with where each was found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core.discovery.detail_reasons import as_json as as_details
from core.discovery.mentions import Person
from core.discovery.site_report import PageNote, SiteReport
from core.outcomes import OPEN, Outcome
from core.text.names import PersonName, read_name, same_person
from core.text.titles import ROLES, Role, fold, read_title

WEBSITE = "website"
"""The source that is asked first, and always."""
_DETAILS = ("email", "phone", "linkedin_url")
_OLD_WORDS: Mapping[str, Outcome] = {"later": "due", "unknown": "error"}
"""What outcomes of sources were called in looks that older versions stored."""

DiscoveryOutcome = Literal["found", "nobody", "unknown", "failed", "skipped"]
"""`unknown`: a source could not be read; `failed`: an error of ours; `skipped`: there is no website to look at."""

SEARCH_TITLES: dict[Role, tuple[str, ...]] = {
    "CEO": ("Chief Executive Officer", "CEO", "Managing Director", "President"),
    "COO": ("Chief Operating Officer", "COO"),
    "CFO": ("Chief Financial Officer", "CFO"),
    "CTO": ("Chief Technology Officer", "CTO"),
    "VP Finance": ("VP Finance", "Vice President of Finance", "Finance Director"),
    "VP Operations": ("VP Operations", "Vice President of Operations", "Operations Director"),
}
"""What to search a directory of people for, by role; it is asked to match similar titles too."""


@dataclass(frozen=True)
class Provenance:
    """What one source says of a person.

    Attributes:
        source: "website", or a further source's name.
        source_url: the page or profile it stands on, or None.
        title: as written there.
        evidence: the text it was taken from.
        confidence: 0 to 1, or None for a source whose confidence was never measured.
        details: of e-mail address, phone and profile, how sure each is this person's, and why.
        filled: of the contact's e-mail address, phone and profile those that the better sources did not say.
    """

    source: str
    source_url: str | None
    title: str
    evidence: str
    confidence: float | None
    filled: Sequence[str] = ()
    details: Mapping[str, Mapping[str, float | str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Contact:
    """Somebody who decides at a company, or owns it.

    Attributes:
        role: the ATL role; None for founders and owners without one (`is_owner_like`).
        provenance: by source, the best first; never empty.
    """

    name: str
    title: str
    role: Role | None
    is_owner_like: bool
    linkedin_url: str | None
    email: str | None
    phone: str | None
    provenance: tuple[Provenance, ...]

    @property
    def best(self) -> Provenance:
        """Where the title and the name come from."""
        return self.provenance[0]

    @property
    def key(self) -> str:
        """What two findings of one person share: the name's key, else the folded name."""
        name = read_name(self.name)
        return name.key if name is not None else fold(" ".join(self.name.split()))


@dataclass(frozen=True)
class SourceAttempt:
    """One source that was asked, or not, for the people of a company.

    Attributes:
        source: its name.
        outcome: see `core.outcomes`.
        reason: why there is nobody; None for a hit.
        people: how many it named.
        details: facts it gave of the company itself.
        names_people: whether it can name anybody at all.
    """

    source: str
    outcome: Outcome
    reason: str | None = None
    people: int = 0
    details: Mapping[str, str] | None = None
    names_people: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the attempt as it is stored."""
        found: dict[str, Any] = {"source": self.source, "outcome": self.outcome, "reason": self.reason}
        found |= {"people": self.people} | ({"details": dict(self.details)} if self.details else {})
        return found if self.names_people else found | {"names_people": False}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "SourceAttempt":
        """Read what `as_json` wrote, with the words of today."""
        return cls(**{**stored, "outcome": _OLD_WORDS.get(stored["outcome"], stored["outcome"])})


@dataclass(frozen=True)
class FoundPeople:
    """What a further source knows of a company's people."""

    attempt: SourceAttempt
    contacts: tuple[Contact, ...] = ()


def contacts_of_site(report: SiteReport) -> tuple[Contact, ...]:
    """Take the contacts from a website's report: ATL people, then founders and owners; nobody who is doubted."""
    owners = [person for person in report.other_people if person.is_owner_like and not person.doubts]
    return tuple(_of_person(person) for person in (*report.people, *owners))


def _of_person(person: Person) -> Contact:
    found = Provenance(
        WEBSITE, person.source_url, person.title, person.evidence, person.confidence, details=as_details(person.reasons)
    )
    return Contact(
        name=person.name,
        title=person.title,
        role=person.role,
        is_owner_like=person.is_owner_like,
        linkedin_url=person.linkedin_url,
        email=person.email,
        phone=person.phone,
        provenance=(found,),
    )


def merge_contacts(known: Sequence[Contact], more: Sequence[Contact]) -> tuple[Contact, ...]:
    """Merge what a further source names into what is known, by name and role.

    The first source's name, title and role stand; a further one fills what is empty and adds its provenance. Two
    contacts are one person when their names agree, unless each has a role and the roles differ and only the given
    names' initials agree.
    """
    merged = list(known)
    for contact in more:
        index = next((place for place, other in enumerate(merged) if is_same(other, contact)), None)
        if index is None:
            merged.append(contact)
        else:
            merged[index] = _filled(merged[index], contact)
    return tuple(merged)


def is_same(one: Contact, other: Contact) -> bool:
    """Return whether two findings are of one person, by name and role; see `merge_contacts`."""
    if one.key == other.key:
        return True
    names = read_name(one.name), read_name(other.name)
    if names[0] is None or names[1] is None or not same_person(names[0], names[1]):
        return False
    return one.role is None or other.role is None or one.role == other.role or not _is_initial(*names)


def _is_initial(*names: PersonName | None) -> bool:
    """Return whether one of the given names is an initial only, which fits many people."""
    return any(name is not None and len(name.given.strip(". ")) <= 1 for name in names)


def _filled(known: Contact, more: Contact) -> Contact:
    sources = {found.source for found in known.provenance}
    filled = tuple(name for name in _DETAILS if getattr(more, name) and not getattr(known, name))
    further = [found for found in more.provenance if found.source not in sources]
    if further and filled:
        further[0] = replace(further[0], filled=filled)
    return replace(
        known,
        role=known.role or more.role,
        is_owner_like=known.is_owner_like and known.role is None and more.role is None,
        linkedin_url=known.linkedin_url or more.linkedin_url,
        email=known.email or more.email,
        phone=known.phone or more.phone,
        provenance=(*known.provenance, *further),
    )


def missing_roles(contacts: Iterable[Contact], wanted: Sequence[Role] = ROLES) -> tuple[Role, ...]:
    """Return the wanted roles that nobody has."""
    have = {contact.role for contact in contacts}
    return tuple(role for role in wanted if role not in have)


def worth_buying(hits: Iterable[tuple[str, str | None]], missing: Sequence[Role], *, most: int) -> list[str]:
    """Choose whom to buy of a directory's free hits: per missing role the first whose title says that role.

    Args:
        hits: id and title, the directory's best first.
        missing: in the order in which they matter.
        most: people at most.

    Returns:
        Ids, in the order of the roles; nobody whose title gives no missing role, however similar it looks.
    """
    best: dict[Role, str] = {}
    for identity, text in hits:
        title = read_title(text or "")
        role = title.role or ("CEO" if title.is_president else None)
        if role is not None and role in missing and not title.is_past and title.place is None:
            best.setdefault(role, identity)
    return [best[role] for role in missing if role in best][:most]


def as_json(contact: Contact) -> dict[str, Any]:
    """Return a contact as `sales-agent discover --json` prints it, its best source in front."""
    best = contact.best
    return {
        "name": contact.name,
        "title": contact.title,
        "role": contact.role,
        "is_owner_like": contact.is_owner_like,
        "linkedin_url": contact.linkedin_url,
        "email": contact.email,
        "phone": contact.phone,
        "source": best.source,
        "source_url": best.source_url,
        "evidence": best.evidence,
        "confidence": best.confidence,
        "provenance": [vars(found) for found in contact.provenance],
    }


def from_json(facts: Mapping[str, Any]) -> Contact:
    """Read what `as_json` wrote."""
    return Contact(
        name=facts["name"],
        title=facts["title"],
        role=facts["role"],
        is_owner_like=facts["is_owner_like"],
        linkedin_url=facts["linkedin_url"],
        email=facts["email"],
        phone=facts["phone"],
        provenance=tuple(
            Provenance(**{**found, "filled": tuple(found.get("filled", ()))}) for found in facts["provenance"]
        ),
    )


@dataclass(frozen=True)
class SiteDiscovery:
    """What a look for the people of one company came to, over all sources.

    Attributes:
        outcome: `nobody` only where every source that was asked has answered.
        reason: why there is no ATL contact; None for `found`.
    """

    outcome: DiscoveryOutcome
    reason: str | None
    contacts: tuple[Contact, ...] = ()
    attempts: tuple[SourceAttempt, ...] = ()
    pages: tuple[PageNote, ...] = ()


def conclude(
    contacts: tuple[Contact, ...],
    attempts: tuple[SourceAttempt, ...],
    pages: tuple[PageNote, ...],
    website_reason: str | None,
) -> SiteDiscovery:
    """Draw the line under all sources."""
    if any(contact.role is not None for contact in contacts):
        return SiteDiscovery("found", None, contacts, attempts, pages)
    open_ends = [attempt for attempt in attempts if attempt.names_people and attempt.outcome in OPEN]
    reasons = [website_reason] if website_reason else []
    reasons += [f"{each.source}: {each.reason}" for each in attempts if each.source != WEBSITE and each.reason]
    outcome: DiscoveryOutcome = "unknown" if open_ends else "nobody"
    return SiteDiscovery(outcome, "; ".join(reasons) or "no source names anybody", contacts, attempts, pages)
