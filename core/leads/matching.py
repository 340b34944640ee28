"""Who is who: finds each row the lead, the person and the contact it is, or makes new ones.

One rule for stored records and for those of the same batch: rows are taken one by one, so that the size of a batch
decides nothing. Identities are looked up, the strongest first; who the row contradicts is struck out
(`core.leads.contradictions`); of several that are left the strongest is it, and each other one is a possible duplicate.
An identity stays with who has it. Names that only agree count with the place, or alone inside one file, or where only
one lead has them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Literal

from core.leads.contradictions import is_another_company, is_another_person, is_another_place
from core.leads.identities import (
    IdentityKind,
    RowIdentity,
    identity,
    own_address,
    row_identity,
)
from core.leads.known import (
    CONTACT_AT,
    LEAD_AT,
    KnownContact,
    KnownLead,
    KnownPerson,
    Values,
    name_of,
    person_alone,
)
from core.leads.lead import POSITION
from core.leads.names import Likeness
from core.leads.rows import NewRow, names_a_person, with_company_address
from core.leads.taking import FoundPair, RowEnd, RowTaking

MAX_PAIRS = 10
"""Possible duplicates that are written for one new record: a name that thousands have is no hint."""
COMMON_NAME = 3
"""Leads that may share a name before it is a common one, which says little by itself: then at most one is a hint."""

_lead_values = itemgetter(*(POSITION[name] for name in LEAD_AT))
_contact_values = itemgetter(*(POSITION[name] for name in CONTACT_AT))
_NAME, _DOMAIN = LEAD_AT["company_name"], LEAD_AT["company_domain"]
_CITY, _EMAIL = LEAD_AT["city"], CONTACT_AT["contact_email"]
_DOMAINS = (IdentityKind.DOMAIN, IdentityKind.DERIVED_DOMAIN)
_ROW_PLACES = [LEAD_AT[name] for name in ("notes", "source", "external_id")]


class Matching(RowTaking):
    """Finds rows their leads and contacts among those that are known, one row after another."""

    def let_go(self) -> None:
        """Undo the circles of people and their contacts: memory is free at once, without a walk of the collector."""
        for owner in self.owners.values():
            if isinstance(owner, KnownPerson):
                owner.contacts.clear()

    def doubtful_keys(self, row: NewRow) -> Iterator[str]:
        """Yield under which keys a row itself may be known, where an identity of its own may be somebody else's."""
        if row.lead_row is None and self._may_be_other_companys(row):
            yield row_identity(IdentityKind.COMPANY_ROW, row.values).key
        if row.person_row is None and self._may_be_other_persons(row):
            yield row_identity(IdentityKind.PERSON_ROW, row.values).key

    def _may_be_other_companys(self, row: NewRow) -> bool:
        owners = [owner for _, key in row.lead_ids if isinstance(owner := self.owners.get(key), KnownLead)]
        name, domain = row.values[POSITION["company_name"]], row.values[POSITION["company_domain"]]
        return any(_is_shared(owner, domain) or _are_others(owner.likeness(name)) for owner in owners)

    def _may_be_other_persons(self, row: NewRow) -> bool:
        people = [owner for _, key in row.person_ids if isinstance(owner := self.owners.get(key), KnownPerson)]
        name = name_of(contact_values(row))
        return any(_are_others(contact.likeness(name)) for owner in people for contact in owner.contacts)

    def place(self, row: NewRow) -> RowEnd:
        """Find a row its lead and its contact, or make them; merge its values in."""
        person_values = contact_values(row)
        if not names_a_person(person_values):
            lead_values: Values = list(_lead_values(row.values))
            row = with_company_address(row, lead_values, person_values)
            return self.end(self._lead(row, lead_values, ()), None, row, lead_values, person_values)
        lead_values = lead_values_of_person(row)
        people = self._people(row, person_values, lead_values)
        if row.company_key or row.lead_ids:
            lead = self._lead(row, lead_values, people)
        elif people:
            lead = people[0].contacts[0].lead
        else:
            lead = self._make_lead(row, lead_values, is_person=True)
        contact = self._contact(row, person_values, lead, people)
        return self.end(lead, contact, row, lead_values, person_values)

    def place_at(self, row: NewRow, lead: KnownLead) -> KnownContact:
        """Find a row's person the contact they are at a lead, or make it; only the person's values are taken."""
        values = contact_values(row)
        contact = self._contact(row, values, lead, self._people(row, values, lead.values))
        is_first = contact.is_new and contact.id not in self._seen
        self._seen.add(contact.id)
        self._take_contact(contact, row, values, is_first=is_first)
        return contact

    def _people(self, row: NewRow, values: Values, lead_values: Values) -> list[KnownPerson]:
        """Return the persons that a row's identities name and that it does not contradict, the strongest first."""
        found: dict[str, KnownPerson] = {}
        for kind, key in self._person_ids(row):
            person = self.owners.get(key)
            if not isinstance(person, KnownPerson) or person.id in found or not person.contacts:
                continue
            # One contact may have no name: the one that has says who it is.
            known = next((contact for contact in person.contacts if contact.name), person.contacts[0])
            company = known.lead.likeness(lead_values[_NAME])
            domain = known.lead.values[_DOMAIN]
            if domain is not None and domain == lead_values[_DOMAIN]:
                company = Likeness.SAME
            is_other = is_another_person(known, values, kind, company, ids_of=self.ids_of)
            if is_other or self._has_another_address(person, known, values):
                self._count_apart(kind)
                self._struck.append(person.id)
            else:
                found[person.id] = person
        return list(found.values())

    def _has_another_address(self, person: KnownPerson, known: KnownContact, values: Values) -> bool:
        """Return whether a row has an own address that is none of a person's, and not their very name."""
        address = own_address(values[_EMAIL])
        if address is None or self.owners.get(key := identity(IdentityKind.EMAIL, address.lower()).key) is person:
            return False
        shown = {own_address(contact.values[_EMAIL]) for contact in person.contacts} - {None, address}
        return bool(shown or person.addresses - {key}) and known.likeness(name_of(values)) is not Likeness.SAME

    def _person_ids(self, row: NewRow) -> Iterator[RowIdentity]:
        yield from row.person_ids
        if row.person_row or self._struck:  # an identity that is somebody else's leaves the row itself
            yield row.person_row or row_identity(IdentityKind.PERSON_ROW, row.values)

    def _lead(self, row: NewRow, values: Values, people: Sequence[KnownPerson]) -> KnownLead:
        """Return the lead that a row's company is, or make it."""
        left, struck = self._weighed(row, values, people)
        alone = person_alone(people[:1])  # who else the row may name stays where they are
        if left:
            first = next(iter(left.values()))
            if row.company_key is None:  # without a name: where its people stand already
                first = next((lead for lead in _stands_at(people) if lead.id in left), first)
            for other in left.values():
                self._note_pair("lead", first.id, other.id, "one row names both")
            self._note_unnamed(first, people, values)
            if alone is not None and alone is not first and not first.is_person:
                self._absorb(alone, first, people[:1])
            return first
        if alone is not None:
            return alone
        made = self._make_lead(row, values)
        namesakes = self.by_name.get(row.company_key or "", ())
        is_common = len(namesakes) > COMMON_NAME + 1  # the new one has it as well
        elsewhere = [lead for lead in islice(namesakes, MAX_PAIRS) if _is_elsewhere_alone(lead, values)][:1]
        if is_common:
            elsewhere.clear()
            del self._ambiguous[1:]
        for others, why in (
            (list(struck.values()), "an identity or the name in common; domain, place or name differ"),
            (self._ambiguous, "one name; nothing says whether they are one"),
            (elsewhere, "one name at two places"),
        ):
            for other in others[:MAX_PAIRS]:
                self._note_pair("lead", made.id, other.id, why)
        self._note_unnamed(made, people, values)
        return made

    def _weighed(
        self, row: NewRow, values: Values, people: Sequence[KnownPerson]
    ) -> tuple[dict[str, KnownLead], dict[str, KnownLead]]:
        """Return the leads that a row's company may be, the strongest first, and those that the row contradicts."""
        left: dict[str, KnownLead] = {}
        struck: dict[str, KnownLead] = {}
        for kind, lead in self._owners(row, values, people):
            if lead.id in left or lead.id in struck or (self.are_branches_apart and is_another_place(lead, values)):
                continue
            if is_another_company(lead, values, kind) or (self.is_apart is not None and self.is_apart(lead)):
                struck[lead.id] = lead
                if kind is not None:
                    self._count_apart(kind)
            else:
                left[lead.id] = lead
        return left, struck

    def _note_unnamed(self, lead: KnownLead, people: Sequence[KnownPerson], values: Values) -> None:
        """Note the leads that a row's people stand at, and whose name nobody can compare with the row's."""
        for other in _stands_at(people):
            if other is not lead and not other.is_person and other.likeness(values[_NAME]) is None:
                self._note_pair("lead", lead.id, other.id, "one person stands at both, and one of them has no name")

    def _owners(
        self, row: NewRow, values: Values, people: Sequence[KnownPerson]
    ) -> Iterator[tuple[IdentityKind | None, KnownLead]]:
        """Yield the leads that a row's identities and names find, the strongest first."""
        self._ambiguous.clear()
        found = [(kind, lead) for kind, key in row.lead_ids if isinstance(lead := self.owners.get(key), KnownLead)]
        # The same row again is what it was, whatever else has come since.
        if row.lead_row or any(_is_in_doubt(*each, values) for each in found):
            kind, key = row.lead_row or row_identity(IdentityKind.COMPANY_ROW, row.values)
            if isinstance(lead := self.owners.get(key), KnownLead):
                yield kind, lead
        yield from (each for each in found if _finds(*each, values))
        yield from ((IdentityKind.PERSON_ID, lead) for lead in _leads_of(people, row, values))
        if row.company_key:
            yield from ((None, lead) for lead in self._named(row, values))

    def _named(self, row: NewRow, values: Values) -> Iterable[KnownLead]:
        """Return the leads of a name that count: at the same place; else the only one, of the file or of all."""
        same_name = sorted(self.by_name.get(row.company_key or "", ()), key=_by_id)
        domain = values[_DOMAIN]  # one that several have: with the name it says which
        if domain and (shared := [lead for lead in same_name if _is_shared(lead, domain)]):
            return shared
        open_ones = [lead for lead in same_name if not is_another_place(lead, values)]
        if here := [lead for lead in open_ones if values[_CITY] and lead.values[_CITY]]:
            return here
        return self._alone(open_ones, values, is_only_one=len(same_name) == 1)

    def _alone(self, open_ones: Sequence[KnownLead], values: Values, *, is_only_one: bool) -> Iterable[KnownLead]:
        """Return the lead that a name alone finds: the only one of the file, or of all."""
        alone: list[KnownLead] = []
        others: list[KnownLead] = []
        for lead in open_ones:
            (others if is_another_company(lead, values, None) else alone).append(lead)
        of_file = [lead for lead in alone if lead.is_own or lead.is_named]
        if len(of_file) == 1:
            return of_file
        if len(alone) == 1 and is_only_one:
            return alone
        self._ambiguous.extend((*alone, *others))
        return ()

    def _absorb(self, alone: KnownLead, company: KnownLead, people: Iterable[KnownPerson]) -> None:
        """Let a person stand at their company, which has come; the lead that stood for them alone is merged into it."""
        for person in people:
            for contact in person.contacts:
                if contact.lead is alone:
                    contact.keep()
                    contact.lead = company
                    self.met.setdefault(contact.id, contact)
                    if contact.name_key:
                        self.at_lead.setdefault((company.id, contact.name_key), []).append(contact)
        if alone.is_new:
            self.leads.remove(alone)
        else:
            self.absorbed.append((alone, company))

    def _make_lead(self, row: NewRow, values: Values, *, is_person: bool = False) -> KnownLead:
        lead = KnownLead(id=self.new_id("lead"), values=list(values), name_key=row.company_key, is_person=is_person)
        self.leads.append(lead)
        self._fresh.add(lead.id)
        self.know_lead(lead)
        return lead

    def _contact(self, row: NewRow, values: Values, lead: KnownLead, people: Sequence[KnownPerson]) -> KnownContact:
        """Return the contact that a row's person is at its lead, or make it."""
        left, struck = self._people_at(row, values, lead, people)
        if left:
            person, *others = left.values()
            for other in others:
                self._note_pair("person", person.id, other.id, "one row names both")
            # Who stands at the lead already is not made there again as the other one.
            here = next((one for each in left.values() for one in each.contacts if one.lead is lead), None)
            if here is not None:
                return here
            self.elsewhere += 1
        else:
            person = KnownPerson(self.new_id("person"))
            self._fresh.add(person.id)
        contact = KnownContact(
            id=self.new_id("contact"), values=list(values), lead=lead, person=person, name_key=row.person_key
        )
        self.contacts.append(contact)
        self.know_contact(contact)
        if not left:
            for other_id in struck[:MAX_PAIRS]:
                self._note_pair(
                    "person", person.id, other_id, "they share an identity, and differ in what else is said"
                )
        return contact

    def _people_at(
        self, row: NewRow, values: Values, lead: KnownLead, people: Sequence[KnownPerson]
    ) -> tuple[dict[str, KnownPerson], list[str]]:
        """Return whom a row's person may be, those of its name at its lead too; and who was struck out, by id."""
        left = {person.id: person for person in people}
        struck = list(dict.fromkeys(self._struck))
        self._struck.clear()
        namesakes = self.at_lead.get((lead.id, row.person_key), ()) if row.person_key else ()
        for contact in sorted(namesakes, key=_by_id):
            if contact.person.id in left:
                continue
            if is_another_person(contact, values, None, Likeness.SAME, ids_of=self.ids_of):
                struck.append(contact.person.id)
            else:
                left[contact.person.id] = contact.person
        return left, struck

    def _note_pair(self, kind: Literal["lead", "person"], one: str, other: str, reason: str) -> None:
        if one != other:
            first, second = sorted((one, other))
            self.pairs.setdefault((first, second), FoundPair(kind, first, second, reason))

    def _count_apart(self, kind: IdentityKind) -> None:
        name = kind.name.lower()
        self.apart[name] = self.apart.get(name, 0) + 1


