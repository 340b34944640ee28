"""Messages sent at most once: the intent is committed before the server is spoken to, the result after.

Who finds an intent without a result cannot know: it becomes `unknown`, is listed, and is nobody's to try again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.errors import ApprovalNotFound, NotFound, NotPending
from core.outreach.approvals import Approval, ApprovalStatus, Decision, person
from core.outreach.sending import APPROVED_MESSAGE, Send, SendStatus
from core.outreach.suppression import TombstoneKey
from db.outreach import approvals
from db.outreach.recipients import contact_of
from db.outreach.suppressions import refuse_suppressed
from db.server.engine import Connection
from db.server.statements import change, inserted, listed, select, select_dict, select_dicts, select_value

_READ = (
    *("approval_id", "purpose", "recipient", "message_id", "status", "attempts", "sent_by", "intended_at"),
    *("finished_at", "detail", "resolved_by"),
)
_INTENDED = (
    *("message_id", "digest", "status", "attempts", "sent_by", "intended_at", "lease_until", "finished_at", "detail"),
)
_SELECT = f"SELECT {listed(_READ)} FROM sends"
_INTEND = f"""
{inserted("sends", ("approval_id", "purpose", "recipient", *_INTENDED))}
ON CONFLICT (approval_id, purpose) DO UPDATE SET {listed(_INTENDED, "{0} = excluded.{0}")}
"""
DEFAULT_LEASE = timedelta(minutes=10)
_LOST = "its sender died or was cut off before it knew"


@dataclass(frozen=True)
class SendIntent:
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
    connection: Connection,
    wanted: Wanted,
    *,
    by: str,
    key: TombstoneKey,
    now: datetime,
    lease: timedelta = DEFAULT_LEASE,
) -> SendIntent:
    """Write down that a message is about to be sent; the last checks are made here, in the same transaction.

    Args:
        connection: in a transaction of its own, committed before the server is spoken to.
        wanted: which message.
        by: who sends it; who has claimed the approval, where its message goes out.
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
        return SendIntent(await _given_up(connection, known, now), may_send=False)
    contact_id = await contact_of(connection, approval.proposal)
    await refuse_suppressed(connection, recipient, key, lead_id=approval.proposal.lead_id, contact_id=contact_id)
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
    await connection.execute(_INTEND, first | values)
    return SendIntent(await get(connection, wanted.approval_id, wanted.purpose), may_send=True)


async def _locked(connection: Connection, approval_id: UUID) -> Approval:
    """Read an approval, and let nobody else send for it until this transaction ends."""
    lock = "SELECT id FROM approvals WHERE id = %(id)s FOR UPDATE"
    if await select_value(connection, lock, {"id": approval_id}) is None:
        raise ApprovalNotFound(f"there is no approval {approval_id}")
    return await approvals.get(connection, approval_id)


def _check_approved(approval: Approval, purpose: str, by: str) -> None:
    follows = purpose != APPROVED_MESSAGE and approval.status is ApprovalStatus.EXECUTED
    if approval.decision is not Decision.APPROVE or not (approval.is_held_by(by) or follows):
        raise NotPending(f"approval {approval.id} does not allow {by} to send: it is {approval.status}")


async def settle(connection: Connection, approval_id: UUID, *, now: datetime) -> Approval:
    """Close or release an approval that somebody claimed, by what is proved about its message; return it as it is then.

    Its message was sent or refused: it is closed so. It was certainly not sent, and who claimed it is gone: it waits
    again, or has expired. It may have been sent: it stays as it is, for a person to say. Safe twice.

    Raises:
        ApprovalNotFound: there is none.
    """
    approval = await _locked(connection, approval_id)
    if approval.status is not ApprovalStatus.EXECUTING or approval.proposal.recipient is None:
        return approval
    send = await find(connection, approval_id, APPROVED_MESSAGE)
    send = None if send is None else await _given_up(connection, send, now)
    if send is not None and send.status is SendStatus.SENT:
        return await approvals.finish(connection, approval_id, now=now)
    if send is not None and send.status is SendStatus.REFUSED:
        return await approvals.finish(connection, approval_id, now=now, failure=send.detail or "refused")
    is_abandoned = approval.lease_until is None or approval.lease_until <= now
    if is_abandoned and (send is None or send.status is SendStatus.NOT_SENT):
        return await approvals.release(connection, approval_id, now=now)
    return approval


async def settle_abandoned(connection: Connection, *, now: datetime) -> int:
    """Settle what was claimed by somebody who is gone; return how many ended or wait again. Safe twice."""
    abandoned = "SELECT id FROM approvals WHERE status = 'executing' AND lease_until <= %(now)s ORDER BY id"
    found = await select(connection, abandoned, {"now": now})
    settled = [await settle(connection, row.id, now=now) for row in found]
    return sum(approval.status is not ApprovalStatus.EXECUTING for approval in settled)


