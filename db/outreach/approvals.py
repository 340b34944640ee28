"""Approvals as they are stored. Every change is a compare-and-set on the revision: of two at once, one wins."""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import ApprovalNotFound, NotPending
from core.outreach import approvals as rules
from core.outreach.approvals import (
    DEFAULT_LEASE,
    DEFAULT_LIFETIME,
    Approval,
    Decision,
    Json,
    Kind,
    Proposal,
    Status,
    canonical,
)
from core.text.cell_text import storable
from db.schema.approval_tables import ApprovalRow

_TABLE = ApprovalRow.__table__
_OF_PROPOSAL = ("subject_id", "title", "recipient", "lead_id", "proposed_by", "thread_id", "flow_run_id")
_OF_APPROVAL = (
    *("id", "digest", "requested_at", "expires_at", "reason", "edited_by", "edited_at"),
    *("decided_by", "proved_by", "decided_at", "claimed_by", "lease_until", "closed_at", "revision"),
)
_SUPERSEDED = "a newer proposal took its place"


async def request(
    connection: AsyncConnection, proposal: Proposal, *, now: datetime, lifetime: timedelta = DEFAULT_LIFETIME
) -> Approval:
    """Ask for an approval. The same proposal again gives the one that is open, or was executed; safe to repeat.

    A proposal with other content or facts for the same subject makes the open ones stale, unless one is being executed.

    Args:
        connection: in a transaction.
        proposal: what is asked for.
        now: aware UTC.
        lifetime: after which it can be neither decided nor executed.

    Raises:
        NotPending: another proposal for this subject is being executed right now.
    """
    key = f"{proposal.kind}/{proposal.subject_id}"
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    same = (_TABLE.c.kind == proposal.kind, _TABLE.c.subject_id == proposal.subject_id)
    query = select(_TABLE).where(*same).order_by(_TABLE.c.requested_at.desc(), _TABLE.c.id)
    known = [_approval(row) for row in (await connection.execute(query)).mappings()]
    for approval in known:
        is_wanted = approval.proposal.digest == proposal.digest and approval.status in {*rules.OPEN, Status.EXECUTED}
        if is_wanted and not (approval.status is Status.PENDING and now >= approval.expires_at):
            return approval
    for approval in known:
        if approval.status is Status.EXECUTING:
            raise NotPending(f"approval {approval.id} for the same subject is being executed")
        if approval.status in rules.OPEN:
            await _replace(connection, approval, rules.stale(approval, _SUPERSEDED, now=now))
    approval = rules.requested(proposal, now=now, lifetime=lifetime)
    await connection.execute(insert(ApprovalRow).values(**_values(approval)))
    return approval


async def get(connection: AsyncConnection, approval_id: UUID) -> Approval:
    """Return an approval. Raises ApprovalNotFound."""
    row = (await connection.execute(select(_TABLE).where(_TABLE.c.id == approval_id))).mappings().one_or_none()
    if row is None:
        raise ApprovalNotFound(f"there is no approval {approval_id}")
    return _approval(row)


async def find_by_prefix(connection: AsyncConnection, prefix: str) -> list[Approval]:
    """List the approvals whose id starts so, ten at most: people type the first characters of an id."""
    written = cast(_TABLE.c.id, Text)
    query = select(_TABLE).where(written.startswith(prefix.lower(), autoescape=True)).limit(10)
    return [_approval(row) for row in (await connection.execute(query)).mappings()]


async def select_by_status(
    connection: AsyncConnection, statuses: Collection[Status] = (), *, limit: int = 200
) -> list[Approval]:
    """List approvals, those asked for last first.

    Args:
        connection: in a transaction.
        statuses: only these; empty for all.
        limit: of the list.
    """
    query = select(_TABLE).order_by(_TABLE.c.requested_at.desc(), _TABLE.c.id).limit(limit)
    if statuses:
        query = query.where(_TABLE.c.status.in_([str(status) for status in statuses]))
    return [_approval(row) for row in (await connection.execute(query)).mappings()]


async def decide(
    connection: AsyncConnection,
    approval_id: UUID,
    decision: Decision,
    *,
    by: str,
    digest: str,
    now: datetime,
    reason: str = "",
    proved_by: str | None = None,
) -> Approval:
    """Approve or reject what somebody saw; arguments and errors as in `core.outreach.approvals.decided`.

    Raises:
        ApprovalNotFound, NotPending, ApprovalExpired, StaleDraft, InvalidInput.
    """
    return await _change(
        connection,
        approval_id,
        lambda known: rules.decided(known, decision, by=by, digest=digest, now=now, reason=reason, proved_by=proved_by),
    )


