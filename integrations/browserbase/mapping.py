"""A fetched LinkedIn company page to facts, or to the reason why there are none. Reads JSON-LD and the details list."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lxml import etree

from core.discovery.markup import with_few_attributes
from integrations.browserbase.schemas import BrowserbasePage, CompanyFacts, CompanyPage, PageOutcome

_WALL_PATHS = ("/authwall", "/login", "/uas/login", "/checkpoint", "/signup")
_CAPTCHA = re.compile(r"captcha|recaptcha|arkoselabs|challenge-platform", re.IGNORECASE)
_SIZE_BAND = re.compile(
    r"(\d[\d.,\s\u00a0\u202f]*(?:\s?[-\u2013]\s?\d[\d.,\s\u00a0\u202f]*|\+)?)\s+employees", re.IGNORECASE
)


def read_page(asked_url: str, page: BrowserbasePage, *, fetched_at: datetime) -> CompanyPage:
    """Return what a visit came to. A wall is recognised before anything is read.

    Args:
        asked_url: the address that was asked for.
        page: what came back. Its status is part of the page here, not of an API call.
        fetched_at: aware UTC.
    """
    wall = _wall(page)
    if wall:
        return CompanyPage(PageOutcome.WALL, asked_url, fetched_at, reason=wall)
    if page.status in (404, 410) or "/company/unavailable" in page.url:
        return CompanyPage(PageOutcome.NOT_FOUND, asked_url, fetched_at, reason="no such company page")
    if page.status is not None and page.status >= 500:
        return CompanyPage(PageOutcome.ERROR, asked_url, fetched_at, reason=f"status {page.status}")
    markup = _Markup.of(page.html)
    organization = next(_organizations(markup.json_ld), None)
    if organization is not None:
        return CompanyPage(
            PageOutcome.FOUND, asked_url, fetched_at, facts=_facts(organization, markup.details), raw=organization
        )
    if _CAPTCHA.search(page.html):
        return CompanyPage(PageOutcome.WALL, asked_url, fetched_at, reason="captcha")
    if markup.has_password_field:
        return CompanyPage(PageOutcome.WALL, asked_url, fetched_at, reason="sign-in form")
    return CompanyPage(PageOutcome.EMPTY, asked_url, fetched_at, reason="no company data on the page")


def _wall(page: BrowserbasePage) -> str | None:
    path = urlsplit(page.url).path
    if any(path.startswith(wall) for wall in _WALL_PATHS):
        return "redirected to a sign-in page"
    if page.status in (401, 403, 429, 451, 999):
        return f"status {page.status}"
    return None


class _Markup(NamedTuple):
    """What of a page matters: JSON-LD, the pairs of the details list (`dt`, `dd`), whether it asks to sign in."""

    json_ld: list[str]
    details: dict[str, str]
    has_password_field: bool

    @classmethod
    def of(cls, markup: str) -> "_Markup":
        """Parse a page, however broken it is."""
        parser = etree.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8")
        data = with_few_attributes(markup).replace("\x00", " ").encode("utf-8", "replace")
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError:
            root = None
        if root is None:
            return cls([], {}, False)
        scripts = (node for node in root.iter("script") if (node.get("type") or "").lower() == "application/ld+json")
        has_password_field = any(node.get("type") == "password" for node in root.iter("input"))
        return cls([node.text or "" for node in scripts], _details(root), has_password_field)


def _details(root: etree._Element) -> dict[str, str]:
    details: dict[str, str] = {}
    term = ""
    for node in root.iter("dt", "dd"):
        text = " ".join("".join(node.itertext()).split())
        if node.tag == "dt":
            term = text.lower()
        elif term:
            details.setdefault(term, text)
    return details


def _organizations(blocks: list[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the named organisations of all blocks; a broken block costs only itself."""
    for block in blocks:
        try:
            document = json.loads(block)
        except ValueError:
            continue
        for node in _nodes(document):
            kinds = node.get("@type")
            kinds = kinds if isinstance(kinds, list) else [kinds]
            if ("Organization" in kinds or "Corporation" in kinds) and _text(node.get("name")):
                yield node


def _nodes(document: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, list):
        for item in document:
            yield from _nodes(item)
    elif isinstance(document, dict):
        yield document
        yield from _nodes(document.get("@graph"))


def _facts(node: Mapping[str, Any], details: Mapping[str, str]) -> CompanyFacts:
    address = node.get("address")
    address = address if isinstance(address, dict) else {}
    country = address.get("addressCountry")
    country = country.get("name") if isinstance(country, dict) else country
    same_as = node.get("sameAs")
    website = same_as[0] if isinstance(same_as, list) and same_as else same_as
    return CompanyFacts(
        name=_text(node.get("name")) or "",
        website=_text(website) or details.get("website"),
        description=_text(node.get("description")),
        industry=_text(node.get("industry")) or details.get("industry") or details.get("industries"),
        street=_text(address.get("streetAddress")),
        city=_text(address.get("addressLocality")),
        state=_text(address.get("addressRegion")),
        postal_code=_text(address.get("postalCode")),
        country=_text(country),
        member_count=_count(node.get("numberOfEmployees")),
        size_band=_size_band(details),
    )


def _text(value: object) -> str | None:
    """Return a JSON-LD string, which may carry HTML entities, or None."""
    return (" ".join(html.unescape(value).split()) or None) if isinstance(value, str) else None


def _count(value: object) -> str | None:
    """Return "42", "11-50" or None for the forms `numberOfEmployees` takes."""
    if isinstance(value, dict):
        low, high = value.get("minValue"), value.get("maxValue")
        if value.get("value") is not None:
            return _count(value["value"])
        return f"{low}-{high}" if _is_count(low) and _is_count(high) else None
    if isinstance(value, str) and value.strip().isdigit():
        return value.strip()
    return str(value) if _is_count(value) else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _size_band(details: Mapping[str, str]) -> str | None:
    match = _SIZE_BAND.search(details.get("company size", ""))
    return re.sub(r"[\s.,]", "", match[1]).replace("\u2013", "-") if match else None


def company_fields(facts: CompanyFacts) -> dict[str, str]:
    """Return the facts in our field names; what the page does not say is absent."""
    found = {
        "company_name": facts.name,
        "company_website": facts.website,
        "industry": facts.industry,
        "company_size": facts.size_band or facts.member_count,
        "street": facts.street,
        "city": facts.city,
        "state": facts.state,
        "postal_code": facts.postal_code,
        "country": facts.country,
    }
    return {name: value for name, value in found.items() if value}
