"""One page of strangers from its markup to what is known of it: functions to be called in a process of their own.

What goes in and out is plain values, because the page's tree cannot leave the process in which it was parsed.
"""

import hashlib
from dataclasses import dataclass

from core.discovery import frontier as plan
from core.discovery.choosing import PageQuestion, question_of
from core.discovery.company import Signs, company_of, signs_of
from core.discovery.document import Document, parse
from core.discovery.extraction import extract
from core.discovery.frontier import PageLinks, links_of
from core.discovery.mentions import PageFindings
from core.discovery.page_kinds import Candidate
from core.enrichment.questions import Found
from core.enrichment.website_facts import SitePage, contact_links, website_facts
from core.text.web_addresses import absolute

_MAX_INCLUDES = 3


@dataclass(frozen=True)
class PageAsked:
    """A page to be read for people.

    Attributes:
        url: where it stands.
        body: its markup.
        is_home: it is the site's home page.
        by_chance: nothing spoke for reading it (`core.discovery.extraction.extract`).
        earlier: what the site's pages read before it say of the company's name, the home page first.
        known: digests of pages whose people were taken down; those of the same text are not taken down again.
        asks: also say what a model may be asked about it.
    """

    url: str
    body: str
    is_home: bool
    by_chance: bool
    earlier: tuple[Signs, ...]
    known: frozenset[str]
    asks: bool


@dataclass(frozen=True)
class PageRead:
    """What is known of a page.

    Attributes:
        url: where it stands.
        digest: the same for pages with the same text.
        lines: how many it has.
        language: ISO 639-1, or "".
        refresh: the address it sends its reader on to, as written, or None.
        includes: addresses of parts its scripts put in, absolute.
        is_shell: it has next to no text, and scripts that would build it.
        links: where it leads.
        signs: what it says of the company's name.
        findings: the people it names; None where they are known.
        question: what a model may be asked about it, or None.
    """

    url: str
    digest: str
    lines: int
    language: str
    refresh: str | None
    includes: tuple[str, ...]
    is_shell: bool
    links: PageLinks
    signs: Signs
    findings: PageFindings | None
    question: PageQuestion | None


def read_page(asked: PageAsked) -> PageRead:
    """Parse a page and take down its people."""
    document, url = parse(asked.body), asked.url
    digest = hashlib.sha256("\n".join(line.text for line in document.lines).encode("utf-8", "replace")).hexdigest()
    signs = signs_of(url, document, is_home=not asked.earlier)
    findings = question = None
    if digest not in asked.known:
        company = company_of((*asked.earlier, signs))
        findings = extract(document, url, company, is_home=asked.is_home, by_chance=asked.by_chance)
        question = question_of(document, findings) if asked.asks else None
    includes = (absolute(url, part) for part in document.includes[:_MAX_INCLUDES])
    return PageRead(
        url=url,
        digest=digest,
        lines=len(document.lines),
        language=document.language,
        refresh=document.refresh,
        includes=tuple(address for address in includes if address is not None),
        is_shell=plan.is_script_shell(document, asked.body),
        links=links_of(document, url),
        signs=signs,
        findings=findings,
        question=question,
    )


def read_links(body: str, url: str) -> PageLinks:
    """Read only where a part of a page leads; `url` is the page's address."""
    return links_of(parse(body), url)


@dataclass(frozen=True)
class SitemapRead:
    """A sitemap: the pages in it that promise something, and further sitemaps, best first."""

    pages: tuple[Candidate, ...]
    further: tuple[str, ...]


def read_sitemap(body: str, url: str, home: str) -> SitemapRead:
    """Read a sitemap that stands at `url`; `home` is the site's home page."""
    pages, further = plan.sitemap_addresses(body)
    named = [found for address in further if (found := absolute(url, address)) is not None]
    listed = [found for address in pages if (found := absolute(url, address)) is not None]
    return SitemapRead(
        tuple(plan.promising(listed, home, "named in the sitemap")),
        tuple(sorted(named, key=lambda address: "page" not in address)[:2]),
    )


@dataclass(frozen=True)
class ContactPage:
    """A page that is read for what it says of the company.

    Attributes:
        refresh: the address it sends its reader on to, as written; None where it has more to say than that.
        contacts: addresses of pages with contact details, as written, most promising first.
    """

    refresh: str | None
    contacts: tuple[str, ...]


_A_FEW_LINES = 30


def read_contact_page(body: str) -> ContactPage:
    """Read where a page leads."""
    document = parse(body)
    is_short = len(document.lines) <= _A_FEW_LINES
    return ContactPage(document.refresh if is_short else None, tuple(contact_links(document)))


def read_facts(pages: tuple[tuple[str, str], ...]) -> tuple[Found, ...]:
    """Read what a site's pages, each its address and markup, say of the company; the home page comes first."""
    return website_facts([SitePage(url, parse(body)) for url, body in pages])


def read_texts(pages: tuple[tuple[str, str], ...], limit: int) -> tuple[tuple[str, str], ...]:
    """Read the visible text of pages, each its address and markup, cut to `limit` characters; none without text."""
    texts = ((url, _text(parse(body), limit)) for url, body in pages)
    return tuple((url, text) for url, text in texts if text.strip())


def _text(document: Document, limit: int) -> str:
    return "\n".join(line.text for line in document.lines)[:limit]
