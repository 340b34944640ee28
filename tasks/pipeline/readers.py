"""How things stand, for `sales-agent next`. Imports no Prefect, and asks no provider."""

from core.outreach.approvals import ApprovalStatus
from core.pipeline.next_steps import WhatStands
from core.qualification.profiles import FILE_NAME
from core.settings.settings import settings
from integrations import plugs
from tasks.crm.readers import status as crm_status
from tasks.outreach.readers import list_approvals, list_unresolved
from tasks.reports.status import status


async def standing(*, is_sync_off: bool | None) -> WhatStands:
    """Return how things stand.

    Args:
        is_sync_off: what the Prefect server says of the CRM's schedule; None where none tells.

    Raises:
        InvalidConfig: `icp.yaml` or `crm.yaml` says something that cannot be meant.
    """
    found, crm = await status(), await crm_status()
    chosen = settings()
    plug = plugs.chosen("crm", crm.provider, where="crm.yaml")
    last = found.imports[0] if found.imports else None
    stage, known = found.qualification, sum(found.enrichment.outcomes.values())
    waits = await list_approvals([ApprovalStatus.PENDING])
    return WhatStands(
        leads=found.leads,
        interrupted=last.file_name if last is not None and last.status == "interrupted" else None,
        has_profile=chosen.qualification.icp is not None or (chosen.home / FILE_NAME).exists(),
        unscored=stage.due if stage.icp else found.leads,
        unresolved=len(await list_unresolved()),
        pending=len(waits),
        failing=crm.states.get("failing", 0),
        dead_letters=crm.dead_letters,
        duplicates=found.possible_duplicates,
        unenriched=max(found.leads - known, 0) + found.enrichment.outcomes.get("due", 0),
        crm=None if plug.off_because(chosen) else plug.title,
        is_synced=crm.cursor is not None,
        sync_is_off=is_sync_off,
    )
