"""What a page is about, and which links of a site are worth following to find its people."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from core.discovery.document import Document, Link
from core.discovery.mentions import PageKind
from core.text.lexicons import alternatives, by_language
from core.text.names import read_name
from core.text.titles import fold
from core.text.web_addresses import absolute, page_key, site_of

_PATTERNS = {
    kind: re.compile(rf"(?:^|[\s/_\-.])(?:{alternatives(f'pages.{kind}')})(?=$|[\s/_\-.])")
    for kind in ("people", "about", "imprint", "contact", "story")
}
_LEADERS = re.compile(rf"(?:^|[\s/_-])(?:{alternatives('pages.leaders')})(?=$|[\s/_.-])")
_NOT_OWN = re.compile(alternatives("pages.not_own"))
_NEWS = re.compile(alternatives("pages.news"))
"""Folders in which even a page called "leadership" tells a story."""
_ENTRANCE = re.compile(alternatives("pages.entrance"))
"""A language's home page, or the page behind a splash screen."""
_DATED = re.compile(r"/(?:19|20)\d\d/(?:\d\d/)?")
_FILE = re.compile(
    r"\.(?:pdf|jpe?g|png|gif|svg|webp|docx?|xlsx?|pptx?|zip|mp[34]|ics|vcf|css|js|json|xml|txt|avi|mov|exe|dmg|"
    r"ico|woff2?)$",
    re.IGNORECASE,
)

_GUESSES = by_language("pages.guesses")
"""Usual paths by language, commonest first, tried only where no link leads on."""
A_PERSONS_PAGE = 28
"""Score of a page that a person's name links to; read where people are named without titles."""


_LINKS_RANKED = 2_000
"""Links of a page that are ranked; more are a list of something else than people."""
_LINKS_LOOKED_AT = 300
"""Links of a page that are weighed as a last resort; a menu and a foot have fewer."""


@dataclass(frozen=True)
class Candidate:
    """A page worth fetching: its address, how much it promises (higher first), and why."""

    url: str
    score: int
    why: str


def _slug(text: str) -> str:
    return re.sub(r"[^\w/.]+", "-", fold(unquote(text))).strip("-").replace("_", "-")


def kind_of(url: str, title: str, heading: str, *, is_home: bool = False) -> PageKind:
    """Return what a page is about.

    Args:
        url: its address.
        title: its `<title>`.
        heading: its first heading.
        is_home: it is the site's home page.
    """
    if is_home:
        return PageKind.HOME
    path = _slug(urlsplit(url).path)
    segments = [re.sub(r"\.\w{2,5}$", "", segment) for segment in path.split("/") if segment]
    last = segments[-1] if segments else ""
    if last in ("index", "home", "default") and len(segments) > 1:
        segments = segments[:-1]
        last = segments[-1]
    above = segments[:-1]
    if _DATED.search(path) or any(_NEWS.fullmatch(segment) for segment in above):
        return PageKind.STORY
    kind = _named_kind(last)
    told = any(_PATTERNS["story"].fullmatch(segment) for segment in above)
    if kind in (PageKind.PEOPLE, PageKind.IMPRINT) or (kind is not None and not told):
        return kind
    if told or _PATTERNS["story"].search(last):
        return PageKind.STORY
    if any(_PATTERNS["people"].search(segment) for segment in segments):
        return PageKind.PEOPLE
    by_text = (_named_kind(_slug(text)) for text in (heading, re.split(r"\s[|–—-]\s", title)[0]) if len(text) < 60)
    return next((kind for kind in by_text if kind is not None), PageKind.OTHER)


def _named_kind(slug: str) -> PageKind | None:
    """The kind that a few words name; a long slug is a headline."""
    if slug.count("-") > 5 or _NOT_OWN.search(slug):
        return None
    kinds = (PageKind.PEOPLE, PageKind.IMPRINT, PageKind.ABOUT, PageKind.CONTACT)
    return next((kind for kind in kinds if _PATTERNS[kind.value].search(slug)), None)


