"""Sending what was approved, once: claim, write down the intent, hand it to the mail server, write down the result.

What is sent comes from the approval alone; nothing that a model, a web page or a reply says reaches recipient or words.
What was certainly not sent waits, approved as before, until it is due again or has expired. Trouble that every message
would meet pauses the account: one message at a time tries whether it is over, the others wait.
"""

import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from prefect import runtime

from core.errors import InvalidInput, Suppressed
from core.outreach.approvals import Approval, ApprovalStatus, canonical, outcome
from core.outreach.decisions import ExecutionReport
from core.outreach.delivery import Delivery, DeliveryStatus
from core.outreach.first_messages import MessageStage, told, why
from core.outreach.meetings import Span
from core.outreach.sending import (
    APPROVED_MESSAGE,
    OutgoingMessage,
    Send,
    SendStatus,
    checked_words,
    message_id,
    next_try,
    render,
    sender_address,
    wire_address,
)
from core.settings.settings import Settings, settings
from db.outreach import approvals, first_messages, mail_pauses, sends
from db.outreach.mail_pauses import MailPause
from db.outreach.sends import Wanted
from db.server.engine import Connection, Engine, open_engine, transaction
from integrations.smtp.client import SmtpServer, send
from integrations.smtp.plug import SmtpSettings, server_of
from tasks.outreach.approvals import facts_now, is_message
from tasks.outreach.keys import has_tombstone_key, tombstone_key
from tasks.runtime.resources import database, database_engine

log = logging.getLogger(__name__)

_LOST_AFTER = timedelta(minutes=10)
"""After a decision whose run has not begun."""


def executor() -> str:
    """Return a name for who executes: this flow run, which keeps it when it is retried, else this call."""
    return str(runtime.flow_run.id or uuid4())


async def claim(approval_id: UUID, *, by: str, busy: Collection[Span] = ()) -> Approval:
    """Take an approval for execution by its facts as they are now; whether `by` got it, `is_held_by` says.

    One that somebody else claimed and left is closed first by what is proved of its message; where nothing is proved,
    it stays as it is. Of several approved messages that would each be the first to one address, the first one taken is
    sent; the others are stale from then on.
    """
    now = datetime.now(UTC)
    async with database() as connection:
        known = await sends.settle(connection, approval_id, now=now)
        message = await sends.find(connection, approval_id, APPROVED_MESSAGE)
        if message is not None and message.status is not SendStatus.NOT_SENT:
            return known
        other = await first_messages.find_obstacle(connection, known, MessageStage.SEND)
        # It may have been decided while this waited for its turn at the address.
        known = await approvals.get(connection, approval_id)
        if other is not None and known.status is ApprovalStatus.APPROVED:
            return await approvals.make_stale(connection, approval_id, f"{why(other)}: {told(other)}", now=now)
        current = await facts_now(connection, known, busy)
        return await approvals.claim(connection, approval_id, current, by=by, now=now)


async def send_approved_message(approval: Approval, *, by: str) -> Send | None:
    """Send an approval's message; None where that cannot be, which closes the approval.

    Raises:
        ConfigurationError: nothing can be sent from here; the approval waits.
    """
    try:
        recipient, subject, body = checked_words(approval.content)
        sender = settings().read(SmtpSettings).sender
        message = OutgoingMessage(
            message_id(approval.id, APPROVED_MESSAGE, sender), sender, recipient, subject, body, datetime.now(UTC)
        )
        return await send_once(approval.id, APPROVED_MESSAGE, message, by=by)
    except Suppressed as refusal:
        async with database() as connection:
            await approvals.make_stale(connection, approval.id, str(refusal), now=datetime.now(UTC))
    except InvalidInput as refusal:
        async with database() as connection:
            await approvals.finish(connection, approval.id, now=datetime.now(UTC), failure=f"refused: {refusal}")
    except Exception:  # whatever it was: of what was certainly not sent, nothing stays claimed
        await _give_back(approval.id, by)
        raise
    return None


async def _give_back(approval_id: UUID, by: str) -> Approval:
    """Let an approval wait again that `by` holds, unless something of its message may have gone out."""
    async with database() as connection:
        known = await approvals.get(connection, approval_id)
        message = await sends.find(connection, approval_id, APPROVED_MESSAGE)
        if not known.is_held_by(by) or (message is not None and message.status is not SendStatus.NOT_SENT):
            return known
        return await approvals.release(connection, approval_id, now=datetime.now(UTC))


async def close(approval: Approval, sent: Send | None, *, by: str) -> Approval:
    """Close an approval by what became of its message.

    One whose message was certainly not sent waits again; one that is unknown stays open for a person to resolve.
    """
    if sent is not None and sent.status is SendStatus.NOT_SENT:
        return await _give_back(approval.id, by)
    async with database() as connection:
        return await sends.settle(connection, approval.id, now=datetime.now(UTC))


async def message_of(approval_id: UUID) -> Send | None:
    """Return the record of an approval's message, or None."""
    async with database() as connection:
        return await sends.find(connection, approval_id, APPROVED_MESSAGE)