def contact_values(row: NewRow) -> Values:
    """Return what a row says of its person, in the order of `FIELDS_OF_CONTACT`."""
    return list(_contact_values(row.values))


def lead_values_of_person(row: NewRow) -> Values:
    """Return what a row with a person says of its company: its notes, source and id are the person's."""
    values: Values = list(_lead_values(row.values))
    for position in _ROW_PLACES:
        values[position] = None
    return values


def _are_others(likeness: Likeness | None) -> bool:
    return likeness is not None and likeness < Likeness.PART


_by_id = attrgetter("id")
"""The order of records, which is that in which they came to be known: of a name found later, too."""


def _finds(kind: IdentityKind, lead: KnownLead, values: Values) -> bool:
    """Return whether an identity finds its lead: a domain that several have finds nobody alone."""
    if kind not in _DOMAINS or not _is_shared(lead, values[_DOMAIN]):
        return True
    likeness = lead.likeness(values[_NAME])
    return likeness is not None and likeness >= Likeness.PART


def _is_in_doubt(kind: IdentityKind, lead: KnownLead, values: Values) -> bool:
    """Return whether an identity may be somebody else's."""
    return (kind in _DOMAINS and _is_shared(lead, values[_DOMAIN])) or is_another_company(lead, values, kind)


def _is_shared(lead: KnownLead, domain: str | None) -> bool:
    """Return whether other leads have the domain too by which a row finds one."""
    return lead.is_domain_shared and domain in (None, lead.values[_DOMAIN])


def _is_elsewhere_alone(lead: KnownLead, values: Values) -> bool:
    """Return whether nothing but the place says that a lead of a row's name is another."""
    return is_another_place(lead, values) and not is_another_company(lead, values, None)


def _stands_at(people: Iterable[KnownPerson]) -> Iterator[KnownLead]:
    return (contact.lead for person in people for contact in person.contacts)


def _leads_of(people: Sequence[KnownPerson], row: NewRow, values: Values) -> Iterator[KnownLead]:
    """Yield the companies that people stand at and that the row may be of."""
    for lead in _stands_at(people):
        likeness = lead.likeness(values[_NAME])
        is_theirs = likeness >= Likeness.PART if likeness is not None else row.company_key is None
        if is_theirs and not lead.is_person and not is_another_company(lead, values, None):
            yield lead
