"""Reading a company's own website for what it says of the company: the home page and its contact pages."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from core.enrichment.page_reading import ContactPage, read_contact_page, read_facts, read_texts
from core.enrichment.questions import Answer, Outcome
from core.errors import LimitReached, UnreadablePage
from core.text.web_addresses import absolute, canonical, page_key, site_of
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchedPage, PageStatus
from tasks.runtime.site_reader import PAGE_S, SiteReader

R = TypeVar("R")

_NOT_ALLOWED = frozenset({PageStatus.DISALLOWED, PageStatus.REFUSED})
_MAX_TEXT = 12_000


@dataclass(frozen=True)
class SiteText:
    """The visible text of a site's pages, for somebody who reads; `pages` are (address, text)."""

    pages: tuple[tuple[str, str], ...]


async def read_website(
    website: str, fetcher: WebsiteFetcher, *, time_budget_s: float, reading_s: float = PAGE_S
) -> Answer:
    """Read what a website says of its company. Raises nothing for what a website does.

    Args:
        website: an address or a bare domain.
        fetcher: shared by all sites.
        time_budget_s: seconds for the whole.
        reading_s: seconds of processor time for reading one page.
    """

    async def read(reader: SiteReader) -> Answer:
        opened = await _open(website, fetcher, reader)
        if isinstance(opened, Answer):
            return opened
        found = await reader.read(read_facts, opened)
        return Answer("hit", None, found) if found else Answer("miss", "the pages say nothing of the company")

    return await _bounded(read, time_budget_s, reading_s)


async def read_text(
    website: str, fetcher: WebsiteFetcher, *, time_budget_s: float, reading_s: float = PAGE_S
) -> SiteText | Answer:
    """Return the text of the same pages, cut to what a model reads at once, or why there is none."""

    async def read(reader: SiteReader) -> SiteText | Answer:
        opened = await _open(website, fetcher, reader)
        if isinstance(opened, Answer):
            return opened
        return SiteText(await reader.read(read_texts, opened, _MAX_TEXT // len(opened)))

    return await _bounded(read, time_budget_s, reading_s)


async def _bounded(read: Callable[[SiteReader], Awaitable[R]], time_budget_s: float, reading_s: float) -> R | Answer:
    try:
        async with asyncio.timeout(time_budget_s):
            return await read(SiteReader(reading_s, time_budget_s))
    except TimeoutError:
        return Answer("error", f"the time budget of {time_budget_s:g} s was used up")
    except (UnreadablePage, LimitReached) as error:
        return Answer("error", f"reading the website failed: {error}")
    except Exception as error:  # noqa: BLE001 - what breaks on a website is this site's outcome, not the batch's
        return Answer("error", f"reading the website failed ({type(error).__name__})")


async def _open(website: str, fetcher: WebsiteFetcher, reader: SiteReader) -> tuple[tuple[str, str], ...] | Answer:
    """Fetch the home page and those with contact details; give each one's address and markup."""
    home = await _home(website, fetcher)
    if home is None:
        return Answer("error", "not a web address")
    if home.status is not PageStatus.OK:
        outcome: Outcome = "skipped" if home.status in _NOT_ALLOWED else "error"
        return Answer(outcome, f"the home page could not be read: {home.why}")
    read = await reader.read(read_contact_page, home.body)
    further = await _refreshed(read, home.final_url, fetcher)
    if further is not None:
        home, read = further, await reader.read(read_contact_page, further.body)
    url = home.final_url
    pages, seen = [(url, home.body)], {page_key(url)}
    for href in read.contacts:
        target = absolute(url, href)
        if target is None or page_key(target) in seen or site_of(target) != site_of(url):
            continue
        seen.add(page_key(target))
        page = await fetcher.fetch(target, site=site_of(url))
        if page.status is PageStatus.OK:
            pages.append((page.final_url, page.body))
    return tuple(pages)


async def _home(website: str, fetcher: WebsiteFetcher) -> FetchedPage | None:
    """Read the home page; tries http and www where the address names no scheme."""
    text = website.strip()
    starts = [text] if "://" in text else [f"https://{text}", f"http://{text}", f"https://www.{text}"]
    page = None
    for start in starts:
        if canonical(start) is None:
            continue
        page = await fetcher.fetch(start)
        if page.status not in (PageStatus.UNREACHABLE, PageStatus.TIMEOUT):
            break
    return page


async def _refreshed(read: ContactPage, url: str, fetcher: WebsiteFetcher) -> FetchedPage | None:
    """Follow a page that only sends its reader on, once."""
    target = absolute(url, read.refresh) if read.refresh else None
    if target is None or page_key(target) == page_key(url):
        return None
    page = await fetcher.fetch(target, site=site_of(url))
    return page if page.status is PageStatus.OK else None
