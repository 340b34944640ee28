"""What happened in the CRM: its change log walked to the end, or every record compared, then a look at each company."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta

from core.crm.echoes import key_that_made, overwritten, verdict_on
from core.crm.opt_outs import reported_opt_outs
from core.crm.records import RecordKind, RecordValues, RemoteChange, RemoteRecord, RemoteUnit
from core.crm.states import distance, failure_of
from core.crm.units import RecordLink
from core.errors import Gone, SalesAgentError
from core.text import normalize
from db.crm import inbox as crm_inbox
from db.crm import staging as crm_staging
from db.crm import sync_log
from db.crm.inbox import Cursor, SortedChange
from db.crm.staging import Staged
from db.outreach import opt_outs
from db.outreach.tombstones import erased_among
from tasks.crm.session import SyncSession
from tasks.outreach.keys import tombstone_key
from tasks.runtime.batches import bounded_gather

log = logging.getLogger(__name__)

_LOOKS_A_PAGE = 200


class Pulled(Counter[str]):
    """Entries of the change log by what they came to, and `fetched`, `full`."""


async def pull(session: SyncSession, *, full: bool = False) -> Pulled:
    """Bring what happened in the CRM in: entries of its log since last time, then the companies they speak of.

    Nothing of our leads is changed: what was seen is staged, to be settled. Killed anywhere, it begins again at the
    stored cursor, which moves in the transaction that stores the work a complete walk left.
    """
    connection, name = session.connection, session.name
    if full:
        await crm_inbox.ask_for_full(connection, name)
    counts = Pulled()
    cursor = await crm_inbox.get_cursor(connection, name)
    if cursor.needs_full or cursor.at is None:
        await _compare_all(session)
        counts["full"] = 1
    else:
        try:
            counts.update(await _walk(session, cursor))
        except Gone as error:
            log.info("change_log_too_short", extra={"provider": name, "why": str(error)})
            await crm_inbox.ask_for_full(connection, name)
            await _compare_all(session)
            counts["full"] = 1
    counts["fetched"] = await fetch_staged(session)
    return counts


async def _walk(session: SyncSession, cursor: Cursor) -> dict[str, int]:
    """Read the log back to the cursor, newest first; only a complete walk becomes work."""
    connection, name = session.connection, session.name
    assert cursor.at is not None
    await crm_inbox.begin_walk(connection, name)
    newest, known = cursor.newest_at, 0
    started_at = session.clock()
    async for page in session.crm.changes_since(cursor.at):
        fresh = await crm_inbox.unknown_changes(connection, name, page)
        known += len(page) - len(fresh)
        newest = max([change.at for change in page] + ([newest] if newest else []), default=None)
        await _take_in(session, fresh, cursor.own_keys)
    complete_to = _complete_to(session, started_at, newest) or cursor.at
    counts = await crm_inbox.finish_walk(connection, name, cursor_at=complete_to, newest_at=newest, now=session.clock())
    return counts | {"known": known}


def _complete_to(session: SyncSession, started_at: datetime, newest: datetime | None) -> datetime | None:
    """Return up to when the log is certainly complete, by the CRM's clock: late entries lie within the overlap."""
    offset_s = session.crm.clock_offset_s
    if offset_s is None:
        return newest - session.safeguards.overlap if newest else None
    there = started_at + timedelta(seconds=offset_s)
    return (max(there, newest) if newest and not session.safeguards.overlap else there) - session.safeguards.overlap


