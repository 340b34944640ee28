"""Which person of the CRM is which of ours, before anything links them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from core.crm.config import FieldMap
from core.crm.records import RecordValues, RemoteRecord, Value
from core.crm.units import LocalRecord, RecordLink
from core.crm.values import items
from core.leads.names import person_key
from core.text.mailboxes import is_made_up, is_shared


class Pairs(NamedTuple):
    """People of the CRM that no link knows: `found` says which are ours, by the CRM's id.

    `twice` are those that are ours as well, but whom another record there is linked with: nothing is made of them.
    """

    found: dict[str, LocalRecord]
    twice: frozenset[str]


def pair_contacts(
    locals_: Sequence[LocalRecord],
    links: Mapping[UUID, RecordLink],
    remotes: Sequence[RemoteRecord],
    fields: Sequence[FieldMap],
) -> Pairs:
    """Say which person of the CRM is which of ours, where no link says it yet.

    By our own id in the CRM, else by an address both have, else by the same profile, else by the same name, unless each
    has an address of its own.

    Args:
        locals_: people of a lead.
        links: theirs, by our id.
        remotes: people of its twin.
        fields: which field of the CRM is which of ours.
    """
    persons = [_Person(remote, _as_ours(remote, fields)) for remote in remotes]
    linked = {link.remote_id for link in links.values() if link.remote_id}
    there = {remote.id for remote in remotes}
    free = {local.own_id: local for local in locals_ if _is_free(links.get(local.own_id))}
    taken = [local for local in locals_ if (link := links.get(local.own_id)) and link.remote_id in there]
    open_ones = [person for person in persons if person.remote.id not in linked]
    found = _found(open_ones, free)
    taken += found.values()
    twice = (
        person.remote.id
        for person in open_ones
        if person.remote.id not in found and any(matches(local, person) for matches in _MATCHES for local in taken)
    )
    return Pairs(found, frozenset(twice))


def _found(persons: "Sequence[_Person]", free: dict[UUID, LocalRecord]) -> dict[str, LocalRecord]:
    """Return whom of ours people of the CRM are, by the CRM's id: by the strongest sign first."""
    found: dict[str, LocalRecord] = {}
    for matches in _MATCHES:
        for person in persons:
            if person.remote.id in found:
                continue
            twin = next((local for local in free.values() if matches(local, person)), None)
            if twin is not None:
                found[person.remote.id] = free.pop(twin.own_id)
    return found


class _Person(NamedTuple):
    """A person of the CRM, with its values by our names."""

    remote: RemoteRecord
    values: RecordValues


def _as_ours(remote: RemoteRecord, fields: Sequence[FieldMap]) -> RecordValues:
    return {rule.ours: remote.values.get(rule.theirs) for rule in fields}


def _is_free(link: RecordLink | None) -> bool:
    return link is None or (link.remote_id is None and not link.is_gone)


def _is_own(local: LocalRecord, person: _Person) -> bool:
    return local.own_id == person.remote.own_id


def _shares_address(local: LocalRecord, person: _Person) -> bool:
    return bool(_own_addresses(local.values.get("emails")) & _own_addresses(person.values.get("emails")))


def _has_same_profile(local: LocalRecord, person: _Person) -> bool:
    profile = local.values.get("linkedin_url")
    return bool(profile) and profile == person.values.get("linkedin_url")


def _has_same_name(local: LocalRecord, person: _Person) -> bool:
    ours, theirs = local.values.get("name"), person.values.get("name")
    if not isinstance(ours, str) or not isinstance(theirs, str) or person_key(ours) != person_key(theirs):
        return False
    return not (_own_addresses(local.values.get("emails")) and _own_addresses(person.values.get("emails")))


def _own_addresses(value: Value) -> frozenset[str]:
    return frozenset(each for each in items(value) if "@" in each and not is_made_up(each) and not is_shared(each))


_MATCHES = (_is_own, _shares_address, _has_same_profile, _has_same_name)
