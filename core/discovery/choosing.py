"""What a language model may be asked about a page: which of its names holds which of its titles.

Only where a page has a title that decides and the rules gave it to nobody. The model sees numbered names and titles,
all copied from the page, and answers with numbers; what it says of anything else is dropped, so it cannot name anybody
whom the page does not name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.discovery.document import Document, TextLine
from core.discovery.mentions import ExtractionMethod, Mention, PageFindings, PageKind
from core.text.lexicons import alternatives
from core.text.names import PersonName, read_name
from core.text.title_words import CONNECTORS
from core.text.titles import Title, fold, may_hold_title, read_title

_ASKED = frozenset({PageKind.PEOPLE, PageKind.ABOUT, PageKind.IMPRINT, PageKind.CONTACT})
_NAMES, _TITLES, _TEXT = 60, 20, 6_000
"""Names and titles offered of one page, and characters of its text shown, at most."""
_READ = 60_000
"""Characters of lines with titles that are gone through, at most; pages about people have a tenth of that."""
_CAPITALS = re.compile(
    r"[^\W\d_a-zß-öø-ÿ][\w'’.-]{0,60}+"
    rf"(?:\s+(?:(?:{alternatives('sentences.particles')})\s+){{0,4}}[^\W\d_a-zß-öø-ÿ][\w'’.-]{{0,60}}+)++"
)

ChosenPairs = tuple[tuple[str, str], ...]
"""Ids of a name and of a title, each pair one person."""


@dataclass(frozen=True)
class PageQuestion:
    """A page in doubt.

    Attributes:
        names: by id ("n1"), with the line each stands in.
        titles: by id ("t1"), with the line each stands in.
        text: the lines around them, in reading order.
    """

    names: dict[str, tuple[PersonName, int]]
    titles: dict[str, tuple[Title, int]]
    text: str


def question_of(document: Document, findings: PageFindings) -> PageQuestion | None:
    """Ask about a page whose deciding titles the rules gave to nobody; None where there is nothing to choose."""
    if findings.kind not in _ASKED or any(m.title.role is not None and not m.doubts for m in findings.mentions):
        return None
    offer = _Offer(frozenset(mention.name.key for mention in findings.mentions if mention.doubts))
    for line in document.lines:
        if line.zone != "nav" and not line.reviewed:
            offer.take(line)
    text = "\n".join(document.lines[at].text[:400] for at in offer.shown)[:_TEXT]
    return PageQuestion(offer.names, offer.titles, text) if offer.names and offer.titles else None


@dataclass
class _Offer:
    """What is offered of a page so far: names by id, titles by id, and the lines in which there is something to see.

    Attributes:
        doubted: keys of names that are not offered, since they are doubted.
        read: characters of lines with titles that were gone through.
    """

    doubted: frozenset[str]
    names: dict[str, tuple[PersonName, int]] = field(default_factory=dict)
    titles: dict[str, tuple[Title, int]] = field(default_factory=dict)
    shown: list[int] = field(default_factory=list)
    read: int = 0

    def take(self, line: TextLine) -> None:
        """Offer the names and titles of a line."""
        names = [name for name in _names_in(line.text) if name.key not in self.doubted]
        titles: list[Title] = []
        if may_hold_title(line.text):
            self.read += len(line.text)
            titles = _titles_in(line.text) if self.read <= _READ else []
        self._take_names(names[: _NAMES - len(self.names)], line.index)
        for title in titles[: _TITLES - len(self.titles)]:
            self.titles[f"t{len(self.titles) + 1}"] = (title, line.index)
        if names or titles:
            self.shown.append(line.index)

    def _take_names(self, names: list[PersonName], line: int) -> None:
        for name in names:
            if name.key not in {known.key for known, _ in self.names.values()}:
                self.names[f"n{len(self.names) + 1}"] = (name, line)


def _names_in(text: str) -> list[PersonName]:
    found = [read_name(" ".join(run[0].split()[:4])) for run in _CAPITALS.finditer(text[:2_000])]
    return [name for name in found if name is not None]


def _titles_in(text: str) -> list[Title]:
    """Find the longest runs of words that are a role and nothing else."""
    if not may_hold_title(text):
        return []
    words, found, at = text[:2_000].split(), [], 0
    telling = [may_hold_title(word) for word in words]
    while at < len(words):
        if fold(words[at]) in CONNECTORS or not any(telling[at : at + 6]):
            at += 1
            continue
        spans = (" ".join(words[at : at + length]).strip(" .,;:()") for length in range(6, 0, -1))
        title = next((read for span in spans if span and (read := read_title(span)).role and _is_bare(read)), None)
        found.extend([title] if title is not None else [])
        at += len(title.text.split()) if title is not None else 1
    return found


def _is_bare(title: Title) -> bool:
    return title.place is None and not title.is_past


def mentions_of(question: PageQuestion, pairs: Iterable[tuple[str, str]]) -> tuple[Mention, ...]:
    """Turn an answer into mentions; ids that the question does not have are dropped, and each name is taken once."""
    found: dict[str, Mention] = {}
    for name_id, title_id in pairs:
        if name_id not in question.names or title_id not in question.titles:
            continue
        (name, line), (title, other) = question.names[name_id], question.titles[title_id]
        evidence = f"{name.text} … {title.text}"
        found.setdefault(name_id, Mention(name, title, ExtractionMethod.CHOSEN, min(line, other), evidence))
    return tuple(found.values())