async def _take_in(session: SyncSession, changes: Sequence[RemoteChange], own_keys: frozenset[str]) -> None:
    linked = await crm_inbox.links_of_page(session.connection, session.name, changes)
    links = {key: known.link for key, known in linked.items()}
    found_keys = set()
    for change in changes:
        known = linked.get((change.kind, change.record_id))
        key = key_that_made(change, known and known.link, is_made_here=known is not None and known.is_made_here)
        if key is not None and key not in own_keys:
            found_keys.add(key)
    keys = own_keys | found_keys
    sorted_changes = []
    for change in changes:
        known = linked.get((change.kind, change.record_id))
        verdict = verdict_on(change, links, keys, known and known.company)
        if verdict == "echo" and not session.safeguards.knows_echoes:
            verdict = "look"
        sorted_changes.append(SortedChange(change, verdict, await _overwritten(session, change, links, keys)))
    await crm_inbox.add_changes(session.connection, session.name, sorted_changes, sorted(found_keys))


async def _overwritten(
    session: SyncSession, change: RemoteChange, links: Mapping[tuple[RecordKind, str], RecordLink], keys: Set[str]
) -> RecordValues:
    """Return what an entry tells was written over; a value that we sent ourselves earlier is nobody's edit."""
    link = links.get((change.kind, change.record_id))
    lost = overwritten(change, link, keys)
    return {
        field: value
        for field, value in lost.items()
        if link is not None and not await sync_log.was_sent(session.connection, session.name, link.own_id, field, value)
    }


async def _compare_all(session: SyncSession) -> None:
    """List every company of the CRM with when it changed last, and ask for a look at what is new, changed or gone."""
    connection, name = session.connection, session.name
    listed_at = session.clock()
    newest = None
    async for page in session.crm.stamps():
        await crm_inbox.list_page(connection, name, page, listed_at=listed_at)
        newest = max([stamp.updated_at for stamp in page] + ([newest] if newest else []), default=None)
    await crm_inbox.finish_full(
        connection,
        name,
        listed_at=listed_at,
        cursor_at=_complete_to(session, listed_at, newest),
        now=session.clock(),
    )


async def fetch_staged(session: SyncSession) -> int:
    """Look at every company that asks for it; one that cannot be read costs no other. Return how many were read."""
    after, fetched = "", 0
    while True:
        page = await crm_staging.select_to_fetch(
            session.connection, session.name, after=after, limit=_LOOKS_A_PAGE, now=session.clock()
        )
        if not page:
            return fetched
        fetched += sum(await bounded_gather(lambda staged: _look_at(session, staged), page, width=session.width))
        after = page[-1].remote_id


async def _look_at(session: SyncSession, staged: Staged) -> bool:
    unit: RemoteUnit | None = None
    try:
        if staged.merged_into is None:
            unit = await session.crm.fetch(staged.remote_id)
    except Gone:
        unit = None
    except SalesAgentError as error:
        failure = failure_of(error, staged.failures + 1, session.clock())
        if failure.is_everybodys:
            raise
        async with session.writing:
            await crm_staging.mark_unfetched(
                session.connection,
                session.name,
                staged.remote_id,
                reason=failure.reason,
                retry_at=session.clock() + distance(staged.failures + 1),
            )
        return False
    async with session.writing:
        if unit is not None and unit.refusals:
            reported = reported_opt_outs(unit.refusals, session.name)
            await opt_outs.record(session.connection, reported, tombstone_key, now=session.clock())
        unit = None if unit is None else await _without_erased(session, unit)
        await crm_staging.record_fetched(session.connection, session.name, staged.remote_id, unit, now=session.clock())
    return True


async def _without_erased(session: SyncSession, unit: RemoteUnit) -> RemoteUnit:
    """Leave out persons who were erased here: the CRM does not bring them back."""
    named = {contact.id: _addresses(contact) for contact in unit.contacts}
    everybody = {address for addresses in named.values() for address in addresses}
    erased = await erased_among(session.connection, everybody, tombstone_key)
    return replace(unit, contacts=tuple(each for each in unit.contacts if not named[each.id] & erased))


def _addresses(contact: RemoteRecord) -> set[str]:
    texts = [
        text for value in contact.values.values() for text in ((value,) if isinstance(value, str) else value or ())
    ]
    return {found for text in texts if "@" in text and (found := normalize.email(text)) is not None}
