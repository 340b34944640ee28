"""Who was written to, or is about to be, by address and by person; and the locks that let only one message be first.

Whoever approves or takes for sending a message holds the locks of its address and its person until the transaction
ends, so that of two at once the second sees the first. Drafting holds one lock for all: a campaign drafts thousands.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.outreach.approvals import OPEN, Approval, ApprovalKind, ApprovalStatus
from core.outreach.first_messages import MessageStage, Other, WrittenTo, obstacle
from core.outreach.sending import APPROVED_MESSAGE, SendStatus
from core.outreach.suppression import spellings
from core.text.mailboxes import is_shared
from db.leads.merged_ids import ids_ever
from db.outreach.recipients import contact_of
from db.server.engine import Connection
from db.server.statements import select, select_value

_MESSAGES = (ApprovalKind.EMAIL, ApprovalKind.MEETING)
_WENT_OUT = (SendStatus.SENDING, SendStatus.SENT, SendStatus.UNKNOWN)
_OTHERS = """
SELECT a.id, a.kind, a.subject_id, a.title, a.content, a.status, a.recipient, a.contact_id,
    coalesce(s.intended_at, a.requested_at) AS at, s.status AS sent
FROM approvals a LEFT JOIN sends s ON s.approval_id = a.id AND s.purpose = %(purpose)s
WHERE (a.recipient = ANY (%(recipients)s) OR a.contact_id = ANY (%(contacts)s::uuid[])) AND a.kind = ANY (%(kinds)s)
    AND ((a.status = ANY (%(open)s) AND (a.status = 'executing' OR a.expires_at > now()))
        OR s.status = ANY (%(went_out)s))
    AND (%(other_than)s::uuid IS NULL OR a.id <> %(other_than)s)
ORDER BY at
"""


async def lock_drafting(connection: Connection) -> None:
    """Let nobody else draft first messages until this transaction ends."""
    await _lock(connection, "first messages")


async def lock(connection: Connection, recipient: str, person_id: UUID | None) -> None:
    """Let nobody else approve or send to this address or person until this transaction ends.

    Always in this order, so that no two wait for one another.
    """
    await _lock(connection, f"message to {spellings(recipient)[0]}")
    if person_id is not None:
        await _lock(connection, f"message to person {person_id}")


async def _lock(connection: Connection, name: str) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": name})


@dataclass(slots=True)
class _Known:
    """By which ids of contacts and addresses the messages to some people are found."""

    contacts: dict[UUID, UUID] = field(default_factory=dict)
    """Every id that a contact of theirs ever had -> the person."""
    addresses: dict[str, set[UUID]] = field(default_factory=dict)
    """Canonical addresses of their own -> the people."""


async def _known(connection: Connection, people: Collection[UUID]) -> _Known:
    found = _Known()
    if not people:
        return found
    statement = "SELECT id, person_id, contact_email FROM contacts WHERE person_id = ANY (%(people)s)"
    person_of: dict[UUID, UUID] = {}
    for row in await select(connection, statement, {"people": list(people)}):
        person_of[row.id] = row.person_id
        address = spellings(row.contact_email)[0] if row.contact_email else ""
        if address and not is_shared(address):
            found.addresses.setdefault(address, set()).add(row.person_id)
    ever = await ids_ever(connection, person_of)
    found.contacts = {contact_id: person_of[now_id] for contact_id, now_id in ever.items()}
    return found


async def select_others(
    connection: Connection, addresses: Collection[str], people: Collection[UUID], *, other_than: UUID | None = None
) -> WrittenTo:
    """List the messages that went out to some addresses or people, or may.

    Args:
        connection: in a transaction.
        addresses: in any spelling.
        people: by `person_id`: messages to any of their contacts and addresses count.
        other_than: an approval to leave out.
    """
    known = await _known(connection, people)
    wanted = {*addresses, *known.addresses}
    canonical = {spelling: spellings(address)[0] for address in wanted for spelling in spellings(address)}
    values = {
        "purpose": APPROVED_MESSAGE,
        "recipients": list(canonical),
        "contacts": list(known.contacts),
        "kinds": [str(kind) for kind in _MESSAGES],
        "open": [str(status) for status in OPEN],
        "went_out": [str(status) for status in _WENT_OUT],
        "other_than": other_than,
    }
    found = WrittenTo()
    for row in await select(connection, _OTHERS, values):
        found.add(_other(row), *_to_whom(row, canonical, known))
    return found


def _to_whom(row: Any, canonical: Mapping[str, str], known: _Known) -> tuple[set[str], set[UUID]]:
    """Return the canonical address and the people that a message is to, of those that are asked for."""
    address = canonical.get(row.recipient)
    people = known.addresses.get(address, set()) if address else set()
    person_id = known.contacts.get(row.contact_id)
    return ({address} if address else set()), (people if person_id is None else people | {person_id})


def _other(row: Any) -> Other:
    headline = str(json.loads(row.content).get("subject") or row.title)
    sent = None if row.sent is None else SendStatus(row.sent)
    return Other(row.id, ApprovalKind(row.kind), row.subject_id, headline, ApprovalStatus(row.status), sent, row.at)


async def find_person(connection: Connection, contact_id: UUID | None) -> UUID | None:
    """Return whose contact it is, or None where there is none (any more)."""
    statement = "SELECT person_id FROM contacts WHERE id = %(id)s"
    found: UUID | None = await select_value(connection, statement, {"id": contact_id})
    return found


async def others_of(connection: Connection, approval: Approval) -> list[Other]:
    """List the other messages to an approval's recipient, the oldest first."""
    return await _others(
        connection, approval, await find_person(connection, await contact_of(connection, approval.proposal))
    )


async def _others(connection: Connection, approval: Approval, person_id: UUID | None) -> list[Other]:
    recipient = approval.proposal.recipient
    if recipient is None:
        return []
    people = [] if person_id is None else [person_id]
    found = await select_others(connection, [recipient], people, other_than=approval.id)
    return found.to(spellings(recipient)[0], person_id)


async def find_obstacle(connection: Connection, approval: Approval, moment: MessageStage) -> Other | None:
    """Return the message that stands against approving or sending this one; its person is locked from now on."""
    recipient = approval.proposal.recipient
    if recipient is None or approval.proposal.kind not in _MESSAGES:
        return None
    person_id = await find_person(connection, await contact_of(connection, approval.proposal))
    await lock(connection, recipient, person_id)
    others = await _others(connection, approval, person_id)
    return obstacle(approval.proposal, others, moment, decided_at=approval.decided_at)
