"""Leads, contacts and people as matching knows them: stored ones and those that a batch brings, alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from core.leads.names import Likeness, companies_likeness, company_key, people_likeness, person_key

LEAD_AT = {name: place for place, name in enumerate(FIELDS_OF_LEAD)}
"""Field -> its place among a lead's values."""
CONTACT_AT = {name: place for place, name in enumerate(FIELDS_OF_CONTACT)}
"""Field -> its place among a contact's values."""

_NAME, _CITY, _COUNTRY = LEAD_AT["company_name"], LEAD_AT["city"], LEAD_AT["country"]
_FULL, _FIRST, _LAST = CONTACT_AT["contact_name"], CONTACT_AT["first_name"], CONTACT_AT["last_name"]

_NAMES = {"contact_name", "first_name", "last_name"}

Values = list[str | None]


@dataclass(slots=True, eq=False, kw_only=True)
class Record:
    """What leads and contacts have in common.

    Attributes:
        id: As text; ids of one import sort by time.
        values: In the order of `FIELDS_OF_LEAD` or `FIELDS_OF_CONTACT`.
        edits: Fields that a person or the CRM wrote: they outrank every file and speak for nobody.
        is_new: Whether this batch brings it.
        is_own: Whether this import brought it, in this batch or an earlier one.
        stored: What the database holds of it (`facts`), once the batch has changed anything.
    """

    id: str
    values: Values
    extra: dict[str, Any] = field(default_factory=dict)
    original: dict[str, Any] = field(default_factory=dict)
    edits: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = True
    is_own: bool = True
    changes: int = 0
    stored: dict[str, Any] | None = None

    def keep(self) -> None:
        """Remember what is stored before a change."""
        if not self.is_new and self.stored is None:
            self.stored = self.facts()
        self.changes += 1

    @property
    def is_changed(self) -> bool:
        """Whether rows changed anything of it."""
        return self.changes > 0

    def facts(self) -> dict[str, Any]:
        """Return all that undoing may give back: by field, keys of `extra` and `original` with their column's name."""
        said: dict[str, Any] = {f"extra.{name}": value for name, value in self.extra.items()}
        return said | {f"original.{name}": value for name, value in self.original.items()}


@dataclass(slots=True, eq=False, kw_only=True)
class KnownLead(Record):
    """A lead.

    Attributes:
        name_key: What equal names share.
        aliases: Further names, key -> as written.
        is_domain_shared: Whether other leads have its domain too.
        places: Further addresses, each by field.
        is_person: Whether it stands for a person alone.
        is_named: Whether a row of this file named it by its company.
    """

    name_key: str | None = None
    aliases: dict[str, str] = field(default_factory=dict)
    is_domain_shared: bool = False
    places: list[dict[str, str]] = field(default_factory=list)
    is_person: bool = False
    is_named: bool = False

    def facts(self) -> dict[str, Any]:
        """Return all that undoing may give back, aliases and places too."""
        said = dict(zip(LEAD_AT, self.values, strict=True)) | Record.facts(self)
        said |= {f"aliases.{key}": name for key, name in self.aliases.items()}
        stands_for = "person" if self.is_person else "company"
        return said | {"places": list(self.places), "is_domain_shared": self.is_domain_shared, "stands_for": stands_for}

    def likeness(self, name: str | None) -> Likeness | None:
        """Compare a name with those the lead is known by; one that a person wrote here speaks against nobody."""
        if self.aliases and name and company_key(name) in self.aliases:
            return Likeness.SAME
        found = companies_likeness(self.values[_NAME], name)
        return None if "company_name" in self.edits and found is not Likeness.SAME else found

    @property
    def place(self) -> tuple[str | None, str | None]:
        """City and country."""
        return self.values[_CITY], self.values[_COUNTRY]


@dataclass(slots=True, eq=False, kw_only=True)
class KnownContact(Record):
    """A person at a lead."""

    lead: KnownLead
    person: "KnownPerson"
    name_key: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return all that undoing may give back."""
        return dict(zip(CONTACT_AT, self.values, strict=True)) | Record.facts(self)

    @property
    def name(self) -> str | None:
        """As much of the name as there is."""
        return name_of(self.values)

    def likeness(self, name: str | None) -> Likeness | None:
        """Compare a name with the contact's; one that a person wrote here speaks against nobody."""
        found = people_likeness(self.name, name)
        return None if _NAMES & self.edits.keys() and found is not Likeness.SAME else found


@dataclass(slots=True, eq=False)
class KnownPerson:
    """A human being.

    Attributes:
        contacts: Those that are known here, the oldest first.
        addresses: Identities that are addresses of their own, as far as they matter.
    """

    id: str
    contacts: list[KnownContact] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    is_new: bool = True


def name_of(values: Values) -> str | None:
    """Return as much of the name as a contact's values have."""
    return values[_FULL] or values[_LAST] or values[_FIRST]


def key_of_name(values: Values) -> str | None:
    """Return what equal names share, of a contact's values."""
    return person_key(name_of(values))


def person_alone(people: Sequence[KnownPerson]) -> KnownLead | None:
    """Return the lead that stands for one of these persons alone."""
    for person in people:
        for contact in person.contacts:
            if contact.lead.is_person:
                return contact.lead
    return None
