"""One host is asked by one at a time, over all fetchers and processes that share a cache."""

import asyncio
import time
from itertools import pairwise

from hostile_site import website

from integrations.websites.cache import CachedPage, PageCache
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pacing import paced
from integrations.websites.pages import FetchLimits


async def test_two_fetchers_keep_the_delay_between_them(tmp_path):
    limits = FetchLimits(delay_s=0.2, allow_private=True)
    async with (
        website({f"/{n}": "<p>x" for n in range(6)}) as site,
        WebsiteFetcher(limits, tmp_path) as one,
        WebsiteFetcher(limits, tmp_path) as other,
    ):
        fetches = [(one, 0), (one, 1), (other, 2), (other, 3)]
        await asyncio.gather(*(fetcher.fetch(f"{site.url}{number}") for fetcher, number in fetches))
        gaps = [later.at - earlier.at for earlier, later in pairwise(site.seen)]
    assert len(site.seen) == 6  # each reads robots.txt too
    assert min(gaps) >= 0.19


async def test_a_host_is_held_by_one_process(tmp_path):
    held = []

    async def hold(name):
        async with paced(tmp_path, "looms.example", 0.05):
            held.append(name)
            await asyncio.sleep(0.1)
            held.append(name)

    await asyncio.gather(hold("a"), hold("b"))
    assert held in (["a", "a", "b", "b"], ["b", "b", "a", "a"])


async def test_other_hosts_do_not_wait(tmp_path):
    async with asyncio.timeout(300):
        async with paced(tmp_path, "looms.example", 3600.0):
            pass
        async with paced(tmp_path, "mills.example", 3600.0):
            pass


def test_old_pages_and_hosts_are_dropped(tmp_path):
    cache = PageCache(tmp_path)
    cache.put(CachedPage("http://a.example/", "http://a.example/", "<p>x", 0.0))
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts" / "ab.host").touch()
    assert cache.prune(older_than=time.time() - 60) == 0
    assert cache.prune(older_than=time.time() + 60) == 1
    assert cache.get("http://a.example/") is None
    assert list((tmp_path / "hosts").iterdir()) == []
