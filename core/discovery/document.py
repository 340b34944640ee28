"""A web page as its reader sees it: lines of text in reading order, each knowing its place in the tree.

People are found by what stands beside what, so a page becomes a list of visible lines (a paragraph, a list item, a
table cell, what stands between two line breaks) and a list of blocks (elements) that each cover a run of lines. Class
names, attribute order, white space and wrappers without text of their own leave both unchanged in meaning.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from core.discovery.elements import Zone, href_of_other, is_card, zone_of
from core.discovery.line_reading import read_line
from core.discovery.markup import with_few_attributes
from core.discovery.page_scripts import included, refresh_target, script_redirect
from core.discovery.protected_mail import PROTECTED, reveal_protected
from core.discovery.visibility import Visibility
from core.discovery.walks import StepBudget
from core.text.titles import may_hold_title
from core.text.word_lists import words

MAX_LINES = 6_000
"""Lines read of one page; a page about people has hundreds."""
MAX_LINE = 4_000
"""Characters read of one line."""
_MAX_DEPTH = 120
"""Blocks inside each other; what lies deeper counts as lying in the last one. Pages have a quarter of that."""
_MAX_STEPS = 200_000
"""Steps through elements for the text and pictures of links, which may lie inside each other."""
_MAX_OPEN_LINKS = 3
"""Links inside each other of which each has the text."""

_BREAKING = words(
    """
    address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr label legend li main menu nav ol optgroup option p picture
    pre section select summary table tbody td textarea tfoot th thead tr ul video iframe
    """
)
_SKIPPED = words(
    """
    script style template noscript svg math title select textarea object audio video canvas
    """
)
_INNER = frozenset({"article", "section", "main", "li"})
_REVIEW = re.compile(r"(?:^|[/:\s])(?:Review|Comment|Quotation|UserComments|UserReview)\b")
_ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\ufeff\u00ad\u2060]+")


@dataclass(frozen=True)
class Link:
    """A link as written.

    Attributes:
        href: its address as written.
        text: what stands in it.
        hint: what a reader hears instead of text: label, title, the alternative text of its images.
        zone: the part of the page.
        position: the index of the line it stands in, or half a line before the next line where it holds no text.
        block: index of the innermost block around it.
    """

    href: str
    text: str
    hint: str
    zone: Zone
    position: float
    block: int


@dataclass(frozen=True)
class TextLine:
    """One line of text.

    Attributes:
        text: with white space made single.
        pieces: the same text, cut where an inline element begins or ends; at least one.
        level: 1 to 6 in a heading, else 0.
        tag: the nearest line-making element ("p", "li", "td", ...).
        block: index of the innermost block.
        zone: the part of the page.
        strong: all of it is bold or a heading.
        quoted: inside a quotation.
        reviewed: inside what the markup calls a review, a comment or a quotation (schema.org).
    """

    index: int
    text: str
    pieces: tuple[str, ...]
    level: int
    tag: str
    block: int
    zone: Zone
    strong: bool
    quoted: bool
    reviewed: bool = False


@dataclass
class Block:
    """An element that covers the lines `start` (inclusive) to `end` (exclusive)."""

    parent: int
    tag: str
    start: int
    end: int = -1
    label: str = ""


@dataclass
class Document:
    """A parsed page."""

    root: etree._Element
    lines: list[TextLine] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    title: str = ""
    language: str = ""
    base: str | None = None
    refresh: str | None = None
    includes: tuple[str, ...] = ()
    truncated: bool = False

    def ancestors(self, block: int) -> Iterator[int]:
        """Yield a block and the blocks around it, innermost first."""
        while block >= 0:
            yield block
            block = self.blocks[block].parent

    def holds(self, outer: int, inner: int) -> bool:
        """Return whether a block is another one or lies in it."""
        return any(block == outer for block in self.ancestors(inner))

    def text(self, start: int, end: int, limit: int = 400) -> str:
        """Join the lines `start` to `end` (exclusive), cut to `limit` characters."""
        return " ".join(line.text for line in self.lines[start:end])[:limit]


def parse(markup: str) -> Document:
    """Parse a page; never raises, however broken it is. Depth and number of lines are bounded."""
    parser = etree.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    data = with_few_attributes(markup).replace("\x00", " ").encode("utf-8", "replace")
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        root = etree.fromstring(b"<html><body></body></html>", parser)
    if PROTECTED.search(markup):
        reveal_protected(root)
    document = Document(root=root)
    _read_head(document)
    _Reader(document, Visibility.of(root)).read()
    if document.refresh is None and len(document.lines) <= 5:
        document.refresh = script_redirect(root)
    return document


def tidy(text: str) -> str:
    """Make white space single and drop invisible characters."""
    if not text.isascii():
        text = _ZERO_WIDTH.sub("", text)
    return " ".join(text.split())


def _read_head(document: Document) -> None:
    root = document.root
    document.language = (root.get("lang") or root.get("xml:lang") or "").strip().lower()[:2]
    title = root.find(".//title")
    document.title = tidy("".join(title.itertext()))[:300] if title is not None else ""
    document.includes = included(root)
    base = root.find(".//base[@href]")
    document.base = base.get("href") if base is not None else None
    for meta in root.iter("meta"):
        if (meta.get("http-equiv") or "").lower() == "refresh":
            document.refresh = refresh_target(meta.get("content") or "")
            break


class _Reader:
    """Walks the tree once and fills lines, blocks and links."""

    def __init__(self, document: Document, visibility: Visibility) -> None:
        self.document = document
        self.visibility = visibility
        self.pieces: list[list[str]] = []
        self.chars = 0
        self.steps = StepBudget(_MAX_STEPS)
        self.block = -1
        self.depth = 0
        self.zones: list[Zone] = ["main"]
        self.quotes = 0
        self.inner = 0
        self.reviews: list[etree._Element] = []
        self.bold = 0
        self.has_text = self.plain_seen = False
        self.anchors: list[tuple[str, str, int, list[str]]] = []

    def read(self) -> None:
        # The parser puts what it takes for unknown (nav, header) into the head of a page that leaves out `<body>`.
        walk = etree.iterwalk(self.document.root, events=("start", "end"))
        hidden: etree._Element | None = None
        for event, node in walk:
            tag = node.tag if isinstance(node.tag, str) else ""
            if node is hidden:
                hidden = None
                self._add(node.tail)
            elif event == "end":
                self._close(node, tag)
            elif tag in _SKIPPED or self.visibility.hides(node):
                hidden = node
                walk.skip_subtree()
                self._take_hidden_links(node, tag)
            else:
                self._open(node, tag)
            if len(self.document.lines) >= MAX_LINES:
                self.document.truncated = True
                break
        self._break()
        for block in self.document.blocks:
            if block.end < 0:
                block.end = len(self.document.lines)

    def _open(self, node: etree._Element, tag: str) -> None:
        if _REVIEW.search(node.get("itemtype") or node.get("typeof") or ""):
            self.reviews.append(node)
        if tag in _BREAKING or is_card(node, tag):
            self._break()
            self._open_block(node, tag)
        elif tag == "br":
            self._break()
        else:
            self._cut()
        if tag in ("b", "strong"):
            self.bold += 1
        if tag == "a":
            self._open_anchor(node)
        else:
            if tag == "img":
                self._take_caption(node.get("alt") or "")
            href = href_of_other(node, tag)
            if href is not None:
                text = tidy(self.steps.text_of(node, texts=12))[:200] or node.get("alt") or ""
                position = float(len(self.document.lines))
                self.document.links.append(Link(href, text, "", self.zones[-1], position, self.block))
        self._add(node.text)

    def _open_anchor(self, node: etree._Element) -> None:
        href = node.get("href")
        if href:
            hint = " ".join(filter(None, (node.get("aria-label"), node.get("title"))))
            images = " ".join(filter(None, (image.get("alt") for image in self.steps.over(node.iter("img"), 100))))
            self.anchors.append((href, f"{hint} {images}".strip(), len(self.document.lines), []))

    def _take_caption(self, alternative: str) -> None:
        if _names_somebody(alternative):
            self._break()
            self.pieces.append([alternative])
            self._break()

    def _take_hidden_links(self, node: etree._Element, tag: str) -> None:
        """A menu that is folded away still leads to the site's pages; nothing else of it counts."""
        if tag in _SKIPPED or len(self.document.links) > MAX_LINES:
            return
        for link in node.iter("a"):
            href = link.get("href")
            if href:
                text = tidy(self.steps.text_of(link, texts=12))[:200]
                self.document.links.append(Link(href, text, "", "nav", -1.0, -1))

    def _close(self, node: etree._Element, tag: str) -> None:
        if tag in _BREAKING or is_card(node, tag):
            self._break()
            self._close_block(tag)
        else:
            self._cut()
        if self.reviews and self.reviews[-1] is node:
            self.reviews.pop()
        if tag in ("b", "strong"):
            self.bold -= 1
        if tag == "a" and node.get("href") and self.anchors:
            href, hint, line, texts = self.anchors.pop()
            text = tidy(" ".join(texts))
            position = line if text or self.has_text else line - 0.5
            self.document.links.append(Link(href, text, tidy(hint)[:200], self.zones[-1], position, self.block))
        if node is not self.document.root:
            self._add(node.tail)

    def _open_block(self, node: etree._Element, tag: str) -> None:
        blocks = self.document.blocks
        self.depth += 1
        if self.depth <= _MAX_DEPTH:
            label = node.get("aria-label") or ""
            blocks.append(Block(self.block, tag, len(self.document.lines), label=label[:120]))
            self.block = len(blocks) - 1
        zone = zone_of(node, tag, is_page_level=self.inner == 0)
        self.inner += tag in _INNER
        self.zones.append(zone if zone is not None else self.zones[-1])
        self.quotes += tag == "blockquote"

    def _close_block(self, tag: str) -> None:
        if self.depth <= _MAX_DEPTH:
            block = self.document.blocks[self.block]
            block.end = len(self.document.lines)
            self.block = block.parent
        self.depth -= 1
        self.zones.pop()
        self.quotes -= tag == "blockquote"
        self.inner -= tag in _INNER

    def _add(self, text: str | None) -> None:
        if text is None:
            return
        if self.chars < MAX_LINE:
            self.chars += len(text)
            if not self.pieces:
                self.pieces.append([])
            self.pieces[-1].append(text)
        if not text.isspace():
            self.has_text = True
            self.plain_seen = self.plain_seen or not self.bold
        for anchor in self.anchors[-_MAX_OPEN_LINKS:]:
            anchor[3].append(text)

    def _cut(self) -> None:
        if self.pieces and self.pieces[-1]:
            self.pieces.append([])

    def _break(self) -> None:
        whole = ["".join(piece) for piece in self.pieces]
        joined = tidy("".join(whole)[:MAX_LINE])
        if joined:
            parts = [part for part in whole if part]
            pieces = (joined,) if len(parts) == 1 else tuple(filter(None, map(tidy, parts)))
            level = self._level()
            tag = self.document.blocks[self.block].tag if self.block >= 0 else "body"
            self.document.lines.append(
                TextLine(
                    index=len(self.document.lines),
                    text=joined,
                    pieces=pieces,
                    level=level,
                    tag=tag,
                    block=self.block,
                    zone=self.zones[-1],
                    strong=level > 0 or not self.plain_seen,
                    quoted=self.quotes > 0,
                    reviewed=bool(self.reviews),
                )
            )
        self.pieces = []
        self.chars = 0
        self.has_text = self.plain_seen = False

    def _level(self) -> int:
        for depth, block in enumerate(self.document.ancestors(self.block)):
            tag = self.document.blocks[block].tag
            if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
                return int(tag[1])
            if depth >= 3:
                break
        return 0


def _names_somebody(alternative: str) -> bool:
    """A picture whose text is a name with a title stands for its caption; one with a name alone may be a leftover."""
    text = tidy(alternative)
    return 8 <= len(text) <= 100 and may_hold_title(text) and bool(read_line(text, (text,)).pairs)
