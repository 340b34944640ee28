"""Who was written to, or is about to be, by address; and the locks that let only one message be first.

Whoever approves or takes for sending a message holds its address's lock until the transaction ends, so that of two at
once the second sees the first. Drafting holds one lock for all addresses: a campaign drafts thousands.
"""

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.outreach.approvals import OPEN, Approval, Kind, Status
from core.outreach.first_messages import Moment, Other, obstacle
from core.outreach.sending import LETTER, SendStatus
from core.outreach.suppression import spellings
from db.schema.approval_tables import ApprovalRow
from db.schema.sending_tables import SendRow

_APPROVALS = ApprovalRow.__table__
_SENDS = SendRow.__table__
_MESSAGES = (Kind.EMAIL, Kind.MEETING)
_WENT_OUT = (SendStatus.SENDING, SendStatus.SENT, SendStatus.UNKNOWN)


async def lock_drafting(connection: AsyncConnection) -> None:
    """Let nobody else draft first messages until this transaction ends."""
    await _lock(connection, "first messages")


async def lock(connection: AsyncConnection, recipient: str) -> None:
    """Let nobody else approve or send to this address until this transaction ends."""
    await _lock(connection, f"message to {spellings(recipient)[0]}")


async def _lock(connection: AsyncConnection, name: str) -> None:
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def select_others(
    connection: AsyncConnection, recipients: Collection[str], *, other_than: UUID | None = None
) -> dict[str, list[Other]]:
    """List by canonical address the messages that went out to it, or may; for each of some addresses.

    Args:
        connection: in a transaction.
        recipients: in any spelling.
        other_than: an approval to leave out.
    """
    canonical = {spelling: spellings(address)[0] for address in recipients for spelling in spellings(address)}
    joined = _APPROVALS.outerjoin(_SENDS, (_SENDS.c.approval_id == _APPROVALS.c.id) & (_SENDS.c.purpose == LETTER))
    columns = [_APPROVALS.c[name] for name in ("id", "kind", "subject_id", "title", "content", "status", "recipient")]
    times = [func.coalesce(_SENDS.c.intended_at, _APPROVALS.c.requested_at).label("at"), _SENDS.c.status.label("sent")]
    is_open = _APPROVALS.c.status.in_([str(status) for status in OPEN]) & (
        (_APPROVALS.c.status == Status.EXECUTING) | (_APPROVALS.c.expires_at > func.now())
    )
    query = (
        select(*columns, *times)
        .select_from(joined)
        .where(_APPROVALS.c.recipient.in_(list(canonical)), _APPROVALS.c.kind.in_([str(kind) for kind in _MESSAGES]))
        .where(or_(is_open, _SENDS.c.status.in_([str(status) for status in _WENT_OUT])))
        .order_by(func.coalesce(_SENDS.c.intended_at, _APPROVALS.c.requested_at))
    )
    if other_than is not None:
        query = query.where(_APPROVALS.c.id != other_than)
    found: dict[str, list[Other]] = {}
    for row in await connection.execute(query):
        found.setdefault(canonical[row.recipient], []).append(_other(row))
    return found


def _other(row: Any) -> Other:
    headline = str(json.loads(row.content).get("subject") or row.title)
    sent = None if row.sent is None else SendStatus(row.sent)
    return Other(row.id, Kind(row.kind), row.subject_id, headline, Status(row.status), sent, row.at)


async def others_of(connection: AsyncConnection, approval: Approval) -> list[Other]:
    """List the other messages to an approval's recipient."""
    recipient = approval.proposal.recipient
    if recipient is None:
        return []
    found = await select_others(connection, [recipient], other_than=approval.id)
    return [other for others in found.values() for other in others]


async def find_obstacle(connection: AsyncConnection, approval: Approval, moment: Moment) -> Other | None:
    """Return the message that stands against approving or sending this one; its address is locked from now on."""
    recipient = approval.proposal.recipient
    if recipient is None or approval.proposal.kind not in _MESSAGES:
        return None
    await lock(connection, recipient)
    others = await others_of(connection, approval)
    return obstacle(approval.proposal, others, moment, decided_at=approval.decided_at)
