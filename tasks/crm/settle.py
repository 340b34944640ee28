"""Both sides compared, lead by lead: what would have to be done, and our side of it done."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

from core.crm.planning import Fetched, UnitPlan, plan_unit
from core.crm.records import RecordKind, RemoteRecord
from core.crm.runs import SyncPlan, Tally
from core.crm.states import SyncState
from core.crm.units import LocalUnit, Operation, RecordLink, RecordPlan, created_link, new_here
from db.crm import candidates as crm_candidates
from db.crm import links as crm_links
from db.crm import records as crm_records
from db.crm import staging as crm_staging
from db.crm import sync_log
from db.crm import writing as crm_writing
from db.crm.links import SavedLink
from db.crm.staging import Staged
from db.crm.sync_log import SyncEntry
from db.leads.matching import lock_who_is_who
from tasks.crm import twins
from tasks.crm.session import SyncSession

_PAGE = 200
_LOOKED_UP = 5_000
_FIRST = UUID(int=0)


class SyncUnit(NamedTuple):
    """A lead on both sides, and what becomes of it."""

    lead_id: UUID
    local: LocalUnit | None
    links: list[RecordLink]
    staged: Staged | None
    plan: UnitPlan


async def load_units(session: SyncSession, lead_ids: Sequence[UUID], *, lock: bool = False) -> list[SyncUnit]:
    """Read leads on both sides, as far as anything is known, and plan them."""
    connection, name = session.connection, session.name
    locals_ = await crm_records.load(connection, name, session.config, lead_ids, lock=lock)
    links = await crm_links.select_of(connection, name, lead_ids)
    remote_of = {
        lead_id: link.remote_id
        for lead_id, known in links.items()
        for link in known
        if link.kind is RecordKind.LEAD and link.remote_id is not None
    }
    staged = await crm_staging.select_fetched(connection, name, list(remote_of.values()))
    units = []
    for lead_id in lead_ids:
        seen = staged.get(remote_of.get(lead_id) or "")
        setting = session.setting(seen)
        local = locals_.get(lead_id)
        plan = plan_unit(setting, lead_id, local, links[lead_id], Fetched(seen.unit) if seen else None)
        units.append(SyncUnit(lead_id, local, links[lead_id], seen, plan))
    return units


async def survey(session: SyncSession) -> SyncPlan:
    """Return what a run would do now, and change nothing: links are made as a run would, and taken back."""
    tally = Tally()
    async with session.connection.transaction(force_rollback=True):
        met = await twins.meet(session)
        for operation in met.moved:
            tally.add(operation)
        async for lead_ids in _due_pages(session):
            for unit in await load_units(session, lead_ids):
                for operation in due_operations(unit, session.clock()):
                    tally.add(operation, _name_of(operation, unit.local))
        if session.config.new_in_crm == "take":
            async for staged in twins.new_companies(session, met):
                _tally_new(tally, session, staged)
    in_step = await crm_links.count_linked(session.connection, session.name)
    return tally.plan(in_step, matched=met.matched, duplicates=len(met.left))


def _tally_new(tally: Tally, session: SyncSession, staged: Staged) -> None:
    assert staged.unit is not None
    has_people = session.config.contacts is not None
    for record in (staged.unit.lead, *(staged.unit.contacts if has_people else ())):
        tally.add(new_here(session.setting(), record), _name_there(staged.unit.lead, record))


def _name_of(operation: Operation, local: LocalUnit | None) -> str:
    """Name the company an operation is about, and the person; as we know them, else as the operation does."""
    company = local.lead.values.get("company_name") if local is not None else None
    person = None
    if operation.kind is RecordKind.CONTACT:
        contacts = local.contacts if local is not None else ()
        known = next((each.values.get("name") for each in contacts if each.own_id == operation.own_id), None)
        person = known or operation.values.get("name")
    return ", ".join(str(each) for each in (company, person) if each)


def _name_there(lead: RemoteRecord, record: RemoteRecord) -> str:
    """Name a record of the CRM, as it does."""
    return ", ".join(str(each) for each in dict.fromkeys((lead.values.get("name"), record.values.get("name"))) if each)


def due_operations(unit: SyncUnit, now: datetime) -> Iterable[Operation]:
    """Return what is to be done with a lead now; a failing record is left alone until its time has come."""
    waits = _waiting(unit, now)
    is_company_missing = (RecordKind.LEAD, unit.lead_id) in waits and not any(
        link.kind is RecordKind.LEAD and link.remote_id for link in unit.links
    )
    return [
        operation
        for operation in unit.plan.operations
        if operation.side == "ours"
        or not (
            (operation.kind, operation.own_id) in waits or (is_company_missing and operation.kind is RecordKind.CONTACT)
        )
    ]


def _waiting(unit: SyncUnit, now: datetime) -> set[tuple[RecordKind, UUID]]:
    if _is_changed(unit):
        return set()
    return {(link.kind, link.own_id) for link in unit.links if link.next_try_at is not None and link.next_try_at > now}


def _is_changed(unit: SyncUnit) -> bool:
    """Return whether either side has news: then what failed is tried at once."""
    if unit.staged is not None or unit.local is None:
        return True
    return any(link.kind is RecordKind.LEAD and link.token != unit.local.token for link in unit.links)


async def _due_pages(session: SyncSession) -> AsyncIterator[list[UUID]]:
    connection, name, now = session.connection, session.name, session.clock()
    gate = await crm_candidates.open_gate(connection, session.config)
    digest = session.config.digest
    for select in (
        partial(crm_links.select_due, connection, name, digest, now=now),
        partial(crm_candidates.select_new, connection, name, gate),
        partial(crm_links.select_vanished, connection, name),
    ):
        after = _FIRST
        # Many at once, because each look goes over all that is linked, or stored.
        while found := await select(after=after, limit=_LOOKED_UP):
            for start in range(0, len(found), _PAGE):
                yield found[start : start + _PAGE]
            if len(found) < _LOOKED_UP:
                break
            after = found[-1]


async def settle(session: SyncSession, on_progress: Callable[[int], None] = lambda _done: None) -> dict[str, int]:
    """Do our side of everything that is due, a page of leads a transaction; say what is left to be sent.

    Returns:
        Operations done here, by "ours action kind", and `conflicts`.
    """
    done: dict[str, int] = {}
    met = await twins.meet(session)
    for operation in met.moved:
        key = f"ours {operation.action} {operation.kind}"
        done[key] = done.get(key, 0) + 1
    await twins.take_in_new(session, met, done)
    settled = 0
    async for lead_ids in _due_pages(session):
        await settle_leads(session, lead_ids, done)
        settled += len(lead_ids)
        on_progress(settled)
    return done


@dataclass(slots=True)
class _Settled:
    """What settling a page of leads has brought about so far.

    Attributes:
        written: leads that were changed by it.
        others: items of lists that our columns have no room for, by record.
        again: leads with people of the CRM that turned out to be contacts of ours: they are merged right after.
    """

    saved: list[SavedLink] = field(default_factory=list)
    entries: list[SyncEntry] = field(default_factory=list)
    written: set[UUID] = field(default_factory=set)
    others: list[tuple[UUID, dict[str, list[str]]]] = field(default_factory=list)
    again: set[UUID] = field(default_factory=set)


async def settle_leads(session: SyncSession, lead_ids: Sequence[UUID], done: dict[str, int]) -> None:
    """Do our side of some leads, in one transaction; who was recognised in it is merged in a second one."""
    again = await _settle_leads(session, lead_ids, done)
    if again:
        await _settle_leads(session, sorted(again), done)


async def _settle_leads(session: SyncSession, lead_ids: Sequence[UUID], done: dict[str, int]) -> set[UUID]:
    connection, name, now = session.connection, session.name, session.clock()
    settled = _Settled()
    async with connection.transaction():
        if await crm_staging.has_fetched(connection, name, lead_ids):
            # Before any lead is locked, as all do who may add people.
            await lock_who_is_who(connection)
        units = await load_units(session, sorted(lead_ids), lock=True)
        for unit in units:
            settled.saved += _links_to_save(session, unit, now)
            for operation in unit.plan.operations:
                if operation.side == "ours" and await _do_here(session, unit, operation, settled, now):
                    settled.written.add(unit.lead_id)
                    key = f"ours {operation.action} {operation.kind}"
                    done[key] = done.get(key, 0) + 1
        await crm_links.drop(connection, name, [key for unit in units for key in unit.plan.dropped])
        await crm_links.save(connection, name, settled.saved, now=now)
        for own_id, more in settled.others:
            await crm_links.set_others(connection, name, RecordKind.CONTACT, own_id, more)
        if settled.written:
            await crm_links.renew_tokens(connection, name, sorted(settled.written))
        records = [record for unit in units for record in unit.plan.records]
        conflicts = await sync_log.record_conflicts(connection, name, session.run_id, records)
        await sync_log.record(connection, name, session.run_id, settled.entries)
        seen = {
            unit.staged.remote_id: unit.staged.fetched_at
            for unit in units
            if unit.staged is not None and unit.lead_id not in settled.again
        }
        await crm_staging.settle(connection, name, seen)
    if conflicts:
        done["conflicts"] = done.get("conflicts", 0) + conflicts
    return settled.again


def _links_to_save(session: SyncSession, unit: SyncUnit, now: datetime) -> list[SavedLink]:
    old = {(link.kind, link.own_id): link for link in unit.links}
    waits = _waiting(unit, now)
    token = unit.local.token if unit.local else None
    saved = []
    for record in unit.plan.records:
        known = old.get((record.link.kind, record.link.own_id))
        link = _with_state(record, known, is_waiting=(record.link.kind, record.link.own_id) in waits)
        is_lead = link.kind is RecordKind.LEAD
        saved.append(SavedLink(link, token if is_lead else None, session.config.digest if is_lead else None))
    return saved


def _with_state(record: RecordPlan, known: RecordLink | None, *, is_waiting: bool) -> RecordLink:
    """Return a record's link with its state; one that fails stays failing until it is tried."""
    link = replace(
        record.link,
        state=record.state,
        reason=record.reason,
        next_try_at=None,
        create_sent_at=known.create_sent_at if known and record.link.remote_id is None else None,
    )
    if known is None or record.state is not SyncState.PENDING:
        return link
    if known.state is SyncState.FAILING and is_waiting:
        return replace(
            link, state=SyncState.FAILING, reason=known.reason, failures=known.failures, next_try_at=known.next_try_at
        )
    return replace(link, failures=known.failures)


