"""One batch of sites visited: who holds them, what was found, and which leads get it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from core.discovery.company_contacts import WEBSITE, SiteDiscovery, SourceAttempt, conclude, contacts_of_site
from core.discovery.runs import Site, SiteBatch, VisitEnd, choose_site, fresh_for
from core.settings.settings import Settings
from db.agents import executions
from db.discovery import discoveries
from db.discovery.discoveries import DueLead
from db.outreach import tombstones
from db.server.engine import Connection, Engine, transaction
from db.server.keeping import until_stored
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.plug import WebsiteSettings
from integrations.websites.rendering import Renderer
from tasks.discovery.people_choice import Asked, ChoosingModel
from tasks.discovery.people_sources import PeopleSources
from tasks.discovery.visits import discover_site
from tasks.outreach.keys import tombstone_key

log = logging.getLogger(__name__)


_T = TypeVar("_T")


def choose_sites(due: list[DueLead]) -> tuple[dict[DueLead, Site], dict[DueLead, str]]:
    """Return the leads that have a site of their own with it, and the others with why they have none."""
    with_site: dict[DueLead, Site] = {}
    without: dict[DueLead, str] = {}
    for lead in due:
        found = choose_site(lead.website, lead.domain, lead.linkedin_url)
        if isinstance(found, str):
            without[lead] = found
        else:
            with_site[lead] = found
    return with_site, without


async def _kept(engine: Engine, work: Callable[[Connection], Awaitable[_T]]) -> _T:
    """Return what `work` returns in a transaction: it, or other sites beside it, may hold answers that were paid."""

    async def write() -> _T:
        async with transaction(engine) as connection:
            return await work(connection)

    return await until_stored(write, "what was found on sites")


@asynccontextmanager
async def held_sites(engine: Engine, holder: UUID, lease_s: float) -> AsyncIterator[None]:
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
class SiteVisitor:
    """One task's visits: everything it shares between its sites."""

    settings: Settings
    engine: Engine
    fetcher: WebsiteFetcher
    renderer: Renderer | None
    model: ChoosingModel | None
    further: PeopleSources
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
        """Return a fresh look to all leads that wait for it; None where there is none."""
        while True:
            taken = await _kept(self.engine, lambda line: discoveries.share(line, name, since=self.batch.planned_at))
            if taken is None or taken < discoveries.LEADS_AT_ONCE:
                return taken

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
