"""Meetings that were proposed, and the slots held for them. Of slots that are taken, no two overlap."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import IntegrityError

from core.errors import Conflict, NotFound
from core.outreach.approvals import Approval
from core.outreach.meetings import Span, taken_numbers
from db.leads.matching import current_id
from db.leads.merged_ids import ids_ever
from db.server.engine import Connection
from db.server.statements import change, change_each, select, select_dict, select_dicts, select_value

_HOLD = """
INSERT INTO slots (approval_id, number, starts_at, ends_at, held_until, status)
VALUES (%(approval_id)s, %(number)s, %(starts_at)s, %(ends_at)s, %(starts_at)s, 'held')
ON CONFLICT (approval_id, number) DO NOTHING
"""


@dataclass(frozen=True)
class Meeting:
    """A meeting that was proposed, and booked once `slot` is chosen."""

    approval_id: UUID
    uid: str
    sequence: int
    status: str
    slot: int | None
    crm_activity: str | None


def slots_of(approval: Approval) -> list[Span]:
    """Return the slots that an approval offers, in their order; none for a plain message."""
    return [Span.from_json(slot) for slot in approval.content.get("slots", ())]


async def busy(connection: Connection, *, other_than: Collection[UUID] = ()) -> list[Span]:
    """List what is held or booked for meetings other than those named."""
    statement = """
        SELECT starts_at, ends_at FROM slots
        WHERE status IN ('held', 'booked') AND approval_id <> ALL (%(other_than)s::uuid[])
    """
    rows = await select(connection, statement, {"other_than": list(other_than)})
    return [Span(row.starts_at, row.ends_at) for row in rows]


async def taken_slots(connection: Connection, approval: Approval, more: Collection[Span] = ()) -> list[int]:
    """Return the numbers of an approval's slots that were taken meanwhile: by other meetings, or as `more` says."""
    others = await busy(connection, other_than=[approval.id])
    return taken_numbers(slots_of(approval), [*others, *more])


async def hold(connection: Connection, approval: Approval, *, uid: str) -> None:
    """Hold an approval's slots until it expires. Safe to repeat.

    Raises:
        Conflict: another meeting has taken one meanwhile.
    """
    await connection.execute(
        "INSERT INTO meetings (approval_id, uid, sequence, status) VALUES (%(approval_id)s, %(uid)s, 0, 'proposed')"
        " ON CONFLICT DO NOTHING",
        {"approval_id": approval.id, "uid": uid},
    )
    rows = [
        {"approval_id": approval.id, "number": number, "starts_at": slot.starts_at, "ends_at": slot.ends_at}
        for number, slot in enumerate(slots_of(approval), 1)
    ]
    if not rows:
        return
    try:
        async with connection.transaction():
            await change_each(connection, _HOLD, rows)
    except IntegrityError as error:
        raise Conflict(f"another meeting has taken a slot of approval {approval.id}") from error


async def find(connection: Connection, approval_id: UUID) -> Meeting | None:
    """Return the meeting of an approval, or None."""
    statement = """
        SELECT approval_id, uid, sequence, status, slot, crm_activity FROM meetings WHERE approval_id = %(approval_id)s
    """
    row = await select_dict(connection, statement, {"approval_id": approval_id})
    return None if row is None else Meeting(**row)


async def book(connection: Connection, approval_id: UUID, slot: int, *, now: datetime) -> Meeting:
    """Book one of the slots that were offered. The same again changes nothing; another one moves the meeting.

    Raises:
        NotFound: nothing was proposed under this approval, or no slot of this number.
        Conflict: somebody else has the slot.
    """
    meeting = await _locked(connection, approval_id)
    if meeting.status == "booked" and meeting.slot == slot:
        return meeting
    names = {"approval_id": approval_id, "slot": slot}
    offered = "SELECT EXISTS (SELECT FROM slots WHERE approval_id = %(approval_id)s AND number = %(slot)s)"
    if not await select_value(connection, offered, names):
        raise NotFound(f"approval {approval_id} offers no slot {slot}")
    try:
        async with connection.transaction():
            chosen = "UPDATE slots SET status = {} WHERE approval_id = %(approval_id)s AND number {} %(slot)s"
            await connection.execute(chosen.format("'released'", "<>"), names)
            await connection.execute(chosen.format("'booked'", "="), names)
    except IntegrityError as error:
        raise Conflict(f"slot {slot} of approval {approval_id} is somebody else's by now") from error
    sequence = meeting.sequence + (1 if meeting.status == "booked" else 0)
    await connection.execute(
        "UPDATE meetings SET status = 'booked', slot = %(slot)s, sequence = %(sequence)s, booked_at = %(now)s"
        " WHERE approval_id = %(approval_id)s",
        {**names, "sequence": sequence, "now": now},
    )
    return await _locked(connection, approval_id)


