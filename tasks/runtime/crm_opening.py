"""The CRM that `crm.yaml` names, opened: whatever is done in a CRM is done in that one, and in no other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from core.crm.config import CrmConfig
from core.ports import CRMProvider
from integrations import plugs
from tasks.runtime.providers import outside, unshared


@asynccontextmanager
async def open_crm(config: CrmConfig, run_id: UUID | None = None) -> AsyncIterator[CRMProvider]:
    """Open the configured CRM.

    Raises:
        ConfigurationError: there is no CRM of that name, or it is not there.
        ProviderNotConfigured: its key is missing.
    """
    plug = plugs.chosen("crm", config.provider, where="crm.yaml")
    # What is on this machine needs neither Redis nor the cost book.
    async with unshared() if plug.over_http is None else outside(run_id) as world:
        crm: CRMProvider = await world.open("crm", config.provider, where="crm.yaml", config=config)
        yield crm
