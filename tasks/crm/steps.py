"""Steps of keeping leads in step with a CRM: pull, plan, settle, push, report. Each may be run again at any point."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pydantic import Field

from core.crm.config import config_path
from core.crm.runs import ReplayRequest, SyncPlan, SyncReport, SyncRequest, added, next_step
from core.errors import NotPending
from core.imports.runs import Frozen
from core.outreach import approvals as approval_rules
from core.outreach.approvals import Kind as ApprovalKind
from core.outreach.approvals import Proposal, Status
from core.settings.settings import settings
from db.crm import dead_letters
from db.crm import inbox as crm_inbox
from db.crm import links as crm_links
from db.outreach import approvals
from db.server.engine import own_connection, transaction
from tasks.crm import pull as crm_pull
from tasks.crm import push as crm_push
from tasks.crm import settle as crm_settle
from tasks.crm.session import Safeguards, SyncSession, only_session
from tasks.runtime.crm_offers import crm_config
from tasks.runtime.crm_opening import open_crm
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.progress import Progress
from tasks.runtime.resources import database_engine, database_url

log = logging.getLogger(__name__)

_SHOWN_FOR_APPROVAL = 50


class SyncRun(Frozen):
    """A run on its way: what was asked for, and what its steps have done so far.

    Attributes:
        outcome: "done" while it goes on; "planned" or "waiting" when nothing further is to be done.
    """

    run_id: UUID
    request: SyncRequest
    provider: str
    began_at: datetime
    pulled: dict[str, int] = Field(default_factory=dict)
    plan: SyncPlan = SyncPlan()
    outcome: str = "done"
    waiting_for: str | None = None
    approval_id: UUID | None = None
    done: dict[str, int] = Field(default_factory=dict)
    calls: int = 0

    @property
    def goes_on(self) -> bool:
        """Whether anything may be changed."""
        return self.outcome == "done"


@asynccontextmanager
async def session(run_id: UUID) -> AsyncIterator[SyncSession]:
    """Open the one session that may work on the configured CRM, wired from the settings."""
    chosen = settings()
    config = crm_config(chosen)
    async with (
        open_crm(config, run_id) as crm,
        only_session(
            database_url(),
            crm,
            config,
            config_name=str(config_path(chosen) or "the example crm.yaml"),
            run_id=run_id,
            safeguards=Safeguards(overlap=timedelta(seconds=chosen.crm.overlap_s)),
            width=chosen.crm.calls_at_once,
            described_for=timedelta(seconds=chosen.crm.described_for_s),
        ) as opened,
    ):
        yield opened


@task(name="pull-changes", **STEP)
async def pull_changes(request: SyncRequest) -> SyncRun:
    """Bring in what happened in the CRM since last time; nothing of our leads is changed by that.

    Raises:
        ProviderNotConfigured: the CRM has no key.
        InvalidConfig: `crm.yaml` cannot be read, or names what the CRM does not have.
        SyncBusy: another run is at it.
    """
    run_id, began_at = uuid4(), datetime.now(UTC)
    async with session(run_id) as opened:
        pulled = await crm_pull.pull(opened, full=request.full)
        calls, name = opened.crm.calls, opened.name
    log.info("crm_pulled", extra={"run_id": run_id, **pulled})
    return SyncRun(run_id=run_id, request=request, provider=name, began_at=began_at, pulled=dict(pulled), calls=calls)


@task(name="plan-changes", **STEP)
async def plan_changes(run: SyncRun) -> SyncRun:
    """Say what is to be done on both sides, and whether it may be done: a large change asks a person first."""
    async with session(run.run_id) as opened:
        plan = await crm_settle.survey(opened)
        limits = opened.config.limits
    planned = run.model_copy(update={"plan": plan})
    if run.request.plan_only:
        return planned.model_copy(update={"outcome": "planned", "waiting_for": plan.too_much(limits)})
    why = plan.too_much(limits)
    return planned if why is None else await _with_approval(planned, why)


async def _with_approval(run: SyncRun, why: str) -> SyncRun:
    """Go on with an approval of exactly this plan, else ask for one and stop."""
    proposal = _proposal(run, why)
    now = datetime.now(UTC)
    async with database_engine() as engine:
        async with transaction(engine) as connection:
            approval = await approvals.request(connection, proposal, now=now)
        if approval.status is Status.APPROVED:
            async with transaction(engine) as connection:
                approval = await approvals.claim(
                    connection, approval.id, proposal.facts, by=str(run.run_id), now=now, lease=timedelta(hours=2)
                )
    log.info("crm_plan_too_large", extra={"run_id": run.run_id, "approval_id": approval.id, "status": approval.status})
    if approval.is_held_by(str(run.run_id)):
        return run.model_copy(update={"approval_id": approval.id})
    waits = f"{why}: approval {approval.id} is {approval_rules.outcome(approval)}"
    return run.model_copy(update={"outcome": "waiting", "waiting_for": waits, "approval_id": approval.id})


def _proposal(run: SyncRun, why: str) -> Proposal:
    plan = run.plan.model_dump(mode="json")
    content = {"why": why, "counts": plan["counts"], "changes": plan["changes"][:_SHOWN_FOR_APPROVAL]}
    return Proposal(
        kind=ApprovalKind.CRM_CHANGES,
        # Each plan asks for itself: one that was left half done must not stand in the way of the next.
        subject_id=f"{run.provider}/{run.plan.digest}",
        title=f"Sync with {run.provider}: {why}",
        content=content,
        facts={"plan": run.plan.digest},
        proposed_by="sync-crm",
    )


@task(name="settle-changes", **STEP)
async def settle_changes(run: SyncRun) -> SyncRun:
    """Do our side of the plan, a page of leads a transaction."""
    if not run.goes_on:
        return run
    async with session(run.run_id) as opened:
        done = await crm_settle.settle(opened)
        return _counted(run, done, opened.crm.calls)


@task(name="push-changes", **STEP)
async def push_changes(run: SyncRun) -> SyncRun:
    """Send what is to be sent, a call a record; one that fails costs no other."""
    if not run.goes_on:
        return run
    total = sum(count for name, count in run.plan.counts.items() if name.startswith("theirs "))
    progress = Progress(total, "records sent to the CRM")
    await progress.advance_to(0)
    async with session(run.run_id) as opened:
        done = await crm_push.push(opened)
        return _counted(run, done, opened.crm.calls)


def _counted(run: SyncRun, done: dict[str, int], calls: int) -> SyncRun:
    return run.model_copy(update={"done": added(run.done, done), "calls": run.calls + calls})


@task(name="finish-sync", **STEP)
async def finish_sync(run: SyncRun) -> SyncReport:
    """Add up a run, and close its approval."""
    if run.approval_id is not None and run.goes_on:
        await _close_approval(run.approval_id)
    report = await report_of(run)
    log.info("crm_synced", extra=report.model_dump(mode="json", exclude={"plan", "reasons"}))
    return report


async def _close_approval(approval_id: UUID) -> None:
    async with database_engine() as engine, transaction(engine) as connection:
        try:
            await approvals.finish(connection, approval_id, now=datetime.now(UTC))
        except NotPending:
            log.info("crm_approval_already_closed", extra={"approval_id": approval_id})


async def report_of(run: SyncRun) -> SyncReport:
    """Return what a run did, and how both sides stand now."""
    now = datetime.now(UTC)
    async with own_connection(database_url()) as connection:
        cursor = await crm_inbox.get_cursor(connection, run.provider)
        states = await crm_links.count_states(connection, run.provider)
        reasons = await crm_links.count_reasons(connection, run.provider)
        letters = await dead_letters.count_open(connection, run.provider)
    done = dict(run.done)
    events = {name: run.pulled[name] for name in ("look", "echo", "irrelevant", "known") if name in run.pulled}
    return SyncReport(
        run_id=run.run_id,
        provider=run.provider,
        outcome=run.outcome,
        waiting_for=run.waiting_for,
        approval_id=run.approval_id,
        next_step=next_step(run.outcome, run.plan, run.approval_id),
        plan=run.plan,
        events=events,
        fetched=run.pulled.get("fetched", 0),
        conflicts=done.pop("conflicts", 0),
        done=done,
        dead_letters=letters,
        states=states,
        reasons=reasons,
        cursor=cursor.at,
        lag_s=round((now - cursor.pulled_at).total_seconds(), 3) if cursor.pulled_at else None,
        is_full=bool(run.pulled.get("full")),
        calls=run.calls,
        seconds=round((now - run.began_at).total_seconds(), 3),
    )


async def status() -> SyncReport:
    """Return how both sides stand, without asking the CRM anything."""
    name = crm_config(settings()).provider
    run = SyncRun(run_id=uuid4(), request=SyncRequest(), provider=name, began_at=datetime.now(UTC), outcome="asked")
    return await report_of(run)


@task(name="release-dead-letters", **STEP)
async def release_dead_letters(request: ReplayRequest) -> int:
    """Let the records of dead letters be tried at once, whatever their distance; return how many."""
    async with own_connection(database_url()) as connection:
        released = await dead_letters.release(connection, request.ids)
    log.info("dead_letters_released", extra={"count": released})
    return released
