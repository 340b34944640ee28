"""Approvals as they are stored. Every change is a compare-and-set on the revision: of two at once, one wins."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.errors import ApprovalNotFound, NotPending
from core.outreach import approvals as rules
from core.outreach.approvals import (
    DEFAULT_LEASE,
    DEFAULT_LIFETIME,
    Approval,
    ApprovalKind,
    ApprovalStatus,
    Decision,
    Json,
    Proposal,
    canonical,
)
from core.text.cell_text import storable
from db.server.engine import Connection
from db.server.statements import change, inserted, listed, select_dict, select_dicts

_OF_PROPOSAL = ("subject_id", "title", "recipient", "lead_id", "contact_id", "proposed_by", "thread_id", "flow_run_id")
_OF_APPROVAL = (
    *("id", "digest", "requested_at", "expires_at", "reason", "edited_by", "edited_at"),
    *("decided_by", "proved_by", "decided_at", "claimed_by", "lease_until", "closed_at", "revision"),
)
_WRITTEN = (*_OF_PROPOSAL, *_OF_APPROVAL, "kind", "content", "facts", "original_content", "status", "decision")
_SELECT = f"SELECT {listed(_WRITTEN)} FROM approvals"
_INSERT = inserted("approvals", _WRITTEN)
_REPLACE = f"""
UPDATE approvals SET {listed(_WRITTEN, "{0} = %({0})s")} WHERE id = %(known_id)s AND revision = %(known_revision)s
"""
_SUPERSEDED = "a newer proposal took its place"


async def request(
    connection: Connection, proposal: Proposal, *, now: datetime, lifetime: timedelta = DEFAULT_LIFETIME
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
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, 0))", {"key": key})
    known = await _select(
        connection,
        "WHERE kind = %(kind)s AND subject_id = %(subject_id)s ORDER BY requested_at DESC, id",
        {"kind": proposal.kind, "subject_id": proposal.subject_id},
    )
    for approval in known:
        is_wanted = approval.proposal.digest == proposal.digest and approval.status in {
            *rules.OPEN,
            ApprovalStatus.EXECUTED,
        }
        if is_wanted and not (approval.status is ApprovalStatus.PENDING and now >= approval.expires_at):
            return approval
    for approval in known:
        if approval.status is ApprovalStatus.EXECUTING:
            raise NotPending(f"approval {approval.id} for the same subject is being executed")
        if approval.status in rules.OPEN:
            await _replace(connection, approval, rules.stale(approval, _SUPERSEDED, now=now))
    approval = rules.requested(proposal, now=now, lifetime=lifetime)
    await connection.execute(_INSERT, _values(approval))
    return approval


async def get(connection: Connection, approval_id: UUID) -> Approval:
    """Return an approval. Raises ApprovalNotFound."""
    row = await select_dict(connection, f"{_SELECT} WHERE id = %(id)s", {"id": approval_id})
    if row is None:
        raise ApprovalNotFound(f"there is no approval {approval_id}")
    return _approval(row)


async def find_by_prefix(connection: Connection, prefix: str) -> list[Approval]:
    """List the approvals whose id starts so, ten at most: people type the first characters of an id."""
    return await _select(connection, "WHERE starts_with(id::text, %(prefix)s) LIMIT 10", {"prefix": prefix.lower()})


async def find_approved(connection: Connection, kind: ApprovalKind, subject_id: str) -> Approval | None:
    """Return the approval of a subject that was given and is in nobody's hands; None where there is none."""
    found = await _select(
        connection,
        "WHERE kind = %(kind)s AND subject_id = %(subject_id)s AND status = 'approved' LIMIT 1",
        {"kind": kind, "subject_id": subject_id},
    )
    return found[0] if found else None


async def supersede(
    connection: Connection, kind: ApprovalKind, prefix: str, *, except_id: UUID, why: str, now: datetime
) -> list[Approval]:
    """Make those stale that nobody carries out and whose subject begins so, but for one; return them."""
    found = await _select(
        connection,
        "WHERE kind = %(kind)s AND starts_with(subject_id, %(prefix)s) AND id <> %(except_id)s"
        " AND status IN ('pending', 'approved')",
        {"kind": kind, "prefix": prefix, "except_id": except_id},
    )
    return [await make_stale(connection, approval.id, why, now=now) for approval in found]


