"""One company with its people on both sides: what has to be done, where.

The CRM's side is what was fetched, or, where nothing says it changed, what is remembered of it. The same function plans
a run, settles our side and decides what is sent, so the three never disagree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple
from uuid import UUID

from core.crm.config import CrmConfig, FieldMap
from core.crm.meanings import meaning_of, stored, written
from core.crm.merging import Base, FieldConflict, Merged, Ours, Side, Theirs, given_back, merge_field
from core.crm.records import RecordKind, RecordValues, RemoteRecord, Value
from core.crm.states import SyncState
from core.crm.values import are_equal

Action = Literal["create", "update", "delete"]
Changes = dict[str, tuple[Value, Value]]
"""By field: its value before and after."""
_EMPTY: Mapping[str, datetime] = MappingProxyType({})


class Edit(NamedTuple):
    """That a field was written in somebody's name."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class LocalRecord:
    """A company or person of ours.

    Attributes:
        own_id: what the CRM carries as our id.
        values: by our field names; lists as tuples.
        edits: by our field names, who wrote a field and when.
        updated_at: when anything changed last.
        excluded: why it takes no part, or None.
        held_back: why it is not created there, or None; what is there already stays in step all the same.
    """

    kind: RecordKind
    own_id: UUID
    values: RecordValues
    edits: Mapping[str, Edit]
    updated_at: datetime
    excluded: str | None = None
    held_back: str | None = None

    @property
    def stays_out(self) -> str | None:
        """Why it is not created there."""
        return self.excluded or self.held_back


