"""Both sides compared, lead by lead: what would have to be done, and our side of it done."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from core.crm.planning import Fetched, UnitPlan, plan_unit
from core.crm.records import RecordKind, RemoteRecord
from core.crm.runs import SyncPlan, Tally
from core.crm.states import SyncState
from core.crm.units import LocalUnit, Operation, RecordLink, RecordPlan, Setting, created_link, new_here
from db.crm import links as crm_links
from db.crm import records as crm_records
from db.crm import staging as crm_staging
from db.crm import sync_log
from db.crm.links import SavedLink
from db.crm.staging import Staged
from db.crm.sync_log import SyncEntry
from db.server.engine import Connection
from tasks.crm.session import SyncSession

_PAGE = 200
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
    """Return what a run would do now, and change nothing."""
    tally = Tally()
    async for lead_ids in _due_pages(session):
        for unit in await load_units(session, lead_ids):
            for operation in due_operations(unit, session.clock()):
                tally.add(operation, _name_of(operation, unit.local))
    after = ""
    while page := await crm_staging.select_unlinked(session.connection, session.name, after=after, limit=_PAGE):
        for staged in page:
            if staged.unit is not None and await _twin_of(session, staged) is None and _is_wanted(session):
                for record in (staged.unit.lead, *staged.unit.contacts):
                    tally.add(new_here(session.setting(), record, None), _name_there(staged.unit.lead, record))
        after = page[-1].remote_id
    return tally.plan(await crm_links.count_linked(session.connection, session.name))


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
    after = _FIRST
    while page := await crm_links.select_due(
        connection, name, session.config.digest, after=after, limit=_PAGE, now=now
    ):
        yield page
        after = page[-1]
    after = _FIRST
    while page := await crm_links.select_vanished(connection, name, after=after, limit=_PAGE):
        yield page
        after = page[-1]


async def settle(session: SyncSession, on_progress: Callable[[int], None] = lambda _done: None) -> dict[str, int]:
    """Do our side of everything that is due, a page of leads a transaction; say what is left to be sent.

    Returns:
        Operations done here, by "ours action kind", and `conflicts`.
    """
    done: dict[str, int] = {}
    await _follow_merges(session)
    await _take_in_new(session, done)
    settled = 0
    async for lead_ids in _due_pages(session):
        await settle_leads(session, lead_ids, done)
        settled += len(lead_ids)
        on_progress(settled)
    return done


async def settle_leads(session: SyncSession, lead_ids: Sequence[UUID], done: dict[str, int]) -> None:
    """Do our side of some leads, in one transaction."""
    connection, name, now = session.connection, session.name, session.clock()
    async with connection.transaction():
        units = await load_units(session, sorted(lead_ids), lock=True)
        saved: list[SavedLink] = []
        entries: list[SyncEntry] = []
        written: set[UUID] = set()
        others: list[tuple[RecordKind, UUID, dict[str, list[str]]]] = []
        for unit in units:
            saved += _links_to_save(session, unit, now)
            for operation in unit.plan.operations:
                if operation.side != "ours":
                    continue
                added = await _do_here(session, unit, operation, others, now)
                saved += added
                written.add(unit.lead_id)
                entries.append(SyncEntry(operation, actor=name))
                key = f"ours {operation.action} {operation.kind}"
                done[key] = done.get(key, 0) + 1
        await crm_links.drop(connection, name, [key for unit in units for key in unit.plan.dropped])
        await crm_links.save(connection, name, saved, now=now)
        for kind, own_id, more in others:
            await crm_links.set_others(connection, name, kind, own_id, more)
        if written:
            await crm_links.renew_tokens(connection, name, sorted(written))
        records = [record for unit in units for record in unit.plan.records]
        conflicts = await sync_log.record_conflicts(connection, name, session.run_id, records)
        await sync_log.record(connection, name, session.run_id, entries)
        seen = {unit.staged.remote_id: unit.staged.fetched_at for unit in units if unit.staged is not None}
        await crm_staging.settle(connection, name, seen)
    if conflicts:
        done["conflicts"] = done.get("conflicts", 0) + conflicts


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
    session: SyncSession,
    unit: SyncUnit,
    operation: Operation,
    others: list[tuple[RecordKind, UUID, dict[str, list[str]]]],
    now: datetime,
) -> list[SavedLink]:
    """Do one operation on our side; return the links it makes."""
    connection, by, at = session.connection, operation.by or session.name, operation.at or now
    if operation.action == "delete":
        if operation.kind is RecordKind.LEAD:
            await crm_records.delete_lead(connection, unit.lead_id)
        else:
            await crm_records.delete_person(connection, unit.lead_id, operation.person_key)
        return []
    if operation.action == "update" and operation.kind is RecordKind.LEAD:
        await crm_records.update_lead(connection, by, unit.lead_id, operation.values, at)
        return []
    if operation.action == "update":
        more = await crm_records.update_person(connection, by, unit.lead_id, operation.person_key, operation.values, at)
        if operation.own_id is not None:
            others.append((RecordKind.CONTACT, operation.own_id, more))
        return []
    if unit.staged is None or unit.staged.unit is None or operation.remote_id is None:
        return []
    link, more = await _take_in_person(session, unit.lead_id, operation, unit.staged, now)
    others.append((RecordKind.CONTACT, link.own_id, more))
    return [SavedLink(link)]


async def _take_in_person(
    session: SyncSession, lead_id: UUID, operation: Operation, staged: Staged, now: datetime
) -> tuple[RecordLink, dict[str, list[str]]]:
    assert staged.unit is not None
    assert operation.remote_id is not None
    remote = next(person for person in staged.unit.contacts if person.id == operation.remote_id)
    key, more = await crm_records.add_person(
        session.connection, session.name, lead_id, operation.remote_id, operation.values, now
    )
    own_id = crm_records.person_id(lead_id, key)
    return created_link(session.setting(), lead_id, own_id, remote, key), more


async def _follow_merges(session: SyncSession) -> None:
    """Follow companies that were merged: to the other one where we have none there, else leave ours and say so."""
    connection, name = session.connection, session.name
    while page := await crm_staging.select_merged(connection, name, limit=_PAGE):
        for staged in page:
            async with connection.transaction():
                await _follow(connection, session, staged)


async def _follow(connection: Connection, session: SyncSession, staged: Staged) -> None:
    name, now = session.name, session.clock()
    link = await crm_links.find_by_remote(connection, name, RecordKind.LEAD, staged.remote_id)
    if link is not None and staged.merged_into is not None:
        # Which may have been merged itself meanwhile, and is settled already.
        target = await crm_staging.survivor(connection, name, staged.merged_into)
        taken = await crm_links.find_by_remote(connection, name, RecordKind.LEAD, target)
        if taken is None:
            moved = replace(link, remote_id=target, remote_updated_at=None)
            await crm_links.save(connection, name, [SavedLink(moved)], now=now)
        else:
            reason = f"was merged into {target} in the CRM, which is another lead here"
            gone = replace(link, is_gone=True, state=SyncState.EXCLUDED, reason=reason)
            people = (await crm_links.select_of(connection, name, [link.lead_id]))[link.lead_id]
            await crm_links.drop(connection, name, [(p.kind, p.own_id) for p in people if p.kind is RecordKind.CONTACT])
            await crm_links.save(connection, name, [SavedLink(gone)], now=now)
    await crm_staging.settle(connection, name, {staged.remote_id: staged.fetched_at})


async def _take_in_new(session: SyncSession, done: dict[str, int]) -> None:
    """Link companies that no link knows to the leads they are, or take them in as new ones."""
    after = ""
    while page := await crm_staging.select_unlinked(session.connection, session.name, after=after, limit=_PAGE):
        async with session.connection.transaction():
            for staged in page:
                await _take_in(session, staged, done)
        after = page[-1].remote_id


async def _take_in(session: SyncSession, staged: Staged, done: dict[str, int]) -> None:
    connection, name, now = session.connection, session.name, session.clock()
    if staged.unit is None:
        await crm_staging.settle(connection, name, {staged.remote_id: staged.fetched_at})
        return
    lead_id = await _twin_of(session, staged)
    if lead_id is not None:
        # What the two have in common is settled with the lead, right after this.
        known = (await crm_links.select_of(connection, name, [lead_id]))[lead_id]
        before = next(
            (each for each in known if each.kind is RecordKind.LEAD), RecordLink(RecordKind.LEAD, lead_id, lead_id)
        )
        link = replace(before, remote_id=staged.remote_id, create_sent_at=None)
        await crm_links.save(connection, name, [SavedLink(link)], now=now)
        return
    if not _is_wanted(session):
        await crm_staging.settle(connection, name, {staged.remote_id: staged.fetched_at})
        return
    operation = new_here(session.setting(), staged.unit.lead, None)
    lead_id = await crm_records.create_lead(connection, name, staged.remote_id, operation.values, now)
    link = created_link(session.setting(), lead_id, lead_id, staged.unit.lead, "")
    await crm_links.save(connection, name, [SavedLink(link)], now=now)
    await sync_log.record(connection, name, session.run_id, [SyncEntry(replace(operation, own_id=lead_id), actor=name)])
    done["ours create lead"] = done.get("ours create lead", 0) + 1


async def _twin_of(session: SyncSession, staged: Staged) -> UUID | None:
    """Find the lead that a company of the CRM is: by our id in it, by an address, by its domain."""
    assert staged.unit is not None
    connection, name = session.connection, session.name
    own_id = staged.unit.lead.own_id
    if own_id is not None:
        known = (await crm_links.select_of(connection, name, [own_id]))[own_id]
        is_linked = any(link.kind is RecordKind.LEAD and (link.remote_id or link.is_gone) for link in known)
        if not is_linked and await crm_records.load(connection, name, session.config, [own_id]):
            return own_id
    operation = new_here(session.setting(), staged.unit.lead, None)
    emails = [email for person in staged.unit.contacts for email in _listed(session.setting(), person)]
    return await crm_records.match(connection, name, operation.values, emails)


def _listed(setting: Setting, person: RemoteRecord) -> tuple[str, ...]:
    rule = next((rule for rule in setting.config.fields(RecordKind.CONTACT) if rule.ours == "emails"), None)
    value = person.values.get(rule.theirs) if rule else None
    return (value,) if isinstance(value, str) else value or ()


def _is_wanted(session: SyncSession) -> bool:
    return session.config.new_in_crm == "take"
