"""Meetings that were proposed, and the slots held for them. Of slots that are taken, no two overlap."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Conflict, NotFound
from core.outreach.approvals import Approval
from core.outreach.meetings import Span, taken_numbers
from db.schema.sending_tables import MeetingRow, SlotRow

_MEETINGS = MeetingRow.__table__
_SLOTS = SlotRow.__table__
_TAKEN = _SLOTS.c.status.in_(["held", "booked"])


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


async def busy(connection: AsyncConnection, *, other_than: Collection[UUID] = ()) -> list[Span]:
    """List what is held or booked for meetings other than those named."""
    query = select(_SLOTS.c.starts_at, _SLOTS.c.ends_at).where(_TAKEN, _SLOTS.c.approval_id.not_in(list(other_than)))
    return [Span(row.starts_at, row.ends_at) for row in await connection.execute(query)]


async def taken_slots(connection: AsyncConnection, approval: Approval, more: Collection[Span] = ()) -> list[int]:
    """Return the numbers of an approval's slots that were taken meanwhile: by other meetings, or as `more` says."""
    others = await busy(connection, other_than=[approval.id])
    return taken_numbers(slots_of(approval), [*others, *more])


async def hold(connection: AsyncConnection, approval: Approval, *, uid: str) -> None:
    """Hold an approval's slots until it expires. Safe to repeat.

    Raises:
        Conflict: another meeting has taken one meanwhile.
    """
    meeting = {"approval_id": approval.id, "uid": uid, "sequence": 0, "status": "proposed"}
    await connection.execute(insert(MeetingRow).values(**meeting).on_conflict_do_nothing())
    rows = [
        {
            "approval_id": approval.id,
            "number": number,
            "starts_at": slot.starts_at,
            "ends_at": slot.ends_at,
            "held_until": slot.starts_at,
            "status": "held",
        }
        for number, slot in enumerate(slots_of(approval), 1)
    ]
    if not rows:
        return
    try:
        async with connection.begin_nested():
            statement = insert(SlotRow).on_conflict_do_nothing(index_elements=["approval_id", "number"])
            await connection.execute(statement, rows)
    except IntegrityError as error:
        raise Conflict(f"another meeting has taken a slot of approval {approval.id}") from error


async def find(connection: AsyncConnection, approval_id: UUID) -> Meeting | None:
    """Return the meeting of an approval, or None."""
    row = (await connection.execute(select(_MEETINGS).where(_MEETINGS.c.approval_id == approval_id))).one_or_none()
    if row is None:
        return None
    return Meeting(row.approval_id, row.uid, row.sequence, row.status, row.slot, row.crm_activity)


async def book(connection: AsyncConnection, approval_id: UUID, slot: int, *, now: datetime) -> Meeting:
    """Book one of the slots that were offered. The same again changes nothing; another one moves the meeting.

    Raises:
        NotFound: nothing was proposed under this approval, or no slot of this number.
        Conflict: somebody else has the slot.
    """
    meeting = await _locked(connection, approval_id)
    if meeting.status == "booked" and meeting.slot == slot:
        return meeting
    mine = _SLOTS.c.approval_id == approval_id
    if await connection.scalar(select(_SLOTS.c.number).where(mine, _SLOTS.c.number == slot)) is None:
        raise NotFound(f"approval {approval_id} offers no slot {slot}")
    try:
        async with connection.begin_nested():
            await connection.execute(update(SlotRow).where(mine, _SLOTS.c.number != slot).values(status="released"))
            await connection.execute(update(SlotRow).where(mine, _SLOTS.c.number == slot).values(status="booked"))
    except IntegrityError as error:
        raise Conflict(f"slot {slot} of approval {approval_id} is somebody else's by now") from error
    sequence = meeting.sequence + (1 if meeting.status == "booked" else 0)
    changes = {"status": "booked", "slot": slot, "sequence": sequence, "booked_at": now}
    await connection.execute(update(MeetingRow).where(_MEETINGS.c.approval_id == approval_id).values(**changes))
    return await _locked(connection, approval_id)


