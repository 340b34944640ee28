"""Messages sent at most once: the intent is committed before the server is spoken to, the result after.

Who finds an intent without a result cannot know: it becomes `unknown`, is listed, and is nobody's to try again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import ApprovalNotFound, NotFound, NotPending
from core.outreach.approvals import Approval, Decision, Status, person
from core.outreach.sending import LETTER, Send, SendStatus
from core.outreach.suppression import TombstoneKey
from db.outreach import approvals
from db.outreach.suppressions import refuse_suppressed
from db.schema.approval_tables import ApprovalRow
from db.schema.sending_tables import SendRow

_TABLE = SendRow.__table__
DEFAULT_LEASE = timedelta(minutes=10)
_LOST = "its sender died or was cut off before it knew"


@dataclass(frozen=True)
class Intent:
    """A message somebody wants to send: `may_send` is a yes for who asked, and for nobody else."""

    send: Send
    may_send: bool


@dataclass(frozen=True)
class Wanted:
    """What is to be sent: for which approval, which of its messages, under which id, and the SHA-256 of its bytes."""

    approval_id: UUID
    purpose: str
    message_id: str
    digest: str


async def intend(
    connection: AsyncConnection,
    wanted: Wanted,
    *,
    by: str,
    key: TombstoneKey,
    now: datetime,
    lease: timedelta = DEFAULT_LEASE,
) -> Intent:
    """Write down that a message is about to be sent; the last checks are made here, in the same transaction.

    Args:
        connection: in a transaction of its own, committed before the server is spoken to.
        wanted: which message.
        by: who sends it; who has claimed the approval, where its letter goes out.
        key: of the tombstones.
        now: aware UTC.
        lease: longer than any attempt to send can take.

    Returns:
        Whether it may be sent now, and else what became of it.

    Raises:
        NotPending: the approval is not approved, or in somebody else's hands.
        Suppressed: the recipient must not be written to.
        ApprovalNotFound: there is none.
    """
    approval = await _locked(connection, wanted.approval_id)
    _check_approved(approval, wanted.purpose, by)
    recipient = approval.proposal.recipient
    if recipient is None:
        raise NotPending(f"approval {approval.id} is about no message")
    known = await find(connection, wanted.approval_id, wanted.purpose)
    if known is not None and known.status is not SendStatus.NOT_SENT:
        return Intent(await _given_up(connection, known, now), may_send=False)
    await refuse_suppressed(connection, recipient, key, lead_id=approval.proposal.lead_id)
    values: dict[str, Any] = {
        "message_id": wanted.message_id,
        "digest": wanted.digest,
        "status": str(SendStatus.SENDING),
        "attempts": 1 if known is None else known.attempts + 1,
        "sent_by": by,
        "intended_at": now,
        "lease_until": now + lease,
        "finished_at": None,
        "detail": None,
    }
    first = {"approval_id": wanted.approval_id, "purpose": wanted.purpose, "recipient": recipient}
    statement = insert(SendRow).values(**first, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["approval_id", "purpose"], set_=values))
    return Intent(await get(connection, wanted.approval_id, wanted.purpose), may_send=True)


async def _locked(connection: AsyncConnection, approval_id: UUID) -> Approval:
    """Read an approval, and let nobody else send for it until this transaction ends."""
    statement = select(ApprovalRow.id).where(ApprovalRow.id == approval_id).with_for_update()
    if await connection.scalar(statement) is None:
        raise ApprovalNotFound(f"there is no approval {approval_id}")
    return await approvals.get(connection, approval_id)


def _check_approved(approval: Approval, purpose: str, by: str) -> None:
    follows = purpose != LETTER and approval.status is Status.EXECUTED
    if approval.decision is not Decision.APPROVE or not (approval.is_held_by(by) or follows):
        raise NotPending(f"approval {approval.id} does not allow {by} to send: it is {approval.status}")


async def settle(connection: AsyncConnection, approval_id: UUID, *, now: datetime) -> Approval:
    """Close or release an approval that somebody claimed, by what is proved about its letter; return it as it is then.

    Its letter was sent or refused: it is closed so. It was certainly not sent, and who claimed it is gone: it waits
    again, or has expired. It may have been sent: it stays as it is, for a person to say. Safe twice.

    Raises:
        ApprovalNotFound: there is none.
    """
    approval = await _locked(connection, approval_id)
    if approval.status is not Status.EXECUTING or approval.proposal.recipient is None:
        return approval
    send = await find(connection, approval_id, LETTER)
    send = None if send is None else await _given_up(connection, send, now)
    if send is not None and send.status is SendStatus.SENT:
        return await approvals.finish(connection, approval_id, now=now)
    if send is not None and send.status is SendStatus.REFUSED:
        return await approvals.finish(connection, approval_id, now=now, failure=send.detail or "refused")
    is_abandoned = approval.lease_until is None or approval.lease_until <= now
    if is_abandoned and (send is None or send.status is SendStatus.NOT_SENT):
        return await approvals.release(connection, approval_id, now=now)
    return approval


async def settle_abandoned(connection: AsyncConnection, *, now: datetime) -> int:
    """Settle what was claimed by somebody who is gone; return how many ended or wait again. Safe twice."""
    table = ApprovalRow.__table__
    abandoned = (table.c.status == Status.EXECUTING) & (table.c.lease_until <= now)
    found = (await connection.execute(select(table.c.id).where(abandoned).order_by(table.c.id))).scalars().all()
    settled = [await settle(connection, approval_id, now=now) for approval_id in found]
    return sum(approval.status is not Status.EXECUTING for approval in settled)


async def record(
    connection: AsyncConnection,
    approval_id: UUID,
    purpose: str,
    status: SendStatus,
    *,
    now: datetime,
    detail: str | None = None,
) -> None:
    """Write down what became of an attempt; also where it was given up as unknown meanwhile, since its sender knows."""
    open_ = _TABLE.c.status.in_([SendStatus.SENDING, SendStatus.UNKNOWN])
    mine = (_TABLE.c.approval_id == approval_id) & (_TABLE.c.purpose == purpose)
    statement = update(SendRow).where(mine, open_, _TABLE.c.resolved_by.is_(None))
    await connection.execute(statement.values(status=str(status), finished_at=now, detail=detail))


async def forgo(connection: AsyncConnection, intent: Intent, *, why: str, now: datetime) -> Send:
    """Take an intent back before the server was spoken to: it was certainly not sent, and it was no attempt."""
    mine = (_TABLE.c.approval_id == intent.send.approval_id) & (_TABLE.c.purpose == intent.send.purpose)
    values = {"status": str(SendStatus.NOT_SENT), "finished_at": now, "detail": why, "attempts": _TABLE.c.attempts - 1}
    await connection.execute(update(SendRow).where(mine).values(**values))
    return await get(connection, intent.send.approval_id, intent.send.purpose)


async def find(connection: AsyncConnection, approval_id: UUID, purpose: str) -> Send | None:
    """Return a message's record, or None."""
    query = select(_TABLE).where(_TABLE.c.approval_id == approval_id, _TABLE.c.purpose == purpose)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _send(row)


