"""The CRM that `crm.yaml` names, opened: whatever is done in a CRM is done in that one, and in no other."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

from core.crm.config import CrmConfig
from core.crm.records import CRMProvider
from core.errors import ConfigurationError
from integrations.close.crm import CloseCRM
from integrations.json_directory.crm import JsonDirectory
from tasks.runtime.providers import outside


@asynccontextmanager
async def _close(_config: CrmConfig, run_id: UUID | None) -> AsyncIterator[CRMProvider]:
    async with outside(run_id) as world:
        yield CloseCRM(await world.close())


@asynccontextmanager
async def _directory(config: CrmConfig, _run_id: UUID | None) -> AsyncIterator[CRMProvider]:
    if config.directory is None or not config.directory.is_dir():
        raise ConfigurationError(f"crm.yaml: there is no directory {config.directory or ''}: make it, or name another")
    yield JsonDirectory(config.directory)


_CRMS: Mapping[str, Callable[[CrmConfig, UUID | None], AbstractAsyncContextManager[CRMProvider]]] = {
    "close": _close,
    "directory": _directory,
}


@asynccontextmanager
async def open_crm(config: CrmConfig, run_id: UUID | None = None) -> AsyncIterator[CRMProvider]:
    """Open the configured CRM.

    Raises:
        ConfigurationError: there is no CRM of that name, or it is not there.
        ProviderNotConfigured: its key is missing.
    """
    opened = _CRMS.get(config.provider)
    if opened is None:
        raise ConfigurationError(f"crm.yaml: there is no CRM {config.provider!r}; known are {', '.join(sorted(_CRMS))}")
    async with opened(config, run_id) as crm:
        yield crm
