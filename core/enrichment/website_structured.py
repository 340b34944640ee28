"""What a page's structured data says of the company itself: JSON-LD and microdata (schema.org).

A page also describes reviewers, customers, products and the agency that built it. What counts is an organisation that
stands by itself, or that publishes the site, and of several the one that gives the site's own address.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from core.discovery.document import tidy
from core.discovery.walks import StepBudget
from core.text.web_addresses import canonical, site_of
from core.text.word_lists import words

_MAX_DEPTH = 8
_MAX_NODES = 3_000
_MAX_PARTS = 1_000
_MAX_STEPS = 40_000
"""Elements looked at inside one organisation, and steps through the elements of all of a page."""
_LEADS_TO_IT = words(
    "@graph mainEntity mainEntityOfPage about publisher provider isPartOf itemListElement item owns copyrightHolder"
)
_IS_NONE = words(
    """
    Person Product Offer Event Review Rating AggregateRating Article BlogPosting NewsArticle WebPage WebSite ImageObject
    BreadcrumbList ListItem SearchAction JobPosting FAQPage Question Answer VideoObject CollectionPage ItemList Service
    SiteNavigationElement WPHeader WPFooter ContactPage AboutPage PostalAddress ContactPoint Place Brand Recipe Course
    """
)
_ITEM = re.compile(r"schema\.org/(\w+)", re.IGNORECASE)
_COMMENT = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\]\]>|\]\]>)\s*$")


@dataclass(frozen=True)
class Organisation:
    """A company as structured data gives it; what it does not say is "".

    Attributes:
        is_own: it names the page's own site as its address.
        address: parts of the postal address by our field names.
        same_as: other pages about it.
    """

    name: str
    phone: str
    email: str
    description: str
    address: tuple[tuple[str, str], ...]
    same_as: tuple[str, ...]
    is_own: bool


def organisations(root: etree._Element, url: str) -> list[Organisation]:
    """Return the organisations of a page that may be the company, those that name this site as theirs first."""
    nodes = [*_json_ld(root), *_microdata(root)]
    found = [organisation for node in nodes if (organisation := _organisation(node, url)) is not None]
    return sorted(found, key=lambda one: not one.is_own)


def _json_ld(root: etree._Element) -> Iterator[dict[str, Any]]:
    for script in root.iter("script"):
        text = script.text
        if "ld+json" not in (script.get("type") or "").lower() or not text or len(text) > 1_000_000:
            continue
        try:
            data = json.loads(_COMMENT.sub("", text), strict=False)
        except (ValueError, RecursionError):
            continue
        left = [_MAX_NODES]
        yield from _walk(data, 0, left)


def _walk(data: Any, depth: int, left: list[int]) -> Iterator[dict[str, Any]]:
    left[0] -= 1
    if depth > _MAX_DEPTH or left[0] < 0:
        return
    if isinstance(data, list):
        for item in data:
            yield from _walk(item, depth + 1, left)
    elif isinstance(data, dict):
        if _is_organisation(data):
            yield data
        for key, value in data.items():
            if key in _LEADS_TO_IT and isinstance(value, (dict, list)):
                yield from _walk(value, depth + 1, left)


def _is_organisation(data: dict[str, Any]) -> bool:
    """Any kind that is not known to be something else: schema.org has a hundred kinds of local business."""
    kinds = data.get("@type")
    named = {str(kind).rsplit("/", 1)[-1] for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind}
    says = {"telephone", "address", "sameAs", "email", "logo", "contactPoint"} & set(data)
    return bool(named - _IS_NONE) and not named & {"Person", "Product", "JobPosting"} and bool(says)


def _microdata(root: etree._Element) -> Iterator[dict[str, Any]]:
    steps = StepBudget(_MAX_STEPS)
    for node in root.iterfind(".//*[@itemscope]"):
        kind = _ITEM.search(node.get("itemtype") or "")
        if kind is None or kind[1] in _IS_NONE or node.get("itemprop") in ("author", "reviewer", "brand", "worksFor"):
            continue
        data = _properties(node, steps) | {"@type": kind[1]}
        if _is_organisation(data):
            yield data


def _properties(node: etree._Element, steps: StepBudget, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in steps.over(_parts(node), _MAX_PARTS):
        name = child.get("itemprop")
        is_item = child.get("itemscope") is not None
        if name and len(found) < 100:
            value: Any = ""
            if not is_item:
                value = _written(child, steps)
            elif depth < _MAX_DEPTH:
                value = _properties(child, steps, depth + 1)
            for part in name.split():
                if part == "sameAs":
                    found.setdefault(part, []).append(value)
                else:
                    found.setdefault(part, value)
    return found


def _parts(node: etree._Element) -> Iterator[etree._Element]:
    """Yield the elements of an item in reading order; of an item in it only its outermost element."""
    children = [iter(node)]
    while children:
        child = next(children[-1], None)
        if child is None:
            children.pop()
        elif isinstance(child.tag, str):
            yield child
            if child.get("itemscope") is None:
                children.append(iter(child))


def _written(node: etree._Element, steps: StepBudget) -> str:
    for attribute in ("content", "href", "datetime"):
        if node.get(attribute):
            return str(node.get(attribute))
    return tidy(steps.text_of(node))


def _organisation(data: dict[str, Any], url: str) -> Organisation | None:
    name = _text(data.get("name")) or _text(data.get("legalName"))
    point = data.get("contactPoint")
    point = point[0] if isinstance(point, list) and point else point
    point = point if isinstance(point, dict) else {}
    same_as = data.get("sameAs")
    links = [one for one in (same_as if isinstance(same_as, list) else [same_as]) if isinstance(one, str)]
    organisation = Organisation(
        name=name,
        phone=_text(data.get("telephone")) or _text(point.get("telephone")),
        email=(_text(data.get("email")) or _text(point.get("email"))).removeprefix("mailto:"),
        description=_text(data.get("description")),
        address=_address(data.get("address") or _in(data.get("location"), "address")),
        same_as=tuple(links[:30]),
        is_own=any(_is_here(data.get(key), url) for key in ("url", "@id")),
    )
    has_content = organisation.phone or organisation.email or organisation.address or organisation.same_as or name
    return organisation if has_content else None


def _in(data: Any, key: str) -> Any:
    data = data[0] if isinstance(data, list) and data else data
    return data.get(key) if isinstance(data, dict) else None


def _address(data: Any) -> tuple[tuple[str, str], ...]:
    data = data[0] if isinstance(data, list) and data else data
    if not isinstance(data, dict):
        return ()
    parts = {
        "street": _text(data.get("streetAddress")),
        "city": _text(data.get("addressLocality")),
        "state": _text(data.get("addressRegion")),
        "postal_code": _text(data.get("postalCode")),
        "country": _text(data.get("addressCountry")),
    }
    return tuple((name, value) for name, value in parts.items() if value)


def _is_here(value: Any, url: str) -> bool:
    address = canonical(value) if isinstance(value, str) and "://" in value else None
    return address is not None and site_of(address) == site_of(url)


def _text(value: Any, depth: int = 0) -> str:
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, list):
        return _text(value[0], depth + 1) if value else ""
    if isinstance(value, dict):
        return _text(value.get("name") or value.get("@value") or "", depth + 1)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return tidy(value)[:2_000] if isinstance(value, str) else ""
