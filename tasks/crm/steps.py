"""Steps of keeping leads in step with a CRM: pull, plan, settle, push, report. Each may be run again at any point."""

import logging
from datetime import UTC, datetime
from uuid import uuid4

from core.crm.runs import ReplayRequest, SyncReport, SyncRequest, SyncRun
from db.crm import dead_letters
from db.server.engine import own_connection
from tasks.crm import artifacts
from tasks.crm import pull as crm_pull
from tasks.crm import push as crm_push
from tasks.crm import settle as crm_settle
from tasks.crm.opening import opened_session
from tasks.crm.plan_approvals import SEEN_FIRST, close_approval, with_approval, with_given_approval
from tasks.crm.readers import report_of
from tasks.runtime.orchestration import in_flow_run, task
from tasks.runtime.policies import STEP
from tasks.runtime.progress import Progress
from tasks.runtime.resources import database_url
from tasks.runtime.telling import tell

log = logging.getLogger(__name__)


@task(name="pull-changes", **STEP)
async def pull_changes(request: SyncRequest) -> SyncRun:
    """Bring in what happened in the CRM since last time; nothing of our leads is changed by that.

    Raises:
        ProviderNotConfigured: the CRM has no key.
        InvalidConfig: `crm.yaml` cannot be read, or names what the CRM does not have.
        SyncBusy: another run is at it.
    """
    run_id, began_at = uuid4(), datetime.now(UTC)
    async with opened_session(run_id) as opened:
        pulled = await crm_pull.pull(opened, full=request.full)
        calls, name = opened.crm.calls, opened.name
    log.info("crm_pulled", extra={"run_id": run_id, **pulled})
    return SyncRun(run_id=run_id, request=request, provider=name, began_at=began_at, pulled=dict(pulled), calls=calls)


@task(name="plan-changes", **STEP)
async def plan_changes(run: SyncRun) -> SyncRun:
    """Return what is to be done on both sides, and whether it may be done: a large change asks a person first."""
    async with opened_session(run.run_id) as opened:
        plan = await crm_settle.survey(opened)
        limits = opened.config.limits
    planned = run.model_copy(update={"plan": plan})
    if run.request.plan_only:
        return planned.model_copy(update={"outcome": "planned", "waiting_for": plan.too_much(limits)})
    why = plan.too_much(limits) or (SEEN_FIRST if run.request.ask_first and plan.counts else None)
    return await with_given_approval(planned) if why is None else await with_approval(planned, why)


@task(name="settle-changes", **STEP)
async def settle_changes(run: SyncRun) -> SyncRun:
    """Do our side of the plan, a page of leads a transaction."""
    if not run.goes_on:
        return run
    async with opened_session(run.run_id) as opened:
        done = await crm_settle.settle(opened)
        return run.counted(done, opened.crm.calls)


@task(name="push-changes", **STEP)
async def push_changes(run: SyncRun) -> SyncRun:
    """Send what is to be sent, a call a record; one that fails costs no other."""
    if not run.goes_on:
        return run
    total = sum(count for name, count in run.plan.counts.items() if name.startswith("theirs "))
    progress = Progress(total, "records sent to the CRM")
    await progress.advance_to(0)
    async with opened_session(run.run_id) as opened:
        done = await crm_push.push(opened)
        return run.counted(done, opened.crm.calls)


@task(name="finish-sync", **STEP)
async def finish_sync(run: SyncRun) -> SyncReport:
    """Add up a run, and close its approval."""
    if run.approval_id is not None and run.goes_on:
        await close_approval(run.approval_id)
    report = await report_of(run)
    log.info("crm_synced", extra=report.to_json(without={"plan", "reasons"}))
    return report


@task(name="release-dead-letters", **STEP)
async def release_dead_letters(request: ReplayRequest) -> int:
    """Let the records of dead letters be tried at once, whatever their distance; return how many."""
    async with own_connection(database_url()) as connection:
        released = await dead_letters.release(connection, request.ids)
    log.info("dead_letters_released", extra={"count": released})
    return released


@task(name="publish-sync", **STEP)
async def publish_sync(report: SyncReport) -> SyncReport:
    """Show the report, the plan with its differences, conflicts, and the records by state."""
    if in_flow_run():
        await artifacts.show_sync(report)
    tell(report.in_words)
    return report