async def select_by_status(
    connection: Connection, statuses: Collection[ApprovalStatus] = (), *, limit: int = 200
) -> list[Approval]:
    """List approvals, those asked for last first.

    Args:
        connection: in a transaction.
        statuses: only these; empty for all.
        limit: of the list.
    """
    only = "WHERE status = ANY (%(statuses)s)" if statuses else ""
    values = {"statuses": [str(status) for status in statuses], "limit": limit}
    return await _select(connection, f"{only} ORDER BY requested_at DESC, id LIMIT %(limit)s", values)


async def decide(
    connection: Connection,
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
    connection: Connection, approval_id: UUID, content: Json, *, by: str, digest: str, now: datetime
) -> Approval:
    """Put other words in; arguments and errors as in `core.outreach.approvals.edited`.

    Raises:
        ApprovalNotFound, NotPending, ApprovalExpired, StaleDraft, InvalidInput.
    """
    return await _change(
        connection, approval_id, lambda known: rules.edited(known, content, by=by, digest=digest, now=now)
    )


async def claim(
    connection: Connection,
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


async def finish(connection: Connection, approval_id: UUID, *, now: datetime, failure: str | None = None) -> Approval:
    """Close an executing approval as executed, or failed with the reason. Raises ApprovalNotFound, NotPending."""
    return await _change(connection, approval_id, lambda known: rules.finished(known, now=now, failure=failure))


async def release(connection: Connection, approval_id: UUID, *, now: datetime) -> Approval:
    """Let an executing approval wait again of which nothing was done. Raises ApprovalNotFound, NotPending."""
    return await _change(connection, approval_id, lambda known: rules.released(known, now=now))


async def make_stale(connection: Connection, approval_id: UUID, why: str, *, now: datetime) -> Approval:
    """Mark an open approval as one that cannot be executed any more; a closed one stays. Raises ApprovalNotFound."""
    return await _change(
        connection,
        approval_id,
        lambda known: rules.stale(known, why, now=now) if known.status in rules.OPEN else known,
    )


async def expire(connection: Connection, *, now: datetime) -> int:
    """Close what was not decided or not executed in time; return how many. Safe twice."""
    statement = """
        UPDATE approvals SET status = 'expired', closed_at = %(now)s, revision = revision + 1
        WHERE status IN ('pending', 'approved') AND expires_at <= %(now)s
    """
    return await change(connection, statement, {"now": now})


async def select_lost(connection: Connection, *, decided_before: datetime, now: datetime) -> list[Approval]:
    """List what was approved and is in nobody's hands: never claimed since then, or claimed by somebody who died."""
    return await _select(
        connection,
        """
        WHERE (status = 'approved' AND decided_at < %(decided_before)s AND expires_at > %(now)s)
            OR (status = 'executing' AND lease_until <= %(now)s)
        ORDER BY decided_at
        """,
        {"decided_before": decided_before, "now": now},
    )


async def _select(connection: Connection, rest: str, values: Mapping[str, Any]) -> list[Approval]:
    return [_approval(row) for row in await select_dicts(connection, f"{_SELECT} {rest}", values)]


async def _change(connection: Connection, approval_id: UUID, rule: Callable[[Approval], Approval]) -> Approval:
    """Apply a rule to what is stored; when somebody else was first, apply it to what they left."""
    while True:
        known = await get(connection, approval_id)
        changed = rule(known)
        if changed is known or await _replace(connection, known, changed):
            return changed


async def _replace(connection: Connection, known: Approval, changed: Approval) -> bool:
    """Store a change unless somebody else has changed the row since it was read."""
    values = {**_values(changed), "known_id": known.id, "known_revision": known.revision}
    return await change(connection, _REPLACE, values) == 1


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


def _approval(row: Mapping[str, Any]) -> Approval:
    proposal = Proposal(
        kind=ApprovalKind(row["kind"]),
        content=json.loads(row["content"]),
        facts=json.loads(row["facts"]),
        **{name: row[name] for name in _OF_PROPOSAL},
    )
    approval = Approval(
        proposal=proposal,
        status=ApprovalStatus(row["status"]),
        decision=row["decision"] and Decision(row["decision"]),
        **{name: row[name] for name in _OF_APPROVAL},
    )
    original = row["original_content"]
    return replace(approval, original_content=None if original is None else json.loads(original))
