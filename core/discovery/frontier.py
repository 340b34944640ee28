"""Which page of a site to read next, and when to stop."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.discovery.document import Document
from core.discovery.mentions import PageFindings, PageKind
from core.discovery.page_kinds import A_PERSONS_PAGE, Candidate, candidates, further, guesses, rank
from core.text.web_addresses import absolute, page_key, site_of
from core.text.word_lists import words

PEOPLE_PAGE = 60
"""From this score on a link says that it leads to people."""
WORTH_READING = 20
BEYOND_PERSONS = 33
"""Above what a page of one person scores: such pages tell nothing new where people are named with their titles."""
MAX_GUESSES = 20
MAX_BY_CHANCE = 6
"""Pages read though nothing points to people there, where nobody was found otherwise."""
_LANGUAGE = re.compile(r"^/([a-z]{2})(?:[-_][a-z]{2})?(?=/|$)", re.IGNORECASE)
_LANGUAGES = words(
    """
    en de fr es pt it nl pl ru ja zh cn jp kr ko ar tr sv da no fi cs hu ro el he uk us
    """
)


@dataclass(frozen=True)
class PageLinks:
    """Where a page leads within its site.

    Attributes:
        candidates: pages that promise something, best first.
        further: the others, for a last resort.
    """

    candidates: tuple[Candidate, ...] = ()
    further: tuple[str, ...] = ()


def links_of(document: Document, url: str) -> PageLinks:
    """Weigh the links of a page."""
    return PageLinks(tuple(candidates(document, url)), tuple(further(document, url)))


def promising(urls: Sequence[str], home: str, why: str) -> list[Candidate]:
    """Choose of addresses without link text, such as a sitemap's, those of the site that promise something."""
    site = site_of(home)
    ranked = ((url, rank(url, "", "main")[0]) for url in urls if site_of(url) == site)
    return [Candidate(url, score - 5, why) for url, score in ranked if score >= 40]


class Frontier:
    """Pages known and not yet read, best first.

    Args:
        home: the address of the home page, after redirects.
        language: of the home page (ISO 639-1, or "").
    """

    def __init__(self, home: str, language: str) -> None:
        self._home = home
        self._language = language
        self._seen: set[str] = {page_key(home)}
        self._waiting: dict[str, tuple[Candidate, int]] = {}
        self._by_chance: list[str] = []
        self._unranked: list[tuple[str, ...]] = []
        paths = guesses(language)
        beside = [absolute(home, path) for path in paths]
        at_root = [absolute(home, f"/{path}") for path in paths]
        self._guesses = [url for url in dict.fromkeys((*beside, *at_root)) if url is not None]

    def add(self, links: PageLinks, depth: int) -> None:
        """Take up the links of a page that was read at this depth (0 is the home page)."""
        if depth >= 3:
            return
        self.add_candidates(links.candidates, depth)
        if depth <= 1:
            self._unranked.insert(0 if depth else len(self._unranked), links.further)

    def add_candidates(self, found: Sequence[Candidate], depth: int = 1) -> None:
        """Take up pages that were not read yet, such as a sitemap's."""
        for candidate in found:
            if page_key(candidate.url) not in self._seen:
                self._offer(candidate, depth)

    def _offer(self, candidate: Candidate, depth: int) -> None:
        score = candidate.score - 4 * depth - self._distance(candidate.url)
        key = page_key(candidate.url)
        known = self._waiting.get(key)
        if score >= WORTH_READING and (known is None or known[0].score < score):
            self._waiting[key] = (Candidate(candidate.url, score, candidate.why), depth + 1)

    def _distance(self, url: str) -> int:
        """Points off for another sub-domain or another language than the home page's."""
        home, here = urlsplit(self._home), urlsplit(url)
        points = 0
        if (here.hostname or "").removeprefix("www.") != (home.hostname or "").removeprefix("www."):
            points += 5 if (here.hostname or "").split(".")[0] in _LANGUAGES else 20
        language = _LANGUAGE.match(here.path)
        foreign = (
            self._language and language and language[1].lower() not in (self._language, here.path.strip("/").lower())
        )
        if foreign and language and language[1].lower() in _LANGUAGES:
            own = _LANGUAGE.match(home.path)
            points += 0 if own and own[1].lower() == language[1].lower() else 12
        return points

    @property
    def promises_people(self) -> bool:
        """Whether a page is waiting that says it is about the company or its people."""
        return any(candidate.score >= PEOPLE_PAGE - 20 for candidate, _ in self._waiting.values())

    def mark(self, url: str) -> bool:
        """Note an address as read; False where it was noted before."""
        key = page_key(url)
        self._waiting.pop(key, None)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def next(self, *, at_least: int) -> tuple[Candidate, int] | None:
        """Take the best page that scores at least this, with its depth; None where there is none."""
        best = max(self._waiting.values(), key=lambda waiting: waiting[0].score, default=None)
        if best is None or best[0].score < at_least:
            return None
        self.mark(best[0].url)
        return best

    def next_by_chance(self) -> Candidate | None:
        """Take a page that nothing speaks for but that the site links to: below its about page, or in its menu."""
        self._by_chance = [*(found for page in self._unranked for found in page), *self._by_chance]
        self._unranked.clear()
        while self._by_chance:
            url = self._by_chance.pop(0)
            if self.mark(url):
                return Candidate(url, 0, "a linked page, since nobody was found elsewhere")
        return None

    def next_guess(self) -> Candidate | None:
        """Take the next usual path that was not read yet."""
        while self._guesses:
            url = self._guesses.pop(0)
            if self.mark(url):
                return Candidate(url, 0, "a usual path")
        return None


