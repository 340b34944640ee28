"""Whole sites that were written before the rules that crawl them."""

import asyncio

from first_sight import sites
from hostile_site import website

from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchLimits
from tasks.discovery.visits import discover_site


def served(files):
    """Serve /x/index.html as /x/ and /x.html as /x too, as static hosts do."""
    pages = {}
    for path, body in files.items():
        for name in (path, path.removesuffix("index.html"), path.removesuffix(".html")):
            pages[name] = f"<meta charset=utf-8>{body}" if path.endswith((".html", ".htm")) else body
    return pages


async def crawl(site, fetcher):
    async with website(served(site.files)) as server:
        return await discover_site(server.url, fetcher)


async def test_every_site_gives_its_executives_and_nobody_else():
    chosen = sites()
    async with WebsiteFetcher(FetchLimits(delay_s=0.0, allow_private=True)) as fetcher:
        reports = await asyncio.gather(*(crawl(site, fetcher) for site in chosen))
    found = {
        site.id: {(one.name, one.role) for one in report.people} for site, report in zip(chosen, reports, strict=True)
    }
    assert found == {site.id: set(site.people) for site in chosen}
    assert all(report.reason for report in reports if not report.people)
