"""All batches of a run of discovery, side by side, and what came of them."""

import time

from core.discovery.runs import BatchReport, DiscoveryPlan, DiscoveryReport, SiteBatch
from core.settings.settings import settings
from db.discovery import discoveries
from db.server.engine import transaction
from tasks.discovery.steps import discover_batch
from tasks.runtime.batches import bounded_gather
from tasks.runtime.progress import Progress
from tasks.runtime.resources import database_engine


async def visit_sites(plan: DiscoveryPlan) -> DiscoveryReport:
    """Visit the sites of a plan, batches side by side, and add up what came of it."""
    started = time.monotonic()
    progress = Progress(plan.sites, "Sites visited")
    done = 0

    async def visit(batch: SiteBatch) -> BatchReport:
        nonlocal done
        report: BatchReport = await discover_batch(batch)
        done += report.sites
        await progress.advance_to(done)
        return report

    reports = await bounded_gather(visit, plan.batches, width=settings().discovery.batches_at_once)
    leads = {"skipped": plan.skipped}
    for report in reports:
        for outcome, count in report.leads.items():
            leads[outcome] = leads.get(outcome, 0) + count
    async with database_engine() as engine, transaction(engine) as connection:
        sums = await discoveries.sum_of_run(connection, plan.run_id)
    seconds = round(time.monotonic() - started, 3)
    return DiscoveryReport(
        run_id=plan.run_id, sites=plan.sites, seconds=seconds, **{"leads": sum(leads.values())} | leads | sums
    )
