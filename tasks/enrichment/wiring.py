"""The sources of enrichment, opened from the settings: those that are used and configured; why the others are off."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from core.enrichment.config import EnrichmentConfig
from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Provider
from core.enrichment.text_readings import AGENT
from core.errors import ConfigurationError
from core.ledger.spend import Budget
from core.ports import EnrichmentSource
from core.settings.settings import Settings
from integrations import plugs
from integrations.websites.offers import WEBSITE
from integrations.websites.plug import WebsiteSettings
from integrations.websites.sources import SiteReading, Websites
from tasks.runtime.providers import Outside, outside
from tasks.runtime.site_reader import SiteReader
from tasks.runtime.websites import website_fetcher

if TYPE_CHECKING:
    from tasks.enrichment.agent import RecordExecution


@dataclass(frozen=True)
class Sources:
    """All sources of a configuration: those that can be asked, and why the others cannot."""

    on: Mapping[Provider, EnrichmentSource]
    off: Mapping[Provider, str] = field(default_factory=dict)


def used(config: EnrichmentConfig) -> set[Provider]:
    """Return the sources that some field asks."""
    return {step.ask for name in config.fields for step in config.steps(name)}


def configured(chosen: Settings, config: EnrichmentConfig) -> dict[Provider, str]:
    """Return source to what is to be set to use it, for those that are off; opens nothing."""
    off = {}
    for name in config.offers:
        missing = _missing(chosen, config.offers[name]) if name in used(config) else None
        if missing is not None:
            off[name] = f"not configured: {missing}"
    return off


def _missing(chosen: Settings, offer: SourceOffer) -> str | None:
    if offer.name != AGENT.name:
        return offer.missing(chosen.read)
    return None if plugs.models_for("enrichment", chosen) else "no model for MODELS_ENRICHMENT has a key"


@dataclass
class _Opening:
    """What opening a source may use; each part is opened at most once, when it is first wanted."""

    chosen: Settings
    config: EnrichmentConfig
    run_id: UUID
    budgets: Sequence[Budget]
    record: "RecordExecution | None"
    stack: AsyncExitStack
    _sites: SiteReading | None = None
    _world: Outside | None = None

    async def sites(self) -> SiteReading:
        """Return how websites are read."""
        if self._sites is None:
            websites = self.chosen.read(WebsiteSettings)
            fetcher = await self.stack.enter_async_context(website_fetcher(self.chosen))
            new_reader = partial(SiteReader, websites.reading_s, websites.time_budget_s)
            self._sites = SiteReading(fetcher, new_reader, websites.time_budget_s)
        return self._sites

    async def world(self) -> Outside:
        """Return the outside world: Redis, and the run's cost book."""
        if self._world is None:
            opened = outside(self.run_id, of=self.chosen, more_budgets=tuple(self.budgets))
            self._world = await self.stack.enter_async_context(opened)
        return self._world

    async def source(self, offer: SourceOffer) -> EnrichmentSource:
        """Open a source. Raises ConfigurationError."""
        if offer.name == WEBSITE.name:
            width = self.chosen.enrichment.sites_at_once
            return Websites(await self.sites(), replace(offer, width=width))
        if offer.name == AGENT.name:
            from tasks.enrichment.agent import opened_reader  # LangChain, for those who ask a model

            world, sites = await self.world(), await self.sites()
            return await opened_reader(self.stack, world, sites, self.config, self.run_id, self.record, offer)
        plug = next(plug for plug in plugs.PLUGS if offer.name in {one.name for one in plug.sources})
        found: EnrichmentSource = await (await self.world()).open("enrichment", plug.name, offer=offer)
        return found


@asynccontextmanager
async def opened_sources(
    chosen: Settings,
    config: EnrichmentConfig,
    run_id: UUID,
    budgets: Sequence[Budget],
    record: "RecordExecution | None",
) -> AsyncIterator[Sources]:
    """Open the sources that are configured and used; without a key neither Redis nor a client is opened.

    Args:
        chosen: the installation's settings.
        config: the waterfall.
        run_id: whose budget it is.
        budgets: of the run, beside those of the settings.
        record: takes note of each run of the agent.
    """
    off = configured(chosen, config)
    on: dict[Provider, EnrichmentSource] = {}
    async with AsyncExitStack() as stack:
        opening = _Opening(chosen, config, run_id, budgets, record, stack)
        for name in config.offers:
            if name not in used(config) or name in off:
                continue
            try:
                on[name] = await opening.source(config.offers[name])
            except ConfigurationError as error:
                off[name] = f"not configured: {error}"
        yield Sources(on, off)
