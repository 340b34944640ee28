"""One batch of sites visited: what was found on them, and which leads get it."""

import logging
from dataclasses import dataclass

from core.discovery.company_contacts import WEBSITE, SiteDiscovery, SourceAttempt, conclude, contacts_of_site
from core.discovery.runs import Site, SiteBatch, fresh_for
from core.settings.settings import Settings
from db.discovery.lease import SiteLease
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.plug import WebsiteSettings
from integrations.websites.rendering import Renderer
from tasks.discovery.people_choice import Asked, ChoosingModel
from tasks.discovery.people_sources import PeopleSources
from tasks.discovery.visits import discover_site
from tasks.runtime.batches import bounded_gather

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SiteVisitor:
    """One task's visits: everything it shares between its sites."""

    settings: Settings
    lease: SiteLease
    fetcher: WebsiteFetcher
    renderer: Renderer | None
    model: ChoosingModel | None
    further: PeopleSources
    batch: SiteBatch

    async def visit_all(self) -> int:
        """Visit the sites that are due and nobody else's, and give the leads of the others what there is of them.

        Returns:
            How many were visited.
        """
        claimed = await self.lease.claim()
        for name in set(self.batch.sites).difference(site.site for site in claimed):
            await self.lease.share(name)
        ends = await bounded_gather(self._visit, claimed, width=self.settings.discovery.sites_at_once)
        return ends.count(True)

    async def _visit(self, site: Site) -> bool:
        asked = Asked(self.model) if self.model is not None else None
        look = await self._look_at(site, asked)
        fresh_for_s = fresh_for(
            look.outcome,
            fresh_for_s=self.settings.discovery.fresh_for_s,
            retry_after_s=self.settings.discovery.retry_after_s,
        )
        ran = asked.executions if asked is not None else ()
        return await self.lease.finish(site.site, look, ran, fresh_for_s=fresh_for_s)

    async def _look_at(self, site: Site, asked: Asked | None) -> SiteDiscovery:
        websites = self.settings.read(WebsiteSettings)
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
            return SiteDiscovery("failed", reason, attempts=(SourceAttempt(WEBSITE, "error", reason),))
        found = contacts_of_site(report)
        website = SourceAttempt(WEBSITE, report.outcome, report.reason, len(found))
        contacts, attempts = await self.further.ask(site, found, self.batch.roles)
        return conclude(contacts, (website, *attempts), report.pages, report.reason)
