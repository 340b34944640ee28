"""One person, one first message: what stands against writing to somebody who is written to already.

A person is told by the address, and by being a contact anywhere: who was written to at one company is not met as a
stranger at another, nor under an address that was found later.

A campaign's message is a first message. It is drafted for nobody to whom another message waits, is on its way or ever
went out; it is not approved beside another that is approved; and of two that were approved all the same, one is sent.
A message that a person asked for by the lead's id may follow others, which its approval shows; only what went out since
it was approved, which nobody could have seen then, stands against it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.outreach.approvals import ApprovalKind, ApprovalStatus, Proposal
from core.outreach.sending import SendStatus

CAMPAIGN = "campaign/"
"""How the subject of a campaign's message begins."""

_WENT_OUT = frozenset({SendStatus.SENDING, SendStatus.SENT, SendStatus.UNKNOWN})


class MessageStage(StrEnum):
    """When it is asked whether a message may be."""

    DRAFT = "draft"
    APPROVE = "approve"
    SEND = "send"


_STANDS_AGAINST = {
    MessageStage.DRAFT: frozenset({ApprovalStatus.PENDING, ApprovalStatus.APPROVED, ApprovalStatus.EXECUTING}),
    MessageStage.APPROVE: frozenset({ApprovalStatus.APPROVED, ApprovalStatus.EXECUTING}),
    MessageStage.SEND: frozenset({ApprovalStatus.EXECUTING}),
}


@dataclass(frozen=True, slots=True)
class Other:
    """Another message to the same person: one that went out, or that may.

    Attributes:
        sent: what became of its sending; None where nobody began.
        at: when it was sent, else when it was asked for.
    """

    approval_id: UUID
    kind: ApprovalKind
    subject_id: str
    headline: str
    status: ApprovalStatus
    sent: SendStatus | None
    at: datetime

    @property
    def went_out(self) -> bool:
        """Whether it was sent, or may have been."""
        return self.sent in _WENT_OUT


@dataclass(slots=True)
class WrittenTo:
    """Messages that went out, or that may, by whom they are to: by canonical address, and by person."""

    by_address: dict[str, list[Other]] = field(default_factory=dict)
    by_person: dict[UUID, list[Other]] = field(default_factory=dict)

    def to(self, address: str, person_id: UUID | None) -> list[Other]:
        """List the messages to somebody, each once, the oldest first."""
        found = {other.approval_id: other for other in self.by_address.get(address, [])}
        if person_id is not None:
            found |= {other.approval_id: other for other in self.by_person.get(person_id, [])}
        return sorted(found.values(), key=lambda other: other.at)

    def add(self, other: Other, addresses: Iterable[str], people: Iterable[UUID]) -> None:
        """Keep a message under whom it is to."""
        for address in addresses:
            self.by_address.setdefault(address, []).append(other)
        for person_id in people:
            self.by_person.setdefault(person_id, []).append(other)


def is_first(proposal: Proposal) -> bool:
    """Return whether a message is a first one: nobody who was written to gets it."""
    return proposal.kind is ApprovalKind.EMAIL and proposal.subject_id.startswith(CAMPAIGN)


def obstacle(
    proposal: Proposal, others: Iterable[Other], moment: MessageStage, *, decided_at: datetime | None = None
) -> Other | None:
    """Return the message that stands against this one, or None.

    Args:
        proposal: the message.
        others: the other ones to its person.
        moment: what is about to happen.
        decided_at: when this one was approved, where it is about to be sent.
    """
    for other in others:
        if is_first(proposal):
            if other.went_out or other.status in _STANDS_AGAINST[moment]:
                return other
        elif moment is MessageStage.SEND and decided_at is not None:
            is_beside = other.status is ApprovalStatus.EXECUTING and other.sent is None
            if is_beside or (other.went_out and other.at > decided_at):
                return other
    return None


def why(other: Other) -> str:
    """Return in a few words what stands against a message, the same for all of its kind: it can be counted."""
    return "they were written to before" if other.went_out else "another message to them waits or is on its way"


def told(other: Other) -> str:
    """Return which message that is, in one line."""
    became = "sent" if other.sent is SendStatus.SENT else "perhaps sent" if other.went_out else str(other.status)
    return f"{other.at:%Y-%m-%d} “{other.headline}” ({other.kind}, {became}, approval {str(other.approval_id)[:8]})"


def told_all(others: Sequence[Other]) -> list[str]:
    """Return, for who decides, what else went or may go to the same person, the latest first."""
    latest = sorted(others, key=lambda other: other.at, reverse=True)
    return [f"{'Written before' if other.went_out else 'Also open'}: {told(other)}" for other in latest]