async def edit(
    connection: AsyncConnection, approval_id: UUID, content: Json, *, by: str, digest: str, now: datetime
) -> Approval:
    """Put other words in; arguments and errors as in `core.outreach.approvals.edited`.

    Raises:
        ApprovalNotFound, NotPending, ApprovalExpired, StaleDraft, InvalidInput.
    """
    return await _change(
        connection, approval_id, lambda known: rules.edited(known, content, by=by, digest=digest, now=now)
    )


async def claim(
    connection: AsyncConnection,
    approval_id: UUID,
    facts: Json,
    *,
    by: str,
    now: datetime,
    lease: timedelta = DEFAULT_LEASE,
) -> Approval:
    """Take an approval for execution. Commit whatever comes back; `is_held_by` says whether they got it.

    A no that is for good is stored with its reason. Arguments as in `core.outreach.approvals.claimed`.

    Raises:
        ApprovalNotFound: there is none.
    """
    while True:
        known = await get(connection, approval_id)
        wanted = rules.claimed(known, facts, by=by, now=now, lease=lease)
        if wanted is known or await _replace(connection, known, wanted):
            return wanted


async def finish(
    connection: AsyncConnection, approval_id: UUID, *, now: datetime, failure: str | None = None
) -> Approval:
    """Close an executing approval as executed, or failed with the reason. Raises ApprovalNotFound, NotPending."""
    return await _change(connection, approval_id, lambda known: rules.finished(known, now=now, failure=failure))


async def release(connection: AsyncConnection, approval_id: UUID, *, now: datetime) -> Approval:
    """Let an executing approval wait again of which nothing was done. Raises ApprovalNotFound, NotPending."""
    return await _change(connection, approval_id, lambda known: rules.released(known, now=now))


async def make_stale(connection: AsyncConnection, approval_id: UUID, why: str, *, now: datetime) -> Approval:
    """Say that an open approval can no longer be executed; a closed one stays as it is. Raises ApprovalNotFound."""
    return await _change(
        connection,
        approval_id,
        lambda known: rules.stale(known, why, now=now) if known.status in rules.OPEN else known,
    )


async def expire(connection: AsyncConnection, *, now: datetime) -> int:
    """Close what was not decided or not executed in time; return how many. Safe twice."""
    statement = (
        update(ApprovalRow)
        .where(_TABLE.c.status.in_([Status.PENDING, Status.APPROVED]), _TABLE.c.expires_at <= now)
        .values(status=str(Status.EXPIRED), closed_at=now, revision=_TABLE.c.revision + 1)
    )
    return int((await connection.execute(statement)).rowcount)


async def select_lost(connection: AsyncConnection, *, decided_before: datetime, now: datetime) -> list[Approval]:
    """List what was approved and is in nobody's hands: never claimed since then, or claimed by somebody who died."""
    waiting = (_TABLE.c.status == Status.APPROVED) & (_TABLE.c.decided_at < decided_before)
    abandoned = (_TABLE.c.status == Status.EXECUTING) & (_TABLE.c.lease_until <= now)
    query = select(_TABLE).where((waiting & (_TABLE.c.expires_at > now)) | abandoned).order_by(_TABLE.c.decided_at)
    return [_approval(row) for row in (await connection.execute(query)).mappings()]


async def _change(connection: AsyncConnection, approval_id: UUID, rule: Callable[[Approval], Approval]) -> Approval:
    """Apply a rule to what is stored; when somebody else was first, apply it to what they left."""
    while True:
        known = await get(connection, approval_id)
        changed = rule(known)
        if changed is known or await _replace(connection, known, changed):
            return changed


async def _replace(connection: AsyncConnection, known: Approval, changed: Approval) -> bool:
    """Store a change unless somebody else has changed the row since it was read."""
    unchanged = (_TABLE.c.id == known.id) & (_TABLE.c.revision == known.revision)
    return (await connection.execute(update(ApprovalRow).where(unchanged).values(**_values(changed)))).rowcount == 1


def _values(approval: Approval) -> dict[str, Any]:
    proposal = approval.proposal
    original = approval.original_content
    return {
        **{name: getattr(proposal, name) for name in _OF_PROPOSAL},
        **{name: getattr(approval, name) for name in _OF_APPROVAL},
        "kind": str(proposal.kind),
        "title": storable(proposal.title),
        "content": canonical(proposal.content),
        "facts": canonical(proposal.facts),
        "original_content": None if original is None else canonical(original),
        "status": str(approval.status),
        "decision": approval.decision and str(approval.decision),
    }


def _approval(row: RowMapping) -> Approval:
    proposal = Proposal(
        kind=Kind(row["kind"]),
        content=json.loads(row["content"]),
        facts=json.loads(row["facts"]),
        **{name: row[name] for name in _OF_PROPOSAL},
    )
    approval = Approval(
        proposal=proposal,
        status=Status(row["status"]),
        decision=row["decision"] and Decision(row["decision"]),
        **{name: row[name] for name in _OF_APPROVAL},
    )
    original = row["original_content"]
    return replace(approval, original_content=None if original is None else json.loads(original))
