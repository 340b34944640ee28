"""Gaps of leads filled by providers, every value with its source."""

from core.enrichment.runs import EnrichmentPlan, EnrichmentReport, EnrichRequest
from tasks.enrichment import batches
from tasks.enrichment import steps as enrichment
from tasks.runtime.orchestration import flow


@flow(name="enrich-leads", flow_run_name="{request.label}")
async def enrich_leads(request: EnrichRequest) -> EnrichmentReport | EnrichmentPlan:
    """Fill what is not known of the leads that are due, provider by provider, within a budget.

    Started by hand or on a schedule. Reads leads and a configuration; writes attempts, answers, values with where they
    come from, and what became of each lead, as it happens. Safe twice and two at once: a fresh answer is used again,
    a question is asked by one run at a time, and a run that was killed goes on where it stopped. What a budget or a
    limit put off, and answers that come late, are taken up by the next run.
    """
    if request.plan_only:
        return await enrichment.publish_plan(await enrichment.plan(request))
    run = await enrichment.begin(request)
    await batches.enrich_batches(run)
    report = await enrichment.finish(run)
    return await enrichment.publish_enrichment(report)
