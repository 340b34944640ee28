"""The people one page names: structured data, blocks, lines and sentences, each judged where it stands."""

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from core.discovery import executives, prose
from core.discovery.blocks import Entry, Readings, entries
from core.discovery.company import Company
from core.discovery.document import Document, TextLine
from core.discovery.line_reading import read_line
from core.discovery.mentions import Doubt, ExtractionMethod, Mention, PageFindings, PageKind
from core.discovery.page_details import PageDetails
from core.discovery.page_kinds import kind_of
from core.discovery.single_names import completed
from core.discovery.structured import StructuredPerson, structured_people
from core.text.lexicons import alternatives
from core.text.name_words import GIVEN
from core.text.names import PersonName
from core.text.titles import Title, fold, read_title

MAX_MENTIONS = 400
"""Mentions kept of one page; more people with titles than that are a directory."""
_MAX_PROSE = 60_000
"""Characters of one page's sentences with titles that are read; pages about people have a tenth of that."""
_CARD = 8
"""Lines of an element that is one person's at most, where their name is also the company's."""
_NOUN = re.compile(rf"\b(?:{alternatives('lines.before_nouns')})\s([^\W\d_]{{3,40}})(?![\w@])")
"""A word behind an article, which names of people have not."""


def extract(
    document: Document, url: str, company: Company, *, is_home: bool = False, by_chance: bool = False
) -> PageFindings:
    """Find the people a page names.

    Args:
        document: the parsed page.
        url: its address.
        company: what the site calls itself.
        is_home: it is the site's home page.
        by_chance: nothing spoke for reading it, so only a section about the company's own people counts.

    Returns:
        Mentions in reading order, those that are no executives of this company with their doubts.
    """
    heading = next((line.text for line in document.lines if line.level in (1, 2) and line.zone == "main"), "")
    kind = kind_of(url, document.title, heading, is_home=is_home)
    if kind is PageKind.OTHER and read_line(heading, (heading,)).names:
        kind = PageKind.PEOPLE
    page = _Page(document, company, kind, by_chance, url)
    mentions = [*page.structured(), *page.blocks(), *page.sentences()][:MAX_MENTIONS]
    mentions = executives.doubting_directories(executives.settled_placeholders(mentions))
    untitled = tuple(name.text for name in page.untitled_names())[:60]
    return PageFindings(url, kind, tuple(mentions), untitled)


class _Heading(NamedTuple):
    """A heading, its level (7: a line in bold), and the line with which what it introduces is over."""

    level: int
    end: int
    text: str


