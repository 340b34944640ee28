"""Pages that scripts build, as a local Chromium shows them; needs the extra `browser`.

The browser never reaches the network itself: it has no name resolution and a proxy that answers nobody. Each request of
a page is taken from it and, where it is one that text may come from, answered with what our own fetcher gets, which
checks addresses, robots.txt, size and time as for every page. The page's own markup is the one that was fetched.
"""

import asyncio
import contextlib
import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from core.errors import ConfigurationError, ProviderNotConfigured
from core.text.web_addresses import canonical, site_of
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchedPage, PageStatus

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright, Request, Route

try:
    from playwright.async_api import Error as PlaywrightError
    from playwright.async_api import TimeoutError as PlaywrightTimeout
    from playwright.async_api import async_playwright

    _HAS_PLAYWRIGHT = True
except ModuleNotFoundError:
    _HAS_PLAYWRIGHT = False

_TEXTUAL = frozenset({"script", "xhr", "fetch"})
_FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
)
_AT_ONCE = 2
_QUIET_S = 5.0
"""Seconds to wait until no request of a page is open."""
_MOVES = 3
"""Addresses of its own site that a page's scripts may send the visitor on to."""
_REQUESTS = 60
"""Requests answered for one page at most."""


class Renderer:
    """Shows pages in one Chromium, started at the first page. Use as an async context manager.

    Args:
        fetcher: what answers the pages' requests.
        chromium: the browser's program; None looks for `chromium` on the PATH, then for Playwright's own.
        timeout_s: seconds for one page.

    Raises:
        ProviderNotConfigured: the extra `browser` is not installed.
    """

    def __init__(self, fetcher: WebsiteFetcher, *, chromium: Path | None = None, timeout_s: float = 20.0) -> None:
        if not _HAS_PLAYWRIGHT:
            raise ProviderNotConfigured("rendering needs Playwright: install sales-agent with its extra 'browser'")
        self._fetcher = fetcher
        self._chromium = str(chromium) if chromium is not None else shutil.which("chromium")
        self._timeout_s = timeout_s
        self._starting = asyncio.Lock()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def __aenter__(self) -> "Renderer":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()

    async def render(self, page: FetchedPage) -> FetchedPage:
        """Run the scripts of a page that was fetched.

        Args:
            page: with its markup.

        Returns:
            The same page with the markup its scripts made, or the status TIMEOUT or BAD_CONTENT with a reason.

        Raises:
            ConfigurationError: the browser does not start.
        """
        async with self._slots:
            browser = await self._started()
            try:
                async with asyncio.timeout(self._timeout_s):
                    body = await self._shown(browser, page)
            except TimeoutError:
                return replace(page, status=PageStatus.TIMEOUT, why="its scripts did not come to an end", body="")
            except PlaywrightError as error:
                kind = type(error).__name__
                return replace(page, status=PageStatus.BAD_CONTENT, why=f"its scripts broke off ({kind})", body="")
        limit = self._fetcher.limits.max_bytes
        return replace(page, body=body[:limit], truncated=len(body) > limit, from_cache=False)

    async def _started(self) -> "Browser":
        async with self._starting:
            if self._browser is not None and self._browser.is_connected():
                return self._browser
            if self._playwright is None:
                self._playwright = await async_playwright().start()
            try:
                self._browser = await self._playwright.chromium.launch(
                    executable_path=self._chromium, args=list(_FLAGS), chromium_sandbox=os.geteuid() != 0
                )
            except PlaywrightError as error:
                raise ConfigurationError("no Chromium starts: set WEBSITES_CHROMIUM to its program") from error
            return self._browser

    async def _shown(self, browser: "Browser", page: FetchedPage) -> str:
        """Open the page in a context of its own and return its markup once no request of it is open."""
        limits = self._fetcher.limits
        context = await browser.new_context(
            user_agent=limits.user_agent, service_workers="block", accept_downloads=False, locale="en"
        )
        try:
            desk = _Desk(self._fetcher, page)
            await context.route("**/*", desk.answer)
            await context.route_web_socket("**/*", lambda socket: socket.close())
            tab = await context.new_page()
            await tab.goto(page.final_url, wait_until="load", timeout=self._timeout_s * 1000)
            with contextlib.suppress(PlaywrightTimeout):  # some pages are never quiet: what is there by then counts
                await tab.wait_for_load_state("networkidle", timeout=min(_QUIET_S, self._timeout_s / 2) * 1000)
            if not tab.url.startswith("http"):
                raise PlaywrightError("the page led elsewhere")
            script = "limit => document.documentElement.outerHTML.slice(0, limit)"
            return str(await tab.evaluate(script, limits.max_bytes + 1))
        finally:
            await context.close()


class _Desk:
    """Answers the requests of one page."""

    def __init__(self, fetcher: WebsiteFetcher, page: FetchedPage) -> None:
        self._fetcher = fetcher
        self._page = page
        self._answered = self._moved = 0

    async def answer(self, route: "Route") -> None:
        """Return the page itself, what scripts and their requests get of the web, and nothing else."""
        request = route.request
        is_page = request.is_navigation_request()
        if is_page and canonical(request.url) == canonical(self._page.final_url) and request.method == "GET":
            await route.fulfill(body=self._page.body, content_type="text/html; charset=utf-8")
            return
        is_wanted = self._may_move(request) if is_page else self._may_load(request)
        found = await self._fetcher.resource(request.url) if is_wanted and request.method == "GET" else None
        if found is None:
            await route.abort("blockedbyclient")
        else:
            allow = {"Access-Control-Allow-Origin": "*", "Content-Type": found.content_type}
            await route.fulfill(status=found.http_status, body=found.body, headers=allow)

    def _may_move(self, request: "Request") -> bool:
        """Scripts may send the whole page on within its site; frames and windows get nothing."""
        self._moved += 1
        try:
            is_main = request.frame.parent_frame is None
        except PlaywrightError:  # a window that is only just being opened has no frame yet
            return False
        return is_main and self._moved <= _MOVES and site_of(request.url) == site_of(self._page.final_url)

    def _may_load(self, request: "Request") -> bool:
        self._answered += 1
        return request.resource_type in _TEXTUAL and self._answered <= _REQUESTS
