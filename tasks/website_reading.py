"""Reading a company's own website for what it says of the company: the home page and its contact pages."""

import asyncio
from dataclasses import dataclass

from core.enrichment import Answer, Outcome
from core.people.document import Document, parse
from core.web_addresses import absolute, canonical, page_key, site_of
from core.website_facts import Page, contact_links, website_facts
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchedPage, PageStatus

_NOT_ALLOWED = frozenset({PageStatus.DISALLOWED, PageStatus.REFUSED})
_MAX_TEXT = 12_000


@dataclass(frozen=True)
class SiteText:
    """The visible text of a site's pages, for somebody who reads; `pages` are (address, text)."""

    pages: tuple[tuple[str, str], ...]


async def read_website(website: str, fetcher: WebsiteFetcher, *, time_budget_s: float) -> Answer:
    """Read what a website says of its company. Raises nothing for what a website does.

    Args:
        website: an address or a bare domain.
        fetcher: shared by all sites.
        time_budget_s: seconds for the whole.
    """
    opened = await _opened(website, fetcher, time_budget_s)
    if isinstance(opened, Answer):
        return opened
    found = await asyncio.to_thread(website_facts, opened)
    if not found:
        return Answer("miss", "the pages say nothing of the company")
    return Answer("hit", None, found)


async def read_text(website: str, fetcher: WebsiteFetcher, *, time_budget_s: float) -> SiteText | Answer:
    """Return the text of the same pages, cut to what a model reads at once, or why there is none."""
    opened = await _opened(website, fetcher, time_budget_s)
    if isinstance(opened, Answer):
        return opened
    share = _MAX_TEXT // len(opened)
    pages = ((page.url, "\n".join(line.text for line in page.document.lines)[:share]) for page in opened)
    return SiteText(tuple((url, text) for url, text in pages if text.strip()))


async def _opened(website: str, fetcher: WebsiteFetcher, time_budget_s: float) -> list[Page] | Answer:
    try:
        async with asyncio.timeout(time_budget_s):
            return await _open(website, fetcher)
    except TimeoutError:
        return Answer("error", f"the time budget of {time_budget_s:g} s was used up")
    except Exception as error:  # noqa: BLE001 - markup that breaks a parser is this site's outcome, not the batch's
        return Answer("error", f"reading the website failed ({type(error).__name__})")


async def _open(website: str, fetcher: WebsiteFetcher) -> list[Page] | Answer:
    home = await _home(website, fetcher)
    if home is None:
        return Answer("error", "not a web address")
    if home.status is not PageStatus.OK:
        outcome: Outcome = "skipped" if home.status in _NOT_ALLOWED else "error"
        return Answer(outcome, f"the home page could not be read: {home.why}")
    document = await asyncio.to_thread(parse, home.body)
    document, url = await _refreshed(document, home.final_url, fetcher)
    pages, seen = [Page(url, document)], {page_key(url)}
    for href in contact_links(document):
        target = absolute(url, href)
        if target is None or page_key(target) in seen or site_of(target) != site_of(url):
            continue
        seen.add(page_key(target))
        page = await fetcher.fetch(target, site=site_of(url))
        if page.status is PageStatus.OK:
            pages.append(Page(page.final_url, await asyncio.to_thread(parse, page.body)))
    return pages


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


async def _refreshed(document: Document, url: str, fetcher: WebsiteFetcher) -> tuple[Document, str]:
    """Follow a page that only sends its reader on, once."""
    target = absolute(url, document.refresh) if document.refresh else None
    if target is None or page_key(target) == page_key(url) or len(document.lines) > 30:
        return document, url
    page = await fetcher.fetch(target, site=site_of(url))
    if page.status is not PageStatus.OK:
        return document, url
    return await asyncio.to_thread(parse, page.body), page.final_url
