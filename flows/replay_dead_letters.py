"""What the CRM refused, tried again."""

from core.crm.runs import ReplayRequest, SyncReport
from flows.sync_crm import sync_crm
from tasks.crm import steps as crm
from tasks.runtime.orchestration import flow


@flow(name="replay-dead-letters", flow_run_name="try again what the CRM refused")
async def replay_dead_letters(request: ReplayRequest = ReplayRequest()) -> SyncReport:  # noqa: B008 - frozen
    """Let the records of open dead letters be tried at once, then synchronise.

    Started by hand. Writes what `sync-crm` writes; a dead letter is closed when its record was taken, and counts one
    failure more when it was refused again. Safe twice: what is closed is not released.
    """
    await crm.release_dead_letters(request)
    return await sync_crm()
