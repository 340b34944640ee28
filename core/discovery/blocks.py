"""Names and titles that stand in different lines: which title is whose.

A person's block is the largest element that names nobody else; the title nearest to the name in it is theirs. Where
names and titles follow each other without such elements, the first of the run tells whether titles come after names or
before them. A title that introduces a list ("Geschäftsführer:") belongs to all names directly below it.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from core.discovery.cards import is_anothers
from core.discovery.document import Document
from core.discovery.line_reading import NOTHING, LineReading, read_line
from core.discovery.single_names import read_singles
from core.text.names import PersonName, read_name
from core.text.titles import Title, read_title

MAX_NAMES = 1_500
"""Names taken of one page; more are a directory."""
_AFTER, _BEFORE = 4, 3
"""How many lines a title may stand after and before its name."""


@dataclass
class Entry:
    """A name on the page, with its title where one was found, and the lines that are its block."""

    name: PersonName
    line: int
    title: Title | None = None
    title_line: int = -1
    start: int = 0
    end: int = 0
    block: int = -1
    by_label: bool = False


@dataclass
class Readings:
    """The page's lines as read, one by one."""

    document: Document
    by_line: list[LineReading] = field(default_factory=list)

    @cached_property
    def cells(self) -> dict[int, list[int]]:
        """Of each table row its cells, in order, by the indexes of their blocks."""
        found: dict[int, list[int]] = {}
        for index, block in enumerate(self.document.blocks):
            if block.tag in ("td", "th"):
                found.setdefault(block.parent, []).append(index)
        return found

    @classmethod
    def of(cls, document: Document) -> "Readings":
        """Read every line that is not part of the navigation."""
        found = [NOTHING if line.zone == "nav" else read_line(line.text, line.pieces) for line in document.lines]
        readings = cls(document, found)
        readings._join_broken_names()
        readings._drop_third_lines()
        for at, name in read_singles(document, readings.by_line).items():
            readings.by_line[at] = LineReading(name=name)
        return readings

    def _join_broken_names(self) -> None:
        """Read a heading of two lines, given name above family name, as one name."""
        for upper, lower in pairwise(self.document.lines):
            if upper.level and upper.block == lower.block and " " not in upper.text and " " not in lower.text:
                name = read_name(f"{upper.text} {lower.text}")
                if name is not None:
                    self.by_line[upper.index] = LineReading(name=name)

    def _drop_third_lines(self) -> None:
        """Below a name set apart and a title, a third line that looks like the title is a place, not a name."""
        lines = self.document.lines
        for upper, middle, lower in zip(lines, lines[1:], lines[2:], strict=False):
            first, second, third = (self.by_line[line.index] for line in (upper, middle, lower))
            if first.name is None or second.title is None or third.name is None:
                continue
            if upper.strong and not middle.strong and not lower.strong and middle.tag == lower.tag:
                self.by_line[lower.index] = NOTHING


def entries(readings: Readings) -> list[Entry]:
    """Find all names of a page with their titles, in reading order."""
    document = readings.document
    found: list[Entry] = []
    for index, reading in enumerate(readings.by_line):
        if reading.name is not None:
            found.append(Entry(reading.name, index))
        found.extend(Entry(name, index, title, index) for name, title in reading.pairs)
        found.extend(Entry(name, index) for name in reading.listed if index and _introduces(readings, index - 1))
    found = found[:MAX_NAMES]
    lines_of_names = _NameLines(found)
    for entry in found:
        _place(entry, document, lines_of_names)
    taken: set[int] = set()
    for entry in found:
        if entry.title is None:
            _own_title(entry, readings, lines_of_names, taken)
    _columns(found, readings, taken)
    _runs(found, readings, taken)
    _labels(found, readings, taken)
    return found


def _introduces(readings: Readings, line: int) -> bool:
    """Return whether a line is a label for the names below it: "Geschäftsführer:", "Vertreten durch"."""
    reading = readings.by_line[line]
    return reading.represents or (
        reading.title is not None
        and reading.title.is_top
        and (reading.is_label or readings.document.lines[line].strong)
    )


class _NameLines:
    """Which names stand in which lines, for asking whether an element names one person only."""

    def __init__(self, found: list[Entry]) -> None:
        self.lines = [entry.line for entry in found]
        self.keys = [entry.name.key for entry in found]
        self.run_ends = [len(found)] * len(found)
        for at in range(len(found) - 2, -1, -1):
            self.run_ends[at] = self.run_ends[at + 1] if self.keys[at] == self.keys[at + 1] else at + 1

    def only(self, key: str, start: int, end: int) -> bool:
        """Return whether the lines `start` to `end` name nobody but `key`."""
        low, high = bisect_left(self.lines, start), bisect_left(self.lines, end)
        return low >= high or (self.keys[low] == key and self.run_ends[low] >= high)

    def next_other(self, key: str, line: int, limit: int) -> int:
        """The first line after `line` that names somebody else, or `limit`."""
        at = bisect_right(self.lines, line)
        if at < len(self.lines) and self.keys[at] == key:
            at = self.run_ends[at]
        return self.lines[at] if at < len(self.lines) else limit


