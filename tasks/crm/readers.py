"""How both sides stand, without asking the CRM anything. Imports no Prefect."""

from datetime import UTC, datetime
from uuid import uuid4

from core.crm.runs import SyncReport, SyncRequest, SyncRun, next_step
from core.settings.settings import settings
from db.crm import candidates as crm_candidates
from db.crm import dead_letters
from db.crm import inbox as crm_inbox
from db.crm import links as crm_links
from db.crm import staging as crm_staging
from db.server.engine import own_connection
from tasks.crm.twins import DUPLICATE
from tasks.runtime.crm_offers import crm_config
from tasks.runtime.resources import database_url


async def report_of(run: SyncRun) -> SyncReport:
    """Return what a run did, and how both sides stand now."""
    now = datetime.now(UTC)
    config = crm_config(settings())
    async with own_connection(database_url()) as connection:
        cursor = await crm_inbox.get_cursor(connection, run.provider)
        states = await crm_links.count_states(connection, run.provider)
        reasons = await crm_links.count_reasons(connection, run.provider)
        letters = await dead_letters.count_open(connection, run.provider)
        gate = await crm_candidates.open_gate(connection, config)
        outside = await crm_candidates.count_outside(connection, run.provider, gate)
        duplicates = await crm_staging.count_left(connection, run.provider, DUPLICATE)
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
        outside=outside,
        duplicates=duplicates,
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