async def _do_here(
    session: SyncSession, unit: SyncUnit, operation: Operation, settled: _Settled, now: datetime
) -> bool:
    """Do one operation on our side; return whether anything came of it."""
    connection, by, at = session.connection, operation.by or session.name, operation.at or now
    is_lead = operation.kind is RecordKind.LEAD
    own_id = unit.lead_id if is_lead else operation.own_id
    if operation.action == "create":
        return await _take_in_person(session, unit, operation, settled, now)
    assert own_id is not None
    if operation.action == "delete":
        await (crm_writing.delete_lead if is_lead else crm_writing.delete_person)(connection, own_id)
    elif is_lead:
        await crm_writing.update_lead(connection, by, own_id, operation.values, at)
    else:
        settled.others.append((own_id, await crm_writing.update_person(connection, by, own_id, operation.values, at)))
    settled.entries.append(SyncEntry(operation, actor=session.name))
    return True


async def _take_in_person(
    session: SyncSession, unit: SyncUnit, operation: Operation, settled: _Settled, now: datetime
) -> bool:
    """Take a person of the CRM in; one who turns out to be a contact of ours is linked, unless another is already."""
    if unit.staged is None or unit.staged.unit is None or operation.remote_id is None:
        return False
    remote = next(person for person in unit.staged.unit.contacts if person.id == operation.remote_id)
    own_id, is_new, more = await crm_writing.add_person(
        session.connection, session.name, unit.lead_id, operation.remote_id, operation.values, now
    )
    if is_new:
        settled.saved.append(SavedLink(created_link(session.setting(), unit.lead_id, own_id, remote)))
        settled.others.append((own_id, more))
        settled.entries.append(SyncEntry(replace(operation, own_id=own_id), actor=session.name))
        return True
    known = await crm_links.find_own(session.connection, session.name, RecordKind.CONTACT, own_id)
    if known is None or known.remote_id is None:
        link = twins.linked_to(known or RecordLink(RecordKind.CONTACT, own_id, unit.lead_id), operation.remote_id)
        settled.saved.append(SavedLink(link))
        settled.again.add(unit.lead_id)
    return False
