"""Sending what was approved, once: claim, write down the intent, hand it to the mail server, write down the result.

What is sent comes from the approval alone; nothing that a model, a web page or a reply says reaches recipient or words.
"""

import logging
from collections.abc import Collection
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from uuid import UUID, uuid4

from prefect import runtime

from core.approvals import Approval, Status, outcome
from core.deciding import ExecutionReport
from core.errors import Permanent, Suppressed, Transient
from core.first_messages import Moment, told, why
from core.meetings import Span
from core.sending import LETTER, Letter, Send, SendStatus, checked_words, message_id, render, sender_address
from core.settings import settings
from db import approvals, first_messages, sends
from db.engine import Engine, transaction
from db.sends import Intent, Wanted
from integrations.smtp.client import SmtpServer, send
from tasks.approvals import facts_now
from tasks.outreach_keys import tombstone_key
from tasks.policies import STEP
from tasks.resources import database, database_engine
from tasks.runtime import task

log = logging.getLogger(__name__)


def executor() -> str:
    """Return a name for who executes: this flow run, which keeps it when it is retried, else this call."""
    return str(runtime.flow_run.id or uuid4())


async def claim(approval_id: UUID, *, by: str, busy: Collection[Span] = ()) -> Approval:
    """Take an approval for execution by its facts as they are now; whether `by` got it, `is_held_by` says.

    Of several approved messages that would each be the first to one address, the first one taken is sent; the others
    are stale from then on.
    """
    async with database() as connection:
        other = await first_messages.find_obstacle(
            connection, await approvals.get(connection, approval_id), Moment.SEND
        )
        known = await approvals.get(connection, approval_id)
        if other is not None and known.status is Status.APPROVED:
            reason = f"{why(other)}: {told(other)}"
            return await approvals.make_stale(connection, approval_id, reason, now=datetime.now(UTC))
        current = await facts_now(connection, known, busy)
        return await approvals.claim(connection, approval_id, current, by=by, now=datetime.now(UTC))


@task(**STEP, task_run_name="send-approved")
async def send_approved(approval_id: UUID) -> ExecutionReport:
    """Carry out the approval of a message: send it once, and close the approval.

    Safe twice, and at once: one claims it; who comes later is told what became of it.
    """
    by = executor()
    approval = await claim(approval_id, by=by)
    if not approval.is_held_by(by):
        return report_on(approval)
    sent = await send_letter(approval, by=by)
    return report_on(await close(approval_id, sent))


async def send_letter(approval: Approval, *, by: str) -> Send | None:
    """Send an approval's letter; None where its recipient is suppressed, which makes the approval stale.

    Raises:
        Transient: it was certainly not sent, and may be tried again.
    """
    recipient, subject, body = checked_words(approval.content)
    sender = settings().outreach.smtp.sender
    letter = Letter(message_id(approval.id, LETTER, sender), sender, recipient, subject, body, datetime.now(UTC))
    try:
        return await send_once(approval.id, LETTER, letter, by=by)
    except Suppressed as refusal:
        async with database() as connection:
            await approvals.make_stale(connection, approval.id, str(refusal), now=datetime.now(UTC))
        return None


async def close(approval_id: UUID, sent: Send | None) -> Approval:
    """Close an approval by what became of its message; one that is unknown stays open for a person to resolve."""
    now = datetime.now(UTC)
    async with database() as connection:
        if sent is not None and sent.status is SendStatus.SENT:
            return await approvals.finish(connection, approval_id, now=now)
        if sent is not None and sent.status is SendStatus.REFUSED:
            return await approvals.finish(connection, approval_id, now=now, failure=sent.detail or "refused")
        return await approvals.get(connection, approval_id)


def report_on(approval: Approval) -> ExecutionReport:
    """Say what became of an approval; executing and nothing more means that nobody knows, or somebody is at it."""
    words = outcome(approval)
    if approval.status is Status.EXECUTING:
        words = "it is being sent, or it is not known whether it was: see `sales-agent outbox list`"
    log.info("approval_carried_out", extra={"approval_id": str(approval.id), "status": str(approval.status)})
    return ExecutionReport(approval_id=approval.id, status=str(approval.status), outcome=words)


async def send_once(approval_id: UUID, purpose: str, letter: Letter, *, by: str) -> Send:
    """Send one message at most once, whoever else tries and whenever this process dies.

    Returns:
        What became of it, now or earlier.

    Raises:
        Suppressed: the recipient must not be written to; nothing was sent.
        NotPending: the approval does not allow it.
        Transient: it was certainly not sent, and may be tried again.
        ProviderNotConfigured: there is no mail server.
    """
    server = mail_server()
    message = render(letter)
    wanted = Wanted(approval_id, purpose, letter.message_id, sha256(message).hexdigest())
    async with database_engine() as engine:
        async with transaction(engine) as connection:
            intent = await sends.intend(connection, wanted, by=by, key=tombstone_key(), now=datetime.now(UTC))
        if not intent.may_send:
            return intent.send
        return await _hand_over(engine, server, letter, message, intent)


async def _hand_over(engine: Engine, server: SmtpServer, letter: Letter, message: bytes, intent: Intent) -> Send:
    said = partial(_record, engine, intent.send)
    try:
        # The envelope's recipient is the one that was written down with the intent.
        await send(server, sender_address(letter.sender), intent.send.recipient, message)
    except Permanent as refusal:
        return await said(SendStatus.REFUSED, str(refusal))
    except Transient as lost:
        if not lost.was_sent:
            await said(SendStatus.NOT_SENT, str(lost))
            raise
        return await said(SendStatus.UNKNOWN, str(lost))
    return await said(SendStatus.SENT, None)


async def _record(engine: Engine, intended: Send, status: SendStatus, detail: str | None) -> Send:
    async with transaction(engine) as connection:
        now = datetime.now(UTC)
        await sends.record(connection, intended.approval_id, intended.purpose, status, now=now, detail=detail)
        found = await sends.get(connection, intended.approval_id, intended.purpose)
    level = logging.WARNING if found.status is SendStatus.UNKNOWN else logging.INFO
    log.log(level, "message_" + str(found.status), extra={"approval_id": str(found.approval_id)})
    return found


def mail_server() -> SmtpServer:
    """Return the configured mail server. Raises ProviderNotConfigured."""
    smtp = settings().outreach.smtp
    return SmtpServer(
        host=smtp.checked_host(),
        port=smtp.port,
        security=smtp.security,
        username=smtp.username,
        password=smtp.password.get_secret_value() if smtp.password else None,
        timeout_s=smtp.timeout_s,
        deadline_s=smtp.deadline_s,
    )


async def list_unresolved() -> list[Send]:
    """List messages of which nobody knows whether they went out, and those on their way."""
    async with database() as connection:
        await sends.give_up_lost(connection, now=datetime.now(UTC))
        return await sends.select_unresolved(connection)


async def resolve_message(approval_id: UUID, purpose: str, *, was_sent: bool, by: str) -> Send:
    """Say what became of a message, as a person found out. Raises NotFound, NotPending, InvalidInput."""
    async with database() as connection:
        return await sends.resolve(connection, approval_id, purpose, was_sent=was_sent, by=by, now=datetime.now(UTC))