def report_on(approval: Approval, sent: Send | None = None) -> ExecutionReport:
    """Return what became of an approval; executing and nothing more means that nobody knows, or somebody is at it."""
    words = outcome(approval)
    if approval.status is ApprovalStatus.EXECUTING:
        words = "it is being sent, or it is not known whether it was: see `sales-agent outbox list`"
    elif approval.status is ApprovalStatus.APPROVED and sent is not None and sent.status is SendStatus.NOT_SENT:
        again = next_try(sent.attempts, sent.finished_at or sent.intended_at)
        words = f"{words}; not sent yet: {sent.detail}. It is tried again after {again:%Y-%m-%d %H:%M} UTC"
    log.info("approval_carried_out", extra={"approval_id": str(approval.id), "status": str(approval.status)})
    return ExecutionReport(approval_id=approval.id, status=str(approval.status), outcome=words)


async def send_once(approval_id: UUID, purpose: str, message: OutgoingMessage, *, by: str) -> Send:
    """Send one message at most once, whoever else tries and whenever this process dies.

    Returns:
        What became of it, now or earlier; `not_sent` where it may be tried again.

    Raises:
        Suppressed: the recipient must not be written to; nothing was sent.
        NotPending: the approval does not allow it.
        InvalidInput: it cannot be written; nothing was sent.
        ProviderNotConfigured: there is no mail server.
    """
    server = mail_server()
    written = render(message)
    wanted = Wanted(approval_id, purpose, message.message_id, sha256(written).hexdigest())
    now = datetime.now(UTC)
    async with database_engine() as engine:
        async with transaction(engine) as connection:
            intent = await sends.intend(connection, wanted, by=by, key=tombstone_key(), now=now)
            if not intent.may_send:
                return intent.send
            pause = await mail_pauses.enter(connection, account_of(server), by=by, now=now)
            if pause is not None:
                why = f"nothing is sent until {pause.retry_at:%Y-%m-%d %H:%M} UTC: {pause.reason}"
                return await sends.forgo(connection, intent, why=why, now=now)
        # The envelope's recipient is the one that was written down with the intent.
        recipient = wire_address(intent.send.recipient)
        delivery = await send(server, sender_address(message.sender), recipient, written)
        return await _record(engine, server, intent.send, delivery, by=by)


_STATUSES = {
    DeliveryStatus.SENT: SendStatus.SENT,
    DeliveryStatus.REFUSED: SendStatus.REFUSED,
    DeliveryStatus.LATER: SendStatus.NOT_SENT,
    DeliveryStatus.UNKNOWN: SendStatus.UNKNOWN,
}


async def _record(engine: Engine, server: SmtpServer, intended: Send, delivery: Delivery, *, by: str) -> Send:
    """Write down what became of a message, and what that says about the account."""
    now = datetime.now(UTC)
    status, account = _STATUSES[delivery.verdict], account_of(server)
    async with transaction(engine) as connection:
        detail = delivery.detail or None
        await sends.record(connection, intended.approval_id, intended.purpose, status, now=now, detail=detail)
        if delivery.stops_account:
            await mail_pauses.begin(connection, account, reason=delivery.detail, by=by, now=now)
        else:
            await mail_pauses.end(connection, account)
        found = await sends.get(connection, intended.approval_id, intended.purpose)
    level = logging.INFO if found.status in (SendStatus.SENT, SendStatus.REFUSED) else logging.WARNING
    log.log(level, "message_" + str(found.status), extra={"approval_id": str(found.approval_id)})
    return found


def account_of(server: SmtpServer) -> str:
    """Name an account by a keyed hash of its settings, so that mended settings are another account."""
    told = [server.host, server.port, server.security, server.username, server.password]
    return tombstone_key().digest(canonical({"mail": [*told, settings().read(SmtpSettings).sender]})).hex()


def mail_server(of: Settings | None = None) -> SmtpServer:
    """Return the configured mail server. Raises ProviderNotConfigured."""
    return server_of((of or settings()).read(SmtpSettings))


async def pause_of(server: SmtpServer, database_url: str) -> MailPause | None:
    """Return the pause of an account, or None; makes no key, for where there is none nothing was ever sent."""
    if not has_tombstone_key():
        return None
    engine = open_engine(database_url)
    try:
        async with transaction(engine) as connection:
            return await mail_pauses.find(connection, account_of(server))
    finally:
        await engine.dispose()


def mail_account() -> str | None:
    """Return the name of the configured account; None where there is none."""
    smtp = settings().read(SmtpSettings)
    return account_of(mail_server()) if smtp.host and smtp.sender else None


async def due_messages(connection: Connection, stuck: set[UUID], now: datetime) -> list[tuple[Approval, int]]:
    """List messages to be started with how often their invitation was tried, those tried least often first."""
    waiting = await sends.select_waiting(connection)
    is_due = {send.approval_id: next_try(send.attempts, send.finished_at or now) <= now for send in waiting}
    attempts = {send.approval_id: send.attempts for send in waiting}
    lost = await approvals.select_lost(connection, decided_before=now - _LOST_AFTER, now=now)
    decided = [(each, 0) for each in lost if each.id not in stuck and is_message(each) and is_due.get(each.id, True)]
    invitations = [
        (await approvals.get(connection, send.approval_id), send.attempts)
        for send in waiting
        if send.purpose != APPROVED_MESSAGE and is_due[send.approval_id]
    ]
    return sorted([*decided, *invitations], key=lambda each: attempts.get(each[0].id, 0))
