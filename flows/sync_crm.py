"""Leads and the CRM in step, both ways."""

from core.crm.runs import SyncReport, SyncRequest
from tasks.crm import steps as crm
from tasks.runtime.orchestration import flow


@flow(name="sync-crm", flow_run_name="{request.label}")
async def sync_crm(request: SyncRequest = SyncRequest()) -> SyncReport:  # noqa: B008 - frozen
    """Bring in what changed in the CRM, send what changed here, merge what changed on both sides.

    Every 2 hours; a run that would overlap another is cancelled. Reads `crm.yaml`; writes leads, contacts, links with
    what was last agreed on, the audit, conflicts and dead letters, and the CRM. Safe twice and killed anywhere: the
    cursor moves with what it brought, every write is noted with its answer, and a create without an answer is looked
    up before it is sent again. A plan above the limits of `crm.yaml` changes nothing and asks for an approval.
    """
    run = await crm.pull_changes(request)
    planned = await crm.plan_changes(run)
    settled = await crm.settle_changes(planned)
    pushed = await crm.push_changes(settled)
    report = await crm.finish_sync(pushed)
    return await crm.publish_sync(report)
