"""Companies of the CRM that no link knows yet: which lead each is, which are new, and which are left for a person.

Also what follows merges and moves on either side, so that a link is never contradicted.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

from core.crm.records import RecordKind, RemoteRecord
from core.crm.states import SyncState
from core.crm.units import Operation, RecordLink, Setting, created_link, new_here
from core.leads.names import company_key
from core.text import normalize
from db.crm import links as crm_links
from db.crm import moves, sync_log, twins
from db.crm import staging as crm_staging
from db.crm import writing as crm_writing
from db.crm.links import SavedLink
from db.crm.moves import Move
from db.crm.staging import Staged
from db.crm.sync_log import SyncEntry
from db.crm.twins import CompanyTraits, How, Twin, find_twin
from tasks.crm.session import SyncSession

DUPLICATE = "duplicate in the CRM"
_PAGE = 200


@dataclass(slots=True)
class Met:
    """What looking the CRM's companies up came to.

    Attributes:
        matched: how many are leads of ours, and linked now.
        left: ids there of those that are left until a person decides.
        apart: ids there of those that share a domain with a lead, and are not it.
        moved: contacts that follow their record to another company.
    """

    matched: int = 0
    left: dict[str, str] = field(default_factory=dict)
    apart: dict[str, UUID] = field(default_factory=dict)
    moved: list[Operation] = field(default_factory=list)


class _Claim(NamedTuple):
    remote_id: str
    how: How
    has_its_name: bool


async def meet(session: SyncSession) -> Met:
    """Follow what was merged or moved, and link companies of the CRM to the leads they are."""
    async with session.connection.transaction():
        await moves.follow_merges_here(session.connection, session.name)
    met = Met()
    await _follow_merges_there(session, met)
    await _link_known(session, met)
    await _follow_moves_there(session, met)
    return met


async def _link_known(session: SyncSession, met: Met) -> None:
    claims: dict[UUID, list[_Claim]] = {}
    async for staged in _unlinked(session):
        twin = await twin_of(session, staged)
        if twin is None:
            continue
        if twin.linked_to is not None:
            _leave(met, staged.remote_id, twin)
        else:
            claims.setdefault(twin.lead_id, []).append(_Claim(staged.remote_id, twin.how, twin.has_its_name))
    linked, undecided = _decide(claims, met)
    met.matched = len(linked)
    async with session.connection.transaction():
        for page in _paged(sorted(linked)):
            await _link(session, {lead_id: linked[lead_id] for lead_id in page})
        for page in _paged(sorted(undecided)):
            await _set_aside(session, {lead_id: undecided[lead_id] for lead_id in page})
        await twins.release_decided(session.connection, session.name, DUPLICATE, undecided)
        await crm_staging.explain(session.connection, session.name, met.left)


def _decide(claims: Mapping[UUID, Sequence[_Claim]], met: Met) -> tuple[dict[UUID, str], dict[UUID, list[str]]]:
    """Say which of several companies a lead is: the one with our id, else with one of our contacts, else none."""
    linked: dict[UUID, str] = {}
    undecided: dict[UUID, list[str]] = {}
    for lead_id, several in claims.items():
        first = _first(several)
        if first is not None:
            linked[lead_id] = first.remote_id
            for claim in (claim for claim in several if claim is not first):
                _leave(met, claim.remote_id, Twin(lead_id, claim.how, first.remote_id, claim.has_its_name))
        else:
            undecided[lead_id] = sorted(claim.remote_id for claim in several)
            met.left |= {claim.remote_id: _words(undecided[lead_id]) for claim in several}
    return linked, undecided


def _first(several: Sequence[_Claim]) -> _Claim | None:
    """Return the claim that counts; None where nothing puts one before the others."""
    strongest = min(map(_rank, several))
    first, *others = [claim for claim in several if _rank(claim) == strongest]
    return first if len(several) == 1 or (not others and first.how != "identity") else None


def _rank(claim: _Claim) -> int:
    return ("id", "contact", "identity").index(claim.how)


def _leave(met: Met, remote_id: str, twin: Twin) -> None:
    """Leave a company whose lead has another one there: it is that again, or a second company of one domain."""
    if twin.how == "id" or twin.has_its_name:
        met.left[remote_id] = _words(sorted(filter(None, (twin.linked_to, remote_id))))
    else:
        met.apart[remote_id] = twin.lead_id


def _words(remote_ids: Sequence[str]) -> str:
    return f"{DUPLICATE}: {', '.join(remote_ids)}"


def _paged(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + _PAGE] for start in range(0, len(ids), _PAGE))


async def _link(session: SyncSession, linked: Mapping[UUID, str]) -> None:
    """Link leads; what the two have in common is settled with the lead, right after this."""
    known = await crm_links.select_of(session.connection, session.name, list(linked))
    saved = [
        SavedLink(linked_to(_lead_link(lead_id, known[lead_id]), remote_id)) for lead_id, remote_id in linked.items()
    ]
    await crm_links.save(session.connection, session.name, saved, now=session.clock())


def _lead_link(lead_id: UUID, known: Sequence[RecordLink]) -> RecordLink:
    fresh = RecordLink(RecordKind.LEAD, lead_id, lead_id)
    return next((each for each in known if each.kind is RecordKind.LEAD), fresh)


def linked_to(link: RecordLink, remote_id: str) -> RecordLink:
    """Return a link with its twin; what was agreed on with another one counts no more."""
    if link.remote_id is not None:
        link = RecordLink(link.kind, link.own_id, link.lead_id)
    return replace(link, remote_id=remote_id, create_sent_at=None, is_gone=False, state=SyncState.PENDING, reason=None)


async def _set_aside(session: SyncSession, undecided: Mapping[UUID, Sequence[str]]) -> None:
    known = await crm_links.select_of(session.connection, session.name, list(undecided))
    saved = []
    for lead_id, remote_ids in undecided.items():
        link = _lead_link(lead_id, known[lead_id])
        fresh = RecordLink(RecordKind.LEAD, lead_id, lead_id) if link.remote_id is not None else link
        saved.append(SavedLink(replace(fresh, is_gone=True, state=SyncState.EXCLUDED, reason=_words(remote_ids))))
    await crm_links.save(session.connection, session.name, saved, now=session.clock())


async def _unlinked(session: SyncSession) -> AsyncIterator[Staged]:
    after = ""
    while page := await crm_staging.select_unlinked(session.connection, session.name, after=after, limit=_PAGE):
        for staged in page:
            if staged.unit is not None:
                yield staged
        after = page[-1].remote_id


async def twin_of(session: SyncSession, staged: Staged) -> Twin | None:
    """Find the lead that a company of the CRM is."""
    assert staged.unit is not None
    return await find_twin(session.connection, session.name, staged.remote_id, _facts(session.setting(), staged))


def _facts(setting: Setting, staged: Staged) -> CompanyTraits:
    assert staged.unit is not None
    unit = staged.unit
    columns = crm_writing.lead_columns(new_here(setting, unit.lead).values)
    people = [new_here(setting, person).values for person in unit.contacts]
    profiles = (normalize.linkedin_person(str(person.get("linkedin_url") or "")) for person in people)
    return CompanyTraits(
        own_id=unit.lead.own_id,
        contact_ids=tuple(person.own_id for person in unit.contacts if person.own_id is not None),
        emails=tuple(email for person in unit.contacts for email in _listed(setting, person)),
        profiles=tuple(profile for profile in profiles if profile),
        page=normalize.linkedin_company(columns.get("company_linkedin_url") or ""),
        domain=columns.get("company_domain"),
        name=columns.get("company_name"),
        city=columns.get("city"),
    )


def _listed(setting: Setting, person: RemoteRecord) -> tuple[str, ...]:
    rule = next((rule for rule in setting.config.fields(RecordKind.CONTACT) if rule.ours == "emails"), None)
    value = person.values.get(rule.theirs) if rule else None
    return (value,) if isinstance(value, str) else value or ()


# following merges and moves


async def _follow_merges_there(session: SyncSession, met: Met) -> None:
    """Follow companies that were merged: to the other one where we have none there, else leave ours and say so."""
    connection, name = session.connection, session.name
    while page := await crm_staging.select_merged(connection, name, limit=_PAGE):
        for staged in page:
            async with connection.transaction():
                met.moved += await _follow(session, staged)


async def _follow(session: SyncSession, staged: Staged) -> list[Operation]:
    connection, name, now = session.connection, session.name, session.clock()
    moved_there: list[Operation] = []
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
            await crm_links.save(connection, name, [SavedLink(gone)], now=now)
            is_there = await moves.note_merged_there(connection, link.own_id, taken.own_id)
            moved_there = await _follow_people(session, link, taken if is_there and not taken.is_gone else None)
    await crm_staging.settle(connection, name, {staged.remote_id: staged.fetched_at})
    return moved_there


async def _follow_people(session: SyncSession, link: RecordLink, taken: RecordLink | None) -> list[Operation]:
    """Let the people of a company follow it into the one that took it in; what is not there is settled with that.

    Where that one takes no part (any more), their links are given up.
    """
    known = (await crm_links.select_of(session.connection, session.name, [link.lead_id]))[link.lead_id]
    people = [each for each in known if each.kind is RecordKind.CONTACT]
    if taken is None:
        await crm_links.drop(session.connection, session.name, [(each.kind, each.own_id) for each in people])
        return []
    moved: list[Operation] = []
    for each in people:
        if each.remote_id is not None and not each.is_gone:
            moved += await _move(session, Move(each.own_id, each.remote_id, each.lead_id, taken.lead_id))
    return moved


async def _follow_moves_there(session: SyncSession, met: Met) -> None:
    """Let contacts stand where their records stand in the CRM."""
    connection, name = session.connection, session.name
    for moved in await moves.select_moved_there(connection, name):
        async with connection.transaction():
            met.moved += await _move(session, moved)


async def _move(session: SyncSession, moved: Move) -> list[Operation]:
    connection, name, now = session.connection, session.name, session.clock()
    if not await crm_writing.move_person(connection, moved.contact_id, moved.lead_id, by=name, now=now):
        # Deleted here meanwhile: at its new place it is somebody new.
        await crm_links.drop(connection, name, [(RecordKind.CONTACT, moved.contact_id)])
        return []
    await moves.move(connection, name, moved)
    change = {"lead": (str(moved.from_lead_id), str(moved.lead_id))}
    operation = Operation("ours", "update", RecordKind.CONTACT, moved.contact_id, moved.remote_id, change)
    await sync_log.record(connection, name, session.run_id, [SyncEntry(operation, actor=name)])
    return [operation]


# taking in


async def new_companies(session: SyncSession, met: Met) -> AsyncIterator[Staged]:
    """Yield companies of the CRM that are no leads of ours yet, for a plan; each of one name and domain once."""
    seen: set[tuple[str, str]] = set()
    async for staged in _unlinked(session):
        if staged.remote_id in met.left:
            continue
        facts = _facts(session.setting(), staged)
        if facts.domain and (key := company_key(facts.name)):
            if (facts.domain, key) in seen:
                continue
            seen.add((facts.domain, key))
        yield staged


async def take_in_new(session: SyncSession, met: Met, done: dict[str, int]) -> None:
    """Take in companies that no link knows and that are no leads of ours."""
    after = ""
    while page := await crm_staging.select_unlinked(session.connection, session.name, after=after, limit=_PAGE):
        async with session.connection.transaction():
            for staged in page:
                if staged.remote_id not in met.left:
                    await _take_in(session, staged, met, done)
        after = page[-1].remote_id


async def _take_in(session: SyncSession, staged: Staged, met: Met, done: dict[str, int]) -> None:
    connection, name, now = session.connection, session.name, session.clock()
    if staged.unit is None or session.config.new_in_crm != "take":
        await crm_staging.settle(connection, name, {staged.remote_id: staged.fetched_at})
        return
    # One that was taken in right before may be the same company.
    twin = await twin_of(session, staged)
    if twin is not None and twin.linked_to is not None:
        _leave(met, staged.remote_id, twin)
    if staged.remote_id in met.left:
        await crm_staging.explain(connection, name, {staged.remote_id: met.left[staged.remote_id]})
        return
    operation = new_here(session.setting(), staged.unit.lead)
    apart_from = met.apart.get(staged.remote_id)
    lead_id, is_new = await crm_writing.create_lead(
        connection, name, staged.remote_id, operation.values, now, apart_from=apart_from
    )
    if not is_new:
        await _link_found(session, staged, lead_id)
        return
    link = created_link(session.setting(), lead_id, lead_id, staged.unit.lead)
    await crm_links.save(connection, name, [SavedLink(link)], now=now)
    await sync_log.record(connection, name, session.run_id, [SyncEntry(replace(operation, own_id=lead_id), actor=name)])
    done["ours create lead"] = done.get("ours create lead", 0) + 1


async def _link_found(session: SyncSession, staged: Staged, lead_id: UUID) -> None:
    """Link a company to the lead that it turned out to be, unless that has another one there."""
    known = (await crm_links.select_of(session.connection, session.name, [lead_id]))[lead_id]
    link = _lead_link(lead_id, known)
    if link.remote_id is None or link.is_gone:
        saved = SavedLink(linked_to(link, staged.remote_id))
        await crm_links.save(session.connection, session.name, [saved], now=session.clock())
    else:
        words = _words(sorted((link.remote_id, staged.remote_id)))
        await crm_staging.explain(session.connection, session.name, {staged.remote_id: words})