async def _locked(connection: AsyncConnection, approval_id: UUID) -> Meeting:
    query = select(_MEETINGS.c.approval_id).where(_MEETINGS.c.approval_id == approval_id).with_for_update()
    found = await find(connection, approval_id) if await connection.scalar(query) else None
    if found is None:
        raise NotFound(f"no meeting was proposed under approval {approval_id}")
    return found


async def note_activity(connection: AsyncConnection, approval_id: UUID, activity: str) -> None:
    """Remember what was written to the CRM, or why nothing was."""
    statement = update(MeetingRow).where(_MEETINGS.c.approval_id == approval_id)
    await connection.execute(statement.values(crm_activity=activity))


async def cancel(connection: AsyncConnection, approval_id: UUID) -> None:
    """Cancel a meeting and give its slots back. Safe twice."""
    await connection.execute(update(SlotRow).where(_SLOTS.c.approval_id == approval_id).values(status="released"))
    mine = _MEETINGS.c.approval_id == approval_id
    await connection.execute(update(MeetingRow).where(mine).values(status="cancelled"))


async def find_open_thread(connection: AsyncConnection, agent: str, lead_id: UUID) -> UUID | None:
    """Return the thread that is proposing a meeting to a lead, or None; one that was decided against is not open."""
    query = text(
        "SELECT t.id FROM agent_threads t WHERE t.agent = :agent AND t.request->>'lead_id' = :lead "
        "AND t.status <> 'finished' AND NOT EXISTS (SELECT FROM approvals a WHERE a.thread_id = t.id::text "
        "AND a.status NOT IN ('pending', 'approved', 'executing')) ORDER BY t.started_at DESC LIMIT 1"
    )
    found: UUID | None = await connection.scalar(query, {"agent": agent, "lead": str(lead_id)})
    return found


async def select_summaries(connection: AsyncConnection, *, limit: int = 200) -> list[dict[str, Any]]:
    """List meetings with the times that are held or booked, the latest first."""
    query = text(
        "SELECT m.approval_id, a.title, m.status, m.slot, m.sequence, m.crm_activity, "
        "array_agg(s.starts_at ORDER BY s.number) FILTER (WHERE s.status <> 'released') AS starts_at "
        "FROM meetings m JOIN approvals a ON a.id = m.approval_id LEFT JOIN slots s ON s.approval_id = m.approval_id "
        "GROUP BY m.approval_id, a.title, a.requested_at, m.status, m.slot, m.sequence, m.crm_activity "
        "ORDER BY a.requested_at DESC LIMIT :limit"
    )
    return [dict(row) for row in (await connection.execute(query, {"limit": limit})).mappings()]


async def release_past(connection: AsyncConnection, *, now: datetime) -> int:
    """Give back slots that nobody chose before they began; return how many. Safe twice."""
    past = (_SLOTS.c.status == "held") & (_SLOTS.c.held_until <= now)
    return int((await connection.execute(update(SlotRow).where(past).values(status="released"))).rowcount)


async def forget_expired(connection: AsyncConnection) -> int:
    """Remove meetings whose proposal expired before it was sent, with the slots held for them. Safe twice."""
    query = text(
        "DELETE FROM meetings m USING approvals a WHERE a.id = m.approval_id AND a.status = 'expired' AND NOT EXISTS "
        "(SELECT FROM sends s WHERE s.approval_id = a.id AND s.status <> 'not_sent')"
    )
    return int((await connection.execute(query)).rowcount)


async def forget(connection: AsyncConnection, approval_ids: Collection[UUID]) -> int:
    """Remove meetings with their slots; return how many."""
    statement = delete(MeetingRow).where(_MEETINGS.c.approval_id.in_(list(approval_ids)))
    return int((await connection.execute(statement)).rowcount)
