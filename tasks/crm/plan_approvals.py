"""A plan too large to be carried out unasked: its approval asked for, found, and closed."""

import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.crm.runs import SyncRun
from core.errors import NotPending
from core.outreach import approvals as approval_rules
from core.outreach.approvals import ApprovalKind, ApprovalStatus, Proposal
from db.outreach import approvals
from db.server.engine import transaction
from tasks.outreach.approvals import show_all_pending
from tasks.outreach.artifacts import show_approval
from tasks.runtime.resources import database_engine

log = logging.getLogger(__name__)


_SHOWN_FOR_APPROVAL = 50
_LEASE = timedelta(hours=2)
_NEWER = "the plan is another one by now"
SEEN_FIRST = "it is to be seen before anything is changed"
"""Why a plan asks that is within the limits."""


async def with_approval(run: SyncRun, why: str) -> SyncRun:
    """Go on with an approval of exactly this plan, else ask for one and stop."""
    proposal = _proposal(run, why)
    now = datetime.now(UTC)
    async with database_engine() as engine:
        async with transaction(engine) as connection:
            approval = await approvals.request(connection, proposal, now=now)
            older = await approvals.supersede(
                connection, proposal.kind, f"{run.provider}/", except_id=approval.id, why=_NEWER, now=now
            )
        if approval.status is ApprovalStatus.APPROVED:
            async with transaction(engine) as connection:
                approval = await approvals.claim(
                    connection, approval.id, proposal.facts, by=str(run.run_id), now=now, lease=_LEASE
                )
    log.info("crm_plan_too_large", extra={"run_id": run.run_id, "approval_id": approval.id, "status": approval.status})
    if approval.is_held_by(str(run.run_id)):
        return run.model_copy(update={"approval_id": approval.id})
    for one in (*older, approval):
        await show_approval(one)
    await show_all_pending()
    waits = f"{why}: approval {approval.id} is {approval_rules.outcome(approval)}"
    return run.model_copy(update={"outcome": "waiting", "waiting_for": waits, "approval_id": approval.id})


async def with_given_approval(run: SyncRun) -> SyncRun:
    """Go on; where somebody has approved exactly this plan, under that approval, so that it is closed."""
    async with database_engine() as engine, transaction(engine) as connection:
        given = await approvals.find_approved(connection, ApprovalKind.CRM_CHANGES, _subject_of(run))
        if given is None:
            return run
        facts, by = {"plan": run.plan.digest}, str(run.run_id)
        given = await approvals.claim(connection, given.id, facts, by=by, now=datetime.now(UTC), lease=_LEASE)
    return run.model_copy(update={"approval_id": given.id}) if given.is_held_by(by) else run


def _subject_of(run: SyncRun) -> str:
    """Return what an approval of a plan is about: each plan asks for itself, so a half-done one bars no other."""
    return f"{run.provider}/{run.plan.digest}"


def _proposal(run: SyncRun, why: str) -> Proposal:
    plan = run.plan.to_json()
    content = {
        "why": why,
        "in_words": run.plan.in_words,
        "counts": plan["counts"],
        "changes": plan["changes"][:_SHOWN_FOR_APPROVAL],
    }
    return Proposal(
        kind=ApprovalKind.CRM_CHANGES,
        subject_id=_subject_of(run),
        title=f"Sync with {run.provider}: {why}",
        content=content,
        facts={"plan": run.plan.digest},
        proposed_by="sync-crm",
    )


async def close_approval(approval_id: UUID) -> None:
    """Close the approval of a plan that was carried out; one that somebody closed meanwhile stays as it is."""
    async with database_engine() as engine, transaction(engine) as connection:
        try:
            closed = await approvals.finish(connection, approval_id, now=datetime.now(UTC))
        except NotPending:
            log.info("crm_approval_already_closed", extra={"approval_id": approval_id})
            return
    await show_approval(closed)
