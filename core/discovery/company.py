"""What a site calls its company: to tell "CEO of us" from "CEO of somebody else"."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from core.discovery.document import Document
from core.text.lexicons import alternatives, any_word
from core.text.name_words import COMMON
from core.text.title_words import REGIONS
from core.text.titles import fold
from core.text.web_addresses import registrable_domain

_MAX_NAMES = 100
"""Names a site gives its company, at most: the first ones."""
_MAX_LINKED_DATA = 200_000
"""Characters of one block of structured data that is looked at for the company's name."""
_ORGANISATION = re.compile(r"Organization|Business|Corporation|WebSite|Contractor|Agent|Service|Store|Company")
_LEGAL = re.compile(rf"\b(?:{any_word('companies.legal_forms')}|{alternatives('companies.dropped_from_names')})\b")
_OWN_WORDS = re.compile(
    rf"^(?:(?:{any_word('companies.before_ourselves')}) )?(?:{alternatives('companies.ourselves')})$"
)
_TITLE_PARTS = re.compile(r"\s+[|–—\-:·•»]\s+|\s*[|:»]\s*")
_LOGO = re.compile(rf"(?i)\b(?:{any_word('companies.logo')})\b(?: (?:{any_word('companies.logo_of')})\b)?")
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)\s*(?:©|\(c\))?\s*(?:(?:19|20)\d\d)?(?:\s*[-–]\s*(?:(?:19|20)\d\d|"
    r"present))?[\s,]{0,5}(?:by\s+)?([^|.©\d]{3,40}?)"
    rf"(?:[.,|©\d]|\s[-–]\s|{any_word('companies.all_rights')}|$)",
    re.IGNORECASE,
)
_ARTICLES = re.compile(rf"^(?:{alternatives('companies.articles')})\s+")


def _bare(text: str) -> str:
    folded = re.sub(r"[.,'’\"®™()]", " ", fold(text)).replace("-", " ")
    return re.sub(r"\s+", " ", _LEGAL.sub(" ", folded)).strip()


def _joined(text: str) -> str:
    return re.sub(r"[^\w]", "", text)


@dataclass(frozen=True)
class Company:
    """Names of one company, bare of legal forms and folded, and its domain's own part."""

    names: frozenset[str]
    label: str

    @cached_property
    def _spellings(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Each name without spaces, and its words that no other company has."""
        return tuple(
            (_joined(name), frozenset(word for word in name.split() if len(word) >= 4 and word not in COMMON))
            for name in self.names
        )

    @cached_property
    def _initials(self) -> frozenset[str]:
        """The first letters of names of several words."""
        return frozenset("".join(word[0] for word in name.split()) for name in self.names if " " in name)

    def without_name(self, title: str) -> str | None:
        """Return a title without the company's own name or initials at its beginning or end; None: it has none."""
        tokens = title.split()
        for size in range(min(4, len(tokens) - 1), 0, -1):
            for own, rest in ((tokens[-size:], tokens[:-size]), (tokens[:size], tokens[size:])):
                text = " ".join(own)
                if text[:1].isupper() and (self.is_called(text) or _joined(fold(text)) in self._initials):
                    return " ".join(rest)
        return None

    def _is_sister(self, words: list[str]) -> bool:
        """Another company of the group: its name goes on behind the whole of ours with a word that is no usual one."""
        for own in map(str.split, self.names):
            more = words[len(own) :]
            if (
                words[: len(own)] == own
                and more
                and not any(" ".join(words).startswith(name) for name in self.names if len(name.split()) > len(own))
            ):
                return all(word not in COMMON and word not in REGIONS and len(word) > 3 for word in more)
        return False

    def is_called(self, text: str) -> bool:
        """Return whether a text is one of the company's names."""
        joined = _joined(_bare(text))
        return joined == self.label or any(joined == own for own, _ in self._spellings)

    def bears(self, family: str) -> bool:
        """Return whether the company is called after a person with this family name."""
        own = _joined(_bare(family))
        if len(own) < 4 or own in COMMON:
            return False
        return any(own in name.split() for name in self.names) or (len(own) >= 5 and self.label.startswith(own))

    def is_own(self, place: str) -> bool:
        """Return whether an organisation named in a title is this company (or "the company")."""
        bare = _bare(place)
        if _OWN_WORDS.match(fold(place).strip(" .")) or not bare:
            return True
        bare = _ARTICLES.sub("", bare)
        joined = _joined(bare)
        if self._is_sister(bare.split()):
            return False
        if len(joined) >= 3 and len(self.label) >= 4 and (joined in self.label or self.label in joined):
            return True
        if 2 <= len(joined) <= 6 and joined in self._initials:
            return True
        words = set(bare.split())
        for own, distinctive in self._spellings:
            if (
                joined == own
                or (len(own) >= 4 and joined.startswith(own))
                or (len(joined) >= 4 and own.startswith(joined))
            ):
                return True
            if distinctive and distinctive <= words:
                return True
        return False


@dataclass(frozen=True)
class Signs:
    """What one page says of the company's name.

    Attributes:
        label: of its domain; "" where that is an address or this machine.
        titles: parts of its `<title>`.
        names: all else, bare.
    """

    label: str
    titles: tuple[str, ...]
    names: tuple[str, ...]


def of_site(documents: Iterable[tuple[str, Document]]) -> Company:
    """Collect what a site calls itself: domain, `<title>`, `og:site_name`, structured data, copyright lines.

    Args:
        documents: the address and content of the site's pages, the home page first.
    """
    return company_of(signs_of(url, document, is_home=not index) for index, (url, document) in enumerate(documents))


def signs_of(url: str, document: Document, *, is_home: bool) -> Signs:
    """Collect what a page says of the company's name; its logo counts on the home page."""
    host = urlsplit(url).hostname or ""
    label = "" if re.fullmatch(r"[\d.:]+|localhost", host) else _joined(fold(registrable_domain(host).split(".")[0]))
    found = [
        meta.get("content") or ""
        for meta in document.root.iter("meta")
        if (meta.get("property") or meta.get("name")) in ("og:site_name", "application-name")
    ]
    found.extend(_logos(document) if is_home else ())
    found.extend(_organisations(document))
    found.extend(_copyright(document))
    return Signs(label, tuple(filter(None, _TITLE_PARTS.split(document.title))), _names(found))


def company_of(signs: Iterable[Signs]) -> Company:
    """Put together what a site's pages say; of titles that of the home page, and what stands in several."""
    names: dict[str, None] = {}
    label = ""
    titles: Counter[str] = Counter()
    for index, page in enumerate(signs):
        label = label or page.label
        titles.update(set(page.titles))
        own = _names(page.titles if index == 0 else [part for part in page.titles if titles[part] > 1])
        names |= dict.fromkeys((*own, *page.names))
    return Company(frozenset(islice(names, _MAX_NAMES)), label)


def _names(found: Iterable[str]) -> tuple[str, ...]:
    bare = dict.fromkeys(map(_bare, found))
    named = (name for name in bare if 3 <= len(name) <= 40 and not all(word in COMMON for word in name.split()))
    return tuple(islice(named, _MAX_NAMES))


def _logos(document: Document) -> list[str]:
    """What the picture that leads home says: "Acme logo"."""
    found: list[str] = []
    for link in document.root.iter("a"):
        if (link.get("href") or "-").rstrip("/") in ("", "#", ".", "index.html", "/index.html", "home"):
            found.extend(_LOGO.sub("", image.get("alt") or "").strip() for image in link.iter("img"))
    return found[:4]


def _copyright(document: Document) -> list[str]:
    matched = (_COPYRIGHT.search(line.text) for line in document.lines[-25:])
    return [found[1].strip() for found in matched if found is not None]


def _organisations(document: Document) -> list[str]:
    """What the structured data calls a company or its site."""
    found: list[str] = []
    for item in _linked_data(document):
        name = item.get("name")
        if isinstance(name, str) and _ORGANISATION.search(str(item.get("@type", ""))):
            found.append(name)
    return found


def _linked_data(document: Document) -> Iterator[dict[str, Any]]:
    """The outermost objects of a page's JSON-LD, or those of its graph."""
    for script in document.root.iter("script"):
        kind, text = (script.get("type") or "").lower(), script.text
        if kind != "application/ld+json" or not text or len(text) >= _MAX_LINKED_DATA:
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        items = data.get("@graph", [data]) if isinstance(data, dict) else data
        if isinstance(items, list):
            yield from (item for item in items if isinstance(item, dict))
