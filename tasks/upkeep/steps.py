"""Closing what processes that died left open with others (money set aside, browsers), and dropping what is too old."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from core.agents.threads import PrunedThreads, ThreadAges
from core.settings.settings import settings
from core.upkeep.sweeping import SweptApprovals, SweptSpending
from db.agents import threads as agent_threads
from db.enrichment import questions as enrichment_questions
from db.ledger import spend
from db.outreach import approvals, mail_pauses, meetings, sends
from integrations import plugs
from integrations.websites.cache import PageCache
from integrations.websites.plug import WebsiteSettings
from tasks.outreach.approvals import show_all_pending, start_execution
from tasks.outreach.sending import due_messages, mail_account
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.providers import outside
from tasks.runtime.resources import database


@task(**STEP, task_run_name="close-reservations")
async def close_reservations() -> SweptSpending:
    """Count reservations as spent whose time is over. Safe twice: a closed one is not found again."""
    async with database() as connection:
        swept = await spend.sweep(connection, now=datetime.now(UTC))
    return SweptSpending(swept.count, swept.amount.usd, swept.amount.credits)


@task(**STEP, task_run_name="release-sessions")
async def release_sessions() -> int:
    """End sessions of ours with providers that outlived any use; return how many. Safe twice."""
    tidied = [plug.tidy for plug in plugs.PLUGS if plug.tidy is not None and plug.off_because(settings()) is None]
    if not tidied:
        return 0
    async with outside() as world:
        return sum([await tidy(world) for tidy in tidied])


@task(**STEP, task_run_name="prune-threads")
async def prune_threads() -> PrunedThreads:
    """Forget threads of agents, with their checkpoints, that ended or were left long ago. Safe twice."""
    chosen = settings().agents
    async with database() as connection:
        ages = ThreadAges(chosen.keep_ended_s, chosen.keep_open_s)
        return await agent_threads.prune(connection, ages, now=datetime.now(UTC))


@task(**STEP, task_run_name="drop-pages")
async def drop_pages() -> int:
    """Delete the pages of websites that were kept too long; return how many. Safe twice, and beside a run."""
    chosen = settings().read(WebsiteSettings)
    cache = PageCache(chosen.cache_dir or settings().home / "cache" / "websites")
    return await asyncio.to_thread(cache.prune, older_than=time.time() - chosen.keep_s)


@task(**STEP, task_run_name="drop-answers")
async def drop_answers() -> int:
    """Delete answers of providers that are too old to be used again; return how many. Safe twice, and beside a run."""
    older_than = datetime.now(UTC) - timedelta(seconds=settings().enrichment.keep_s)
    async with database() as connection:
        return await enrichment_questions.prune(connection, older_than=older_than)


@task(**STEP, task_run_name="take-up-approvals")
async def take_up_approvals() -> SweptApprovals:
    """Expire old approvals, give up lost messages, and start what is due and in nobody's hands. Safe twice.

    A message whose fate nobody knows is left to a person. While the mail account is paused nothing is started; when its
    pause is due, the one message that was tried least often.
    """
    now = datetime.now(UTC)
    account = mail_account()
    async with database() as connection:
        await sends.give_up_lost(connection, now=now)
        await sends.settle_abandoned(connection, now=now)
        expired = await approvals.expire(connection, now=now)
        await meetings.forget_expired(connection)
        stuck = await sends.select_stuck(connection)
        due = await due_messages(connection, stuck, now)
        pause = await mail_pauses.find(connection, account) if account else None
        released = await meetings.release_past(connection, now=now)
    if pause is not None:
        due = [] if pause.retry_at > now else due[:1]
    runs = [await start_execution(approval, attempt=attempt) for approval, attempt in due]
    started = sum(run is not None for run in runs)
    await show_all_pending()
    paused = pause.reason if pause is not None else None
    return SweptApprovals(expired, started, len(due) - started, len(stuck), released, paused)
