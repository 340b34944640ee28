"""Is somebody with a title an executive of this company, now? Reasons against it, from where and how it is said."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from core.discovery.company import Company
from core.discovery.document import Document, TextLine
from core.discovery.mentions import Doubt, Mention, PageKind
from core.text.lexicons import alternatives, any_word, folded
from core.text.titles import Title, fold, is_limited, read_title


def _any(key: str, flags: int = 0) -> re.Pattern[str]:
    """Return what finds any of a key's patterns as whole words."""
    return re.compile(rf"\b(?:{alternatives(f'sections.{key}')})\b", flags)


_SECTION_PATTERNS = (
    (
        Doubt.PAST,
        re.compile(rf"^\W*(?:19|20)\d\d\b(?!.*\b(?:team|leadership|board))|\b(?:{alternatives('sections.past')})\b"),
    ),
    (Doubt.CUSTOMER, _any("customer")),
    (Doubt.ADVISER, _any("adviser")),
    (Doubt.ADVERT, _any("advert")),
    (
        Doubt.AUTHOR,
        re.compile(
            rf"^(?:(?:{any_word('sections.before_stories')}) )*(?:{alternatives('sections.stories')})"
            rf"(?: (?:and|&) \w+)?$|\b(?:{alternatives('sections.author')})\b"
        ),
    ),
)
_BOARD = _any("board")
_EXECUTIVE = re.compile(rf"^(?:the )?people$|\b(?:{alternatives('sections.executives')})\b")
_ANNOUNCEMENT = re.compile(rf"(?:(?:{any_word('sections.before_people')}) ?)*(?:{alternatives('sections.people')})$")
_ABOUT = _any("about")
_ADDRESSES_READER = _any("addresses_reader")
_MANAGING_BOARD = _any("managing_board")
_QUOTE = re.compile(r"^\s*[\"“„«»'‘’❝].{15,}|.{25,}[\"”“»’❞]\s*$", re.DOTALL)
_PRAISE = _any("praise", re.IGNORECASE)
_SUPPLIER = _any("suppliers")
_OWN_NOTICE = _any("own_notice")
_LINK_TEXT = _any("link_text")
_LOREM = _any("filling", re.IGNORECASE)
_GONE = re.compile(rf"\b(?:{alternatives('sections.gone')})\b|†")
_STAND_INS = folded("sections.stand_ins")
_ORGANISATION = re.compile(
    rf"\b(?:{any_word('companies.legal_forms')}|{alternatives('companies.organisations')})\b\.?", re.IGNORECASE
)
_SHORT = 40
"""Characters of a line that is too short to praise somebody."""
_KEPT_CHARS = 400
"""Characters of a line whose reading is kept for the people around it."""
_DIRECTORY = 12
"""More people with one top role on a page than any company has."""


@lru_cache(maxsize=1_000)
def section_doubt(headings: tuple[str, ...]) -> Doubt | None:
    """Judge the headings above a person, the nearest last.

    Returns:
        Why people under them are not the company's, BOARD for a board, or None.
    """
    for heading in reversed(headings):
        folded = fold(heading)
        if len(folded) > 90:
            continue
        for doubt, pattern in _SECTION_PATTERNS:
            if pattern.search(folded) and not (
                doubt is not Doubt.PAST
                and _EXECUTIVE.search(folded)
                and not _BOARD.search(folded)
                and doubt is not Doubt.ADVERT
                and doubt is not Doubt.CUSTOMER
            ):
                return doubt
        if _MANAGING_BOARD.search(folded):
            return None
        if _BOARD.search(folded):
            return Doubt.BOARD
        if _EXECUTIVE.search(folded):
            return None
    return None


@lru_cache(maxsize=1_000)
def is_own_section(headings: tuple[str, ...]) -> bool:
    """Return whether a short heading above announces the company's own people, and none that is nearer says otherwise.

    A headline that speaks to the reader ("the platform for your team") announces nobody.
    """
    telling = [fold(heading) for heading in headings if len(heading) <= 60 and len(heading.split()) <= 8]
    return section_doubt(headings) is None and any(
        _EXECUTIVE.search(heading) and not _ADDRESSES_READER.search(heading) for heading in telling
    )