@dataclass(frozen=True, slots=True)
class LocalUnit:
    """A lead with its people; `token` changes when anything of it does.

    `moved` are contacts that stand at another lead here, while their company in the CRM is still this one's twin.
    """

    lead: LocalRecord
    contacts: tuple[LocalRecord, ...]
    token: str
    moved: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class RecordLink:
    """What is known of a record's twin in the CRM.

    Attributes:
        own_id: ours.
        remote_id: the CRM's; None while it is not there.
        base: by the CRM's field names, what was last agreed on.
        seen_edits: by our field names, the time of the edit that was part of that.
        next_try_at: before which a failing record is left alone.
        create_sent_at: when a create was sent whose answer we do not have.
        token: of the lead with its people, when it was settled last.
        is_gone: whether the twin was deleted or merged away, or is to be left alone for another lasting reason.
    """

    kind: RecordKind
    own_id: UUID
    lead_id: UUID
    remote_id: str | None = None
    base: Mapping[str, Base] = field(default_factory=dict)
    seen_edits: Mapping[str, datetime] = field(default_factory=dict)
    state: SyncState = SyncState.PENDING
    reason: str | None = None
    failures: int = 0
    next_try_at: datetime | None = None
    create_sent_at: datetime | None = None
    remote_updated_at: datetime | None = None
    is_gone: bool = False
    token: str | None = None

    def remembered(self) -> RemoteRecord | None:
        """Return the twin as it was last seen."""
        if self.remote_id is None or self.is_gone:
            return None
        values = {name: base.theirs for name, base in self.base.items()}
        return RemoteRecord(self.kind, self.remote_id, values, self.own_id, self.remote_updated_at)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do on one side.

    Attributes:
        changes: field (in the names of that side) to value before and after.
        by: in whose name our side is written; empty: the CRM's.
        at: when they wrote it, by our clock; None: now.
    """

    side: Side
    action: Action
    kind: RecordKind
    own_id: UUID | None
    remote_id: str | None
    changes: Mapping[str, tuple[Value, Value]] = field(default_factory=dict)
    by: str = ""
    at: datetime | None = None

    @property
    def values(self) -> dict[str, Value]:
        """The fields' new values."""
        return {name: after for name, (_, after) in self.changes.items()}


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """What becomes of one record.

    Attributes:
        link: as it has to be remembered once our side is settled.
        state: then.
        reason: why, where it is not in sync.
        operations: on both sides.
        conflicts: by our field names.
    """

    link: RecordLink
    state: SyncState
    reason: str | None = None
    operations: tuple[Operation, ...] = ()
    conflicts: Mapping[str, FieldConflict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a plan is made with.

    Attributes:
        config: the field map, policies.
        provider: its name, by which its edits are told from a person's here.
        clock_offset_s: seconds the CRM's clock is ahead of ours.
        times: when a field of a record changed last, by the CRM's id and field and clock, where its log says so.
        overwritten: what was written over without being known, by the CRM's id and field, and when by its clock.
    """

    config: CrmConfig
    provider: str
    clock_offset_s: float = 0.0
    times: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    overwritten: Mapping[str, Mapping[str, tuple[Value, datetime]]] = field(default_factory=dict)

    @property
    def person_there(self) -> str:
        """In whose name our side is written where somebody's edit in the CRM is given back."""
        return f"a person in {self.provider}"

    def by_our_clock(self, moment: datetime) -> datetime:
        """Return a moment of the CRM's clock as ours shows it."""
        return moment - timedelta(seconds=self.clock_offset_s)


def plan_record(setting: Setting, local: LocalRecord, link: RecordLink, remote: RemoteRecord) -> RecordPlan:
    """Merge a record that is on both sides, field by field."""
    merging = _Merging(setting, local, link, remote)
    for rule in setting.config.fields(local.kind):
        merging.take(rule)
    is_behind = bool(merging.to_theirs)
    linked = RecordLink(
        local.kind,
        local.own_id,
        link.lead_id,
        remote.id,
        merging.base,
        merging.seen,
        remote_updated_at=remote.updated_at,
    )
    return RecordPlan(
        linked,
        SyncState.PENDING if is_behind else SyncState.IN_SYNC,
        "to be sent" if is_behind else None,
        tuple(merging.operations()),
        merging.conflicts,
    )


@dataclass(slots=True)
class _Merging:
    """A record that is on both sides, and what merging its fields has brought about so far.

    Attributes:
        to_ours: changes of our side, by our field names; `to_theirs` those of the CRM, by its.
        back: changes of ours that give back what we had written over, which was written at `back_at`.
        base: what is agreed on then, by the CRM's field names.
        seen: until which edit of ours a field is merged.
    """

    setting: Setting
    local: LocalRecord
    link: RecordLink
    remote: RemoteRecord
    to_ours: Changes = field(default_factory=dict)
    to_theirs: Changes = field(default_factory=dict)
    back: Changes = field(default_factory=dict)
    back_at: list[datetime] = field(default_factory=list)
    base: dict[str, Base] = field(default_factory=dict)
    seen: dict[str, datetime] = field(default_factory=dict)
    conflicts: dict[str, FieldConflict] = field(default_factory=dict)

    def take(self, rule: FieldMap) -> None:
        """Merge one field."""
        ours, theirs = _ours(self.setting, rule, self.local, self.link), self._theirs(rule)
        old = self.link.base.get(rule.theirs)
        old = old and replace(old, ours=stored(rule.ours, old.ours))
        edited_at = _edited_at(self.local, rule)
        lost = _lost(self.setting, rule, self.remote)
        returned = given_back(old, ours, theirs, lost, edited_at=edited_at) if lost else None
        merged = returned or merge_field(
            old, ours, theirs, owner=rule.owner, direction=rule.direction, meaning=meaning_of(rule.ours)
        )
        to_store = stored(rule.ours, merged.value)
        if merged.to_ours and merged.value and not to_store:
            # What they say is nothing that we could keep: it stays there, and ours here.
            merged = replace(merged, to_ours=False, conflict=merged.conflict if returned else None)
        self.base[rule.theirs] = _next_base(old, ours.value, theirs.value, merged, to_store)
        if lost is not None and returned is not None:
            self.base[rule.theirs] = replace(self.base[rule.theirs], is_theirs=True)
            self.back_at.append(lost.at)
        if merged.to_ours:
            (self.back if returned else self.to_ours)[rule.ours] = (ours.value, to_store)
        if merged.to_theirs:
            self.to_theirs[rule.theirs] = (theirs.value, written(rule.ours, merged.value))
        mark = self.link.seen_edits.get(rule.ours) if merged.to_theirs else edited_at
        if mark is not None:
            self.seen[rule.ours] = mark
        if merged.conflict is not None:
            self.conflicts[rule.ours] = replace(merged.conflict, ours=written(rule.ours, merged.conflict.ours))

    def _theirs(self, rule: FieldMap) -> Theirs:
        times = self.setting.times.get(self.remote.id, _EMPTY)
        at = times.get(rule.theirs) or self.remote.updated_at or self.local.updated_at
        return Theirs(self.remote.values.get(rule.theirs), self.setting.by_our_clock(at))

    def operations(self) -> Iterator[Operation]:
        """Yield what is to be done on either side."""
        if self.to_ours:
            yield _update("ours", self.local, self.remote, self.to_ours)
        if self.back:
            update = _update("ours", self.local, self.remote, self.back)
            yield replace(update, by=self.setting.person_there, at=max(self.back_at))
        if self.to_theirs:
            yield _update("theirs", self.local, self.remote, self.to_theirs)


def _lost(setting: Setting, rule: FieldMap, remote: RemoteRecord) -> Theirs | None:
    """Return what was written over without being known, where the later of two edits wins."""
    found = setting.overwritten.get(remote.id, {}).get(rule.theirs)
    if found is None or rule.owner != "newest" or rule.direction != "both":
        return None
    value, at = found
    return Theirs(value, setting.by_our_clock(at))


def _ours(setting: Setting, rule: FieldMap, local: LocalRecord, link: RecordLink) -> Ours:
    edit = local.edits.get(rule.ours)
    seen = link.seen_edits.get(rule.ours)
    is_person = edit is not None and edit.by != setting.provider and (seen is None or edit.at > seen)
    at = edit.at if is_person and edit is not None else local.updated_at
    return Ours(local.values.get(rule.ours), at, is_person)


def _edited_at(local: LocalRecord, rule: FieldMap) -> datetime | None:
    edit = local.edits.get(rule.ours)
    return edit.at if edit else None


def _next_base(old: Base | None, ours: Value, theirs: Value, merged: Merged, to_store: Value) -> Base:
    """Return what is agreed on once our side is settled; what still has to be sent stays a difference of ours."""
    is_new = old is None or not are_equal(theirs, old.theirs)
    is_theirs = (is_new and bool(theirs)) or (old is not None and old.is_theirs)
    if merged.to_theirs:
        return Base(theirs, theirs, is_theirs)
    return Base(theirs, to_store if merged.to_ours else ours, is_theirs)


def _update(side: Side, local: LocalRecord, remote: RemoteRecord, changes: Changes) -> Operation:
    return Operation(side, "update", local.kind, local.own_id, remote.id, changes)


def new_there(setting: Setting, local: LocalRecord, link: RecordLink) -> RecordPlan:
    """Plan a record of ours that the CRM does not have."""
    values: Changes = {}
    for rule in setting.config.fields(local.kind):
        value = local.values.get(rule.ours)
        if value and rule.direction != "from_crm":
            values[rule.theirs] = (None, written(rule.ours, value))
    if local.kind is RecordKind.LEAD and (status := setting.config.status_for(str(local.values.get("tier") or ""))):
        values["status"] = (None, status)
    create = Operation("theirs", "create", local.kind, local.own_id, None, values)
    return RecordPlan(link, SyncState.PENDING, "to be added to the CRM", (create,))


def new_here(setting: Setting, remote: RemoteRecord) -> Operation:
    """Plan a record of the CRM that we do not have."""
    values: Changes = {}
    for rule in setting.config.fields(remote.kind):
        value = remote.values.get(rule.theirs)
        kept = stored(rule.ours, value)
        if kept and rule.direction != "to_crm":
            values[rule.ours] = (None, kept)
    return Operation("ours", "create", remote.kind, None, remote.id, values)


def created_link(setting: Setting, lead_id: UUID, own_id: UUID, remote: RemoteRecord) -> RecordLink:
    """Return the link of a record that was just taken in from the CRM."""
    base = {
        rule.theirs: Base(value, stored(rule.ours, value), bool(value))
        for rule in setting.config.fields(remote.kind)
        for value in [remote.values.get(rule.theirs)]
    }
    return RecordLink(
        remote.kind,
        own_id,
        lead_id,
        remote.id,
        base,
        state=SyncState.IN_SYNC,
        remote_updated_at=remote.updated_at,
    )


def pushed_link(setting: Setting, local: LocalRecord, link: RecordLink, answer: RemoteRecord) -> RecordLink:
    """Return the link after the CRM took what was sent: the base is what it answered, beside what we hold.

    A field that was not sent keeps its base: somebody may have changed it meanwhile, and that is still to be merged.
    """
    base, seen = dict(link.base), dict(link.seen_edits)
    for rule in setting.config.fields(local.kind):
        old = link.base.get(rule.theirs)
        ours, theirs = local.values.get(rule.ours), answer.values.get(rule.theirs)
        was_sent = old is None or link.remote_id is None or not are_equal(ours, old.ours, meaning_of(rule.ours))
        if not was_sent:
            continue
        edit = local.edits.get(rule.ours)
        # A list keeps what came from the CRM; so does what is given back to it.
        is_kept = isinstance(ours, tuple) or (edit is not None and edit.by == setting.person_there)
        base[rule.theirs] = Base(theirs, ours, bool(is_kept and old and old.is_theirs))
        if edit is not None:
            seen[rule.ours] = edit.at
    return RecordLink(
        local.kind,
        local.own_id,
        link.lead_id,
        answer.id,
        base,
        seen,
        state=SyncState.IN_SYNC,
        remote_updated_at=answer.updated_at or link.remote_updated_at,
    )
