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

from core.names import PersonName, read_name
from core.people.contacts import ContactDetails, email_of_link, is_shared_mailbox, linkedin_profile
from core.people.document import tidy
from core.word_lists import words

MAX_PEOPLE = 500
_MAX_DEPTH = 12
_MAX_ITEMS = 2_000
_BELONGS = words(
    """
    @graph employee employees member members founder founders mainEntity mainEntityOfPage about itemListElement item
    hasPart contactPoint department subOrganization parentOrganization publisher provider worksFor owns isPartOf
    brand seller legalRepresentative person people affiliation
    """
)
_PERSON_ITEM = re.compile(r"schema\.org/Person\b|data-vocabulary\.org/Person\b", re.IGNORECASE)
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


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(item) for item in value[:4])))
    if isinstance(value, dict):
        return _text(value.get("name") or value.get("@value") or "")
    return tidy(value) if isinstance(value, str) else ""


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
    marked = chain(root.iterfind(".//*[@itemtype]"), root.iterfind(".//*[@typeof]"))
    for node in islice(marked, _MAX_ITEMS):
        kind = node.get("itemtype") or ""
        typeof = node.get("typeof") or ""
        is_micro = bool(_PERSON_ITEM.search(kind))
        if not is_micro and not re.search(r"(?:^|\s|:|/)Person\b", typeof):
            continue
        attribute = "itemprop" if is_micro else "property"
        if any(
            _FOREIGN_ITEM.search(up.get("itemtype") or "schema.org/" + (up.get("typeof") or "-"))
            for up in node.iterancestors()
        ):
            continue
        if (node.get(attribute) or "").rsplit(":", 1)[-1] in (
            "author",
            "reviewer",
            "creator",
            "performer",
            "alumni",
            "sponsor",
            "actor",
        ):
            continue
        values = _properties(node, attribute)
        if "role" in values or "title" in values:
            values.setdefault("jobTitle", values.get("role") or values.get("title") or "")
        data: dict[str, Any] = {**values, "worksFor": values.get("worksFor") or values.get("affiliation")}
        data["sameAs"] = [values.get("sameAs"), values.get("url")]
        person = _person(data, node.get(attribute) or "")
        if person is not None:
            yield person


def _properties(node: etree._Element, attribute: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in node.iter():
        if not isinstance(part.tag, str) or part is node:
            continue
        for name in (part.get(attribute) or "").split():
            name = name.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
            value = (
                part.get("content")
                or (part.get("href") if name in ("sameAs", "url", "email") else None)
                or tidy("".join(part.itertext()))
            )
            if name in ("jobTitle", "title") and name in values:
                values[name] += f", {value[:100]}"
            values.setdefault(name, (value or "")[:200])
    return values


def _cards(root: etree._Element) -> Iterator[StructuredPerson]:
    """HCard (`vcard`: `fn`, `title`, `role`, `org`) and h-card (`p-name`, `p-job-title`, `p-role`, `p-org`)."""
    seen = 0
    for node in root.iterfind(".//*[@class]"):
        classes = (node.get("class") or "").split()
        if not classes or not ("vcard" in classes or "h-card" in classes):
            continue
        seen += 1
        if seen > MAX_PEOPLE:
            return
        if "author" in classes or any(
            up.tag == "article" or "hentry" in (up.get("class") or "") or "h-entry" in (up.get("class") or "")
            for up in node.iterancestors()
        ):
            continue
        values: dict[str, str] = {}
        for part in node.iter():
            for name in (part.get("class") or "").split() if isinstance(part.tag, str) and part is not node else ():
                if name in ("fn", "p-name", "title", "role", "p-job-title", "p-role", "org", "p-org"):
                    values.setdefault(name, tidy("".join(part.itertext()))[:200])
        title = values.get("title") or values.get("p-job-title") or values.get("role") or values.get("p-role")
        if title:
            person = _person(
                {
                    "name": values.get("fn") or values.get("p-name"),
                    "jobTitle": title,
                    "worksFor": values.get("org") or values.get("p-org"),
                },
                "",
            )
            if person is not None:
                yield person
