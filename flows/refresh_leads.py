"""Facts of leads kept fresh from the sources that can only be read."""

from core.enrichment.runs import EnrichmentPlan, EnrichmentReport, EnrichRequest
from flows.enrich_leads import enrich_leads
from tasks.runtime.orchestration import flow


@flow(name="refresh-leads", flow_run_name="refresh what is no longer fresh")
async def refresh_leads(
    request: EnrichRequest = EnrichRequest(),  # noqa: B008 - frozen
) -> EnrichmentReport | EnrichmentPlan:
    """Ask Apollo, LinkedIn and the companies' websites anew what is no longer fresh; `sync-crm` carries it on.

    Daily. Writes what `enrich-leads` writes, within the same budgets; what a person wrote, here or in the CRM, stays.
    Safe twice: what is fresh is not asked again.
    """
    return await enrich_leads(request)
