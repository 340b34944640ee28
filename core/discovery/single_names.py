"""Names of one word, which a card shows where others show whole ones: "Anna" above "CEO", "Mr. Rashed", "Jane doe".

Most single words are no names, so one is taken only where it stands directly beside a title that decides, and where
something else speaks for it: a form of address, a list of given names, an address or profile in its card that is
called so, or cards of the same make beside it whose names are whole.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from core.discovery.document import Document, Link, TextLine
from core.discovery.line_reading import LineReading
from core.text.lexicons import folded
from core.text.names import PersonName, read_name, read_single
from core.text.titles import fold

_MAX_CHARS = 30
_FEW = 3
"""Cards of one make that are enough to know what stands in them."""
_NEAR = 4
"""Lines around a name in which its links stand."""
_LINKS = 12
"""Links looked at for one name."""
_GIVEN = folded("cells.given_names")
_HANDLE = re.compile(r"^(?:mailto:|(?:https?:)?//(?:[a-z]{2,3}\.)?linkedin\.com/in/)([\w.%+-]{2,60})", re.IGNORECASE)
_PARTS = re.compile(r"[._%+\d-]+")

Make = tuple[str, int, bool, int]
"""How a line is made: tag, level, bold or not; and on which side its title stands."""


def read_singles(document: Document, by_line: Sequence[LineReading]) -> dict[int, PersonName]:
    """Find names of one word.

    Args:
        document: the page.
        by_line: what each line says, read by itself.

    Returns:
        Names by the index of their line.
    """
    found: dict[int, tuple[PersonName, Make]] = {}
    makes: Counter[Make] = Counter()
    singles: Counter[Make] = Counter()
    for line in document.lines:
        side = _title_beside(line, document, by_line)
        if side == 0:
            continue
        make = (line.tag, line.level, line.strong, side)
        name = by_line[line.index].name
        single = _single(line, by_line[line.index]) if name is None else None
        if name is not None:
            makes[make] += 1
        elif single is not None:
            found[line.index] = (single, make)
            singles[make] += 1
    if not found:
        return {}
    handles = _Handles(document.links)
    return {
        at: name
        for at, (name, make) in found.items()
        if not name.given
        or _is_called(name, makes[make] + singles[make] if makes[make] else 0, handles, at)
        or _is_told_of(name, at, document)
    }


def _single(line: TextLine, reading: LineReading) -> PersonName | None:
    if len(line.text) > _MAX_CHARS or line.zone != "main" or reading.names or reading.title or reading.listed:
        return None
    return read_single(line.text)


def _title_beside(line: TextLine, document: Document, by_line: Sequence[LineReading]) -> int:
    """Return 1 where a title that decides stands directly below a line, -1 directly above, 0 elsewhere."""
    if len(line.text) > _MAX_CHARS:
        return 0
    for side in (1, -1):
        at = line.index + side
        title = by_line[at].title if 0 <= at < len(by_line) else None
        if title is not None and title.is_top and not by_line[at].is_label:
            beyond = at + side
            if 0 <= beyond < len(by_line) and by_line[beyond].names and side == -1:
                continue
            beside = document.lines[at]
            if beside.zone == line.zone and (side == 1 or line.level >= beside.level):
                return side
    return 0


def _is_called(name: PersonName, alike: int, handles: "_Handles", at: int) -> bool:
    """Something else says that a word is somebody's name."""
    folded_name = fold(name.given)
    return alike >= _FEW or folded_name in _GIVEN or any(folded_name in parts for parts in handles.near(at))


def _is_told_of(name: PersonName, at: int, document: Document) -> bool:
    """A text below a word begins with it and goes on in small letters: "Anna leads our sales since 2010"."""
    for line in document.lines[at + 1 : at + _NEAR]:
        first, _, rest = line.text.partition(" ")
        if len(line.text) > _MAX_CHARS and first == name.given and rest[:1].islower():
            return True
    return False


class _Handles:
    """The names of mailboxes and profiles that a page links to, in parts, by where they stand."""

    def __init__(self, links: Iterable[Link]) -> None:
        found = [(link.position, parts) for link in links if (parts := handle_parts(link.href))]
        found.sort(key=lambda entry: entry[0])
        self._positions = [position for position, _ in found]
        self._parts = [parts for _, parts in found]

    def near(self, line: int) -> list[tuple[str, ...]]:
        """Those that stand a few lines around a line."""
        low = bisect_left(self._positions, line - _NEAR)
        high = bisect_left(self._positions, line + _NEAR + 1)
        return self._parts[low : min(high, low + _LINKS)]


def handle_parts(href: str) -> tuple[str, ...]:
    """Return the words of a mailbox's or a profile's name, without accents: "anna", "schmidt"."""
    matched = _HANDLE.match(href.strip())
    if matched is None:
        return ()
    return tuple(filter(None, _PARTS.split(fold(unquote(matched[1])))))


def completed(name: PersonName, hrefs: Iterable[str]) -> PersonName:
    """Return a given name with the family name that its owner's mailbox or profile adds: "anna.schmidt@..."."""
    if name.family or not name.given:
        return name
    for href in hrefs:
        parts = [part for part in handle_parts(href) if part.isalpha() and len(part) > 1]
        if len(parts) == 2 and parts[0] == fold(name.given):
            whole = read_name(f"{name.given} {parts[1].capitalize()}")
            if whole is not None:
                return whole
    return name