async def record(
    connection: Connection,
    approval_id: UUID,
    purpose: str,
    status: SendStatus,
    *,
    now: datetime,
    detail: str | None = None,
) -> None:
    """Write down what became of an attempt; also where it was given up as unknown meanwhile, since its sender knows."""
    await connection.execute(
        """
        UPDATE sends SET status = %(status)s, finished_at = %(now)s, detail = %(detail)s
        WHERE approval_id = %(approval_id)s AND purpose = %(purpose)s AND status IN ('sending', 'unknown')
            AND resolved_by IS NULL
        """,
        {"approval_id": approval_id, "purpose": purpose, "status": status, "now": now, "detail": detail},
    )


async def forgo(connection: Connection, intent: SendIntent, *, why: str, now: datetime) -> Send:
    """Take an intent back before the server was spoken to: it was certainly not sent, and it was no attempt."""
    await connection.execute(
        """
        UPDATE sends SET status = 'not_sent', finished_at = %(now)s, detail = %(why)s, attempts = attempts - 1
        WHERE approval_id = %(approval_id)s AND purpose = %(purpose)s
        """,
        {"approval_id": intent.send.approval_id, "purpose": intent.send.purpose, "now": now, "why": why},
    )
    return await get(connection, intent.send.approval_id, intent.send.purpose)


async def find(connection: Connection, approval_id: UUID, purpose: str) -> Send | None:
    """Return a message's record, or None."""
    statement = f"{_SELECT} WHERE approval_id = %(approval_id)s AND purpose = %(purpose)s"
    row = await select_dict(connection, statement, {"approval_id": approval_id, "purpose": purpose})
    return None if row is None else _send(row)


async def get(connection: Connection, approval_id: UUID, purpose: str) -> Send:
    """Return a message's record. Raises NotFound."""
    found = await find(connection, approval_id, purpose)
    if found is None:
        raise NotFound(f"nothing was sent for approval {approval_id} as {purpose}")
    return found


async def select_of(connection: Connection, approval_id: UUID) -> list[Send]:
    """List the messages of an approval."""
    return await _select(connection, "approval_id = %(approval_id)s", {"approval_id": approval_id})


async def select_unresolved(connection: Connection) -> list[Send]:
    """List what is under way or unknown, the oldest first."""
    return await _select(connection, "status IN ('sending', 'unknown')")


async def _select(connection: Connection, condition: str, values: Mapping[str, Any] | None = None) -> list[Send]:
    rows = await select_dicts(connection, f"{_SELECT} WHERE {condition} ORDER BY intended_at", values)
    return [_send(row) for row in rows]


async def give_up_lost(connection: Connection, *, now: datetime) -> int:
    """Mark as unknown what was begun and never ended; return how many. Safe twice."""
    statement = """
        UPDATE sends SET status = 'unknown', finished_at = %(now)s, detail = %(detail)s
        WHERE status = 'sending' AND lease_until <= %(now)s
    """
    return await change(connection, statement, {"now": now, "detail": _LOST})


async def _given_up(connection: Connection, known: Send, now: datetime) -> Send:
    if known.status is SendStatus.SENDING:
        await give_up_lost(connection, now=now)
        return await get(connection, known.approval_id, known.purpose)
    return known


async def resolve(
    connection: Connection, approval_id: UUID, purpose: str, *, was_sent: bool, by: str, now: datetime
) -> Send:
    """Return what became of a message nobody knows of, as somebody found out.

    What was not sent after all is not sent now either: its approval fails, and may be asked for anew.

    Raises:
        NotFound: there is no such message.
        NotPending: it is not unknown.
        InvalidInput: there is no name.
    """
    name = person(by)
    status = SendStatus.SENT if was_sent else SendStatus.REFUSED
    changed = await change(
        connection,
        """
        UPDATE sends SET status = %(status)s, resolved_by = %(name)s, resolved_at = %(now)s
        WHERE approval_id = %(approval_id)s AND purpose = %(purpose)s AND status = 'unknown'
        """,
        {"approval_id": approval_id, "purpose": purpose, "status": status, "name": name, "now": now},
    )
    found = await get(connection, approval_id, purpose)
    if not changed:
        raise NotPending(f"the message is not unknown: it is {found.status}")
    approval = await approvals.get(connection, approval_id)
    if not was_sent and approval.status is ApprovalStatus.EXECUTING:
        await approvals.finish(connection, approval_id, now=now, failure=f"it was not delivered, says {name}")
    return found


async def select_waiting(connection: Connection, approval_id: UUID | None = None) -> list[Send]:
    """List what was certainly not sent and may be tried again, the oldest first; of one approval, or of all."""
    only = "" if approval_id is None else " AND approval_id = %(approval_id)s"
    return await _select(connection, f"status = 'not_sent'{only}", {"approval_id": approval_id})


async def select_stuck(connection: Connection) -> set[UUID]:
    """Return the approvals that wait for a person to say what became of a message."""
    rows = await select(connection, "SELECT approval_id FROM sends WHERE status IN ('sending', 'unknown')")
    return {row.approval_id for row in rows}


def _send(row: Mapping[str, Any]) -> Send:
    return Send(**{**row, "status": SendStatus(row["status"])})
