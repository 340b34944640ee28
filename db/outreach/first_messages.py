"""Who was written to, or is about to be, by address; and the locks that let only one message be first.

Whoever approves or takes for sending a message holds its address's lock until the transaction ends, so that of two at
once the second sees the first. Drafting holds one lock for all addresses: a campaign drafts thousands.
"""

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from core.outreach.approvals import OPEN, Approval, ApprovalKind, ApprovalStatus
from core.outreach.first_messages import MessageStage, Other, obstacle
from core.outreach.sending import APPROVED_MESSAGE, SendStatus
from core.outreach.suppression import spellings
from db.server.engine import Connection
from db.server.statements import select

_MESSAGES = (ApprovalKind.EMAIL, ApprovalKind.MEETING)
_WENT_OUT = (SendStatus.SENDING, SendStatus.SENT, SendStatus.UNKNOWN)
_OTHERS = """
SELECT a.id, a.kind, a.subject_id, a.title, a.content, a.status, a.recipient,
    coalesce(s.intended_at, a.requested_at) AS at, s.status AS sent
FROM approvals a LEFT JOIN sends s ON s.approval_id = a.id AND s.purpose = %(purpose)s
WHERE a.recipient = ANY (%(recipients)s) AND a.kind = ANY (%(kinds)s)
    AND ((a.status = ANY (%(open)s) AND (a.status = 'executing' OR a.expires_at > now()))
        OR s.status = ANY (%(went_out)s))
    AND (%(other_than)s::uuid IS NULL OR a.id <> %(other_than)s)
ORDER BY at
"""


async def lock_drafting(connection: Connection) -> None:
    """Let nobody else draft first messages until this transaction ends."""
    await _lock(connection, "first messages")


async def lock(connection: Connection, recipient: str) -> None:
    """Let nobody else approve or send to this address until this transaction ends."""
    await _lock(connection, f"message to {spellings(recipient)[0]}")


async def _lock(connection: Connection, name: str) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": name})


async def select_others(
    connection: Connection, recipients: Collection[str], *, other_than: UUID | None = None
) -> dict[str, list[Other]]:
    """List by canonical address the messages that went out to it, or may; for each of some addresses.

    Args:
        connection: in a transaction.
        recipients: in any spelling.
        other_than: an approval to leave out.
    """
    canonical = {spelling: spellings(address)[0] for address in recipients for spelling in spellings(address)}
    values = {
        "purpose": APPROVED_MESSAGE,
        "recipients": list(canonical),
        "kinds": [str(kind) for kind in _MESSAGES],
        "open": [str(status) for status in OPEN],
        "went_out": [str(status) for status in _WENT_OUT],
        "other_than": other_than,
    }
    found: dict[str, list[Other]] = {}
    for row in await select(connection, _OTHERS, values):
        found.setdefault(canonical[row.recipient], []).append(_other(row))
    return found


def _other(row: Any) -> Other:
    headline = str(json.loads(row.content).get("subject") or row.title)
    sent = None if row.sent is None else SendStatus(row.sent)
    return Other(row.id, ApprovalKind(row.kind), row.subject_id, headline, ApprovalStatus(row.status), sent, row.at)


async def others_of(connection: Connection, approval: Approval) -> list[Other]:
    """List the other messages to an approval's recipient."""
    recipient = approval.proposal.recipient
    if recipient is None:
        return []
    found = await select_others(connection, [recipient], other_than=approval.id)
    return [other for others in found.values() for other in others]


async def find_obstacle(connection: Connection, approval: Approval, moment: MessageStage) -> Other | None:
    """Return the message that stands against approving or sending this one; its address is locked from now on."""
    recipient = approval.proposal.recipient
    if recipient is None or approval.proposal.kind not in _MESSAGES:
        return None
    await lock(connection, recipient)
    others = await others_of(connection, approval)
    return obstacle(approval.proposal, others, moment, decided_at=approval.decided_at)
