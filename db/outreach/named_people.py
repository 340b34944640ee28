"""Who the people at a lead are, by every name and id under which they may have refused to be written to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.outreach.opt_outs import id_keys, keys_of, person_name, targets
from core.outreach.recipients import LEFT
from core.outreach.suppression import Target, spellings
from core.text import normalize
from db.leads.matching import current_id
from db.leads.merged_ids import ids_ever
from db.server.engine import Connection
from db.server.statements import listed, select, select_dicts

_OF_LEAD = ("id", "company_name", "company_domain", "city", "aliases", "is_domain_shared")
_OF_CONTACT = ("id", "lead_id", "person_id", "state", "contact_name", "first_name", "last_name", "linkedin_url")
_MANY = 20_000


@dataclass(slots=True)
class _Records:
    """What is stored of some leads and their contacts, each by the id it has now."""

    now: dict[UUID, UUID] = field(default_factory=dict)
    leads: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    contacts: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    at_lead: dict[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    ids: dict[UUID, list[UUID]] = field(default_factory=dict)
    """Of a lead or person -> every id it ever had."""
    identities: dict[UUID, list[UUID]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedPeople:
    """A lead and, where one is named, its contact; else whoever of it has the address that is written to."""

    lead: Mapping[str, Any]
    contact: Mapping[str, Any] | None
    colleagues: Sequence[Mapping[str, Any]]
    records: _Records

    @property
    def why_not(self) -> str | None:
        """Why the contact is not written to, whatever anybody said; None where nothing is against it."""
        return LEFT if self.contact is not None and self.contact["state"] == "former" else None

    def keys_for(self, address: str | None) -> frozenset[str]:
        """Return every key under which whoever is written to, or their company, may have been suppressed."""
        written = spellings(address) if address else ()
        if self.contact is not None:
            people = [self.contact]
        else:
            people = [each for each in self.colleagues if each["contact_email"] in written]
        named = [(person_name(each), each["linkedin_url"]) for each in people]
        own = [key for each in people for key in self._person_ids(each)]
        return keys_of(self.lead, named, written[0] if written else None) | {*own, *self._lead_ids()}

    def targets(self) -> list[Target]:
        """Return what to suppress where the contact opts out; of a lead without one, what its company is known by."""
        contact = self.contact or {}
        address = normalize.email(contact.get("contact_email") or "")
        return targets(
            {**self.lead, **contact},
            [address] if address else [],
            person_ids=self._person_ids(contact) if contact else [],
            company_ids=self._lead_ids(),
        )

    def _person_ids(self, contact: Mapping[str, Any]) -> list[str]:
        person_id = contact["person_id"]
        ids, identities = self.records.ids, self.records.identities
        return id_keys(people=ids.get(person_id, [person_id]), identities=identities.get(person_id, []))

    def _lead_ids(self) -> list[str]:
        lead_id = self.lead.get("id")
        if lead_id is None:
            return []
        # A domain that several companies have is none's identity.
        identities = [] if self.lead["is_domain_shared"] else self.records.identities.get(lead_id, [])
        return id_keys(leads=self.records.ids.get(lead_id, [lead_id]), identities=identities)


async def read_people(connection: Connection, named: Sequence[tuple[UUID | None, UUID | None]]) -> list[NamedPeople]:
    """Read leads and contacts by their ids, old ones too; in their order.

    Args:
        connection: in a transaction.
        named: a lead's id, and a contact's; None where none is known.
    """
    records = _Records()
    for start in range(0, len(named), _MANY):
        await _read(connection, named[start : start + _MANY], records)
    return [_of(records, lead_id, contact_id) for lead_id, contact_id in named]


def _of(records: _Records, lead_id: UUID | None, contact_id: UUID | None) -> NamedPeople:
    contact = records.contacts.get(records.now.get(contact_id, contact_id)) if contact_id is not None else None
    at = contact["lead_id"] if contact is not None else records.now.get(lead_id, lead_id) if lead_id else None
    lead = records.leads.get(at, {}) if at is not None else {}
    return NamedPeople(lead, contact, records.at_lead.get(at, []) if at is not None else [], records)


async def _read(connection: Connection, named: Sequence[tuple[UUID | None, UUID | None]], records: _Records) -> None:
    asked = {each for pair in named for each in pair if each is not None}
    statement = "SELECT old_id FROM merged_records WHERE old_id = ANY (%(ids)s::uuid[])"
    old = [row.old_id for row in await select(connection, statement, {"ids": list(asked)})]
    for old_id in old:
        records.now[old_id] = await current_id(connection, old_id)
    now = {records.now.get(each, each) for each in asked}
    without = [lead_id for lead_id, contact_id in named if lead_id is not None and contact_id is None]
    statement = f"""
        SELECT {listed((*_OF_CONTACT, "contact_email"))} FROM contacts
        WHERE id = ANY (%(ids)s::uuid[]) OR lead_id = ANY (%(leads)s::uuid[])
    """
    values = {"ids": list(now), "leads": [records.now.get(each, each) for each in without]}
    for row in await select_dicts(connection, statement, values):
        records.contacts[row["id"]] = row
        records.at_lead.setdefault(row["lead_id"], []).append(row)
    leads = {*now, *(row["lead_id"] for row in records.contacts.values())}
    statement = f"SELECT {listed(_OF_LEAD)} FROM leads WHERE id = ANY (%(ids)s::uuid[])"
    for row in await select_dicts(connection, statement, {"ids": list(leads)}):
        records.leads[row["id"]] = row
    await _read_ids(connection, [*records.leads, *(row["person_id"] for row in records.contacts.values())], records)


async def _read_ids(connection: Connection, owners: Iterable[UUID], records: _Records) -> None:
    ids = list(dict.fromkeys(owners))
    for old_id, now_id in (await ids_ever(connection, ids)).items():
        records.ids.setdefault(now_id, []).append(old_id)
    statement = "SELECT owner_id, key FROM identities WHERE owner_id = ANY (%(ids)s::uuid[])"
    for row in await select(connection, statement, {"ids": ids}):
        records.identities.setdefault(row.owner_id, []).append(row.key)