async def get(connection: AsyncConnection, approval_id: UUID, purpose: str) -> Send:
    """Return a message's record. Raises NotFound."""
    found = await find(connection, approval_id, purpose)
    if found is None:
        raise NotFound(f"nothing was sent for approval {approval_id} as {purpose}")
    return found


async def select_of(connection: AsyncConnection, approval_id: UUID) -> list[Send]:
    """List the messages of an approval."""
    query = select(_TABLE).where(_TABLE.c.approval_id == approval_id).order_by(_TABLE.c.intended_at)
    return [_send(row) for row in await connection.execute(query)]


async def select_unresolved(connection: AsyncConnection) -> list[Send]:
    """List what is under way or unknown, the oldest first."""
    open_ = _TABLE.c.status.in_([SendStatus.SENDING, SendStatus.UNKNOWN])
    return [_send(row) for row in await connection.execute(select(_TABLE).where(open_).order_by(_TABLE.c.intended_at))]


async def give_up_lost(connection: AsyncConnection, *, now: datetime) -> int:
    """Mark as unknown what was begun and never ended; return how many. Safe twice."""
    lost = (_TABLE.c.status == SendStatus.SENDING) & (_TABLE.c.lease_until <= now)
    statement = update(SendRow).where(lost).values(status=str(SendStatus.UNKNOWN), finished_at=now, detail=_LOST)
    return int((await connection.execute(statement)).rowcount)


async def _given_up(connection: AsyncConnection, known: Send, now: datetime) -> Send:
    if known.status is SendStatus.SENDING:
        await give_up_lost(connection, now=now)
        return await get(connection, known.approval_id, known.purpose)
    return known


async def resolve(
    connection: AsyncConnection, approval_id: UUID, purpose: str, *, was_sent: bool, by: str, now: datetime
) -> Send:
    """Say what became of a message nobody knows of, as somebody found out.

    What was not sent after all is not sent now either: its approval fails, and may be asked for anew.

    Raises:
        NotFound: there is no such message.
        NotPending: it is not unknown.
        InvalidInput: there is no name.
    """
    name = person(by)
    status = SendStatus.SENT if was_sent else SendStatus.REFUSED
    mine = (_TABLE.c.approval_id == approval_id) & (_TABLE.c.purpose == purpose)
    statement = update(SendRow).where(mine, _TABLE.c.status == SendStatus.UNKNOWN)
    changed = await connection.execute(statement.values(status=str(status), resolved_by=name, resolved_at=now))
    found = await get(connection, approval_id, purpose)
    if not changed.rowcount:
        raise NotPending(f"the message is not unknown: it is {found.status}")
    approval = await approvals.get(connection, approval_id)
    if not was_sent and approval.status is Status.EXECUTING:
        await approvals.finish(connection, approval_id, now=now, failure=f"it was not delivered, says {name}")
    return found


async def select_waiting(connection: AsyncConnection, approval_id: UUID | None = None) -> list[Send]:
    """List what was certainly not sent and may be tried again, the oldest first; of one approval, or of all."""
    waiting = _TABLE.c.status == SendStatus.NOT_SENT
    if approval_id is not None:
        waiting &= _TABLE.c.approval_id == approval_id
    return [
        _send(row) for row in await connection.execute(select(_TABLE).where(waiting).order_by(_TABLE.c.intended_at))
    ]


async def select_stuck(connection: AsyncConnection) -> set[UUID]:
    """Return the approvals that wait for a person to say what became of a message."""
    unknown = or_(_TABLE.c.status == SendStatus.UNKNOWN, _TABLE.c.status == SendStatus.SENDING)
    return {row.approval_id for row in await connection.execute(select(_TABLE.c.approval_id).where(unknown))}


def _send(row: Any) -> Send:
    return Send(
        approval_id=row.approval_id,
        purpose=row.purpose,
        recipient=row.recipient,
        message_id=row.message_id,
        status=SendStatus(row.status),
        attempts=row.attempts,
        sent_by=row.sent_by,
        intended_at=row.intended_at,
        finished_at=row.finished_at,
        detail=row.detail,
        resolved_by=row.resolved_by,
    )