@dataclass
class _Page:
    document: Document
    company: Company
    kind: PageKind
    by_chance: bool = False
    url: str = ""

    @cached_property
    def readings(self) -> Readings:
        return Readings.of(self.document)

    @cached_property
    def entries(self) -> list[Entry]:
        found = entries(self.readings)
        return [entry for entry in found if self._is_plausible(entry.name) and not self._is_company(entry)]

    @cached_property
    def _plain_words(self) -> frozenset[str]:
        """Words the page writes in lower case, or behind an article: a "name" made of such words is a heading."""
        found: set[str] = set()
        for line in self.document.lines:
            if len(line.text) > 40:
                found.update(re.findall(r"(?<![\w@./-])[a-zß-öø-ÿ]{3,}(?![\w@])", line.text))
                found.update(_NOUN.findall(line.text))
        return frozenset(map(fold, found))

    def _is_company(self, entry: Entry) -> bool:
        """A heading that is the company's own name, where no card of its own says that it is also a person's."""
        if not self.company.is_called(entry.name.text):
            return False
        return entry.title_line != entry.line and not (entry.block >= 0 and entry.end - entry.start <= _CARD)

    def _is_plausible(self, name: PersonName) -> bool:
        if executives.is_stand_in(name.text, ""):
            return True
        if not name.family:
            return fold(name.given) not in self._plain_words
        words = [fold(word).strip(".") for word in name.text.split() if len(word) > 2]
        return not all(word in self._plain_words and word not in GIVEN for word in words)

    @cached_property
    def headings(self) -> list[tuple[str, ...]]:
        """For each line the headings above it, outermost first. Names and their titles are no headings."""
        titles = {entry.title_line for entry in self.entries if entry.title is not None and not entry.by_label}
        peopled = [entry.line for entry in self.entries]
        stack: list[_Heading] = []
        found: list[tuple[str, ...]] = []
        for line in self.document.lines:
            while stack and stack[-1].end <= line.index:
                stack.pop()
            if self._is_heading(line, titles):
                self._put_under(stack, line, peopled)
            found.append(tuple(heading.text for heading in stack))
        return found

    def _put_under(self, stack: list[_Heading], line: TextLine, peopled: list[int]) -> None:
        """Put a heading below those of a higher level; the home page's first one speaks for nothing."""
        level = line.level or 7
        while stack and stack[-1].level >= level:
            stack.pop()
        if not (self.kind is PageKind.HOME and level == 1):
            stack.append(_Heading(level, self._scope(line.block, peopled), line.text))

    def _is_heading(self, line: TextLine, titles: set[int]) -> bool:
        """A heading, a short line in bold, or a line that says "Our team": no name, no person's title, no menu."""
        looks = line.level > 0 or executives.announces_people(line.text)
        looks = looks or (line.strong and len(line.text) <= 80 and line.tag not in ("td", "button", "figcaption"))
        if not looks or line.zone == "nav" or line.index in titles or self.readings.by_line[line.index].names:
            return False
        return any(char.isalnum() for char in line.text)

    def _scope(self, block: int, peopled: list[int]) -> int:
        """A heading inside a section that names people says nothing about what follows the section."""
        for around in self.document.ancestors(block):
            element = self.document.blocks[around]
            if element.tag in ("section", "aside", "footer", "article"):
                first = bisect_left(peopled, element.start)
                if first < len(peopled) and peopled[first] < element.end:
                    return element.end
        return len(self.document.lines) + 1

    @cached_property
    def _lines_of_others(self) -> list[int]:
        return executives.lines_of_others(self.document, self.company)

    @cached_property
    def _contact_details(self) -> PageDetails:
        return PageDetails(
            self.document, self.entries, self.company, urlsplit(self.url).hostname or "", self.kind is PageKind.PEOPLE
        )

    def untitled_names(self) -> list[PersonName]:
        """Names without a title that are neither the company's own name nor in the page's header or foot."""
        return [
            entry.name
            for entry in self.entries
            if entry.title is None
            and self.document.lines[entry.line].zone == "main"
            and not self.company.is_called(entry.name.text)
        ]

    def blocks(self) -> list[Mention]:
        """People by name and title in blocks and lines."""
        found: list[Mention] = []
        titled = {entry.name.key for entry in self.entries if entry.title is not None}
        for entry in self.entries:
            title, how = entry.title, ExtractionMethod.CARD
            if title is None:
                if entry.name.key in titled:
                    continue
                title, how = self._title_from_text(entry), ExtractionMethod.PROSE
            elif not title.is_president and title.role is None and (said := self._title_from_text(entry)) is not None:
                title, how = (said, ExtractionMethod.PROSE) if said.role is not None else (title, how)
            elif entry.by_label:
                how = ExtractionMethod.LABEL
            elif entry.title_line == entry.line:
                how = ExtractionMethod.LINE
            if title is None:
                continue
            found.append(self._mention(entry, title, how, several=len(titled) > 1))
            if len(found) >= MAX_MENTIONS:
                break
        return found

    def _title_from_text(self, entry: Entry) -> Title | None:
        for line in self.document.lines[entry.line + 1 : min(entry.end, entry.line + 5)]:
            if len(line.text) > 30:
                title = prose.own_statement(line.text, entry.name)
                if title is not None:
                    return title
        return None

    def _mention(self, entry: Entry, title: Title, how: ExtractionMethod, *, several: bool) -> Mention:
        bare = self.company.without_name(title.text) if not title.is_top else None
        if bare is not None and read_title(bare).is_top:
            title = replace(read_title(bare), text=title.text)
        headings = self.headings[entry.line]
        own_section = executives.is_own_section(headings)
        contact = self._contact_details.of(entry)
        doubts = self._place_doubts(
            headings,
            title,
            own_section=own_section or contact.linkedin_url is not None or executives.is_about_section(headings),
            several=several,
            how=how,
            outside=executives.is_outside_director(
                self.document, entry.line, max(entry.title_line, entry.line), entry.end, self.company
            ),
        )
        doubts |= executives.title_doubts(title, self.company)
        doubts |= executives.surroundings_doubts(
            self.document,
            entry.line,
            entry.title_line,
            entry.start,
            entry.end,
            kind=self.kind,
            own_section=own_section,
            others=self._lines_of_others,
        )
        if executives.is_stand_in(entry.name.text, ""):
            doubts.add(Doubt.PLACEHOLDER)
        doubts -= self._settled_doubts(entry.name, title, headings)
        low = min(entry.line, entry.title_line) if entry.title_line >= 0 else entry.line
        high = max(entry.line, entry.title_line) + 1
        return Mention(
            name=completed(entry.name, (link.href for link in self._contact_details.links_of(entry))),
            title=title,
            found=how,
            line=entry.line,
            evidence=self.document.text(low, high, 240)
            if high - low <= 6
            else f"{self.document.lines[entry.line].text} … {title.text}"[:240],
            section=headings[-1] if headings else "",
            in_own_section=own_section,
            contact=contact,
            doubts=frozenset(doubts),
        )

    def _settled_doubts(self, name: PersonName, title: Title, headings: tuple[str, ...]) -> set[Doubt]:
        """Doubts about the place that the company's name settles: it is the person's, or stands in their title."""
        if executives.section_doubt(headings) is not None or self.kind is PageKind.STORY:
            return set()
        is_own_place = title.place is not None and self.company.is_own(title.place)
        if is_own_place or (title.place is None and self.company.bears(name.family)):
            return {Doubt.CUSTOMER, Doubt.OFF_TOPIC}
        return set()

    def _place_doubts(
        self,
        headings: tuple[str, ...],
        title: Title,
        *,
        own_section: bool,
        several: bool,
        how: ExtractionMethod,
        outside: bool = False,
    ) -> set[Doubt]:
        """Judge the page and the section."""
        doubts: set[Doubt] = set()
        doubt = executives.section_doubt(headings)
        if doubt is Doubt.BOARD:
            if title.role is None or outside:
                doubts.add(Doubt.BOARD)
        elif doubt is not None:
            doubts.add(doubt)
        if self.kind is PageKind.STORY:
            doubts.add(Doubt.OFF_TOPIC)
        if not own_section and how in (ExtractionMethod.CARD, ExtractionMethod.LINE):
            own_place = title.place is not None and self.company.is_own(title.place)
            if not own_place and (
                self.kind is PageKind.HOME or (self.kind is PageKind.OTHER and (self.by_chance or not several))
            ):
                doubts.add(Doubt.OFF_TOPIC)
        return doubts

    def sentences(self) -> list[Mention]:
        """People by sentences, on pages about the company and its people."""
        if self.kind in (PageKind.STORY, PageKind.OTHER):
            return []
        found: list[Mention] = []
        read = 0
        for line in self.document.lines:
            if len(line.text) < 20 or line.zone == "nav" or self.readings.by_line[line.index].names:
                continue
            if not prose.is_telling(line.text[:2000]):
                continue
            read += min(len(line.text), 2000)
            if read > _MAX_PROSE:
                break
            said = prose.statements(line.text[:2000])
            found.extend(self._stated(statement, line) for statement in said if self._is_plausible(statement.name))
            if len(found) >= MAX_MENTIONS:
                break
        return found

    def _stated(self, statement: prose.Statement, line: TextLine) -> Mention:
        headings, title = self.headings[line.index], statement.title
        own_section = executives.is_own_section(headings)
        doubts = self._place_doubts(headings, title, own_section=own_section, several=True, how=ExtractionMethod.PROSE)
        if not (statement.is_first_person and self.kind in (PageKind.ABOUT, PageKind.PEOPLE)):
            doubts |= executives.title_doubts(title, self.company)
        at = line.index
        doubts |= executives.surroundings_doubts(
            self.document, at, at, at, at + 1, kind=self.kind, own_section=False, others=self._lines_of_others
        )
        is_own_place = title.place is not None and self.company.is_own(title.place)
        if self.kind is PageKind.HOME and not statement.is_ours and not is_own_place:
            doubts.add(Doubt.OFF_TOPIC)
        if executives.is_stand_in(statement.name.text, line.text):
            doubts.add(Doubt.PLACEHOLDER)
        doubts -= self._settled_doubts(statement.name, title, headings)
        return Mention(
            name=statement.name,
            title=title,
            found=ExtractionMethod.PROSE,
            line=at,
            evidence=statement.evidence[:240],
            section=headings[-1] if headings else "",
            doubts=frozenset(doubts),
        )

    def structured(self) -> list[Mention]:
        """People by structured data."""
        return [
            mention
            for person in structured_people(self.document.root)
            if (mention := self._from_data(person)) is not None
        ]

    def _from_data(self, person: StructuredPerson) -> Mention | None:
        text = person.title or ("Founder" if person.relation.startswith("founder") else "")
        title = read_title(text)
        if not text or not title.is_title:
            return None
        doubts = executives.title_doubts(title, self.company)
        if person.organisation and not self.company.is_own(person.organisation):
            doubts.add(Doubt.ELSEWHERE)
        if self.kind is PageKind.STORY and not person.relation:
            doubts.add(Doubt.OFF_TOPIC)
        if executives.is_stand_in(person.name.text, ""):
            doubts.add(Doubt.PLACEHOLDER)
        return Mention(
            person.name,
            title,
            ExtractionMethod.STRUCTURED,
            -1,
            person.evidence,
            "",
            True,
            person.contact,
            frozenset(doubts),
        )
