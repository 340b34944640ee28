"""Steps of discovering contacts: who is due, visiting sites batch by batch, and what each lead gets of it."""

import logging
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

from core.discovery.runs import (
    BatchReport,
    DiscoveryPlan,
    DiscoveryReport,
    DiscoveryRequest,
    SiteBatch,
)
from core.settings.settings import settings
from db.discovery import discoveries
from db.runs import moment
from db.server.engine import transaction
from tasks.discovery import artifacts
from tasks.discovery.people_choice import choosing_model
from tasks.discovery.people_sources import opened_people_sources
from tasks.discovery.visiting import SiteVisitor, choose_sites, held_sites
from tasks.runtime.batches import bounded_gather, sliced
from tasks.runtime.orchestration import in_flow_run, task
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database_engine
from tasks.runtime.websites import page_renderer, website_fetcher

log = logging.getLogger(__name__)

_LEADS_A_PAGE = 2_000


@task(name="plan-discovery", **STEP)
async def plan_discovery(request: DiscoveryRequest) -> DiscoveryPlan:
    """Choose the leads that are due and the sites to visit for them, and note both.

    Safe to run again: noting a lead twice changes nothing but the run it waits for.
    """
    run_id, chosen = uuid4(), settings().discovery
    sites: dict[str, None] = {}
    leads = skipped = 0
    after: UUID | None = None
    async with database_engine() as engine:
        async with transaction(engine) as connection:
            planned_at = await moment(connection)
        while request.limit is None or leads < request.limit:
            page = _LEADS_A_PAGE if request.limit is None else min(_LEADS_A_PAGE, request.limit - leads)
            async with transaction(engine) as connection:
                due = await discoveries.select_due(connection, request, after=after, limit=page)
                with_site, without = choose_sites(due)
                await discoveries.plan(connection, run_id, with_site)
                await discoveries.skip(connection, run_id, without, fresh_for_s=chosen.fresh_for_s)
            sites |= dict.fromkeys(site.site for site in with_site.values())
            leads, skipped = leads + len(due), skipped + len(without)
            if len(due) < page:
                break
            after = due[-1].id
    batches = tuple(
        SiteBatch(
            label=f"{number}",
            run_id=run_id,
            sites=tuple(names),
            planned_at=planned_at,
            again_failed=request.again_failed,
            roles=request.roles,
        )
        for number, names in enumerate(sliced(list(sites), chosen.batch_sites), 1)
    )
    log.info("discovery_planned", extra={"run_id": run_id, "leads": leads, "sites": len(sites)})
    return DiscoveryPlan(run_id=run_id, leads=leads, sites=len(sites), skipped=skipped, batches=batches)


@task(name="discover-batch", task_run_name="discover-{batch.label}", **STEP)
async def discover_batch(batch: SiteBatch) -> BatchReport:
    """Visit the sites of one batch, a bounded number at once; each site's leads get their outcome as it comes.

    Safe to run again at any point: a site that was finished is fresh, and one that was not is due.
    """
    chosen, holder = settings(), uuid4()
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(database_engine())
        fetcher = await stack.enter_async_context(website_fetcher(chosen))
        renderer = await stack.enter_async_context(page_renderer(chosen, fetcher))
        model = await stack.enter_async_context(choosing_model(chosen, batch.run_id))
        further = await stack.enter_async_context(opened_people_sources(chosen, batch.run_id))
        visitor = SiteVisitor(chosen, engine, fetcher, renderer, model, further, batch, holder)
        await stack.enter_async_context(held_sites(engine, holder, chosen.discovery.lease_s))
        ends = await bounded_gather(visitor.visit, batch.sites, width=chosen.discovery.sites_at_once)
        async with transaction(engine) as connection:
            leads = await discoveries.tally(connection, batch)
    report = BatchReport(sites=len(batch.sites), visited=ends.count("visited"), leads=leads)
    log.info("batch_discovered", extra={"batch": batch.label, "sites": report.sites, "leads": leads})
    return report


@task(name="publish-discovery", **STEP)
async def publish_discovery(report: DiscoveryReport) -> DiscoveryReport:
    """Show the report, the people with the pages they stand on, and every site with its reason."""
    if in_flow_run():
        await artifacts.show_discovery(report)
    return report
