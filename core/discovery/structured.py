"""People in structured data: JSON-LD, microdata, RDFa (schema.org) and hCard / h-card (microformats.org).

A person counts where the data says that they belong to the organisation or where they stand by themselves; authors,
reviewers, performers, alumni and sponsors do not.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from lxml import etree

from core.discovery.document import tidy
from core.discovery.person_details import ContactDetails, email_of_link, is_shared_mailbox, linkedin_profile
from core.discovery.walks import StepBudget, outside
from core.text.names import PersonName, read_name
from core.text.word_lists import words

MAX_PEOPLE = 500
_MAX_DEPTH = 12
_MAX_ITEMS = 2_000
_MAX_PARTS = 1_000
"""Elements looked at inside one person; an item around a whole page has more."""
_MAX_STEPS = 40_000
"""Steps through the elements of all people of a page, who may stand inside each other."""
_MAX_VALUE = 2_000
"""Characters read of one value."""
_BELONGS = words(
    """
    @graph employee employees member members founder founders mainEntity mainEntityOfPage about itemListElement item
    hasPart contactPoint department subOrganization parentOrganization publisher provider worksFor owns isPartOf
    brand seller legalRepresentative person people affiliation
    """
)
_PERSON_ITEM = re.compile(r"schema\.org/Person\b|data-vocabulary\.org/Person\b", re.IGNORECASE)
_PERSON_TYPE = re.compile(r"(?:^|\s|:|/)Person\b")
_STRANGERS = frozenset({"author", "reviewer", "creator", "performer", "alumni", "sponsor", "actor"})
"""What somebody is to a page who is not of its company."""
_CARD_PARTS = frozenset({"fn", "p-name", "title", "role", "p-job-title", "p-role", "org", "p-org"})
_HAS_ITEMS = etree.XPath("boolean(//@itemtype|//@typeof)")
_HAS_CARDS = etree.XPath("boolean(//@class[contains(., 'vcard') or contains(., 'h-card')])")
_FOREIGN_ITEM = re.compile(
    r"schema\.org/(?:Review|Comment|Article|BlogPosting|NewsArticle|Quotation|Event|Book|Movie|JobPosting|"
    r"VideoObject|PodcastEpisode)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class StructuredPerson:
    """A person as structured data gives them; `title` may be "" (a founder or an employee without a title)."""

    name: PersonName
    title: str
    organisation: str | None
    relation: str
    contact: ContactDetails
    evidence: str


def structured_people(root: etree._Element) -> list[StructuredPerson]:
    """Read all structured data of a page, at most `MAX_PEOPLE`."""
    found: list[StructuredPerson] = []
    for source in (_json_ld(root), _item_scopes(root), _cards(root)):
        for person in source:
            found.append(person)
            if len(found) >= MAX_PEOPLE:
                return found
    return found


def _json_ld(root: etree._Element) -> Iterator[StructuredPerson]:
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text or len(script.text) > 1_000_000:
            continue
        try:
            data = json.loads(
                re.sub(r"^\s*(?:<!--|//<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\]\]>|\]\]>)\s*$", "", script.text),
                strict=False,
            )
        except (ValueError, RecursionError):
            continue
        yield from _walk(data, "", 0)


def _walk(data: Any, relation: str, depth: int) -> Iterator[StructuredPerson]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(data, list):
        for item in data:
            yield from _walk(item, relation, depth + 1)
        return
    if not isinstance(data, dict):
        return
    kinds = data.get("@type", [])
    kinds = {str(kind).rsplit("/", 1)[-1] for kind in (kinds if isinstance(kinds, list) else [kinds])}
    if "Person" in kinds or (
        relation in ("founder", "founders", "employee") and isinstance(data.get("name"), str) and not kinds - {"Person"}
    ):
        person = _person(data, relation)
        if person is not None:
            yield person
        return
    for key, value in data.items():
        if key in _BELONGS and isinstance(value, (dict, list)):
            yield from _walk(value, relation if key in ("@graph", "item", "itemListElement") else key, depth + 1)


def _text(value: Any, depth: int = 0) -> str:
    if depth > _MAX_DEPTH:
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(item, depth + 1) for item in value[:4])))
    if isinstance(value, dict):
        return _text(value.get("name") or value.get("@value") or "", depth + 1)
    return tidy(value[:_MAX_VALUE]) if isinstance(value, str) else ""


def _person(data: dict[str, Any], relation: str) -> StructuredPerson | None:
    full = _text(data.get("name")) or f"{_text(data.get('givenName'))} {_text(data.get('familyName'))}".strip()
    name = read_name(full)
    if name is None:
        return None
    links = [data.get("sameAs"), data.get("url"), data.get("@id")]
    flat = [
        link for entry in links for link in (entry if isinstance(entry, list) else [entry]) if isinstance(link, str)
    ]
    linkedin = next(filter(None, map(linkedin_profile, flat)), None)
    written = _text(data.get("email"))
    email = email_of_link("mailto:" + re.sub("^mailto:", "", written, flags=re.IGNORECASE)) if written else None
    title = _text(data.get("jobTitle")) or _text(data.get("hasOccupation")) or _text(data.get("roleName"))
    contact = ContactDetails(
        linkedin, None if email and is_shared_mailbox(email) else email, _text(data.get("telephone")) or None
    )
    organisation = _text(data.get("worksFor")) or None
    return StructuredPerson(name, title, organisation, relation, contact, f"{full}: {title}"[:300])


def _item_scopes(root: etree._Element) -> Iterator[StructuredPerson]:
    """Microdata (`itemscope`) and RDFa (`typeof`)."""
    if not _HAS_ITEMS(root):
        return
    steps = StepBudget(_MAX_STEPS)
    marked = chain.from_iterable(
        (node for node in outside(root, _is_foreign) if node.get(attribute) is not None)
        for attribute in ("itemtype", "typeof")
    )
    for node in islice(marked, _MAX_ITEMS):
        attribute = _naming_attribute(node)
        relation = (node.get(attribute) or "") if attribute is not None else ""
        if attribute is None or relation.rsplit(":", 1)[-1] in _STRANGERS:
            continue
        person = _person(_described(_properties(node, attribute, steps)), relation)
        if person is not None:
            yield person


def _naming_attribute(node: etree._Element) -> str | None:
    """The attribute in which a person's element names its parts: microdata's, else RDFa's; None: it is no person."""
    if _PERSON_ITEM.search(node.get("itemtype") or ""):
        return "itemprop"
    return "property" if _PERSON_TYPE.search(node.get("typeof") or "") else None