def announces_people(text: str) -> bool:
    """Return whether a line is nothing but the announcement of a company's people: "Our team", "Meet the founders"."""
    return len(text) <= 40 and _ANNOUNCEMENT.match(fold(text).strip(" :.-–")) is not None


@lru_cache(maxsize=1_000)
def is_about_section(headings: tuple[str, ...]) -> bool:
    """Return whether the nearest heading announces the company itself: its people may follow."""
    return bool(headings) and section_doubt(headings) is None and _ABOUT.search(fold(headings[-1])) is not None


def is_stand_in(name: str, text: str) -> bool:
    """Return whether a name, or the text around it, is a template's filling."""
    return fold(name) in _STAND_INS or bool(_LOREM.search(text))


def title_doubts(title: Title, company: Company) -> set[Doubt]:
    """Judge the title by itself: past, held elsewhere, limited to a region or a field."""
    doubts: set[Doubt] = set()
    if title.is_past:
        doubts.add(Doubt.PAST)
    if title.place is None or company.is_own(title.place):
        return doubts
    if is_limited(title.place) and not _ORGANISATION.search(title.place):
        if title.role not in ("VP Finance", "VP Operations") or not is_limited(title.place, wholly=True):
            doubts.add(Doubt.LIMITED)
        return doubts
    doubts.add(Doubt.ELSEWHERE)
    return doubts


def surroundings_doubts(
    document: Document,
    line: int,
    title_line: int,
    start: int,
    end: int,
    *,
    kind: PageKind,
    own_section: bool,
    others: Sequence[int],
) -> set[Doubt]:
    """Judge a person's block: quotations, praise, an organisation below the title, lorem ipsum, death notices.

    Args:
        document: the page.
        line: where the person's name stands.
        title_line: where the title stands, or -1.
        start: first line of the person's block.
        end: the line after the last one.
        kind: what the page is about.
        own_section: a heading above announces the company's own people.
        others: the lines that name another organisation, as `lines_of_others` gives them.
    """
    doubts: set[Doubt] = set()
    lines = document.lines
    top, bottom = max(start, line - 8), min(end, line + 12)
    texts = [lines[at].text for at in range(top, bottom)]
    signs = [_signs_of(text) for text in texts]
    if any(sign.is_gone for sign in signs):
        doubts.add(Doubt.PAST)
    if any(sign.is_filling for sign in signs):
        doubts.add(Doubt.PLACEHOLDER)
    quotes = any(sign.is_quote for sign in signs) or _is_attribution(document, line, title_line)
    praises = any(sign.is_praise for sign in signs)
    if _is_customers(lines[line], kind, own_section=own_section, quotes=quotes, praises=praises):
        doubts.add(Doubt.CUSTOMER)
    first, last = sorted((line, title_line))
    beside = set(others[bisect_left(others, first + 1) : bisect_right(others, min(last + 1, end - 1))][:2]) - {last}
    if beside:
        doubts.add(Doubt.ELSEWHERE)
    if kind is PageKind.IMPRINT and _speaks_of_supplier(document, line):
        doubts.add(Doubt.ELSEWHERE)
    return doubts


def _is_customers(line: TextLine, kind: PageKind, *, own_section: bool, quotes: bool, praises: bool) -> bool:
    """Return whether a name stands below what a customer says."""
    settled = own_section or kind in (PageKind.PEOPLE, PageKind.IMPRINT)
    if not settled and (quotes or line.quoted or line.text.startswith(("—", "–", "-", "~", "―"))):
        return True
    if praises and not (kind is PageKind.PEOPLE and own_section):
        return True
    return line.reviewed or (line.quoted and kind is not PageKind.PEOPLE)


class _Signs(NamedTuple):
    """What a line says of who stands around it."""

    is_gone: bool
    is_filling: bool
    is_quote: bool
    is_praise: bool


def _signs_of(text: str) -> _Signs:
    """Read a line once: it stands around several people."""
    return _read_signs(text) if len(text) <= _KEPT_CHARS else _read_signs.__wrapped__(text)


@lru_cache(maxsize=4_000)
def _read_signs(text: str) -> _Signs:
    return _Signs(
        is_gone=_GONE.search(fold(text)) is not None,
        is_filling=_LOREM.search(text) is not None,
        is_quote=_QUOTE.match(text) is not None,
        is_praise=len(text) > _SHORT and _PRAISE.search(text) is not None,
    )


