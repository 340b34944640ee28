"""The one session that may work on the configured CRM, wired from the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from core.crm.config import config_path
from core.settings.settings import settings
from tasks.crm.session import Safeguards, SyncSession, only_session
from tasks.runtime.crm_offers import crm_config
from tasks.runtime.crm_opening import open_crm
from tasks.runtime.resources import database_url


@asynccontextmanager
async def opened_session(run_id: UUID) -> AsyncIterator[SyncSession]:
    """Open the one opened_session that may work on the configured CRM, wired from the settings."""
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