def _described(values: dict[str, str]) -> dict[str, Any]:
    """The parts of a person's element under the names that schema.org has for them."""
    described: dict[str, Any] = {**values, "worksFor": values.get("worksFor") or values.get("affiliation")}
    if "role" in values or "title" in values:
        described.setdefault("jobTitle", values.get("role") or values.get("title") or "")
    described["sameAs"] = [values.get("sameAs"), values.get("url")]
    return described


def _is_foreign(node: etree._Element) -> bool:
    """Return whether an item is a review, an article or the like: who stands in it is not of the company."""
    return bool(_FOREIGN_ITEM.search(node.get("itemtype") or "schema.org/" + (node.get("typeof") or "-")))


def _properties(node: etree._Element, attribute: str, steps: StepBudget) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in steps.over(node.iter(), _MAX_PARTS):
        if not isinstance(part.tag, str) or part is node:
            continue
        for name in (part.get(attribute) or "").split():
            name = name.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
            value = (
                part.get("content")
                or (part.get("href") if name in ("sameAs", "url", "email") else None)
                or tidy(steps.text_of(part))
            )
            if name in ("jobTitle", "title") and name in values and len(values[name]) < _MAX_VALUE:
                values[name] += f", {value[:100]}"
            values.setdefault(name, (value or "")[:200])
    return values


def _cards(root: etree._Element) -> Iterator[StructuredPerson]:
    """HCard (`vcard`: `fn`, `title`, `role`, `org`) and h-card (`p-name`, `p-job-title`, `p-role`, `p-org`)."""
    if not _HAS_CARDS(root):
        return
    seen = 0
    steps = StepBudget(_MAX_STEPS)
    for node in outside(root, _is_entry):
        classes = (node.get("class") or "").split()
        if not classes or not ("vcard" in classes or "h-card" in classes):
            continue
        seen += 1
        if seen > MAX_PEOPLE:
            return
        person = _of_card(node, steps) if "author" not in classes else None
        if person is not None:
            yield person


def _of_card(node: etree._Element, steps: StepBudget) -> StructuredPerson | None:
    """Read a card; one without a title says nothing."""
    values: dict[str, str] = {}
    for part in steps.over(node.iter(), _MAX_PARTS):
        classes = (part.get("class") or "").split() if isinstance(part.tag, str) and part is not node else ()
        for name in classes:
            if name in _CARD_PARTS:
                values.setdefault(name, tidy(steps.text_of(part))[:200])
    title = values.get("title") or values.get("p-job-title") or values.get("role") or values.get("p-role")
    if not title:
        return None
    called, organisation = values.get("fn") or values.get("p-name"), values.get("org") or values.get("p-org")
    return _person({"name": called, "jobTitle": title, "worksFor": organisation}, "")


def _is_entry(node: etree._Element) -> bool:
    """Return whether an element is an article: its cards are of authors."""
    named = node.get("class") or ""
    return node.tag == "article" or "hentry" in named or "h-entry" in named
