"""Contacts of companies: a look at one website for the people who decide."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from core.discovery import frontier as plan
from core.discovery.choosing import ChosenPairs, PageQuestion, mentions_of
from core.discovery.frontier import Frontier
from core.discovery.mentions import PageFindings
from core.discovery.site_people import merge, why_nobody
from core.discovery.site_report import PageNote, SiteReport
from core.enrichment.page_reading import PageAsked, PageRead, read_links, read_page, read_sitemap
from core.errors import LimitReached, UnreadablePage
from core.outcomes import Outcome
from core.text.web_addresses import absolute, canonical, page_key, site_of
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import UNKNOWN, FetchedPage, PageStatus
from integrations.websites.rendering import Renderer
from tasks.runtime.site_reader import PAGE_S, SiteReader

_MAX_REFRESHES = 2
_MAX_RENDERED = 4
_MAX_MENTIONS = 2_000
"""Mentions kept of one site: they are merged here, where nobody could stop it."""

Choose = Callable[[PageQuestion], Awaitable[ChosenPairs]]
"""Matches the names and titles of a page; an empty answer leaves it as it is."""


async def discover_site(
    website: str,
    fetcher: WebsiteFetcher,
    *,
    page_budget: int = 12,
    time_budget_s: float = 60.0,
    renderer: Renderer | None = None,
    choose: Choose | None = None,
    reading_s: float = PAGE_S,
) -> SiteReport:
    """Find the executives a company's website names. Needs no database; raises nothing for what a website does.

    Args:
        website: an address or a bare domain.
        fetcher: shared by all sites.
        page_budget: pages read at most.
        time_budget_s: seconds; what was found by then is reported.
        renderer: shows pages that scripts build, where nobody is found without; None leaves those unknown.
        choose: matches names and titles of pages on which the rules could not; None does without.
        reading_s: seconds of processor time for reading one page, which is then given up.

    Returns:
        The people with the pages they stand on, or the reason why there is nobody.
    """
    reader = SiteReader(reading_s, time_budget_s)
    visit = _Visit(website, fetcher, page_budget, reader, renderer, choose)
    try:
        async with asyncio.timeout(time_budget_s):
            await visit.run()
    except TimeoutError:
        visit.out_of_time = f"the time budget of {time_budget_s:g} s was used up"
    except LimitReached as error:
        visit.out_of_time = str(error)
    return visit.report()


@dataclass
class _Visit:
    """One site being read."""

    website: str
    fetcher: WebsiteFetcher
    page_budget: int
    reader: SiteReader
    renderer: Renderer | None = None
    choose: Choose | None = None
    notes: list[PageNote] = field(default_factory=list)
    documents: list[PageRead] = field(default_factory=list)
    questions: dict[str, PageQuestion] = field(default_factory=dict)
    findings: list[PageFindings] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    shells: list[FetchedPage] = field(default_factory=list)
    merged: tuple[int, bool] = (0, False)
    rendered: int = 0
    home_failure: str | None = None
    out_of_time: str | None = None
    site: str = ""

    async def run(self) -> None:
        await self._crawl()
        if self.choose is not None and not merge(self.findings).atl:
            await self._ask(self.choose)

    async def _ask(self, choose: Choose) -> None:
        """Have names and titles matched on the pages where the rules could not."""
        for number, findings in enumerate(self.findings):
            question = self.questions.get(findings.url)
            pairs = await choose(question) if question is not None else ()
            if question is not None and pairs:
                chosen = mentions_of(question, pairs)
                self.findings[number] = replace(findings, mentions=(*findings.mentions, *chosen))

    async def _crawl(self) -> None:
        home = await self._open_home()
        if home is None:
            return
        url = home.url
        frontier = Frontier(url, home.language)
        frontier.add(home.links, 0)
        if not frontier.promises_people:
            await self._read_included(frontier, home)
        await self._follow_links(frontier)
        if self.shells and self.renderer is not None and self._still_nobody():
            await self._render(frontier, self.renderer)
        if self._still_nobody():
            await self._read_sitemaps(frontier, url)
            await self._follow_links(frontier)
        if self._still_nobody() and not plan.names_people(self.findings):
            await self._follow_by_chance(frontier)
        if self._still_nobody() and not plan.names_people(self.findings):
            await self._try_usual_paths(frontier)
            await self._follow_links(frontier)

    def _still_nobody(self) -> bool:
        if self.merged[0] != len(self.findings):
            self.merged = len(self.findings), bool(merge(self.findings).atl)
        return len(self.documents) < self.page_budget and not self.merged[1]

    async def _first_answer(self) -> FetchedPage:
        """Fetch the address as it is, or with each scheme and with www until one answers; return the last answer."""
        text = self.website.strip()
        starts = [text] if "://" in text else [f"https://{text}", f"http://{text}", f"https://www.{text}"]
        page = FetchedPage(text, text, PageStatus.NOT_A_PAGE, "not a web address")
        for start in starts:
            if canonical(start) is None:
                page = FetchedPage(start, start, PageStatus.NOT_A_PAGE, "not a web address")
                continue
            page = await self.fetcher.fetch(start)
            if page.status not in (PageStatus.UNREACHABLE, PageStatus.TIMEOUT):
                break
        return page

    async def _open_home(self) -> PageRead | None:
        """Read the home page; tries http and www where the address names no scheme."""
        page = await self._first_answer()
        if page.status is not PageStatus.OK:
            self._note(page, "home page")
            self.home_failure = page.why
            return None
        self.site = site_of(page.final_url)
        read = await self._parsed(page, is_home=True)
        for _ in range(_MAX_REFRESHES):
            target = absolute(page.final_url, read.refresh) if read is not None and read.refresh else None
            if read is None or target is None or page_key(target) == page_key(page.final_url) or read.lines > 30:
                break
            self._note(page, "leads on by a meta refresh")
            further = await self.fetcher.fetch(target, site=self.site)
            if further.status is not PageStatus.OK:
                self._note(further, "named by a meta refresh")
                break
            page = further
            read = await self._parsed(page, is_home=True)
        if read is None:
            self.home_failure = self.unreadable[-1]
            return None
        self._note(page, "home page")
        self._take(page, read)
        return read

    async def _parsed(self, page: FetchedPage, *, is_home: bool = False, by_chance: bool = False) -> PageRead | None:
        """Have a page read; None, and a note, where it takes too long or breaks its reader."""
        asked = PageAsked(
            url=page.final_url,
            body=page.body,
            is_home=is_home,
            by_chance=by_chance,
            earlier=tuple(document.signs for document in self.documents),
            known=frozenset(self.digests),
            asks=self.choose is not None,
        )
        try:
            return await self.reader.read(read_page, asked)
        except UnreadablePage as error:
            self.unreadable.append(str(error))
            self._note(replace(page, status=PageStatus.BAD_CONTENT, why=str(error)), "given up")
            return None

    async def _read(self, page: FetchedPage, *, is_home: bool = False, by_chance: bool = False) -> PageRead | None:
        """Read a page and take down its people; None where it cannot be read."""
        read = await self._parsed(page, is_home=is_home, by_chance=by_chance)
        if read is not None:
            self._take(page, read)
        return read

    def _take(self, page: FetchedPage, read: PageRead) -> None:
        """Take down a page's people; the same content under two addresses counts once."""
        self.documents.append(read)
        self.digests.add(read.digest)
        if read.findings is not None:
            left = _MAX_MENTIONS - sum(len(page.mentions) for page in self.findings)
            self.findings.append(replace(read.findings, mentions=read.findings.mentions[:left]))
            if read.question is not None:
                self.questions[read.url] = read.question
        names_nobody = not self.findings or not (self.findings[-1].mentions or self.findings[-1].names_without_title)
        if names_nobody and read.is_shell:
            self.shells.append(page)

    async def _follow_links(self, frontier: Frontier, *, most: int = 100) -> None:
        """Read the most promising pages, `most` at once; once somebody is found, only those that promise people."""
        for _ in range(most):
            if len(self.documents) >= self.page_budget or len(self.notes) >= self.page_budget * 2:
                return
            chosen = frontier.next(at_least=plan.least_score(self.findings))
            if chosen is None:
                return
            candidate, depth = chosen
            page = await self.fetcher.fetch(candidate.url, site=self.site)
            self._note(page, candidate.why)
            if page.status in UNKNOWN and candidate.score >= plan.PEOPLE_PAGE - 20:
                self.unreadable.append(page.why)
            if page.status is PageStatus.OK and (
                frontier.mark(page.final_url) or page_key(page.final_url) == page_key(candidate.url)
            ):
                read = await self._read(page)
                if read is not None:
                    frontier.add(read.links, depth)

    async def _render(self, frontier: Frontier, renderer: Renderer) -> None:
        """Show the pages that scripts build, and those that their menus lead to, a few at most."""
        for _ in range(_MAX_RENDERED):
            await self._find_shell(frontier)
            if not self.shells or not self._still_nobody():
                return
            is_home = self.rendered == 0
            page = await renderer.render(self.shells.pop(0))
            self._note(page, "shown in a browser")
            if page.status is PageStatus.OK:
                self.rendered += 1
                read = await self._read(page, is_home=is_home)
                self.shells = [shell for shell in self.shells if shell.final_url != page.final_url]
                if read is not None:
                    frontier.add(read.links, 0 if is_home else 1)

    async def _find_shell(self, frontier: Frontier) -> None:
        """Follow links, one by one, until a page is met that scripts build, somebody is found or none leads on."""
        while not self.shells and self._still_nobody():
            known = len(self.documents)
            await self._follow_links(frontier, most=1)
            if len(self.documents) == known:
                return

    async def _read_included(self, frontier: Frontier, home: PageRead) -> None:
        """Take links from the parts that a page's scripts would put into it, such as a menu in a file of its own."""
        for target in home.includes:
            if site_of(target) != self.site:
                continue
            page = await self.fetcher.fetch(target, site=self.site)
            self._note(page, "a part of the home page")
            if page.status is PageStatus.OK:
                with contextlib.suppress(UnreadablePage):
                    frontier.add(await self.reader.read(read_links, page.body, home.url), 0)

    async def _read_sitemaps(self, frontier: Frontier, home: str) -> None:
        waiting = (await self.fetcher.sitemaps(home))[:2]
        read = 0
        while waiting and read < 3:
            url = waiting.pop(0)
            page = await self.fetcher.fetch(url, site=self.site)
            read += 1
            self._note(page, "sitemap")
            if page.status is PageStatus.OK:
                with contextlib.suppress(UnreadablePage):
                    found = await self.reader.read(read_sitemap, page.body, page.final_url, home)
                    frontier.add_candidates(found.pages)
                    waiting.extend(found.further)

    async def _follow_by_chance(self, frontier: Frontier) -> None:
        """Read a few pages that nothing speaks for, and where they lead, until somebody is found."""
        for _ in range(plan.MAX_BY_CHANCE):
            chosen = frontier.next_by_chance() if self._still_nobody() else None
            if chosen is None:
                return
            page = await self.fetcher.fetch(chosen.url, site=self.site)
            self._note(page, chosen.why)
            if page.status in (PageStatus.THROTTLED, PageStatus.FORBIDDEN, PageStatus.TIMEOUT, PageStatus.UNREACHABLE):
                return
            if page.status is PageStatus.OK:
                frontier.mark(page.final_url)
                document = await self._read(page, by_chance=True)
                if document is not None:
                    frontier.add(document.links, 2)
                await self._follow_links(frontier)

    async def _try_usual_paths(self, frontier: Frontier) -> None:
        """Try paths that many sites have, until one tells of people or two give nothing new."""
        repeats = 0
        for _ in range(plan.MAX_GUESSES):
            guess = frontier.next_guess()
            if guess is None or repeats >= 2 or len(self.documents) >= self.page_budget:
                return
            page = await self.fetcher.fetch(guess.url, site=self.site)
            if page.status is not PageStatus.NOT_FOUND:
                self._note(page, guess.why)
            if page.status in (PageStatus.THROTTLED, PageStatus.FORBIDDEN, PageStatus.TIMEOUT, PageStatus.UNREACHABLE):
                return
            if page.status is not PageStatus.OK:
                continue
            known = len(self.findings)
            document = await self._read(page)
            if document is None or len(self.findings) == known:
                repeats += 1
                self.documents.pop() if document is not None else None
                continue
            frontier.mark(page.final_url)
            frontier.add(document.links, 1)
            if plan.is_enough(self.findings) or plan.names_people(self.findings):
                return

    def _note(self, page: FetchedPage, why: str) -> None:
        details = why if page.status is PageStatus.OK else f"{why}: {page.why}"
        if page.truncated:
            details += " (only the first part was read)"
        self.notes.append(
            PageNote(page.final_url if page.status is PageStatus.OK else page.url, page.status.value, details)
        )

    def report(self) -> SiteReport:
        people = merge(self.findings)
        reason = self._reason(why_nobody(self.findings, people))
        outcome: Outcome = "hit" if people.atl else "error" if self._is_unknown() else "miss"
        return SiteReport(self.website, people.atl, people.others, tuple(self.notes), outcome, reason)

    @property
    def _is_built_by_scripts(self) -> bool:
        return self.rendered == 0 and len(self.shells) * 2 >= max(len(self.documents), 1)

    def _is_unknown(self) -> bool:
        incomplete = self.home_failure or self.out_of_time or self.unreadable or not self.documents
        return bool(incomplete) or self._is_built_by_scripts

    def _reason(self, nobody: str | None) -> str | None:
        if nobody is None:
            return None
        if self.home_failure is not None:
            return f"the home page could not be read: {self.home_failure}"
        if self.out_of_time is not None:
            return f"{nobody}; {self.out_of_time}, so this is unknown"
        if self._is_built_by_scripts:
            return "the pages are built by scripts and have no text of their own, so this is unknown"
        if self.unreadable:
            failed = f"{len(self.unreadable)} promising page(s) could not be read ({self.unreadable[0]})"
            return f"{nobody}; {failed}, so this is unknown"
        return nobody