def _speaks_of_supplier(document: Document, line: int) -> bool:
    """A legal notice names the host's and the designer's people too, some lines below the word for them."""
    for at in range(line, max(line - 7, -1), -1):
        text = fold(document.lines[at].text)
        if len(text) <= 120 and _SUPPLIER.search(text):
            return True
        if at < line and _OWN_NOTICE.search(text):
            return False
    return False


def is_outside_director(document: Document, line: int, title_line: int, end: int, company: Company) -> bool:
    """On a board a name, a post and a third short line in capitals: the line is where the post is held."""
    for at in (*range(min(line, title_line) + 1, max(line, title_line)), max(line, title_line) + 1):
        text = document.lines[at].text if at < end else ""
        if _looks_like_organisation(text) and not company.is_own(text):
            return True
    return False


def _looks_like_organisation(text: str) -> bool:
    """A short line in capitals that is no title and no link's text."""
    words = [word for word in text.split() if word[0].isalpha()]
    is_short = 1 <= len(words) <= 6 and len(text) <= 50
    capitals = all(word[0].isupper() or len(word) <= 3 for word in words)
    return is_short and capitals and not read_title(text).is_title and not _LINK_TEXT.search(fold(text))


def _is_attribution(document: Document, line: int, title_line: int) -> bool:
    """A few lines in one element that begin with a text and end with who said it: a testimonial has this shape."""
    lines = document.lines
    if len(lines[line].text) > 80:
        return False
    for block in document.ancestors(document.lines[line].block):
        element = document.blocks[block]
        if element.start <= min(line, title_line) and max(line, title_line) < element.end and element.start < line:
            # Elements further out only hold more: none of them is short again, or has fewer lines of this level.
            if element.end - element.start > 7:
                return False
            same = [at for at in range(element.start, element.end) if lines[at].level == lines[line].level]
            above = lines[element.start]
            return not (lines[line].level and len(same) > 1) and not above.level and len(above.text) > 40
    return False


def lines_of_others(document: Document, company: Company) -> list[int]:
    """Return the lines of a page that are the name of an organisation other than this company, in order."""
    return [line.index for line in document.lines if _names_other_organisation(line.text, company)]


def _names_other_organisation(text: str, company: Company) -> bool:
    """A short line that is an organisation by its legal form, and not this company."""
    return (
        len(text) <= 60
        and len(text.split()) <= 6
        and bool(_ORGANISATION.search(text))
        and not text.endswith((".", ":"))
        and not company.is_own(text)
    )


def doubting_directories(mentions: Sequence[Mention]) -> list[Mention]:
    """Doubt everybody where a page gives one top role, or the letters MD, to more people than one company has."""
    counts: dict[str, set[str]] = {}
    letters: set[str] = set()
    for mention in mentions:
        if mention.title.role is not None and not mention.doubts:
            counts.setdefault(mention.title.role, set()).add(mention.name.key)
        if _is_bare_md(mention):
            letters.add(mention.name.key)
    crowded = {role for role, keys in counts.items() if len(keys) > _DIRECTORY}
    return [
        replace(mention, doubts=mention.doubts | {Doubt.DIRECTORY})
        if (crowded and mention.title.is_top) or (len(letters) > 1 and _is_bare_md(mention))
        else mention
        for mention in mentions
    ]


def settled_placeholders(mentions: Sequence[Mention]) -> list[Mention]:
    """Take back the doubt of filling text where most people of a page have none: somebody's text is not written yet."""
    filled = [mention for mention in mentions if Doubt.PLACEHOLDER in mention.doubts]
    if len(filled) * 3 > len(mentions):
        return list(mentions)
    return [
        mention if is_stand_in(mention.name.text, "") else replace(mention, doubts=mention.doubts - {Doubt.PLACEHOLDER})
        for mention in mentions
    ]


def _is_bare_md(mention: Mention) -> bool:
    """The title is "MD" and nothing more: a managing director once, a physician where there are several."""
    return re.sub(r"[^a-z]", "", fold(mention.title.text)) == "md"
