"""A message as it goes out: rendered from an approval's content alone, under an id that names the approval.

Format: RFC 5322 by the standard library; invitations travel as RFC 6047 wants them (`text/calendar; method=REQUEST`).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from uuid import UUID

from core.approvals import Json
from core.errors import ConfigurationError, InvalidInput
from core.suppression import address_key

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_LONGEST_SUBJECT = 500

LETTER = "letter"
"""Purpose of the message that was approved; invitations that follow from it have purposes of their own."""


class SendStatus(StrEnum):
    """What became of a message."""

    SENDING = "sending"
    """Somebody is at it, or died at it: after its lease it counts as `unknown`."""
    SENT = "sent"
    NOT_SENT = "not_sent"
    """Certainly not sent, and may be tried again."""
    REFUSED = "refused"
    """The server will not have it."""
    UNKNOWN = "unknown"
    """It may have been sent. Never tried again; a person finds out and says."""


@dataclass(frozen=True)
class Send:
    """A message that was meant to be sent, and what became of it."""

    approval_id: UUID
    purpose: str
    recipient: str
    message_id: str
    status: SendStatus
    attempts: int
    sent_by: str
    intended_at: datetime
    finished_at: datetime | None
    detail: str | None
    resolved_by: str | None = None


@dataclass(frozen=True)
class Letter:
    """A message before it is rendered.

    Attributes:
        message_id: with its angle brackets.
        sender: "Name <address>".
        recipient: a bare address.
        subject: one line.
        body: plain text.
        at: the `Date`, aware.
        invitation: an iCalendar object that goes along, or None.
    """

    message_id: str
    sender: str
    recipient: str
    subject: str
    body: str
    at: datetime
    invitation: bytes | None = None


def checked_words(content: Json) -> tuple[str, str, str]:
    """Return recipient, subject and body of an approval's content.

    Raises:
        InvalidInput: one is missing or no text, the subject has more than one line, or there is no single recipient.
    """
    recipient, subject, body = (content.get(name) for name in ("to", "subject", "body"))
    if not (isinstance(recipient, str) and isinstance(subject, str) and isinstance(body, str)):
        raise InvalidInput("a message needs a recipient, a subject and a body")
    if address_key(recipient) != recipient:
        raise InvalidInput("a message goes to one address, in its plain form")
    if not subject.strip() or len(subject) > _LONGEST_SUBJECT or "\n" in subject or _CONTROL.search(subject):
        raise InvalidInput("a message's subject is one line of text")
    if not body.strip() or _CONTROL.search(body):
        raise InvalidInput("a message's body is plain text")
    return recipient, subject, body


def sender_address(sender: str) -> str:
    """Return the bare address of "Name <address>". Raises ConfigurationError."""
    found = parseaddr(sender)[1]
    try:
        return address_key(found)
    except InvalidInput as error:
        raise ConfigurationError("SMTP_SENDER is no address: write Name <name@example.com>") from error


def message_id(approval_id: UUID, purpose: str, sender: str) -> str:
    """Return the Message-ID of a message: it names the approval, so that it can be looked up in any mailbox."""
    return f"<{approval_id}.{purpose}@{sender_address(sender).partition('@')[2]}>"


def render(letter: Letter) -> bytes:
    """Return the message as it goes over the wire, in CRLF lines.

    Raises:
        InvalidInput: a header cannot be written.
    """
    message = EmailMessage(policy=SMTP)
    name = parseaddr(letter.sender)[0]
    own = sender_address(letter.sender)
    try:
        message["From"] = Address(display_name=name, addr_spec=own)
        message["To"] = Address(addr_spec=letter.recipient)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.at)
        message["Message-ID"] = letter.message_id
        message["List-Unsubscribe"] = f"<mailto:{own}?subject=unsubscribe>"
        message.set_content(letter.body)
        if letter.invitation is not None:
            text = letter.invitation.decode()
            message.add_alternative(text, subtype="calendar", params={"method": "REQUEST", "name": "invite.ics"})
    except (ValueError, MessageError) as error:
        raise InvalidInput("the message cannot be written: a header is not plain text") from error
    return message.as_bytes()
