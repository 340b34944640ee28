"""Placing the rows of a file: as `core.leads.matching`, and quicker where nobody knows anything of a row yet.

Most rows of a first import name a company and a person of whom nothing is known: no identity, no company's name. Such
a row brings both, whatever the rules say of others, so that it is only noted. Once a later row names any of that,
the noted one becomes records like all others, before the later one is placed: what comes of both is the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.leads.identities import IdentityKind
from core.leads.known import KnownContact, KnownLead, KnownPerson
from core.leads.matching import Matching, contact_values, lead_values_of_person
from core.leads.rows import NewRow
from core.leads.taking import Added, NotedRow, RowEnd


@dataclass(slots=True)
class BatchMatching(Matching):
    """Finds the rows of a batch their leads and contacts. What it only noted stands in `noted`."""

    _noted_keys: dict[str, NotedRow] = field(default_factory=dict)
    _noted_names: dict[str, NotedRow] = field(default_factory=dict)

    def place(self, row: NewRow, *, is_asked_for: bool = False) -> RowEnd:
        """Find a row its lead and its contact, or make them; merge its values in.

        Args:
            row: of the file.
            is_asked_for: `last` is wanted, so that the row is not only noted.
        """
        _, _, _, lead_ids, person_ids, company, person, lead_row, person_row = row
        is_new, owners, noted_keys = company not in self.by_name, self.owners, self._noted_keys
        keys = [key for _, key in lead_ids]
        keys += [key for _, key in person_ids]
        if lead_row:
            keys.append(lead_row[1])
        if person_row:
            keys.append(person_row[1])
        for key in keys:
            if key in noted_keys:
                self._take_in(noted_keys[key])
                is_new = False
            elif key in owners:
                is_new = False
        if company in self._noted_names:
            self._take_in(self._noted_names[company])
            is_new = False
        if is_new and company and person and not is_asked_for:
            return self._note(row)
        return Matching.place(self, row)

    def _note(self, row: NewRow) -> RowEnd:
        noted = (row, self.new_id("lead"), self.new_id("person"), self.new_id("contact"))
        self.noted[noted[1]] = noted
        for _, key in row.lead_ids or (row.lead_row,):  # type: ignore[misc]  # one of them is there
            self._noted_keys[key] = noted
        for _, key in row.person_ids or (row.person_row,):  # type: ignore[misc]
            self._noted_keys[key] = noted
        self._noted_names[row.company_key] = noted  # type: ignore[index]  # asked before
        return "inserted"

    def _take_in(self, noted: NotedRow) -> None:
        """Make records of a row that was only noted."""
        row, lead_id, person_id, contact_id = noted
        if self.noted.pop(lead_id, None) is None:
            return
        lead = KnownLead(id=lead_id, values=lead_values_of_person(row), name_key=row.company_key, is_named=True)
        person = KnownPerson(person_id)
        contact = KnownContact(
            id=contact_id, values=contact_values(row), lead=lead, person=person, name_key=row.person_key,
            extra=dict(row.extra or {}), original=dict(row.original or {}),
        )  # fmt: skip
        self.leads.append(lead)
        self.contacts.append(contact)
        self.know_lead(lead)
        self.know_contact(contact)
        self._seen.update((lead_id, contact_id))
        for added in identities_of(noted):
            owner = lead if added.owner == lead_id else person
            self.owners[added.key] = owner
            if added.kind is IdentityKind.EMAIL:
                person.addresses.add(added.key)
            self.added.append(added)


def identities_of(noted: NotedRow) -> Iterator[Added]:
    """Yield the identities that a noted row brings."""
    row, lead_id, person_id, _ = noted
    for kind, key in row.lead_ids or filter(None, (row.lead_row,)):
        yield Added(key, lead_id, kind, None)
    for kind, key in row.person_ids or filter(None, (row.person_row,)):
        yield Added(key, person_id, kind, None)