def is_enough(pages: Sequence[PageFindings]) -> bool:
    """Return whether the people found make further pages that do not promise people unnecessary."""
    return any(
        mention.title.role is not None and not mention.doubts
        for page in pages
        if page.kind in (PageKind.PEOPLE, PageKind.ABOUT, PageKind.IMPRINT)
        for mention in page.mentions
    )


def least_score(pages: Sequence[PageFindings]) -> int:
    """The score a page must have to be read, after what was found so far."""
    if is_enough(pages):
        return A_PERSONS_PAGE - 8 if _has_pages_of_persons(pages) else PEOPLE_PAGE - 8
    titled = any(
        len({mention.name.key for mention in page.mentions}) >= 2 for page in pages if page.kind is PageKind.PEOPLE
    )
    return BEYOND_PERSONS if titled else WORTH_READING


def _has_pages_of_persons(pages: Sequence[PageFindings]) -> bool:
    """Return whether a page lists people without titles, and pages of their own tell the titles one by one."""
    if any(len({mention.name.key for mention in page.mentions if mention.title.is_top}) > 1 for page in pages):
        return False
    told = {mention.name.text for page in pages for mention in page.mentions}
    return any(
        len(page.names_without_title) >= 2 and told & set(page.names_without_title)
        for page in pages
        if page.kind in (PageKind.PEOPLE, PageKind.ABOUT, PageKind.CONTACT)
    )


def names_people(pages: Sequence[PageFindings]) -> bool:
    """Return whether a page about the company's people named at least two of them."""
    return any(
        len(page.names_without_title) + len({mention.name.key for mention in page.mentions}) >= 2
        for page in pages
        if page.kind is PageKind.PEOPLE
    )


def is_script_shell(document: Document, body: str) -> bool:
    """Return whether a page has next to no text of its own and scripts that would build it."""
    text = sum(len(line.text) for line in document.lines if line.zone not in ("nav", "footer"))
    scripts = sum(1 for _ in document.root.iter("script"))
    root = re.search(
        r"<(?:div|main)[^<>]+id=[\"']?(?:root|app|__next|__nuxt|___gatsby|svelte|main-app)\b",
        body[:200_000],
        re.IGNORECASE,
    )
    return scripts > 0 and (text < 120 or (root is not None and text < 300))


def sitemap_addresses(text: str) -> tuple[list[str], list[str]]:
    """Read a sitemap: the pages it lists, and the sitemaps an index lists; at most 5,000 of both."""
    found = [
        address.strip().replace("&amp;", "&")
        for address in re.findall(r"<loc>\s*+(?:<!\[CDATA\[\s*+)?+([^<\]\s]++)", text[:2_000_000])[:5000]
    ]
    return ([], found) if re.search(r"<sitemapindex\b", text[:2000]) else (found, [])
