"""Closing what processes that died left open with others (money set aside, browsers that run), and old pages."""

import asyncio
import time
from datetime import UTC, datetime

from core.agents import PrunedThreads, ThreadAges
from core.settings import settings
from core.sweeping import SweptSpending
from db import agent_threads, spend
from integrations.websites.cache import PageCache
from tasks.policies import STEP
from tasks.providers import outside
from tasks.resources import database
from tasks.runtime import task


@task(**STEP, task_run_name="close-reservations")
async def close_reservations() -> SweptSpending:
    """Count reservations as spent whose time is over. Safe twice: a closed one is not found again."""
    async with database() as connection:
        swept = await spend.sweep(connection, now=datetime.now(UTC))
    return SweptSpending(swept.count, swept.amount.usd, swept.amount.credits)


@task(**STEP, task_run_name="release-sessions")
async def release_sessions() -> int:
    """End browser sessions of ours that outlived any visit; return how many. Without Browserbase there are none."""
    if settings().providers.browserbase.api_key is None:
        return 0
    async with outside() as world:
        return await (await world.browsers()).sweep(now=datetime.now(UTC))


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
    chosen = settings()
    cache = PageCache(chosen.websites.cache_dir or chosen.home / "cache" / "websites")
    return await asyncio.to_thread(cache.prune, older_than=time.time() - chosen.websites.keep_s)