@lru_cache(maxsize=20_000)
def rank(url: str, text: str, zone: str) -> tuple[int, str]:
    """Score a link between 0 (not worth fetching) and 100, with the reason."""
    parts = urlsplit(url)
    path = _slug(parts.path + ("/" + parts.query if parts.query else ""))
    if _FILE.search(parts.path):
        return 0, "a file"
    segments = [re.sub(r"\.\w{2,5}$", "", segment) for segment in path.split("/") if segment]
    if segments and segments[-1] == "index" and len(segments) > 1:
        segments.pop()
    last = segments[-1] if segments else ""
    words = _slug(text) if len(text) <= 60 else ""
    score, why = _worth(last, words)
    if not score and any(_PATTERNS["people"].search(segment) for segment in segments[:-1]):
        score, why = 30, "below a people page"
    if not score and len(segments) == 1 and _ENTRANCE.fullmatch(last):
        return 24, "the site behind its entrance"
    if not score:
        return 0, "nothing points to people"
    if _tells_a_story(path, segments, words):
        score -= 35
    if len(segments) > 3 or len(last) > 50 or last.count("-") > 5:
        score -= 8
    score += {"nav": 4, "header": 4, "footer": 0}.get(zone, 1)
    return max(score, 0), why


def _worth(last: str, words: str) -> tuple[int, str]:
    """What the last part of an address and the words of a link say, the kind that names people best first."""
    for kind, worth in (("people", 60), ("about", 45), ("imprint", 34), ("contact", 22)):
        in_path = _is_named(kind, last)
        in_text = _is_named(kind, words) and len(words.split("-")) <= 6
        if in_path or in_text:
            is_strong = kind == "people" and (_LEADERS.search(last) or _LEADERS.search(words))
            score = worth + 8 * (in_path and in_text) + (10 if is_strong else 0)
            return score, f"{kind} page by {'address' if in_path else 'link text'}"
    return 0, ""


def _is_named(kind: str, slug: str) -> bool:
    return bool(_PATTERNS[kind].search(slug)) and not _NOT_OWN.search(slug)


def _tells_a_story(path: str, segments: list[str], words: str) -> bool:
    """A link leads to a story, a shop or the like: its address or its words are called so, or it bears a date."""
    story = _PATTERNS["story"]
    return any(map(story.fullmatch, segments)) or bool(_DATED.search(path)) or bool(story.fullmatch(words))


def candidates(document: Document, url: str, *, seen: Iterable[str] = ()) -> list[Candidate]:
    """Rank the links of a page that stay on its site, best first, each page once.

    Args:
        document: the page.
        url: its address.
        seen: keys (`page_key`) of pages not to name again.
    """
    base = absolute(url, document.base) if document.base else url
    here = site_of(url)
    known = set(seen) | {page_key(url)}
    best: dict[str, Candidate] = {}
    for link in document.links[:_LINKS_RANKED]:
        target = absolute(base or url, link.href)
        if target is None or site_of(target) != here or page_key(target) in known:
            continue
        score, why = rank(target, _label(link), link.zone)
        if score < A_PERSONS_PAGE and link.zone == "main" and read_name(link.text) is not None:
            score, why = A_PERSONS_PAGE, "a person's page"
        if score >= 15:
            key = page_key(target)
            if key not in best or best[key].score < score:
                best[key] = Candidate(target, score, why)
    return sorted(best.values(), key=lambda candidate: -candidate.score)


def further(document: Document, url: str) -> list[str]:
    """List the other pages of the site a page links to, those below it first, then its menu's, then its foot's.

    Nothing in their addresses or labels points to people, nor to stories, shops, files and the like: a last resort.
    """
    base = absolute(url, document.base) if document.base else url
    here, above = site_of(url), urlsplit(url).path.rstrip("/") + "/"
    order: dict[str, int] = {}
    for link in document.links[:_LINKS_LOOKED_AT]:
        target = absolute(base or url, link.href)
        if target is None or site_of(target) != here or page_key(target) == page_key(url):
            continue
        path, label = _slug(urlsplit(target).path), _label(link)
        if (
            _FILE.search(urlsplit(target).path)
            or path.count("/") > 4
            or not 2 < len(label) <= 40
            or _DATED.search(path)
        ):
            continue
        if any(_PATTERNS["story"].search(part) for part in (*path.split("/"), _slug(label))):
            continue
        is_below = len(above) > 1 and urlsplit(target).path.startswith(above)
        rank_of = 0 if is_below else {"nav": 1, "header": 1, "footer": 3}.get(link.zone, 2)
        order[target] = min(rank_of, order.get(target, 9))
    return sorted(order, key=lambda target: order[target])


def _label(link: Link) -> str:
    return link.text or link.hint


def guesses(language: str) -> list[str]:
    """List usual paths for a site in this language (ISO 639-1, or "")."""
    return list(dict.fromkeys((*_GUESSES.get(language, ()), *_GUESSES.get("en", ()))))