def _place(entry: Entry, document: Document, names: _NameLines) -> None:
    """Set the entry's block: the largest element that names only this person, else the lines up to the next name."""
    outermost = -1
    for block in document.ancestors(document.lines[entry.line].block):
        element = document.blocks[block]
        if not names.only(entry.name.key, element.start, element.end):
            break
        outermost = block
    if outermost >= 0 and document.blocks[outermost].end - document.blocks[outermost].start > 1:
        element = document.blocks[outermost]
        entry.block, entry.start, entry.end = outermost, element.start, element.end
        return
    entry.start = entry.line
    around = document.blocks[outermost].parent if outermost >= 0 else document.lines[entry.line].block
    limit = document.blocks[around].end if around >= 0 else len(document.lines)
    entry.end = min(names.next_other(entry.name.key, entry.line, limit), limit)
    entry.end = max(entry.end, entry.line + 1)


def _own_title(entry: Entry, readings: Readings, names: _NameLines, taken: set[int]) -> None:
    """Find the title inside the smallest element around the name that has one and names nobody else."""
    document = readings.document
    for block in document.ancestors(document.lines[entry.line].block):
        element = document.blocks[block]
        if not names.only(entry.name.key, element.start, element.end):
            return
        after = range(entry.line + 1, min(element.end, entry.line + 1 + _AFTER))
        before = range(entry.line - 1, max(element.start, entry.line - _BEFORE) - 1, -1)
        at = _first_title(after, readings, past=document.lines[entry.line].level)
        if at is None:
            at = _first_title(before, readings)
        if at is not None and is_anothers(entry.line, at, document):
            return
        if at is not None:
            _give(entry, at, readings, taken, element.end if at > entry.line else at + 1)
            return


def _first_title(lines: range, readings: Readings, *, past: int = 0) -> int | None:
    """The first line of a title, looked for past short lines only: a paragraph ends the search.

    So does a heading of the level `past` (0: none): what follows it is somebody else's.
    """
    for at in lines:
        reading, line = readings.by_line[at], readings.document.lines[at]
        if reading.title is not None and not reading.is_label:
            return at
        if (
            reading.names
            or len(line.text) > 120
            or (past and line.level == past and line.block != readings.document.lines[at - 1].block)
        ):
            return None
    return None


def _give(entry: Entry, at: int, readings: Readings, taken: set[int], end: int) -> None:
    """Return the entry the title of a line, with the titles of the lines directly below ("Founder" / "CEO")."""
    lines = readings.document.lines
    text = _title_text(readings, at)
    taken.add(at)
    last = at
    while last + 1 < min(end, at + 3):
        more = readings.by_line[last + 1].title
        if more is None or readings.by_line[last + 1].is_label or len(lines[last + 1].text) > 60 or not more.is_top:
            break
        last += 1
        taken.add(last)
        text = f"{text}, {lines[last].text}"
    entry.title, entry.title_line = read_title(text.strip(" \t,;:|-–—•*")), last


def _title_text(readings: Readings, line: int) -> str:
    """The line as it stands, or only its title where the line goes on after it."""
    reading = readings.by_line[line]
    title, text = reading.title, readings.document.lines[line].text
    return title.text if title is not None and (reading.is_part or len(title.text) + 10 < len(text)) else text


def _columns(found: list[Entry], readings: Readings, taken: set[int]) -> None:
    """Pair names with the titles below them in the same column of a table, where a whole row is names."""
    document = readings.document
    cells = readings.cells
    rows: dict[int, list[int]] = {}
    for index, block in enumerate(document.blocks):
        if block.tag == "tr":
            rows.setdefault(block.parent, []).append(index)
    next_rows = {row: following for table in rows.values() for row, following in pairwise(table)}
    for entry in found:
        if entry.title is not None:
            continue
        cell = next(
            (
                block
                for block in document.ancestors(document.lines[entry.line].block)
                if document.blocks[block].tag in ("td", "th")
            ),
            -1,
        )
        row = document.blocks[cell].parent if cell >= 0 else -1
        below = cells.get(next_rows.get(row, -1), [])
        if len(below) < 2 or len(below) != len(cells[row]):
            continue
        under = document.blocks[below[bisect_left(cells[row], cell)]]  # cells come in the order of their indexes
        at = _first_title(range(under.start, under.end), readings)
        if at is not None and at not in taken:
            _give(entry, at, readings, taken, under.end)


def _runs(found: list[Entry], readings: Readings, taken: set[int]) -> None:
    """Pair names and titles that alternate without an element around each pair.

    Where others have their titles in an element of their own, somebody with such an element has none beyond it.
    """
    document = readings.document
    framed = Counter(
        document.blocks[entry.block].tag
        for entry in found
        if entry.block >= 0 and entry.title is not None and entry.start <= entry.title_line < entry.end
    )
    position = 0
    while position < len(found):
        block = found[position].block
        is_framed = block >= 0 and framed[document.blocks[block].tag] > 1
        if found[position].title is not None or is_framed:
            position += 1
            continue
        last = position
        while last + 1 < len(found) and found[last + 1].title is None and _close(found[last], found[last + 1]):
            last += 1
        _pair_run(found[position : last + 1], readings, taken)
        position = last + 1


