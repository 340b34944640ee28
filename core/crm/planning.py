"""What becomes of one lead with its people, whatever happened to it on either side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

from core.crm.pairing import pair_contacts
from core.crm.records import RecordKind, RemoteRecord, RemoteUnit
from core.crm.states import SyncState
from core.crm.units import (
    LocalRecord,
    LocalUnit,
    Operation,
    RecordLink,
    RecordPlan,
    Setting,
    new_here,
    new_there,
    plan_record,
)
from core.crm.values import are_equal

DELETED_THERE = "was deleted in the CRM"
DELETED_HERE = "was deleted here and is left in the CRM"
EDITED_AFTER_DELETE = "was deleted here, but changed in the CRM since: it is left there"
COMPANY_EXCLUDED = "its company takes no part"
MOVED_HERE = "stands at another company here; move it in the CRM too"


class Fetched(NamedTuple):
    """What the CRM was just seen to hold: a company, or that it is gone."""

    unit: RemoteUnit | None


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """What becomes of a lead with its people.

    Attributes:
        lead_id: ours.
        records: by record.
        taken_in: people of the CRM that we do not have.
        dropped: own ids of links that are of no more use.
    """

    lead_id: UUID
    records: tuple[RecordPlan, ...]
    taken_in: tuple[Operation, ...] = ()
    dropped: tuple[tuple[RecordKind, UUID], ...] = ()

    @property
    def operations(self) -> list[Operation]:
        """All that is to be done, on both sides."""
        return [operation for record in self.records for operation in record.operations] + list(self.taken_in)


def plan_unit(
    setting: Setting,
    lead_id: UUID,
    local: LocalUnit | None,
    links: Sequence[RecordLink],
    fetched: Fetched | None,
) -> UnitPlan:
    """Plan one lead with its people.

    Args:
        setting: configuration and clocks.
        lead_id: ours.
        local: our side; None when the lead was deleted.
        links: of the lead and of its people.
        fetched: the CRM's side; None: nothing says that it changed, so it is as remembered.
    """
    by_id = {(link.kind, link.own_id): link for link in links}
    link = by_id.get((RecordKind.LEAD, lead_id)) or RecordLink(RecordKind.LEAD, lead_id, lead_id)
    if local is None:
        return _deleted_here(setting, lead_id, link, links, fetched)
    if link.is_gone:
        return _excluded(local, link, by_id, link.reason or DELETED_THERE)
    if local.lead.excluded and not _may_be_dropped(link):
        return _excluded(local, link, by_id, local.lead.excluded)
    if fetched is not None and fetched.unit is None and link.remote_id is not None:
        return _deleted_there(setting, local, link, links)
    remote = fetched.unit if fetched is not None else _remembered(link, links)
    if remote is not None:
        return _on_both_sides(setting, local, link, by_id, remote)
    if local.lead.stays_out and _may_be_dropped(link):
        return UnitPlan(lead_id, (), dropped=tuple((each.kind, each.own_id) for each in links if _may_be_dropped(each)))
    records, dropped = _contacts_to_create(setting, local, by_id)
    return UnitPlan(lead_id, (new_there(setting, local.lead, link), *records), dropped=tuple(dropped))


def _may_be_dropped(link: RecordLink) -> bool:
    """Return whether nothing would be lost with a link: its record was never there, as far as anybody knows."""
    return link.remote_id is None and not link.is_gone and link.create_sent_at is None


def _remembered(link: RecordLink, links: Sequence[RecordLink]) -> RemoteUnit | None:
    lead = link.remembered()
    if lead is None:
        return None
    people = (other.remembered() for other in links if other.kind is RecordKind.CONTACT)
    return RemoteUnit(lead, tuple(person for person in people if person is not None))


def _link_of(local: LocalRecord, lead_id: UUID, links: Mapping[tuple[RecordKind, UUID], RecordLink]) -> RecordLink:
    return links.get((local.kind, local.own_id)) or RecordLink(local.kind, local.own_id, lead_id)


def _excluded(
    local: LocalUnit, link: RecordLink, links: Mapping[tuple[RecordKind, UUID], RecordLink], reason: str
) -> UnitPlan:
    records = [RecordPlan(link, SyncState.EXCLUDED, reason)]
    for (kind, _), known in links.items():
        if kind is RecordKind.CONTACT:
            records.append(RecordPlan(known, SyncState.EXCLUDED, known.reason if known.is_gone else COMPANY_EXCLUDED))
    return UnitPlan(local.lead.own_id, tuple(records))


def _deleted_here(
    setting: Setting, lead_id: UUID, link: RecordLink, links: Sequence[RecordLink], fetched: Fetched | None
) -> UnitPlan:
    everything = tuple((each.kind, each.own_id) for each in links)
    if link.remote_id is None or (fetched is not None and fetched.unit is None):
        return UnitPlan(lead_id, (), dropped=everything)
    if link.is_gone:
        return UnitPlan(lead_id, (RecordPlan(link, SyncState.EXCLUDED, link.reason),))
    people = tuple(key for key in everything if key[0] is RecordKind.CONTACT)
    if setting.config.deleted_here == "keep":
        kept = replace(link, is_gone=True)
        return UnitPlan(lead_id, (RecordPlan(kept, SyncState.EXCLUDED, DELETED_HERE),), dropped=people)
    if fetched is not None and fetched.unit is not None and _is_edited(setting, link, fetched.unit.lead):
        kept = replace(link, is_gone=True)
        return UnitPlan(lead_id, (RecordPlan(kept, SyncState.EXCLUDED, EDITED_AFTER_DELETE),), dropped=people)
    delete = Operation("theirs", "delete", RecordKind.LEAD, lead_id, link.remote_id)
    return UnitPlan(
        lead_id, (RecordPlan(link, SyncState.PENDING, "to be deleted in the CRM", (delete,)),), dropped=people
    )


def _is_edited(setting: Setting, link: RecordLink, remote: RemoteRecord) -> bool:
    bases = ((link.base.get(rule.theirs), remote.values.get(rule.theirs)) for rule in setting.config.fields(link.kind))
    return any(base is not None and not are_equal(base.theirs, value) for base, value in bases)


def _deleted_there(setting: Setting, local: LocalUnit, link: RecordLink, links: Sequence[RecordLink]) -> UnitPlan:
    people = tuple((each.kind, each.own_id) for each in links if each.kind is RecordKind.CONTACT)
    gone = replace(link, is_gone=True)
    if setting.config.deleted_in_crm == "keep":
        return UnitPlan(local.lead.own_id, (RecordPlan(gone, SyncState.EXCLUDED, DELETED_THERE),), dropped=people)
    delete = Operation("ours", "delete", RecordKind.LEAD, local.lead.own_id, link.remote_id)
    return UnitPlan(
        local.lead.own_id, (RecordPlan(gone, SyncState.EXCLUDED, DELETED_THERE, (delete,)),), dropped=people
    )


def _contacts_to_create(
    setting: Setting, local: LocalUnit, links: Mapping[tuple[RecordKind, UUID], RecordLink]
) -> tuple[list[RecordPlan], list[tuple[RecordKind, UUID]]]:
    """Return the people to create with their company, and the links of those that are not (any more)."""
    records: list[RecordPlan] = []
    dropped: list[tuple[RecordKind, UUID]] = []
    for contact in local.contacts if setting.config.contacts else ():
        link = _link_of(contact, local.lead.own_id, links)
        if contact.stays_out and _may_be_dropped(link):
            dropped += [key for key in [(contact.kind, contact.own_id)] if key in links]
        elif contact.excluded or link.is_gone:
            records.append(RecordPlan(link, SyncState.EXCLUDED, contact.excluded or link.reason))
        elif link.remote_id is None:
            records.append(new_there(setting, contact, link))
    return records, dropped


def _on_both_sides(
    setting: Setting,
    local: LocalUnit,
    link: RecordLink,
    links: Mapping[tuple[RecordKind, UUID], RecordLink],
    remote: RemoteUnit,
) -> UnitPlan:
    lead = plan_record(setting, local.lead, link, remote.lead)
    if setting.config.contacts is None:
        return UnitPlan(local.lead.own_id, (lead,))
    meeting = _Meeting(setting, local, {key[1]: each for key, each in links.items() if key[0] is RecordKind.CONTACT})
    meeting.meet(remote.contacts)
    return UnitPlan(local.lead.own_id, (lead, *meeting.records), tuple(meeting.taken_in), tuple(meeting.dropped))


@dataclass(slots=True)
class _Meeting:
    """The people of a lead and of its twin, met with one another; `links` are theirs, by our id."""

    setting: Setting
    local: LocalUnit
    links: Mapping[UUID, RecordLink]
    records: list[RecordPlan] = field(default_factory=list)
    taken_in: list[Operation] = field(default_factory=list)
    dropped: list[tuple[RecordKind, UUID]] = field(default_factory=list)

    def meet(self, remotes: Sequence[RemoteRecord]) -> None:
        """Plan everybody who is on either side."""
        pairs = pair_contacts(self.local.contacts, self.links, remotes, self.setting.config.fields(RecordKind.CONTACT))
        mine = {contact.own_id: contact for contact in self.local.contacts}
        linked = {each.remote_id: each for each in self.links.values() if each.remote_id}
        met: set[UUID] = set()
        for remote in remotes:
            known = linked.get(remote.id)
            if known is not None:
                met.add(known.own_id)
                self._take_known(mine.get(known.own_id), known, remote)
            elif (twin := pairs.found.get(remote.id)) is not None:
                met.add(twin.own_id)
                self.records.append(_contact_on_both_sides(self.setting, twin, self._link(twin), remote))
            elif remote.id not in pairs.twice:
                self.taken_in.append(new_here(self.setting, remote))
        for contact in self.local.contacts:
            if contact.own_id not in met:
                self._only_here(contact)
        self.dropped += [
            (RecordKind.CONTACT, own_id) for own_id in self.links if own_id not in met and own_id not in mine
        ]

    def _link(self, local: LocalRecord) -> RecordLink:
        return self.links.get(local.own_id) or RecordLink(local.kind, local.own_id, self.local.lead.own_id)

    def _take_known(self, local: LocalRecord | None, link: RecordLink, remote: RemoteRecord) -> None:
        if local is not None:
            self.records.append(_contact_on_both_sides(self.setting, local, link, remote))
        elif link.own_id in self.local.moved:
            self.records.append(RecordPlan(link, SyncState.EXCLUDED, MOVED_HERE))
        else:
            self.records.append(_contact_deleted_here(self.setting, link, remote))

    def _only_here(self, local: LocalRecord) -> None:
        link = self._link(local)
        if local.stays_out and _may_be_dropped(link):
            self.dropped += [(local.kind, local.own_id)] * (local.own_id in self.links)
        else:
            self.records.append(_contact_only_here(self.setting, local, link))


def _contact_on_both_sides(setting: Setting, local: LocalRecord, link: RecordLink, remote: RemoteRecord) -> RecordPlan:
    if local.excluded:
        return RecordPlan(link, SyncState.EXCLUDED, local.excluded)
    if link.is_gone:
        return RecordPlan(link, SyncState.EXCLUDED, link.reason)
    return plan_record(setting, local, link, remote)


def _contact_deleted_here(setting: Setting, link: RecordLink, remote: RemoteRecord) -> RecordPlan:
    if link.is_gone:
        return RecordPlan(link, SyncState.EXCLUDED, link.reason)
    if setting.config.deleted_here == "keep":
        return RecordPlan(replace(link, is_gone=True), SyncState.EXCLUDED, DELETED_HERE)
    if _is_edited(setting, link, remote):
        return RecordPlan(replace(link, is_gone=True), SyncState.EXCLUDED, EDITED_AFTER_DELETE)
    delete = Operation("theirs", "delete", RecordKind.CONTACT, link.own_id, remote.id)
    return RecordPlan(link, SyncState.PENDING, "to be deleted in the CRM", (delete,))


def _contact_only_here(setting: Setting, local: LocalRecord, link: RecordLink) -> RecordPlan:
    if link.remote_id is None and not link.is_gone:
        if local.excluded:
            return RecordPlan(link, SyncState.EXCLUDED, local.excluded)
        return new_there(setting, local, link)
    gone = replace(link, is_gone=True)
    if setting.config.deleted_in_crm == "keep" or link.is_gone:
        return RecordPlan(gone, SyncState.EXCLUDED, link.reason or DELETED_THERE)
    delete = Operation("ours", "delete", RecordKind.CONTACT, local.own_id, link.remote_id)
    return RecordPlan(gone, SyncState.EXCLUDED, DELETED_THERE, (delete,))
