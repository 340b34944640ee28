"""A company's own website as a source: what its home page and its contact pages say of the company."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import ParamSpec, Protocol, TypeVar

from core.enrichment.offers import SourceOffer
from core.enrichment.page_reading import ContactPage, read_contact_page, read_facts, read_texts
from core.enrichment.questions import Answer, Question, Unasked
from core.errors import LimitReached, UnreadablePage
from core.outcomes import Outcome
from core.text.web_addresses import absolute, canonical, page_key, site_of
from integrations.sources import AnswersAtOnce, Timing
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.offers import WEBSITE
from integrations.websites.pages import FetchedPage, PageStatus

P = ParamSpec("P")
R = TypeVar("R")

_NOT_ALLOWED = frozenset({PageStatus.DISALLOWED, PageStatus.REFUSED})
_MAX_TEXT = 12_000


class PageReader(Protocol):
    """Reads the pages of one site, within what one site may take of it."""

    async def read(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function of `core.enrichment.page_reading`.

        Raises:
            UnreadablePage: the page takes too long or breaks its reader.
            LimitReached: the site's pages took too long together.
        """
        ...


@dataclass(frozen=True)
class SiteText:
    """The visible text of a site's pages, for somebody who reads; `pages` are (address, text)."""

    pages: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SiteReading:
    """How sites are read. Nothing is raised for what a website does.

    Attributes:
        fetcher: shared by all sites.
        new_reader: makes what reads the pages of one site.
        time_budget_s: seconds for the whole of one site.
    """

    fetcher: WebsiteFetcher
    new_reader: Callable[[], PageReader]
    time_budget_s: float

    async def facts(self, website: str) -> Answer:
        """Read what a website, an address or a bare domain, says of its company."""

        async def read(reader: PageReader) -> Answer:
            opened = await _open(website, self.fetcher, reader)
            if isinstance(opened, Answer):
                return opened
            found = await reader.read(read_facts, opened)
            return Answer("hit", None, found) if found else Answer("miss", "the pages say nothing of the company")

        return await self._bounded(read)

    async def text(self, website: str) -> SiteText | Answer:
        """Return the text of the same pages, cut to what a model reads at once, or why there is none."""

        async def read(reader: PageReader) -> SiteText | Answer:
            opened = await _open(website, self.fetcher, reader)
            if isinstance(opened, Answer):
                return opened
            return SiteText(await reader.read(read_texts, opened, _MAX_TEXT // len(opened)))

        return await self._bounded(read)

    async def _bounded(self, read: Callable[[PageReader], Awaitable[R]]) -> R | Answer:
        try:
            async with asyncio.timeout(self.time_budget_s):
                return await read(self.new_reader())
        except TimeoutError:
            return Answer("error", f"the time budget of {self.time_budget_s:g} s was used up")
        except (UnreadablePage, LimitReached) as error:
            return Answer("error", f"reading the website failed: {error}")
        except Exception as error:  # noqa: BLE001 - what breaks on a website is this site's outcome, not the batch's
            return Answer("error", f"reading the website failed ({type(error).__name__})")


@dataclass(frozen=True)
class Websites(AnswersAtOnce):
    """What companies say of themselves."""

    reading: SiteReading
    offer: SourceOffer = WEBSITE

    async def ask(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        """Read one company's website."""
        if not questions:
            return []
        (question,) = questions
        timing = Timing()
        answer = await self.reading.facts(question.address)
        return [replace(answer, **timing.facts())]


async def _open(website: str, fetcher: WebsiteFetcher, reader: PageReader) -> tuple[tuple[str, str], ...] | Answer:
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
