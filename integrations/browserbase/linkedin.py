"""Visits to public LinkedIn company pages. Off unless switched on: LinkedIn's User Agreement forbids automated access.

Never signs in, never keeps a cookie, never goes round a wall: a wall, a captcha or status 999 is the final answer of
that visit. One page a session, company pages only.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from core.errors import (
    ConfigurationError,
    InvalidInput,
    LimitReached,
    ProviderError,
    ProviderNotConfigured,
    Unavailable,
)
from integrations.browserbase.client import BrowserbaseClient
from integrations.browserbase.mapping import read_page
from integrations.browserbase.schemas import BrowserbasePage, BrowserSession, CompanyPage, PageOutcome
from integrations.resilience.rate_limit import RateLimiter, Slots

try:
    from playwright.async_api import Error as PlaywrightError
    from playwright.async_api import async_playwright
except ImportError:
    _HAS_PLAYWRIGHT = False
else:
    _HAS_PLAYWRIGHT = True

log = logging.getLogger(__name__)

Fetch = Callable[[str, str], Awaitable[BrowserbasePage]]
"""Fetch a page (second) through the browser at a CDP address (first)."""

_SLUG = re.compile(r"[A-Za-z0-9\-_%.&'\u00c0-\uffff]{1,150}")
_LEASE_S = 180


class CompanyPages:
    """Visits, one browser session each.

    Args:
        client: sessions.
        slots: how many browsers may run at once, over all processes.
        limiter: pages a day, over all processes.
        is_enabled: the explicit switch.
        base_url: where company pages are.
        fetch: how a browser is driven.
    """

    def __init__(
        self,
        client: BrowserbaseClient,
        *,
        slots: Slots,
        limiter: RateLimiter,
        is_enabled: bool = False,
        base_url: str = "https://www.linkedin.com",
        fetch: Fetch | None = None,
    ) -> None:
        self._client = client
        self._slots = slots
        self._limiter = limiter
        self._is_enabled = is_enabled
        self._base_url = base_url.rstrip("/")
        self._fetch = fetch or fetch_with_playwright

    async def visit(self, slug: str) -> CompanyPage:
        """Visit `/company/{slug}/` once.

        Raises:
            ConfigurationError: the feature is not switched on.
            InvalidInput: `slug` is none.
            LimitReached: no browser or no page is left for now.
            ProviderError: no session could be had.
        """
        if not self._is_enabled:
            raise ConfigurationError(
                "LinkedIn pages are switched off; LINKEDIN_ENABLED=true accepts the risk of their use"
            )
        if not _SLUG.fullmatch(slug) or slug in (".", ".."):
            raise InvalidInput("not the name of a company page")
        url = f"{self._base_url}/company/{slug}/"
        holder = uuid4().hex
        await self._slots.take(holder)
        try:
            await self._limiter.acquire("pages")
            return await self._visit(url)
        finally:
            await self._slots.give_back(holder)

    async def _visit(self, url: str) -> CompanyPage:
        session = await self._client.create_session(timeout_s=_LEASE_S, metadata={"job": "company-facts"})
        try:
            if session.connect_url is None:
                return CompanyPage(PageOutcome.ERROR, url, datetime.now(UTC), reason="the session has no address")
            page = await self._fetch(session.connect_url.get_secret_value(), url)
        except Unavailable as error:
            return CompanyPage(PageOutcome.ERROR, url, datetime.now(UTC), reason=error.message)
        finally:
            await self._release(session)
        found = read_page(url, page, fetched_at=datetime.now(UTC))
        log.info("company_page_visited", extra={"outcome": found.outcome.value, "reason": found.reason})
        return found

    async def _release(self, session: BrowserSession) -> None:
        """Release, but never lose a page over it: the session ends at disconnect, and the sweep looks again."""
        try:
            await self._client.release_session(session.id)
        except (ProviderError, LimitReached):
            log.warning("session_left_to_sweep", extra={"session_id": session.id})

    async def sweep(self, *, now: datetime) -> int:
        """Release sessions of ours that outlived any visit, such as a crash leaves behind; return how many."""
        stale = [session for session in await self._client.running_sessions() if _is_stale(session, now)]
        for session in stale:
            await self._client.release_session(session.id)
        return len(stale)


def _is_stale(session: BrowserSession, now: datetime) -> bool:
    return session.created_at is None or session.created_at < now - timedelta(seconds=_LEASE_S)


def has_browser_driver() -> bool:
    """Return whether the extra `browser` is installed."""
    return _HAS_PLAYWRIGHT


async def fetch_with_playwright(connect_url: str, url: str) -> BrowserbasePage:
    """Fetch a page over CDP.

    Raises:
        ProviderNotConfigured: the extra `browser` is not installed.
        Unavailable: the browser or the connection failed.
    """
    if not _HAS_PLAYWRIGHT:
        raise ProviderNotConfigured("browsing needs Playwright: install sales-agent with its extra 'browser'")
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(connect_url, timeout=30_000)
            try:
                context = browser.contexts[0]
                page = context.pages[0] if context.pages else await context.new_page()
                try:
                    response = await page.goto(url, wait_until="domcontentloaded", timeout=30_000)
                except PlaywrightError:
                    # A quick redirect aborts the navigation; where it led to is the answer.
                    if page.url in ("about:blank", url):
                        raise
                    response = None
                return BrowserbasePage(page.url, await page.content(), response.status if response else None)
            finally:
                await browser.close()
    except PlaywrightError as error:
        # Its message may hold the address with the session's key.
        kind = type(error).__name__
        raise Unavailable(f"the browser did not deliver the page ({kind})", provider="browserbase") from None
