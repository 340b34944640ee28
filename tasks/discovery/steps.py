"""Steps of discovering contacts: begin a run, visit its sites batch by batch, report."""

import logging
from contextlib import AsyncExitStack

from prefect import runtime

from core.discovery.runs import DiscoveryReport, DiscoveryRequest, DiscoveryRun, SiteBatch
from core.settings.settings import settings
from db.discovery import lease as site_lease
from db.discovery import runs
from db.server.engine import own_connection
from tasks.discovery import artifacts
from tasks.discovery.people_choice import choosing_model
from tasks.discovery.people_sources import opened_people_sources
from tasks.discovery.visiting import SiteVisitor
from tasks.outreach.keys import tombstone_key
from tasks.runtime.orchestration import in_flow_run, task
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database_url
from tasks.runtime.telling import tell
from tasks.runtime.websites import page_renderer, website_fetcher

log = logging.getLogger(__name__)


@task(name="begin-discovery", **STEP)
async def begin(request: DiscoveryRequest) -> DiscoveryRun:
    """Note the run, the leads that are due and the sites to visit for them, and cut these into batches.

    Safe to run again: noting a lead twice changes nothing.
    """
    chosen = settings().discovery
    async with own_connection(database_url()) as connection:
        begun = await runs.begin(
            connection,
            request,
            batch_sites=chosen.batch_sites,
            fresh_for_s=chosen.fresh_for_s,
            flow_run_id=runtime.flow_run.id,
        )
    facts = {"run_id": begun.run_id, "leads": begun.leads, "sites": len(begun.sites)}
    log.info("discovery_planned", extra=facts)
    return begun


@task(name="discover-batch", task_run_name="discover-{batch.label}", **STEP)
async def discover_batch(batch: SiteBatch) -> int:
    """Visit the sites of one batch, a bounded number at once; each site's leads get their outcome as it comes.

    Safe to run again at any point: a site that was finished is fresh, and one that was not is due.
    """
    chosen = settings()
    async with AsyncExitStack() as stack:
        fetcher = await stack.enter_async_context(website_fetcher(chosen))
        renderer = await stack.enter_async_context(page_renderer(chosen, fetcher))
        model = await stack.enter_async_context(choosing_model(chosen, batch.run_id))
        further = await stack.enter_async_context(opened_people_sources(chosen, batch.run_id))
        lease = await stack.enter_async_context(site_lease.leased(database_url(), batch, tombstone_key))
        visited = await SiteVisitor(chosen, lease, fetcher, renderer, model, further, batch).visit_all()
    log.info("batch_discovered", extra={"batch": batch.label, "sites": len(batch.sites), "visited": visited})
    return len(batch.sites)


@task(name="finish-discovery", **STEP)
async def finish(begun: DiscoveryRun) -> DiscoveryReport:
    """Add up what a run did, and close it."""
    async with own_connection(database_url()) as connection:
        report = await runs.finish(connection, begun)
    facts = {"run_id": report.run_id, "leads": report.leads, "outcomes": report.outcomes, "seconds": report.seconds}
    log.info("discovery_finished", extra=facts)
    return report


@task(name="publish-discovery", **STEP)
async def publish_discovery(report: DiscoveryReport) -> DiscoveryReport:
    """Show the report, the people with the pages they stand on, and every site with its reason."""
    if in_flow_run():
        await artifacts.show_discovery(report)
    tell(report.in_words)
    return report
