"""From the mentions on all pages of a site to its people: one entry a person, the best page kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.discovery.confidence import confidence
from core.discovery.detail_reasons import DetailKind, DetailReason
from core.discovery.mentions import Doubt, Mention, PageFindings, PageKind, Person
from core.discovery.person_details import ContactDetails
from core.text.names import same_person
from core.text.titles import ROLES, Role

_MAX_PRESIDENTS = 2
_OTHERS = 200
_DETAILS: tuple[DetailKind, ...] = ("linkedin_url", "email", "phone")
_STRUCTURED = 0.95
"""How sure a detail is that structured data give for a person."""
_MAX_RELATIVES = 100
"""People of one family name whose given names are held against a further one's; more are a directory."""


@dataclass(frozen=True)
class SitePeople:
    """The people of a site: those with an ATL role, highest first, and everybody else with a title."""

    atl: tuple[Person, ...]
    others: tuple[Person, ...]


@dataclass(frozen=True)
class _Seen:
    mention: Mention
    page: PageFindings

    @property
    def accepted(self) -> bool:
        return not self.mention.doubts

    @property
    def worth(self) -> tuple[bool, bool, float, bool]:
        """What makes one mention better than another of the same person."""
        title = self.mention.title
        return (
            self.accepted,
            title.role is not None or title.is_president,
            confidence(self.mention, self.page.kind, seen_on=1),
            title.is_owner_like,
        )


def merge(pages: Sequence[PageFindings]) -> SitePeople:
    """Merge what the pages of one site name.

    Args:
        pages: in the order in which they were read.
    """
    groups: list[list[_Seen]] = []
    by_name: dict[str, list[_Seen]] = {}
    by_family: dict[str, list[list[_Seen]]] = {}
    for page in pages:
        for mention in page.mentions:
            family = mention.name.key.split(" ", 1)[-1]
            group = next(
                (
                    known
                    for known in by_family.get(family, ())[:_MAX_RELATIVES]
                    if same_person(known[0].mention.name, mention.name)
                ),
                by_name.get(mention.name.key),
            )
            if group is None:
                group = []
                groups.append(group)
                by_name[mention.name.key] = group
                by_family.setdefault(family, []).append(group)
            group.append(_Seen(mention, page))
    best = [(max(group, key=lambda seen: seen.worth), group) for group in groups]
    roles = _roles(best)
    shared = _shared(groups)
    atl: list[Person] = []
    others: list[Person] = []
    for (seen, group), role in zip(best, roles, strict=True):
        person = _person(seen, group, role, shared)
        (atl if role is not None else others).append(person)
    atl.sort(key=lambda person: (ROLES.index(person.role or "CEO"), -person.confidence))
    others.sort(key=lambda person: (not person.is_owner_like, bool(person.doubts)))
    return SitePeople(tuple(atl), tuple(others[:_OTHERS]))


def _roles(best: list[tuple[_Seen, list[_Seen]]]) -> list[Role | None]:
    """Assign each person their role; a President is the CEO where nobody else is."""
    roles: list[Role | None] = [seen.mention.title.role if seen.accepted else None for seen, _ in best]
    if "CEO" not in roles:
        presidents = [
            index
            for index, (seen, _) in enumerate(best)
            if seen.accepted and seen.mention.title.is_president and seen.mention.title.role is None
        ]
        if len(presidents) <= _MAX_PRESIDENTS:
            for index in presidents:
                roles[index] = "CEO"
    return roles


def _person(seen: _Seen, group: list[_Seen], role: Role | None, shared: frozenset[str]) -> Person:
    mention = seen.mention
    contacts = [mention.contact, *(other.mention.contact for other in group)]
    doubts = () if role is not None else tuple(sorted(doubt.value for doubt in mention.doubts))
    pages = {other.page.url for other in group if other.accepted}
    names = [other.mention.name.text for other in group if other.accepted or not seen.accepted]
    shown = {name: _surest(name, contacts, shared) for name in _DETAILS}
    return Person(
        name=max(names, key=lambda name: (name == mention.name.text, len(name))),
        title=mention.title.text,
        role=role,
        is_owner_like=mention.title.is_owner_like and role is None and not mention.doubts,
        linkedin_url=shown["linkedin_url"][0],
        email=shown["email"][0],
        phone=shown["phone"][0],
        source_url=seen.page.url,
        evidence=mention.evidence,
        confidence=confidence(mention, seen.page.kind, seen_on=len(pages)),
        doubts=doubts,
        reasons=tuple(why for _, why in shown.values() if why is not None),
    )


def _shared(groups: Sequence[Sequence[_Seen]]) -> frozenset[str]:
    """Return the details that the site's pages show for several people: the company's own."""
    owners = Counter(
        value
        for group in groups
        for value in {getattr(seen.mention.contact, name) for seen in group for name in _DETAILS} - {None}
    )
    return frozenset(value for value, count in owners.items() if count > 1)


def _surest(
    name: DetailKind, contacts: Sequence[ContactDetails], shared: frozenset[str]
) -> tuple[str | None, DetailReason | None]:
    """Return the detail that is theirs for certain among what several pages show."""
    found = [
        (getattr(contact, name), next((why for why in contact.reasons if why.detail == name), None))
        for contact in contacts
        if getattr(contact, name) and getattr(contact, name) not in shared
    ]
    return max(found, key=lambda one: one[1].confidence if one[1] is not None else _STRUCTURED, default=(None, None))


def why_nobody(pages: Sequence[PageFindings], people: SitePeople) -> str | None:
    """Return, in one sentence, why no ATL contact was found, or None where one was."""
    if people.atl:
        return None
    doubted = [person for person in people.others if person.doubts]
    if any(Doubt.DIRECTORY.value in person.doubts for person in doubted):
        return "a page names more people with one top role than a company has, so none of them was taken"
    owners = [person for person in people.others if person.is_owner_like]
    if owners:
        return f"owners named, nobody with a title: {len(owners)} founder(s) or owner(s)"
    if people.others:
        return f"{len(people.others)} people with titles named, none of them an executive of this company"
    if any(page.names_without_title for page in pages):
        return "people are named, but without titles"
    if any(page.kind is PageKind.PEOPLE for page in pages):
        return "a page about the company's people was read, but it names nobody with a title"
    return "no page of this site names people with titles"
