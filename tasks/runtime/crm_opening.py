"""The CRM that `crm.yaml` names, opened: whatever is done in a CRM is done in that one, and in no other."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from uuid import UUID

from core.crm.config import CrmConfig
from core.errors import ConfigurationError
from core.ports import CRMProvider
from core.settings.settings import settings
from integrations.close.crm import CloseCRM
from integrations.guards import NoStore
from integrations.json_directory.crm import JsonDirectory
from tasks.runtime.providers import Outside, outside

World = Callable[[], AbstractAsyncContextManager[Outside]]
"""Opens the outside world, for a CRM that is somewhere else."""


@asynccontextmanager
async def _close(_config: CrmConfig, world: World) -> AsyncIterator[CRMProvider]:
    async with world() as opened:
        yield CloseCRM(await opened.close(), webhook_key=opened.settings.providers.close.webhook_key)


@asynccontextmanager
async def _directory(config: CrmConfig, _world: World) -> AsyncIterator[CRMProvider]:
    if config.directory is None or not config.directory.is_dir():
        raise ConfigurationError(f"crm.yaml: there is no directory {config.directory or ''}: make it, or name another")
    yield JsonDirectory(config.directory)


_CRMS: Mapping[str, Callable[[CrmConfig, World], AbstractAsyncContextManager[CRMProvider]]] = {
    "close": _close,
    "directory": _directory,
}


@asynccontextmanager
async def open_crm(
    config: CrmConfig, run_id: UUID | None = None, *, world: World | None = None
) -> AsyncIterator[CRMProvider]:
    """Open the configured CRM.

    Args:
        config: what `crm.yaml` says.
        run_id: whose budget it is.
        world: another outside world than a run's.

    Raises:
        ConfigurationError: there is no CRM of that name, or it is not there.
        ProviderNotConfigured: its key is missing.
    """
    opened = _CRMS.get(config.provider)
    if opened is None:
        raise ConfigurationError(f"crm.yaml: there is no CRM {config.provider!r}; known are {', '.join(sorted(_CRMS))}")
    async with opened(config, world or partial(outside, run_id)) as crm:
        yield crm


@asynccontextmanager
async def alone() -> AsyncIterator[Outside]:
    """Open the outside world without Redis and the cost book: enough for what asks nobody."""
    async with AsyncExitStack() as stack:
        yield Outside(settings(), NoStore(), None, stack)
