"""What a placed row leaves with its lead and contact: values by the import's policy, names, places, identities."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from core.leads.contradictions import is_another_place
from core.leads.identities import VALUE_AT, IdentityKind, IdsOf, derived_domain, name_at, own_address, row_identity
from core.leads.known import CONTACT_AT, LEAD_AT, KnownContact, KnownLead, KnownPerson, Record, Values, key_of_name
from core.leads.lead import POSITION
from core.leads.merging import ConflictPolicy, merge_extra, merge_values
from core.leads.names import company_key
from core.leads.rows import NewRow

_NAME, _DOMAIN = LEAD_AT["company_name"], LEAD_AT["company_domain"]
_CITY, _PHONE = LEAD_AT["city"], LEAD_AT["company_phone"]
_PLACE = ("street", "city", "state", "country", "postal_code")
_NO_VALUES = (IdentityKind.COMPANY_ROW, IdentityKind.PERSON_ROW, IdentityKind.NAME_AT)
MAX_PLACES = 1_000
"""Further addresses of one company that are kept."""


class FoundPair(NamedTuple):
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


NotedRow = tuple[NewRow, str, str, str]
"""A row of which nothing was known before, with the ids of its lead, its person and its contact."""
RecordName = Literal["lead", "person", "contact"]
RowEnd = Literal["inserted", "matched", "repeated"]
"""A row brought a lead or contact, named what was there before the import, or what an earlier row of it brought."""


@dataclass(slots=True)
class RowTaking:
    """The leads and people that rows may be, and what rows that were placed leave with them: values and identities.

    Attributes:
        policy: How a row's values meet what is known.
        new_id: Makes the id of a new record.
        is_apart: Whether a lead is known not to be a row's, whatever both say: two companies of one CRM.
        ids_of: Whose the file's ids are.
        are_branches_apart: Whether the place is part of a company's identity.
        owners: Identity -> the lead or person that has it.
        by_name: Name key -> the leads of that name, the oldest first.
        leads, contacts: New ones.
        noted: Rows that bring a new lead and contact each, by the lead's id: those stand in nothing else here.
        met: Stored leads and contacts that rows named.
        sharing: Leads whose domain turned out to be shared, named by a row or not.
        things: What rows that named stored ones were about, a contact or a lead without one, and whether they said
            anything new.
        last: The lead and the contact of the row that was placed last.
        apart: Rows whose identity was somebody else's, by its kind; as `address` rows that gave a company a further
            address, as `branched` companies that had one so far.
        elsewhere: Rows whose person also stands at another company.
        absorbed: Leads of a person alone whose company has come: (lead, the company's).
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
    noted: dict[str, NotedRow] = field(default_factory=dict)
    pairs: dict[tuple[str, str], FoundPair] = field(default_factory=dict)
    met: dict[str, Record] = field(default_factory=dict)
    sharing: dict[str, Record] = field(default_factory=dict)
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

    def end(
        self, lead: KnownLead, contact: KnownContact | None, row: NewRow, lead_values: Values, person_values: Values
    ) -> RowEnd:
        """Merge a row's values into the lead and contact it was found to be; return what became of it."""
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
        elif lead.is_own or self.policy is not ConflictPolicy.SKIP:
            self._merge_lead(lead, row, values, has_person=has_person)
        self._derive_domain(lead, row)

    def _merge_lead(self, lead: KnownLead, row: NewRow, values: Values, *, has_person: bool) -> None:
        self._note_name(lead, row, values)
        self._note_place(lead, values)
        if lead.is_person and (row.company_key or row.lead_ids):
            lead.keep()
            lead.is_person = False
        policy, name = self._policy_with(lead), lead.values[_NAME]
        phone = values[_PHONE]
        has_further_phone = phone is not None and lead.values[_PHONE] not in (None, phone)
        merge_values(lead, LEAD_AT, values, row.original if not has_person else None, policy)
        if not has_person:
            merge_extra(lead, row.extra, policy)
        if has_further_phone and lead.values[_PHONE] != phone:
            merge_extra(lead, {"contact_phone": phone}, policy)
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
                lead.keep()
                lead.values[_DOMAIN] = derived_domain(address)

    def _count_address(self, *, is_first: bool) -> None:
        """Count a further address, and a company that had only one so far."""
        self.apart["address"] = self.apart.get("address", 0) + 1
        if is_first:
            self.apart["branched"] = self.apart.get("branched", 0) + 1

    def _policy_with(self, record: Record) -> ConflictPolicy:
        """Return how rows meet a record: what this very import brought is not yet there, and is filled."""
        return ConflictPolicy.FILL_EMPTY if record.is_own and self.policy is ConflictPolicy.SKIP else self.policy

    def _note_name(self, lead: KnownLead, row: NewRow, values: Values) -> None:
        """Keep the other of two names as an alias."""
        name, known = values[_NAME], lead.values[_NAME]
        if not (name and known and row.company_key) or row.company_key == lead.name_key:
            return
        takes = self.policy is ConflictPolicy.OVERWRITE and "company_name" not in lead.edits
        key, alias = (lead.name_key, known) if takes else (row.company_key, name)
        if key and key not in lead.aliases:
            lead.keep()
            lead.aliases[key] = alias
            if not takes:
                self.by_name.setdefault(key, []).append(lead)

    def _note_place(self, lead: KnownLead, values: Values) -> None:
        """Keep the other of two addresses as a further place."""
        if not (values[_CITY] and lead.values[_CITY]) or not is_another_place(lead, values):
            return
        other = lead.values if self.policy is ConflictPolicy.OVERWRITE else values
        lead.keep()
        self._count_address(is_first=not lead.places)
        if len(lead.places) < MAX_PLACES:
            lead.places.append({name: value for name in _PLACE if (value := other[LEAD_AT[name]])})
        for name in _PLACE:  # two addresses are not mixed
            other[LEAD_AT[name]] = None

    def _take_contact(self, contact: KnownContact, row: NewRow, values: Values, *, is_first: bool) -> None:
        if not contact.is_new:
            self.met.setdefault(contact.id, contact)
        if contact.is_own or self.policy is not ConflictPolicy.SKIP:
            self._add_person_identities(contact.person, row)
        if is_first:
            contact.extra, contact.original = dict(row.extra or {}), dict(row.original or {})
        elif contact.is_own or self.policy is not ConflictPolicy.SKIP:
            policy, name = self._policy_with(contact), contact.name
            merge_values(contact, CONTACT_AT, values, row.original, policy)
            merge_extra(contact, row.extra, policy)
            name_key = contact.name_key if contact.name == name else key_of_name(contact.values)
            if name_key and name_key != contact.name_key:
                contact.name_key = name_key
                self.at_lead.setdefault((contact.lead.id, name_key), []).append(contact)
            if row.person_key and row.person_key != contact.name_key:
                self._note_other_name(contact, row, row.person_key)

    def _note_other_name(self, contact: KnownContact, row: NewRow, name_key: str) -> None:
        """Let a contact be found by another name it was met under, unless somebody else is."""
        kind, key = name_at(contact.lead.id, name_key)
        if key not in self.owners and not self.at_lead.get((contact.lead.id, name_key)):
            self._add(contact.person, row, kind, key)
            self.at_lead[contact.lead.id, name_key] = [contact]

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
                        self.sharing[each.id] = each
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
        if kind is IdentityKind.EMAIL and isinstance(owner, KnownPerson):
            owner.addresses.add(key)
        self._news += kind not in _NO_VALUES
        place = None if owner.id in self._fresh else VALUE_AT[kind]
        self.added.append(Added(key, owner.id, kind, None if place is None else row.values[place]))
