"""Which links, addresses and numbers of a page are whose: those of a person's block, less what the company shares."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from core.discovery.blocks import Entry
from core.discovery.company import Company
from core.discovery.detail_reasons import DetailHolder
from core.discovery.document import Document, Link
from core.discovery.person_details import ContactDetails, addresses_in, details, linkedin_profile, numbers_in

_LARGE = 40
"""A block of more lines than this is a section, not somebody's own."""
_LINKS_WEIGHED = 400
"""Links looked at for one person, so that many people and many links do not multiply."""
_LINKS_OF_PAGE = 2_000
_NEIGHBOURS = 8
"""People before and after somebody with whom a handle is compared."""


@dataclass
class PageDetails:
    """The details of a page's people.

    Attributes:
        entries: the people, in reading order.
        host: of the page's address.
        is_about_people: the page is about the company's people, so a number in a card is somebody's own.
    """

    document: Document
    entries: Sequence[Entry]
    company: Company
    host: str
    is_about_people: bool

    @cached_property
    def _shared_details(self) -> frozenset[str]:
        """Profiles, addresses and numbers that stand with several people, or in the page's head or foot."""
        owners: dict[str, set[str]] = {}
        for entry in self.entries:
            for value in self._values(entry):
                owners.setdefault(value, set()).add(entry.name.key)
        shared = {value for value, keys in owners.items() if len(keys) > 1}
        return frozenset(shared) | self._company_numbers

    @cached_property
    def _company_numbers(self) -> frozenset[str]:
        """Numbers in the page's head and foot: the switchboard, wherever else they stand."""
        aside = ("header", "footer", "nav")
        links = [link for link in self.document.links[:_LINKS_OF_PAGE] if link.zone in aside]
        texts = [line.text for line in self.document.lines if line.zone in aside]
        return frozenset(numbers_in(links, texts))

    def _values(self, entry: Entry) -> Iterator[str]:
        """Yield what may be somebody's: profiles, addresses and numbers of their block."""
        links, texts = self.links_of(entry), self._texts_of(entry)
        yield from (profile.lower() for link in links if (profile := linkedin_profile(link.href)))
        yield from addresses_in(links, texts)
        yield from numbers_in(links, texts)

    def _texts_of(self, entry: Entry) -> list[str]:
        lines = self.document.lines[max(entry.start, entry.line - 6) : min(entry.end, entry.line + 12)]
        return [line.text for line in lines]

    @cached_property
    def _has_own_boxes(self) -> bool:
        """Several people of the page have an address that nobody else has."""
        return self._are_peoples(lambda entry: addresses_in(self.links_of(entry), self._texts_of(entry)))

    @cached_property
    def _has_own_numbers(self) -> bool:
        """Several people of the page have a number that nobody else has, or the page is about people."""
        return self.is_about_people or self._are_peoples(
            lambda entry: numbers_in(self.links_of(entry), self._texts_of(entry))
        )

    def _are_peoples(self, values: Callable[[Entry], Iterator[str]]) -> bool:
        owners: dict[str, set[str]] = {}
        for entry in self.entries:
            for value in values(entry):
                owners.setdefault(value, set()).add(entry.name.key)
        return len({min(keys) for keys in owners.values() if len(keys) == 1}) > 1

    @cached_property
    def _links(self) -> list[Link]:
        return sorted(self.document.links, key=lambda link: link.position)

    @cached_property
    def _positions(self) -> list[float]:
        return [float(link.position) for link in self._links]

    def links_of(self, entry: Entry) -> list[Link]:
        """The links that belong to a person, in reading order; at most 40, since nobody has more."""
        first, last = self._reach(entry)
        low = bisect_left(self._positions, first)
        high = min(bisect_right(self._positions, last), low + _LINKS_WEIGHED)
        return list(islice((link for link in self._links[low:high] if self._in_block(entry, link)), 40))

    def _reach(self, entry: Entry) -> tuple[float, float]:
        """Where a person's links stand at most: in all of their block, in a large one only beside them."""
        if entry.block >= 0 and entry.end - entry.start > _LARGE:
            return entry.line - 1.0, max(entry.title_line, entry.line) + 6.0
        return entry.start - 1.0, float(entry.end)

    def _in_block(self, entry: Entry, link: Link) -> bool:
        """Return whether a link belongs to a person: in their block, and not in the page's menu or foot."""
        position = link.position
        if link.zone in ("nav", "header", "footer") and link.zone != self.document.lines[entry.line].zone:
            return False
        if entry.block >= 0:
            return entry.end - entry.start > _LARGE or self.document.holds(entry.block, link.block)
        return entry.start <= position < entry.end

    def of(self, entry: Entry) -> ContactDetails:
        """Return what a person's block shows of them, each detail with why it is theirs."""
        links, texts = self.links_of(entry), self._texts_of(entry)
        others = [other.name for other in self._neighbours(entry)]
        owner = DetailHolder(
            name=entry.name,
            others=others,
            company=self.company,
            host=self.host,
            has_own_boxes=self._has_own_boxes,
            has_own_numbers=self._has_own_numbers,
        )
        return details(links, texts, shared=self._shared_details, owner=owner)

    def _neighbours(self, entry: Entry) -> list[Entry]:
        """The people named around somebody, a few."""
        at = bisect_left(self.entries, entry.line, key=lambda other: other.line)
        around = self.entries[max(at - _NEIGHBOURS, 0) : at + _NEIGHBOURS + 1]
        return [other for other in around if other.name.key != entry.name.key]
