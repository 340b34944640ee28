"""What reads websites, made from the settings: the fetcher, and the browser for pages that scripts build."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.settings.settings import Settings
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchLimits
from integrations.websites.plug import WebsiteSettings
from integrations.websites.rendering import Renderer


def website_settings(settings: Settings) -> WebsiteSettings:
    """Return how websites are read."""
    return settings.read(WebsiteSettings)


def website_fetcher(settings: Settings) -> WebsiteFetcher:
    """Make the fetcher that the settings describe; one is enough for any number of sites."""
    chosen = settings.read(WebsiteSettings)
    limits = FetchLimits(
        agent=chosen.user_agent.split("/")[0].split()[0],
        user_agent=chosen.user_agent,
        delay_s=chosen.delay_s,
        timeout_s=chosen.timeout_s,
        max_bytes=chosen.max_page_bytes,
        fresh_for_s=chosen.fresh_for_s,
        allow_private=chosen.allow_private_hosts,
        connections=chosen.connections,
    )
    return WebsiteFetcher(limits, chosen.cache_dir or settings.home / "cache" / "websites")


@asynccontextmanager
async def page_renderer(settings: Settings, fetcher: WebsiteFetcher) -> AsyncIterator[Renderer | None]:
    """Yield a browser for pages built by scripts where the settings ask for one; it starts when it is needed."""
    chosen = settings.read(WebsiteSettings)
    if not chosen.render:
        yield None
        return
    async with Renderer(fetcher, chromium=chosen.chromium) as renderer:
        yield renderer
