"""Fetches single pages of websites, politely and within bounds; what could not be had says why."""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from core.discovery.robots import MAX_BYTES as ROBOTS_MAX_BYTES
from core.discovery.robots import Robots, RobotsDecision
from core.text.charsets import decode
from core.text.public_addresses import is_private_host
from core.text.web_addresses import absolute, canonical, site_of
from integrations.websites.bodies import read_body
from integrations.websites.cache import CachedPage, PageCache
from integrations.websites.network import CheckedSession
from integrations.websites.pacing import paced
from integrations.websites.pages import FetchedPage, FetchLimits, PageStatus, Resource, failure, is_text, refusal

MAX_REDIRECTS = 5
_ROBOTS_FRESH_S = 86_400.0
"""RFC 9309, 2.4: a crawler should not use a cached robots.txt for more than a day."""
_MAX_HOSTS = 500
_FEW_RULES = 4_000
"""Characters of a robots.txt that are read at once: a thread for them would cost more."""
_HEADERS = {
    "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
    "Accept-Language": "en,*;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}
_MOVED = (301, 302, 303, 307, 308)
_BROKEN = (aiohttp.ClientError, OSError, zlib.error, ValueError)
"""What an exchange with a server raises, the last for names and headers that no encoding has."""


@dataclass
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    robots: Robots | None = None
    robots_at: float = 0.0
    next_at: float = 0.0


class WebsiteFetcher:
    """Fetches pages; one per process and event loop, shared by all sites. Use as an async context manager.

    Args:
        limits: bounds of every fetch.
        cache_dir: where pages are kept between runs; None keeps nothing.
    """

    def __init__(self, limits: FetchLimits, cache_dir: Path | None = None) -> None:
        self.limits = limits
        self.requests_sent = 0
        self._cache = PageCache(cache_dir) if cache_dir is not None else None
        self._pace_dir = cache_dir / "hosts" if cache_dir is not None else None
        self._hosts: dict[str, _Host] = {}
        self._opened: CheckedSession | None = None

    async def __aenter__(self) -> "WebsiteFetcher":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._opened is not None:
            await self._opened.close()

    @property
    def _client(self) -> CheckedSession:
        """What asks, opened at the first page: it belongs to the event loop."""
        if self._opened is None:
            self._opened = CheckedSession(
                {"User-Agent": self.limits.user_agent, **_HEADERS},
                timeout_s=self.limits.timeout_s,
                connections=self.limits.connections,
                allow_private=self.limits.allow_private,
            )
        return self._opened

    async def fetch(self, url: str, *, site: str | None = None) -> FetchedPage:
        """Fetch one page.

        Args:
            url: an absolute http(s) address.
            site: what `site_of` every address on the way must be; None lets redirects lead to any public site.

        Returns:
            The page, or its status with a reason. Raises nothing for what a website does.
        """
        asked = canonical(url)
        if asked is None:
            return FetchedPage(url, url, PageStatus.NOT_A_PAGE, "not an http(s) address")
        kept = self._cache.get(asked) if self._cache is not None else None
        is_fresh = kept is not None and 0 <= time.time() - kept.fetched_at < self.limits.fresh_for_s
        if kept is not None and is_fresh and site in (None, site_of(kept.final_url)):
            return FetchedPage(
                asked, kept.final_url, PageStatus.OK, body=kept.body, from_cache=True, truncated=kept.truncated
            )
        try:
            async with asyncio.timeout(self.limits.timeout_s + self._waiting(asked)):
                return await self._follow(asked, site, kept)
        except TimeoutError:
            return FetchedPage(
                asked, asked, PageStatus.TIMEOUT, f"no complete answer within {self.limits.timeout_s:g} s"
            )

    async def resource(self, url: str) -> Resource | None:
        """Fetch what a page's script asks for, under the rules of every page, but without its delay.

        Returns:
            The answer; None where it may not be asked for, where it does not come in time, or is too large.
        """
        target = canonical(url)
        try:
            async with asyncio.timeout(self.limits.timeout_s):
                for _ in range(MAX_REDIRECTS + 1):
                    if target is None or self._may_not_ask(target):
                        return None
                    robots = await self._robots(target)
                    if isinstance(robots, FetchedPage) or not robots.allowed:
                        return None
                    async with self._client.get(target, {"Accept": "*/*"}) as answer:
                        self.requests_sent += 1
                        if answer.status in _MOVED:
                            target = absolute(target, answer.headers.get("Location", ""))
                            continue
                        body, is_truncated = await read_body(answer, self.limits.max_bytes)
                        kind = answer.headers.get("content-type", "text/plain")
                    return None if body is None or is_truncated else Resource(body, kind, answer.status)
        except _BROKEN:
            return None
        return None

    def _may_not_ask(self, url: str) -> bool:
        """Return whether an address names a private host itself; what its name leads to is checked on connecting."""
        return not self.limits.allow_private and is_private_host(urlsplit(url).hostname or "")

    def _waiting(self, url: str) -> float:
        """Seconds the host's own delays may take, which are not the page's fault."""
        host = self._hosts.get(urlsplit(url).netloc)
        delay = self.limits.delay_s if host is None or host.robots is None else self._delay(host)
        return delay * (MAX_REDIRECTS + 2)

    async def _follow(self, asked: str, site: str | None, kept: CachedPage | None) -> FetchedPage:
        url, seen = asked, {asked}
        robots = None
        for _ in range(MAX_REDIRECTS + 1):
            if site is not None and site_of(url) != site:
                return FetchedPage(asked, url, PageStatus.OFF_SITE, f"redirects to {urlsplit(url).hostname}")
            if self._may_not_ask(url):
                return FetchedPage(asked, url, PageStatus.REFUSED, "not a public address")
            robots = await self._robots(url)
            if isinstance(robots, FetchedPage):
                return FetchedPage(asked, url, robots.status, robots.why)
            if not robots.allowed:
                status = PageStatus.DISALLOWED if robots.rule is not None else PageStatus.UNREACHABLE
                return FetchedPage(asked, url, status, robots.why, robots=robots)
            page, target = await self._get(asked, url, kept if url == asked else None, robots)
            if target is None:
                return page
            if target in seen:
                return FetchedPage(
                    asked, url, PageStatus.REDIRECTS, "redirects in a circle", http_status=page.http_status
                )
            seen.add(target)
            url = target
        return FetchedPage(asked, url, PageStatus.REDIRECTS, f"more than {MAX_REDIRECTS} redirects")

    async def _get(
        self, asked: str, url: str, kept: CachedPage | None, robots: RobotsDecision
    ) -> tuple[FetchedPage, str | None]:
        """Ask for one address; returns a page and, for a redirect, where it leads."""

        def outcome(status: PageStatus, why: str, http_status: int | None = None) -> tuple[FetchedPage, None]:
            return FetchedPage(asked, url, status, why, http_status=http_status, robots=robots), None

        conditions = {}
        if kept is not None and kept.etag:
            conditions["If-None-Match"] = kept.etag
        if kept is not None and kept.last_modified:
            conditions["If-Modified-Since"] = kept.last_modified
        try:
            async with self._polite(url), self._client.get(url, conditions) as answer:
                code = answer.status
                if code == 304 and kept is not None:
                    self._keep(kept, answer)
                    return FetchedPage(
                        asked,
                        kept.final_url,
                        PageStatus.OK,
                        body=kept.body,
                        http_status=304,
                        robots=robots,
                        from_cache=True,
                        truncated=kept.truncated,
                    ), None
                if code in _MOVED:
                    page, _ = outcome(PageStatus.REDIRECTS, "a redirect to what is no web address", code)
                    return page, absolute(url, answer.headers.get("Location", ""))
                refused = refusal(code)
                if refused is not None:
                    return outcome(*refused, code)
                kind = answer.headers.get("content-type", "")
                body, truncated = await read_body(answer, self.limits.max_bytes)
        except _BROKEN as error:
            return outcome(*failure(error))
        if body is None:
            return outcome(PageStatus.BAD_CONTENT, "an encoding that was not asked for", code)
        if not is_text(kind, body):
            return outcome(PageStatus.NOT_A_PAGE, f"content type {kind.split(';')[0][:40] or 'unknown'}", code)
        text = decode(body, kind, truncated=truncated)
        fetched = CachedPage(
            asked, url, text, time.time(), answer.headers.get("etag"), answer.headers.get("last-modified"), truncated
        )
        if self._cache is not None:
            await asyncio.to_thread(self._cache.put, fetched)
        return FetchedPage(
            asked, url, PageStatus.OK, body=text, http_status=code, robots=robots, truncated=truncated
        ), None

    def _keep(self, kept: CachedPage, answer: aiohttp.ClientResponse) -> None:
        if self._cache is not None:
            etag = answer.headers.get("etag") or kept.etag
            self._cache.put(
                CachedPage(kept.url, kept.final_url, kept.body, time.time(), etag, kept.last_modified, kept.truncated)
            )

    @asynccontextmanager
    async def _polite(self, url: str) -> AsyncIterator[None]:
        """Hold the host, for every process with this cache: one request at a time, and the delay between two."""
        host = self._hosts.setdefault(urlsplit(url).netloc, _Host())
        async with host.lock:
            wait = host.next_at - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            delay_s = self._delay(host)
            self.requests_sent += 1
            try:
                if self._pace_dir is None or not delay_s:
                    yield
                else:
                    async with paced(self._pace_dir, urlsplit(url).netloc, delay_s):
                        yield
            finally:
                host.next_at = time.monotonic() + self._delay(host)

    def _delay(self, host: _Host) -> float:
        asked = host.robots.crawl_delay_s if host.robots is not None else None
        return max(self.limits.delay_s, min(asked or 0.0, self.limits.max_delay_s))

    async def _robots(self, url: str) -> RobotsDecision | FetchedPage:
        """Decide by the host's robots.txt, fetched once a day (RFC 9309, 2.3)."""
        parts = urlsplit(url)
        host = self._hosts.setdefault(parts.netloc, _Host())
        async with host.asking:
            if host.robots is None or time.monotonic() - host.robots_at > _ROBOTS_FRESH_S:
                found = await self._fetch_robots(f"{parts.scheme}://{parts.netloc}/robots.txt")
                if isinstance(found, FetchedPage):
                    return found
                host.robots, host.robots_at = found, time.monotonic()
                self._forget_hosts()
        return host.robots.decide(url)

    def _forget_hosts(self) -> None:
        """Keep a long run's memory bounded: hosts not waited for any more are forgotten, the oldest first."""
        if len(self._hosts) > _MAX_HOSTS:
            now = time.monotonic()
            idle = [name for name, host in self._hosts.items() if not host.lock.locked() and host.next_at < now]
            for name in idle[: _MAX_HOSTS // 2]:
                del self._hosts[name]

    async def sitemaps(self, url: str) -> list[str]:
        """List the sitemaps that the host's robots.txt names, else the usual address."""
        parts = urlsplit(url)
        host = self._hosts.get(parts.netloc)
        named = host.robots.sitemaps if host is not None and host.robots is not None else []
        return [found for name in named if (found := absolute(url, name)) is not None][:3] or [
            f"{parts.scheme}://{parts.netloc}/sitemap.xml"
        ]

    async def _fetch_robots(self, url: str) -> Robots | FetchedPage:
        agent = self.limits.agent
        for _ in range(MAX_REDIRECTS + 1):
            if self._may_not_ask(url):
                return FetchedPage(url, url, PageStatus.REFUSED, "not a public address")
            try:
                async with self._polite(url), self._client.get(url, {}) as answer:
                    code = answer.status
                    if code in _MOVED:
                        target = absolute(url, answer.headers.get("Location", ""))
                        if target is None:
                            return Robots("", agent)
                        url = target
                        continue
                    if code >= 500 or code == 429:
                        return Robots("", agent, unreachable=f"HTTP {code}")
                    if code >= 400:
                        return Robots("", agent)
                    body, _ = await read_body(answer, ROBOTS_MAX_BYTES)
            except _BROKEN as error:
                return FetchedPage(url, url, *failure(error))
            text = (body or b"").decode("utf-8", "replace").removeprefix("\ufeff")
            rules = "" if text.lstrip()[:1] == "<" else text
            if len(rules) < _FEW_RULES:
                return Robots(rules, agent)
            # Half a megabyte of rules takes a moment, in which other sites go on.
            return await asyncio.to_thread(Robots, rules, agent)
        return Robots("", agent)
