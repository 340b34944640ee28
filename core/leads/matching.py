"""Who is who: finds each row the lead, the person and the contact it is, or makes new ones.

One rule for stored records and for those of the same batch: rows are taken one by one, so that the size of a batch
decides nothing. Identities are looked up, the strongest first; who the row contradicts is struck out
(`core.leads.contradictions`); of several that are left the strongest is it, and each other one is a possible duplicate.
An identity stays with who has it. Names that only agree count with the place, or alone inside one file, or where only
one lead has them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from core.leads.contradictions import is_another_company, is_another_person, is_another_place
from core.leads.identities import (
    VALUE_AT,
    IdentityKind,
    IdsOf,
    RowIdentity,
    derived_domain,
    own_address,
    row_identity,
)
from core.leads.known import (
    CONTACT_AT,
    LEAD_AT,
    KnownContact,
    KnownLead,
    KnownPerson,
    Record,
    Values,
    key_of_name,
    name_of,
    person_alone,
)
from core.leads.lead import POSITION
from core.leads.merging import ConflictPolicy, merge_extra, merge_values
from core.leads.names import Likeness, company_key
from core.leads.rows import NewRow, names_a_person, with_company_address

MAX_PAIRS = 10
"""Possible duplicates that are written for one new record: a name that thousands have is no hint."""

_TO_LEAD = [POSITION[name] for name in LEAD_AT]
_TO_CONTACT = [POSITION[name] for name in CONTACT_AT]
_NAME, _DOMAIN = LEAD_AT["company_name"], LEAD_AT["company_domain"]
_CITY = LEAD_AT["city"]
_PLACE = ("street", "city", "state", "country", "postal_code")
_ROW_PLACES = [LEAD_AT[name] for name in ("notes", "source", "external_id")]
MAX_PLACES = 1_000
"""Further addresses of one company that are kept."""


class Pair(NamedTuple):
    """Two that may be one."""

    kind: Literal["lead", "person"]
    first: str
    second: str
    reason: str


class Added(NamedTuple):
    """An identity to store; with its value where it was added to an owner who was known before."""

    key: str
    owner: str
    kind: IdentityKind
    value: str | None


RecordName = Literal["lead", "person", "contact"]
RowEnd = Literal["inserted", "matched", "repeated"]
"""A row brought a lead or contact, named what was there before the import, or what an earlier row of it brought."""


@dataclass(slots=True)
class Matching:
    """The leads and people that the rows of a batch may be, and what placing the rows comes to.

    Attributes:
        policy: How a row's values meet what is known.
        new_id: Makes the id of a new record.
        is_apart: Whether a lead is known not to be a row's, whatever both say: two companies of one CRM.
        ids_of: Whose the file's ids are.
        are_branches_apart: Whether the place is part of a company's identity.
        owners: Identity -> the lead or person that has it.
        by_name: Name key -> the leads of that name, the oldest first.
        leads, contacts: New ones.
        met: Stored leads and contacts that rows named.
        things: What rows that named stored ones were about, a contact or a lead without one, and whether they said
            anything new.
        last: The lead and the contact of the row that was placed last.
        absorbed: Leads of a person alone whose company has come: (lead, the company's).
        apart: Rows whose identity was somebody else's, by its kind; as `address` rows that gave a company a further
            address, as `branched` companies that had one so far.
        elsewhere: Rows whose person also stands at another company.
    """

    policy: ConflictPolicy
    new_id: Callable[[RecordName], str]
    ids_of: IdsOf = "none"
    are_branches_apart: bool = False
    is_apart: Callable[[KnownLead], bool] | None = None
    owners: dict[str, KnownLead | KnownPerson] = field(default_factory=dict)
    by_name: dict[str, list[KnownLead]] = field(default_factory=dict)
    at_lead: dict[tuple[str, str], list[KnownContact]] = field(default_factory=dict)
    leads: list[KnownLead] = field(default_factory=list)
    contacts: list[KnownContact] = field(default_factory=list)
    added: list[Added] = field(default_factory=list)
    pairs: dict[tuple[str, str], Pair] = field(default_factory=dict)
    met: dict[str, Record] = field(default_factory=dict)
    things: dict[str, bool] = field(default_factory=dict)
    absorbed: list[tuple[KnownLead, KnownLead]] = field(default_factory=list)
    apart: dict[str, int] = field(default_factory=dict)
    elsewhere: int = 0
    last: tuple[KnownLead, KnownContact | None] | None = None
    _struck: list[str] = field(default_factory=list)
    _ambiguous: list[KnownLead] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _fresh: set[str] = field(default_factory=set)
    _news: int = 0

    # -- what is known ------------------------------------------------------------------------------------------------

    def know_lead(self, lead: KnownLead) -> None:
        """Take a lead in under its names; its identities are put into `owners`."""
        for key in {lead.name_key, *lead.aliases}:
            if key:
                self.by_name.setdefault(key, []).append(lead)

    def know_contact(self, contact: KnownContact) -> None:
        """Take a contact in."""
        contact.person.contacts.append(contact)
        if contact.name_key:
            self.at_lead.setdefault((contact.lead.id, contact.name_key), []).append(contact)

    def doubtful_keys(self, row: NewRow) -> Iterator[str]:
        """Yield under which keys a row itself may be known, where an identity of its own may be somebody else's."""
        if row.lead_row is None:
            owners = [owner for _, key in row.lead_ids if isinstance(owner := self.owners.get(key), KnownLead)]
            name = row.values[POSITION["company_name"]]
            if any(owner.is_domain_shared or _are_others(owner.likeness(name)) for owner in owners):
                yield row_identity(IdentityKind.COMPANY_ROW, row.values).key
        if row.person_row is None:
            people = [owner for _, key in row.person_ids if isinstance(owner := self.owners.get(key), KnownPerson)]
            name = name_of([row.values[position] for position in _TO_CONTACT])
            if any(_are_others(contact.likeness(name)) for owner in people for contact in owner.contacts[:1]):
                yield row_identity(IdentityKind.PERSON_ROW, row.values).key

    def let_go(self) -> None:
        """Undo the circles of people and their contacts: memory is free at once, without a walk of the collector."""
        for owner in self.owners.values():
            if isinstance(owner, KnownPerson):
                owner.contacts.clear()

    # -- placing a row ------------------------------------------------------------------------------------------------

    def place(self, row: NewRow) -> RowEnd:
        """Find a row its lead and its contact, or make them; merge its values in."""
        lead_values = [row.values[position] for position in _TO_LEAD]
        person_values = [row.values[position] for position in _TO_CONTACT]
        if not names_a_person(person_values):
            row = with_company_address(row, lead_values, person_values)
            return self._end(self._lead(row, lead_values, ()), None, row, lead_values, person_values)
        for position in _ROW_PLACES:
            lead_values[position] = None
        people = self._people(row, person_values, lead_values)
        if row.company_key or row.lead_ids:
            lead = self._lead(row, lead_values, people)
        elif people:
            lead = people[0].contacts[0].lead
        else:
            lead = self._make_lead(row, lead_values, is_person=True)
        contact = self._contact(row, person_values, lead, people)
        return self._end(lead, contact, row, lead_values, person_values)

    def place_at(self, row: NewRow, lead: KnownLead) -> KnownContact:
        """Find a row's person the contact they are at a lead, or make it; only the person's values are taken."""
        values = [row.values[position] for position in _TO_CONTACT]
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
            company = person.contacts[0].lead.likeness(lead_values[_NAME])
            domain = person.contacts[0].lead.values[_DOMAIN]
            if domain is not None and domain == lead_values[_DOMAIN]:
                company = Likeness.SAME
            if is_another_person(person.contacts[0], values, kind, company, ids_of=self.ids_of):
                self._count_apart(kind)
                self._struck.append(person.id)
            else:
                found[person.id] = person
        return list(found.values())

    def _person_ids(self, row: NewRow) -> Iterator[RowIdentity]:
        yield from row.person_ids
        if row.person_row or self._struck:  # an identity that is somebody else's leaves the row itself
            yield row.person_row or row_identity(IdentityKind.PERSON_ROW, row.values)

    def _lead(self, row: NewRow, values: Values, people: Sequence[KnownPerson]) -> KnownLead:
        """Return the lead that a row's company is, or make it."""
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
        alone = person_alone(people)
        if left:
            first, *others = left.values()
            for other in others:
                self._note_pair("lead", first.id, other.id, "one row names both")
            if alone is not None and alone is not first and not first.is_person:
                self._absorb(alone, first, people)
            return first
        if alone is not None:
            return alone
        made = self._make_lead(row, values)
        for other in list(struck.values())[:MAX_PAIRS]:
            self._note_pair("lead", made.id, other.id, "an identity in common; name, domain or place differ")
        for other in self._ambiguous[:MAX_PAIRS]:
            self._note_pair("lead", made.id, other.id, "one name; nothing says whether they are one")
        return made

    def _owners(
        self, row: NewRow, values: Values, people: Sequence[KnownPerson]
    ) -> Iterator[tuple[IdentityKind | None, KnownLead]]:
        """Yield the leads that a row's identities and names find, the strongest first."""
        self._ambiguous.clear()
        is_in_doubt = False
        for kind, key in row.lead_ids:
            lead = self.owners.get(key)
            if not isinstance(lead, KnownLead):
                continue
            if kind in (IdentityKind.DOMAIN, IdentityKind.DERIVED_DOMAIN) and lead.is_domain_shared:
                likeness = lead.likeness(values[_NAME])
                is_in_doubt = True
                if likeness is None or likeness < Likeness.PART:
                    continue  # a domain that several have finds nobody alone
            is_in_doubt = is_in_doubt or is_another_company(lead, values, kind)
            yield kind, lead
        if row.lead_row or is_in_doubt:
            kind, key = row.lead_row or row_identity(IdentityKind.COMPANY_ROW, row.values)
            if isinstance(lead := self.owners.get(key), KnownLead):
                yield kind, lead
        for person in people:
            for contact in person.contacts:
                likeness = contact.lead.likeness(values[_NAME])
                is_theirs = likeness >= Likeness.PART if likeness is not None else row.company_key is None
                if is_theirs and not contact.lead.is_person and not is_another_company(contact.lead, values, None):
                    yield IdentityKind.PERSON_ID, contact.lead
        if row.company_key:
            yield from ((None, lead) for lead in self._named(row, values))

    def _named(self, row: NewRow, values: Values) -> Iterable[KnownLead]:
        """Return the leads of a name that count: at the same place; else the only one, of the file or of all."""
        same_name = self.by_name.get(row.company_key or "", [])
        if not same_name:
            return ()
        domain = values[_DOMAIN]
        if domain is not None:  # a domain that several have: with the name it says which
            shared = [lead for lead in same_name if lead.is_domain_shared and lead.values[_DOMAIN] == domain]
            if shared:
                return shared
        open_ones = [lead for lead in same_name if not is_another_place(lead, values)]
        here = [lead for lead in open_ones if values[_CITY] and lead.values[_CITY]]
        if here:
            return here
        alone: list[KnownLead] = []
        others: list[KnownLead] = []
        for lead in open_ones:
            (others if is_another_company(lead, values, None) else alone).append(lead)
        of_file = [lead for lead in alone if lead.is_own or lead.is_named]
        if len(of_file) == 1:
            return of_file
        if len(alone) == 1 and len(same_name) == 1:
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
        left: dict[str, KnownPerson] = {person.id: person for person in people}
        struck = list(dict.fromkeys(self._struck))
        self._struck.clear()
        if row.person_key:
            for contact in self.at_lead.get((lead.id, row.person_key), ()):
                if contact.person.id in left:
                    continue
                if is_another_person(contact, values, None, Likeness.SAME, ids_of=self.ids_of):
                    struck.append(contact.person.id)
                else:
                    left[contact.person.id] = contact.person
        if left:
            person, *others = left.values()
            for other in others:
                self._note_pair("person", person.id, other.id, "one row names both")
            here = next((contact for contact in person.contacts if contact.lead is lead), None)
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

    def _note_pair(self, kind: Literal["lead", "person"], one: str, other: str, reason: str) -> None:
        if one != other:
            first, second = sorted((one, other))
            self.pairs.setdefault((first, second), Pair(kind, first, second, reason))

    def _count_apart(self, kind: IdentityKind) -> None:
        name = kind.name.lower()
        self.apart[name] = self.apart.get(name, 0) + 1

    def _count_address(self, *, is_first: bool) -> None:
        """Count a further address, and a company that had only one so far."""
        self.apart["address"] = self.apart.get("address", 0) + 1
        if is_first:
            self.apart["branched"] = self.apart.get("branched", 0) + 1

    # -- what a placed row leaves behind ------------------------------------------------------------------------------

    def _end(
        self, lead: KnownLead, contact: KnownContact | None, row: NewRow, lead_values: Values, person_values: Values
    ) -> RowEnd:
        self.last = (lead, contact)
        is_first_lead = lead.is_new and lead.id not in self._seen
        is_first_contact = contact is not None and contact.is_new and contact.id not in self._seen
        self._seen.add(lead.id)
        if contact is not None:
            self._seen.add(contact.id)
        before = self._news + lead.changes + (contact.changes if contact else 0)
        self._take_lead(lead, row, lead_values, has_person=contact is not None, is_first=is_first_lead)
        if contact is not None:
            self._take_contact(contact, row, person_values, is_first=is_first_contact)
        thing: Record = lead if contact is None else contact
        has_news = self._news + lead.changes + (contact.changes if contact else 0) > before
        self._fresh.clear()  # what the next row says of them may be something else
        if is_first_lead or is_first_contact:
            return "inserted"
        if thing.is_own:
            return "repeated"
        self.things[thing.id] = has_news or self.things.get(thing.id, False)
        return "matched"

    def _take_lead(self, lead: KnownLead, row: NewRow, values: Values, *, has_person: bool, is_first: bool) -> None:
        if not lead.is_new:
            self.met.setdefault(lead.id, lead)
        if row.company_key:
            lead.is_named = True
        if lead.is_own or self.policy is not ConflictPolicy.SKIP:
            self._add_lead_identities(lead, row)
        if is_first:
            if not has_person:
                lead.extra, lead.original = dict(row.extra or {}), dict(row.original or {})
        elif self.policy is not ConflictPolicy.SKIP:
            self._merge_lead(lead, row, values, has_person=has_person)
        self._derive_domain(lead, row)

    def _merge_lead(self, lead: KnownLead, row: NewRow, values: Values, *, has_person: bool) -> None:
        self._note_name_and_place(lead, row, values)
        if lead.is_person and (row.company_key or row.lead_ids):
            lead.keep()
            lead.is_person = False
        name = lead.values[_NAME]
        merge_values(lead, LEAD_AT, values, row.original if not has_person else None, self.policy)
        if not has_person:
            merge_extra(lead, row.extra, self.policy)
        if lead.values[_NAME] != name and (name_key := company_key(lead.values[_NAME])) != lead.name_key:
            lead.name_key = name_key
            if name_key:
                self.by_name.setdefault(name_key, []).append(lead)

    def _derive_domain(self, lead: KnownLead, row: NewRow) -> None:
        """Call a company that nothing else names by the domain of its person's own address."""
        if lead.values[_NAME] or lead.values[_DOMAIN] or lead.is_person:
            return
        if any(each.kind is IdentityKind.DERIVED_DOMAIN for each in row.lead_ids):
            address = own_address(row.values[POSITION["contact_email"]])
            if address:
                lead.values[_DOMAIN] = derived_domain(address)

    def _note_name_and_place(self, lead: KnownLead, row: NewRow, values: Values) -> None:
        """Keep the other of two names as an alias, and another address as a further place."""
        name, known = values[_NAME], lead.values[_NAME]
        if name and known and row.company_key and row.company_key != lead.name_key:
            takes = self.policy is ConflictPolicy.OVERWRITE and "company_name" not in lead.edits
            key, alias = (lead.name_key, known) if takes else (row.company_key, name)
            if key and key not in lead.aliases:
                lead.keep()
                lead.aliases[key] = alias
                if not takes:
                    self.by_name.setdefault(key, []).append(lead)
        if values[_CITY] and lead.values[_CITY] and is_another_place(lead, values):
            takes = self.policy is ConflictPolicy.OVERWRITE
            other = lead.values if takes else values
            lead.keep()
            self._count_address(is_first=not lead.places)
            if len(lead.places) < MAX_PLACES:
                lead.places.append({field: value for field in _PLACE if (value := other[LEAD_AT[field]])})
            for field in _PLACE:  # two addresses are not mixed
                other[LEAD_AT[field]] = None

    def _take_contact(self, contact: KnownContact, row: NewRow, values: Values, *, is_first: bool) -> None:
        if not contact.is_new:
            self.met.setdefault(contact.id, contact)
        if contact.is_own or self.policy is not ConflictPolicy.SKIP:
            self._add_person_identities(contact.person, row)
        if is_first:
            contact.extra, contact.original = dict(row.extra or {}), dict(row.original or {})
        elif self.policy is not ConflictPolicy.SKIP:
            name = contact.name
            merge_values(contact, CONTACT_AT, values, row.original, self.policy)
            merge_extra(contact, row.extra, self.policy)
            name_key = contact.name_key if contact.name == name else key_of_name(contact.values)
            if name_key and name_key != contact.name_key:
                contact.name_key = name_key
                self.at_lead.setdefault((contact.lead.id, name_key), []).append(contact)

    def _add_lead_identities(self, lead: KnownLead, row: NewRow) -> None:
        has_own = False
        for kind, key in row.lead_ids:
            owner = self.owners.get(key)
            if owner is None:
                self._add(lead, row, kind, key)
            elif owner is not lead and kind is IdentityKind.DOMAIN and isinstance(owner, KnownLead):
                for each in (owner, lead):
                    if not each.is_domain_shared:
                        each.keep()
                        each.is_domain_shared = True
            has_own = has_own or owner is None or owner is lead
        # A domain that turns out to be shared will find nobody alone: then the row finds itself.
        says_little = not has_own or (row.company_key is None and not row.person_key and not row.person_ids)
        if says_little and not lead.is_person:
            kind, key = row.lead_row or row_identity(IdentityKind.COMPANY_ROW, row.values)
            if key not in self.owners:
                self._add(lead, row, kind, key)

    def _add_person_identities(self, person: KnownPerson, row: NewRow) -> None:
        has_own = False
        for kind, key in row.person_ids:
            owner = self.owners.get(key)
            if owner is None:
                self._add(person, row, kind, key)
            has_own = has_own or owner is None or owner is person
        if not has_own:
            kind, key = row.person_row or row_identity(IdentityKind.PERSON_ROW, row.values)
            if key not in self.owners:
                self._add(person, row, kind, key)

    def _add(self, owner: KnownLead | KnownPerson, row: NewRow, kind: IdentityKind, key: str) -> None:
        self.owners[key] = owner
        self._news += kind not in (IdentityKind.COMPANY_ROW, IdentityKind.PERSON_ROW)
        place = None if owner.id in self._fresh else VALUE_AT[kind]
        self.added.append(Added(key, owner.id, kind, None if place is None else row.values[place]))


def _are_others(likeness: Likeness | None) -> bool:
    return likeness is not None and likeness < Likeness.PART
