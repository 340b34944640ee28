"""Carrying out an approval in a process of its own, which a test may kill; and what a test needs around it."""

from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from typing import Any
from uuid import UUID, uuid4

import forked
import psycopg

from core.outreach.approvals import Approval, ApprovalKind, Decision, Proposal
from db.outreach import approvals
from db.server.engine import open_engine, transaction

RECIPIENT = "ada@brightwell.example"


async def _carry_out(approval_id: UUID) -> None:
    from flows.send_message import send_message

    await send_message(approval_id)


def start(environment: dict[str, str], approval_id: UUID) -> ForkServerProcess:
    """Start to carry out an approval."""
    return forked.start(environment, _carry_out, approval_id)


def finish(environment: dict[str, str], approval_id: UUID) -> int | None:
    """Carry out an approval to its end; return the exit code."""
    process = start(environment, approval_id)
    process.join(900)
    return process.exitcode


def proposal(facts: dict[str, Any] | None = None, *, recipient: str = RECIPIENT, **more: Any) -> Proposal:
    """Return a message to send, about nothing but itself."""
    content = {"to": recipient, "subject": "Pumps", "body": "Good morning,\nmay we talk?\n"}
    return Proposal(ApprovalKind.EMAIL, str(uuid4()), "Pumps", content, facts or {}, recipient=recipient, **more)


async def approved(database: str, wanted: Proposal | None = None) -> Approval:
    """Ask for an approval and give it."""
    now = datetime.now(UTC)
    engine = open_engine(database)
    try:
        async with transaction(engine) as connection:
            made = await approvals.request(connection, wanted or proposal(), now=now)
            return await approvals.decide(connection, made.id, Decision.APPROVE, by="Maud", digest=made.digest, now=now)
    finally:
        await engine.dispose()


def let_leases_pass(database: str) -> None:
    """Let the time pass that a dead executor's claims last."""
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE approvals SET lease_until = now() WHERE lease_until IS NOT NULL")
        connection.execute("UPDATE sends SET lease_until = now()")


def status(database: str, approval_id: UUID) -> tuple[str, str | None]:
    """Return an approval's status and that of its letter."""
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT a.status, s.status FROM approvals a LEFT JOIN sends s ON s.approval_id = a.id WHERE a.id = %s",
            [approval_id],
        ).fetchone()
    assert row is not None
    return row[0], row[1]
