"""A message as it goes out: rendered from an approval's content alone, under an id that names the approval.

Format: RFC 5322 by the standard library, in 7 bits, so that every server takes it; invitations travel as RFC 6047 wants
them (`text/calendar; method=REQUEST`). A domain with other letters goes out in its ASCII form (IDNA 2008, RFC 5891); a
mailbox with such letters has none and needs SMTPUTF8 at every server on the way (RFC 6531), so it is refused.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from uuid import UUID

import idna

from core.errors import ConfigurationError, InvalidInput
from core.outreach.approvals import Json
from core.outreach.suppression import address_key
from core.text.mail_addresses import readable

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_NOT_ONE_LINE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What ends a line for some reader, or shows as nothing: control characters, U+2028, U+2029, halves of characters."""
_LONGEST_SUBJECT = 500
_LONGEST_LINE = 998  # RFC 5322, 2.1.1
_WIRE = policy.SMTP.clone(cte_type="7bit")
_FIRST_REST = timedelta(minutes=10)
_LONGEST_REST = timedelta(hours=4)

APPROVED_MESSAGE = "letter"
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
class OutgoingMessage:
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
    plain = address_key(recipient)
    if recipient not in (plain, readable(plain)):
        raise InvalidInput("a message goes to one address, in its plain form")
    if not subject.strip() or len(subject) > _LONGEST_SUBJECT or _NOT_ONE_LINE.search(subject):
        raise InvalidInput("a message's subject is one line of text")
    if not body.strip() or _CONTROL.search(body):
        raise InvalidInput("a message's body is plain text")
    _check_writable(recipient, subject, body)
    return recipient, subject, body


def _check_writable(recipient: str, subject: str, body: str) -> None:
    """Write a message as it would go out, and read it again: what cannot be sent as it reads is refused."""
    draft = OutgoingMessage(
        "<draft@sender.example>", "sales@sender.example", recipient, subject, body, datetime.now(UTC)
    )
    read = message_from_bytes(render(draft), policy=policy.default)
    # Headers are folded at white space, which may come back as one blank.
    if "".join(str(read["Subject"]).split()) != "".join(subject.split()):
        raise InvalidInput("a message's subject would arrive as another one: use plain words")


def wire_address(address: str) -> str:
    """Return an address as a mail server is told it: its domain in ASCII.

    Raises:
        InvalidInput: the mailbox is not ASCII, or the domain has no ASCII form.
    """
    mailbox, _, domain = address.rpartition("@")
    if not mailbox.isascii():
        raise InvalidInput(
            "the part before the @ is not ASCII: few mail servers take such an address (SMTPUTF8); use another one"
        )
    if domain.isascii():
        return address
    try:
        return f"{mailbox}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError as error:
        raise InvalidInput("the part after the @ is no domain that mail can be sent to") from error


def next_try(attempts: int, tried_at: datetime) -> datetime:
    """Return when a message that was certainly not sent is tried again: each time twice as long after, up to hours."""
    doublings = min(max(attempts - 1, 0), 16)
    return tried_at + min(_FIRST_REST * int(2**doublings), _LONGEST_REST)


def sender_address(sender: str) -> str:
    """Return the bare address of "Name <address>", as a mail server is told it. Raises ConfigurationError."""
    found = parseaddr(sender)[1]
    try:
        return wire_address(address_key(found))
    except InvalidInput as error:
        raise ConfigurationError("SMTP_SENDER is no address: write Name <name@example.com>") from error


def message_id(approval_id: UUID, purpose: str, sender: str) -> str:
    """Return the Message-ID of a message: it names the approval, so that it can be looked up in any mailbox."""
    return f"<{approval_id}.{purpose}@{sender_address(sender).partition('@')[2]}>"


def render(message: OutgoingMessage) -> bytes:
    """Return the message as it goes over the wire, in CRLF lines of ASCII.

    Raises:
        InvalidInput: it cannot be written.
        ConfigurationError: the sender is no address.
    """
    own = sender_address(message.sender)
    try:
        written = _mail(message, own).as_bytes()
    except InvalidInput:
        raise
    except Exception as error:  # the library raises whatever it meets, and none of it may be left open
        raise InvalidInput(f"the message cannot be written ({type(error).__name__}): use plain words") from error
    if not written.isascii() or max(map(len, written.split(b"\r\n"))) > _LONGEST_LINE:
        raise InvalidInput("the message cannot be written: a line of it is too long or no plain text")
    return written


def _mail(message: OutgoingMessage, own: str) -> EmailMessage:
    mail = EmailMessage(policy=_WIRE)
    mail["From"] = Address(display_name=parseaddr(message.sender)[0], addr_spec=own)
    mail["To"] = Address(addr_spec=wire_address(message.recipient))
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = message.message_id
    mail["List-Unsubscribe"] = f"<mailto:{own}?subject=unsubscribe>"
    mail.set_content(message.body)
    if message.invitation is not None:
        text = message.invitation.decode()
        mail.add_alternative(text, subtype="calendar", params={"method": "REQUEST", "name": "invite.ics"})
    return mail