def _close(one: Entry, other: Entry) -> bool:
    return other.line - one.line <= 25


def _pair_run(run: list[Entry], readings: Readings, taken: set[int]) -> None:
    before, after = _titles_around(run, readings, taken)
    titles_first = _titles_first(run, before, after, readings.document)
    for entry, at_before, at_after in zip(run, before, after, strict=True):
        at = at_before if titles_first else at_after
        if at is None or at in taken or _in_other_row(readings, entry.line, at):
            continue
        if is_anothers(entry.line, at, readings.document):
            continue
        if _same_list(readings.document, entry.line, at):
            _give(entry, at, readings, taken, at + 1 if titles_first else entry.end)


def _titles_around(run: list[Entry], readings: Readings, taken: set[int]) -> tuple[list[int | None], list[int | None]]:
    """For each name of a run the line of the nearest free title above it, and of that below it."""

    def free(at: int | None) -> int | None:
        return None if at is None or at in taken else at

    lines = readings.document.lines
    edges = [-1, *(entry.line for entry in run), len(lines)]
    before: list[int | None] = []
    after: list[int | None] = []
    for entry, floor, ceiling in zip(run, edges, edges[2:], strict=False):
        above = range(entry.line - 1, max(floor, entry.line - _BEFORE - 1), -1)
        before.append(free(_first_title(above, readings)))
        reach = range(entry.line + 1, min(ceiling, entry.line + _AFTER + 1))
        below = free(_first_title(reach, readings, past=lines[entry.line].level))
        # a heading stands above what it introduces, never below a name that is none
        is_next_heading = below is not None and lines[below].level > 0 and not lines[entry.line].level
        after.append(None if is_next_heading else below)
    return before, after


def _titles_first(run: list[Entry], before: list[int | None], after: list[int | None], document: Document) -> bool:
    """Return whether the titles of a run stand above their names.

    Without a title above the first name they do not; without one below the last they do. Where both are there, the
    side on which the titles look alike wins; else headings and terms stand above what they introduce.
    """
    lines = document.lines

    def looks(side: list[int | None]) -> set[tuple[str, bool]]:
        return {(lines[at].tag, lines[at].strong) for at in side if at is not None}

    if before[0] is None or after[-1] is None:
        # a section's heading above the first and no title below the last do not turn the run around
        return before[0] is not None and after[-1] is None and (len(looks(before)) == 1 or len(looks(after)) != 1)
    alike_before, alike_after = len(looks(before)) == 1, len(looks(after)) == 1
    if alike_before != alike_after:
        return alike_before
    name, title = lines[run[0].line], lines[after[-1]]
    if name.tag != title.tag or name.strong != title.strong:
        return title.tag == "dt" or (title.strong and not name.strong)
    return False


def _in_other_row(readings: Readings, one: int, other: int) -> bool:
    """The two lines stand in different rows of a table whose rows have several cells."""
    document = readings.document
    rows = [
        next(
            (block for block in document.ancestors(document.lines[line].block) if document.blocks[block].tag == "tr"),
            -1,
        )
        for line in (one, other)
    ]
    cells = [len(readings.cells.get(row, ())) for row in rows]
    return rows[0] != rows[1] and -1 not in rows and min(cells) > 1


def _same_list(document: Document, one: int, other: int) -> bool:
    """The two lines share an element that is not the whole page."""
    low, high = min(one, other), max(one, other)
    for block in document.ancestors(document.lines[low].block):
        element = document.blocks[block]
        if element.start <= low and high < element.end:
            return element.end - element.start < len(document.lines) or len(document.lines) < 40 or element.parent >= 0
    return len(document.lines) < 40


def _labels(found: list[Entry], readings: Readings, taken: set[int]) -> None:
    """Pass names that directly follow a label ("Geschäftsführer:", "Vertreten durch") the label's title."""
    for index, entry in enumerate(found):
        if entry.title is not None or entry.line == 0:
            continue
        above = entry.line - 1
        reading = readings.by_line[above]
        previous = found[index - 1] if index else None
        if reading.represents:
            text = readings.document.lines[above].text.rstrip(" :")
            entry.title, entry.title_line, entry.by_label = Title(text, is_owner_like=True, is_title=True), above, True
        elif reading.title is not None and above not in taken and _introduces(readings, above):
            entry.title, entry.title_line, entry.by_label = reading.title, above, True
        elif previous is not None and previous.line in (above, entry.line) and _is_labelled(previous, readings):
            entry.title, entry.title_line, entry.by_label = previous.title, previous.title_line, True


def _is_labelled(entry: Entry, readings: Readings) -> bool:
    """Return whether an entry's title is a label above it, which may hold for those who follow too."""
    return entry.by_label or (
        entry.title is not None
        and 0 <= entry.title_line == entry.line - 1
        and readings.document.lines[entry.title_line].level > 0
        and _introduces(readings, entry.title_line)
    )