async def _locked(connection: Connection, approval_id: UUID) -> Meeting:
    lock = "SELECT approval_id FROM meetings WHERE approval_id = %(approval_id)s FOR UPDATE"
    is_there = await select_value(connection, lock, {"approval_id": approval_id})
    found = await find(connection, approval_id) if is_there else None
    if found is None:
        raise NotFound(f"no meeting was proposed under approval {approval_id}")
    return found


async def note_activity(connection: Connection, approval_id: UUID, activity: str) -> None:
    """Remember what was written to the CRM, or why nothing was."""
    statement = "UPDATE meetings SET crm_activity = %(activity)s WHERE approval_id = %(approval_id)s"
    await connection.execute(statement, {"approval_id": approval_id, "activity": activity})


async def cancel(connection: Connection, approval_id: UUID) -> None:
    """Cancel a meeting and give its slots back. Safe twice."""
    mine = {"approval_id": approval_id}
    await connection.execute("UPDATE slots SET status = 'released' WHERE approval_id = %(approval_id)s", mine)
    await connection.execute("UPDATE meetings SET status = 'cancelled' WHERE approval_id = %(approval_id)s", mine)


@dataclass(frozen=True)
class OpenProposal:
    """A thread that is proposing a meeting, and to whom; None where it was begun before contacts were named."""

    thread_id: UUID
    contact_id: UUID | None


async def find_open_thread(
    connection: Connection, agent: str, lead_id: UUID, contact_id: UUID | None = None
) -> OpenProposal | None:
    """Return the thread that is proposing a meeting, or None; one that was decided against is not open.

    Args:
        connection: in a transaction.
        agent: whose thread.
        lead_id: to a contact of this lead, whatever id it had then.
        contact_id: to this contact alone.
    """
    statement = """
        SELECT t.id, coalesce(t.request->>'contact_id', (SELECT a.contact_id::text FROM approvals a
            WHERE a.thread_id = t.id::text AND a.contact_id IS NOT NULL LIMIT 1)) AS contact_id
        FROM agent_threads t
        WHERE t.agent = %(agent)s AND t.request->>'lead_id' = ANY (%(leads)s) AND t.status <> 'finished'
            AND NOT EXISTS (SELECT FROM approvals a WHERE a.thread_id = t.id::text
                AND a.status NOT IN ('pending', 'approved', 'executing'))
        ORDER BY t.started_at DESC
    """
    leads = [str(each) for each in await ids_ever(connection, [lead_id])]
    for row in await select(connection, statement, {"agent": agent, "leads": leads}):
        found = None if row.contact_id is None else await current_id(connection, UUID(row.contact_id))
        if contact_id in (None, found):
            return OpenProposal(row.id, found)
    return None


async def select_summaries(connection: Connection, *, limit: int = 200) -> list[dict[str, Any]]:
    """List meetings with the times that are held or booked, the latest first."""
    statement = """
        SELECT m.approval_id, a.title, m.status, m.slot, m.sequence, m.crm_activity,
            array_agg(s.starts_at ORDER BY s.number) FILTER (WHERE s.status <> 'released') AS starts_at
        FROM meetings m JOIN approvals a ON a.id = m.approval_id LEFT JOIN slots s ON s.approval_id = m.approval_id
        GROUP BY m.approval_id, a.title, a.requested_at, m.status, m.slot, m.sequence, m.crm_activity
        ORDER BY a.requested_at DESC LIMIT %(limit)s
    """
    return await select_dicts(connection, statement, {"limit": limit})


async def release_past(connection: Connection, *, now: datetime) -> int:
    """Release slots that nobody chose before they began; return how many. Safe twice."""
    statement = "UPDATE slots SET status = 'released' WHERE status = 'held' AND held_until <= %(now)s"
    return await change(connection, statement, {"now": now})


async def forget_expired(connection: Connection) -> int:
    """Remove meetings whose proposal expired before it was sent, with the slots held for them. Safe twice."""
    statement = """
        DELETE FROM meetings m USING approvals a WHERE a.id = m.approval_id AND a.status = 'expired'
            AND NOT EXISTS (SELECT FROM sends s WHERE s.approval_id = a.id AND s.status <> 'not_sent')
    """
    return await change(connection, statement)


async def forget(connection: Connection, approval_ids: Collection[UUID]) -> int:
    """Remove meetings with their slots; return how many."""
    statement = "DELETE FROM meetings WHERE approval_id = ANY (%(approval_ids)s::uuid[])"
    return await change(connection, statement, {"approval_ids": list(approval_ids)})
