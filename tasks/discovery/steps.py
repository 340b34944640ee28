"""Steps of discovering contacts: who is due, visiting sites batch by batch, and what each lead gets of it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID, uuid4

from core.discovery.company_contacts import SiteDiscovery, SourceAttempt, conclude, contacts_of_site
from core.discovery.runs import (
    BatchReport,
    DiscoveryPlan,
    DiscoveryReport,
    DiscoveryRequest,
    Site,
    SiteBatch,
    VisitEnd,
    choose_site,
    fresh_for,
)
from core.settings.settings import Settings, settings
from db.agents import executions
from db.discovery import discoveries
from db.discovery.discoveries import DueLead
from db.outreach import tombstones
from db.runs import moment
from db.server.engine import Connection, Engine, transaction
from db.server.keeping import until_stored
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.rendering import Renderer
from tasks.discovery.people_choice import Asked, ChoosingModel, choosing_model
from tasks.discovery.people_sources import FurtherSources, further_sources
from tasks.discovery.visits import discover_site
from tasks.outreach.keys import tombstone_key
from tasks.runtime.batches import bounded_gather, sliced
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.progress import Progress
from tasks.runtime.resources import database_engine
from tasks.runtime.websites import page_renderer, website_fetcher

T = TypeVar("T")

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
                with_site, without = _chosen(due)
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


def _chosen(due: list[DueLead]) -> tuple[dict[DueLead, Site], dict[DueLead, str]]:
    with_site: dict[DueLead, Site] = {}
    without: dict[DueLead, str] = {}
    for lead in due:
        found = choose_site(lead.website, lead.domain, lead.linkedin_url)
        if isinstance(found, str):
            without[lead] = found
        else:
            with_site[lead] = found
    return with_site, without


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
        further = await stack.enter_async_context(further_sources(chosen, batch.run_id))
        visitor = _Visitor(chosen, engine, fetcher, renderer, model, further, batch, holder)
        await stack.enter_async_context(_holding(engine, holder, chosen.discovery.lease_s))
        ends = await bounded_gather(visitor.visit, batch.sites, width=chosen.discovery.sites_at_once)
        async with transaction(engine) as connection:
            leads = await discoveries.tally(connection, batch)
    report = BatchReport(sites=len(batch.sites), visited=ends.count("visited"), leads=leads)
    log.info("batch_discovered", extra={"batch": batch.label, "sites": report.sites, "leads": leads})
    return report


async def _kept(engine: Engine, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Return what `work` returns in a transaction: it, or other sites beside it, may hold answers that were paid."""

    async def write() -> T:
        async with transaction(engine) as connection:
            return await work(connection)

    return await until_stored(write, "what was found on sites")


@asynccontextmanager
async def _holding(engine: Engine, holder: UUID, lease_s: float) -> AsyncIterator[None]:
    """Renew the holder's claims for as long as the block lasts, and give up those it leaves unfinished."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(lease_s / 3)
            await _kept(engine, lambda line: discoveries.renew(line, holder, lease_s=lease_s))

    renewing = asyncio.ensure_future(renew())
    try:
        yield
    finally:
        renewing.cancel()
        (ended,) = await asyncio.gather(renewing, return_exceptions=True)
        await _kept(engine, lambda line: discoveries.give_back(line, holder))
    if isinstance(ended, Exception):  # a cancelled renewal is none
        raise ended


@dataclass(frozen=True)
class _Visitor:
    """One task's visits: everything it shares between its sites."""

    settings: Settings
    engine: Engine
    fetcher: WebsiteFetcher
    renderer: Renderer | None
    model: ChoosingModel | None
    further: FurtherSources
    batch: SiteBatch
    holder: UUID

    async def visit(self, name: str) -> VisitEnd:
        """Visit a site unless it is fresh or somebody else's, and give its leads what there is."""
        lease_s = self.settings.discovery.lease_s
        site = await _kept(
            self.engine,
            lambda line: discoveries.claim(line, name, self.batch, holder=self.holder, lease_s=lease_s),
        )
        if site is None:
            return "left" if await self._share(name) is None else "shared"
        asked = Asked(self.model) if self.model is not None else None
        look = await self._without_erased(await self._look_at(site, asked))
        fresh_for_s = fresh_for(
            look.outcome,
            fresh_for_s=self.settings.discovery.fresh_for_s,
            retry_after_s=self.settings.discovery.retry_after_s,
        )

        async def store(line: Connection) -> tuple[bool, int | None]:
            await executions.record(line, asked.executions if asked is not None else ())
            is_ours = await discoveries.finish(line, name, look, holder=self.holder, fresh_for_s=fresh_for_s)
            return is_ours, await discoveries.share(line, name, since=self.batch.planned_at)

        is_ours, taken = await _kept(self.engine, store)
        if taken == discoveries.LEADS_AT_ONCE:
            await self._share(name)
        return "visited" if is_ours else "left"

    async def _without_erased(self, look: SiteDiscovery) -> SiteDiscovery:
        """Leave out persons who were erased here: their company's website does not bring them back."""
        addresses = {contact.email.lower() for contact in look.contacts if contact.email}
        if not addresses:
            return look
        erased = await _kept(self.engine, lambda line: tombstones.erased_among(line, addresses, tombstone_key))
        if not erased:
            return look
        return replace(look, contacts=tuple(one for one in look.contacts if (one.email or "").lower() not in erased))

    async def _share(self, name: str) -> int | None:
        """Give a fresh look to all leads that wait for it; None where there is none."""
        while True:
            taken = await _kept(self.engine, lambda line: discoveries.share(line, name, since=self.batch.planned_at))
            if taken is None or taken < discoveries.LEADS_AT_ONCE:
                return taken

    async def _look_at(self, site: Site, asked: Asked | None) -> SiteDiscovery:
        websites = self.settings.websites
        try:
            report = await discover_site(
                site.website,
                self.fetcher,
                page_budget=websites.page_budget,
                time_budget_s=websites.time_budget_s,
                renderer=self.renderer,
                choose=asked.choose if asked is not None else None,
                reading_s=websites.reading_s,
            )
        except Exception as error:  # markup that breaks a parser is this site's outcome, not the batch's
            log.exception("site_failed", extra={"site": site.site})
            reason = f"reading the website failed ({type(error).__name__})"
            return SiteDiscovery("failed", reason, attempts=(SourceAttempt("website", "error", reason),))
        found = contacts_of_site(report)
        website = SourceAttempt("website", report.outcome, report.reason, len(found))
        contacts, attempts = await self.further.ask(site, found, self.batch.roles)
        return conclude(contacts, (website, *attempts), report.pages, report.reason)
