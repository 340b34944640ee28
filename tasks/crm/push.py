"""What is to be sent to the CRM, sent: looked at once more before, kept with its answer after, one by one.

A create without an answer is never simply repeated. That it was sent is noted before it is sent; the next run reads the
change log first, which shows it if it was carried out, and looks it up once a search can be expected to show it.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from core.crm.merging import Base
from core.crm.records import RecordKind, RecordValues, RemoteRecord, RemoteUnit, Stamp
from core.crm.states import LOOK_UP_AFTER, SyncState, failure_of
from core.crm.units import LocalRecord, Operation, RecordLink, pushed_link
from core.errors import Gone, Rejected, SalesAgentError, Timeout, Unavailable, UnexpectedAnswer
from db.crm import dead_letters, sync_log
from db.crm import links as crm_links
from db.crm import staging as crm_staging
from db.crm.links import SavedLink
from db.crm.sync_log import SyncEntry
from tasks.crm.pull import fetch_staged
from tasks.crm.session import SyncSession
from tasks.crm.settle import SyncUnit, due_operations, load_units, settle_leads
from tasks.runtime.batches import bounded_gather

log = logging.getLogger(__name__)

_PAGE = 100
_FIRST = UUID(int=0)
_NO_ANSWER = "was sent to the CRM without an answer; it is looked up before it is sent again"


async def push(session: SyncSession, on_progress: Callable[[int], None] = lambda _done: None) -> dict[str, int]:
    """Send everything that is to be sent and due; return operations by "theirs action kind", and `failed`."""
    done: dict[str, int] = {}
    after, pushed, now = _FIRST, 0, session.clock()
    while page := await crm_links.select_open(session.connection, session.name, after=after, limit=_PAGE, now=now):
        units = await _looked_at_again(session, page, done)
        await bounded_gather(lambda unit: _Sender(session, unit, done).send(), units, width=session.width)
        after, pushed = page[-1], pushed + len(page)
        on_progress(pushed)
    return done


async def _looked_at_again(session: SyncSession, lead_ids: Sequence[UUID], done: dict[str, int]) -> list[SyncUnit]:
    """Return what is to be sent, after settling what changed in the CRM since it was seen last.

    One search tells for a hundred companies when each changed. A search lags behind, so it only ever asks for a look;
    what it does not show yet is looked at as well.
    """
    units = await load_units(session, lead_ids)
    known = {remote_id: unit for unit in units if (remote_id := _remote_of(unit)) and _writes_there(unit, session)}
    if not known:
        return units
    unchanged: set[str] = set()
    async for stamps in session.crm.stamps(list(known)):
        unchanged |= {stamp.id for stamp in stamps if not _is_newer(stamp, known[stamp.id])}
    changed = [each for each, unit in known.items() if each not in unchanged or _is_unsure(session, unit)]
    if not changed:
        return units
    await crm_staging.stage(session.connection, session.name, changed)
    await fetch_staged(session)
    await settle_leads(session, [known[remote_id].lead_id for remote_id in changed], done)
    return await load_units(session, lead_ids)


def _is_newer(stamp: Stamp, unit: SyncUnit) -> bool:
    seen_at = next(link.remote_updated_at for link in unit.links if link.kind is RecordKind.LEAD)
    return seen_at is None or stamp.updated_at > seen_at


def _remote_of(unit: SyncUnit) -> str | None:
    return next((link.remote_id for link in unit.links if link.kind is RecordKind.LEAD and not link.is_gone), None)


def _writes_there(unit: SyncUnit, session: SyncSession) -> bool:
    return any(operation.side == "theirs" for operation in due_operations(unit, session.clock()))


def _is_unsure(session: SyncSession, unit: SyncUnit) -> bool:
    """Return whether a person may have been added to the company already, by a create without an answer."""
    return session.safeguards.looks_up and any(
        link.kind is RecordKind.CONTACT and link.create_sent_at is not None and link.remote_id is None
        for link in unit.links
    )


class _Sender:
    """Sends what one lead has to send."""

    def __init__(self, session: SyncSession, unit: SyncUnit, done: dict[str, int]) -> None:
        self._session = session
        self._unit = unit
        self._done = done
        self._links = {(link.kind, link.own_id): link for link in unit.links}
        self._locals = _records_of(unit)

    async def send(self) -> None:
        """Send, operation by operation; the first that fails for everybody ends the run."""
        operations = [each for each in due_operations(self._unit, self._session.clock()) if each.side == "theirs"]
        lead = next((each for each in operations if each.kind is RecordKind.LEAD and each.action == "create"), None)
        if lead is not None:
            people = [each for each in operations if each.kind is RecordKind.CONTACT and each.action == "create"]
            await self._trying(lead, self._create_company(lead, people))
            return
        for operation in operations:
            await self._trying(operation, self._carry_out(operation))

    async def _trying(self, operation: Operation, work: Awaitable[object]) -> None:
        try:
            await work
        except Gone:
            await self._look_again()
        except SalesAgentError as error:
            await self._failed(operation, error)

    async def _carry_out(self, operation: Operation) -> None:
        crm = self._session.crm
        assert operation.own_id is not None
        if operation.action == "create":
            await self._create_person(operation, _remote_of(self._unit))
        elif operation.action == "delete":
            assert operation.remote_id is not None
            await crm.delete(operation.kind, operation.remote_id)
            await self._deleted(operation)
        else:
            assert operation.remote_id is not None
            seen_at = next((link.remote_updated_at for link in self._unit.links if link.kind is RecordKind.LEAD), None)
            answer = await crm.update(operation.kind, operation.remote_id, operation.values, seen_at=seen_at)
            await self._sent(operation, [(operation.kind, operation.own_id, answer)])

    # creating

    async def _create_company(self, operation: Operation, people: Sequence[Operation]) -> None:
        assert operation.own_id is not None
        if self._session.safeguards.looks_up and not await self._may_create(operation.own_id):
            return
        await self._note_create([operation, *people])
        contacts: dict[UUID, RecordValues] = {each.own_id: each.values for each in people if each.own_id is not None}
        try:
            unit = await self._session.crm.create_lead(operation.own_id, operation.values, contacts)
        except Rejected:
            if not people:
                raise
            # One of its people may be what is wrong: the company goes alone, and each of them after it.
            unit = await self._session.crm.create_lead(operation.own_id, operation.values, {})
        answers: list[tuple[RecordKind, UUID, RemoteRecord]] = [(RecordKind.LEAD, operation.own_id, unit.lead)]
        answers += [
            (RecordKind.CONTACT, person.own_id, person)
            for person in unit.contacts
            if person.own_id is not None and (RecordKind.CONTACT, person.own_id) in self._locals
        ]
        await self._sent(operation, answers, is_made_here=True)
        there = {person.own_id for person in unit.contacts}
        for each in people:
            if each.own_id not in there:
                await self._trying(each, self._create_person(each, unit.lead.id))

    async def _may_create(self, own_id: UUID) -> bool:
        """Return whether a company can be created now; one that an earlier attempt created is taken over instead."""
        link = self._links.get((RecordKind.LEAD, own_id))
        if link is None or link.create_sent_at is None:
            return True
        found = await self._session.crm.find(own_id)
        if found is not None:
            await self._adopt(link, found)
            return False
        # A search shows what was created only after a while; the change log shows it to the next run.
        return self._session.clock() - link.create_sent_at > LOOK_UP_AFTER

    async def _adopt(self, link: RecordLink, found: RemoteUnit) -> None:
        session, now = self._session, self._session.clock()
        async with session.writing:
            async with session.connection.transaction():
                adopted = replace(link, remote_id=found.lead.id, create_sent_at=None)
                await crm_links.save(session.connection, session.name, [SavedLink(adopted)], now=now)
                await crm_staging.record_fetched(session.connection, session.name, found.lead.id, found, now=now)
            await settle_leads(session, [self._unit.lead_id], self._done)

    async def _create_person(self, operation: Operation, lead_remote_id: str | None) -> None:
        assert operation.own_id is not None
        assert lead_remote_id is not None
        await self._note_create([operation])
        answer = await self._session.crm.create_contact(lead_remote_id, operation.own_id, operation.values)
        await self._sent(operation, [(RecordKind.CONTACT, operation.own_id, answer)], is_made_here=True)

    async def _note_create(self, operations: Sequence[Operation]) -> None:
        """Note, before it is sent, that a create will have been sent."""
        session, now = self._session, self._session.clock()
        noted = [
            SavedLink(
                replace(
                    self._link(each),
                    state=SyncState.PENDING,
                    reason=_NO_ANSWER,
                    create_sent_at=now,
                    # Found there later, these are our own words and nobody's edit.
                    base={name: Base(value, value) for name, value in each.values.items()},
                )
            )
            for each in operations
        ]
        self._links |= {(saved.link.kind, saved.link.own_id): saved.link for saved in noted}
        async with session.writing, session.connection.transaction():
            await crm_links.save(session.connection, session.name, noted, now=now)

    def _link(self, operation: Operation) -> RecordLink:
        assert operation.own_id is not None
        fresh = RecordLink(operation.kind, operation.own_id, self._unit.lead_id)
        return self._links.get((operation.kind, operation.own_id)) or fresh

    # what became of it

    async def _sent(
        self,
        operation: Operation,
        answers: Sequence[tuple[RecordKind, UUID, RemoteRecord]],
        *,
        is_made_here: bool = False,
    ) -> None:
        session, now = self._session, self._session.clock()
        saved = []
        for kind, own_id, answer in answers:
            local = self._locals[kind, own_id]
            known = self._links.get((kind, own_id)) or RecordLink(kind, own_id, self._unit.lead_id)
            link = pushed_link(session.setting(), local, known, answer)
            self._links[kind, own_id] = link
            saved.append(SavedLink(link, is_made_here=is_made_here))
        async with session.writing, session.connection.transaction():
            await crm_links.save(session.connection, session.name, saved, now=now)
            shown = replace(operation, remote_id=answers[0][2].id)
            await sync_log.record(
                session.connection, session.name, session.run_id, [SyncEntry(shown, actor="sales-agent")]
            )
            for kind, own_id, _ in answers:
                await dead_letters.close_for(session.connection, session.name, kind, own_id, by="sync")
        self._count(operation)

    async def _deleted(self, operation: Operation) -> None:
        session = self._session
        assert operation.own_id is not None
        async with session.writing, session.connection.transaction():
            await crm_links.drop(session.connection, session.name, [(operation.kind, operation.own_id)])
            entry = SyncEntry(operation, actor="sales-agent")
            await sync_log.record(session.connection, session.name, session.run_id, [entry])
        self._count(operation)

    async def _look_again(self) -> None:
        """Ask for a look at a company that turned out to be gone, or of which a person is."""
        session = self._session
        remote_id = _remote_of(self._unit)
        if remote_id is not None:
            async with session.writing, session.connection.transaction():
                await crm_staging.stage(session.connection, session.name, [remote_id])

    async def _failed(self, operation: Operation, error: SalesAgentError) -> None:
        session, now = self._session, self._session.clock()
        link = self._link(operation)
        failure = failure_of(error, link.failures + 1, now)
        if failure.is_everybodys:
            raise error
        is_unknown = operation.action == "create" and _may_have_been_done(error)
        if is_unknown:
            kept = replace(link, state=SyncState.PENDING, reason=_NO_ANSWER, create_sent_at=link.create_sent_at or now)
        else:
            kept = replace(
                link,
                state=SyncState.FAILING,
                reason=failure.reason,
                failures=link.failures + 1,
                next_try_at=failure.retry_at,
                create_sent_at=None,
            )
        entry = SyncEntry(
            operation,
            "unknown" if is_unknown else "failed",
            failure.reason,
            getattr(error, "request_id", None),
            "sales-agent",
        )
        async with session.writing, session.connection.transaction():
            await crm_links.save(session.connection, session.name, [SavedLink(kept)], now=now)
            await sync_log.record(session.connection, session.name, session.run_id, [entry])
            if failure.is_dead and not is_unknown:
                await dead_letters.add(session.connection, session.name, operation, failure.reason)
        self._done["failed"] = self._done.get("failed", 0) + 1
        log.info("crm_operation_failed", extra={"kind": operation.kind, "own_id": operation.own_id})

    def _count(self, operation: Operation) -> None:
        key = f"theirs {operation.action} {operation.kind}"
        self._done[key] = self._done.get(key, 0) + 1


def _records_of(unit: SyncUnit) -> dict[tuple[RecordKind, UUID], LocalRecord]:
    if unit.local is None:
        return {}
    return {(each.kind, each.own_id): each for each in (unit.local.lead, *unit.local.contacts)}


def _may_have_been_done(error: SalesAgentError) -> bool:
    """Return whether the CRM may have carried out what has no usable answer."""
    if isinstance(error, UnexpectedAnswer):
        return True
    return isinstance(error, Unavailable | Timeout) and error.was_sent
