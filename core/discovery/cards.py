"""Cards: elements of a page that belong to one person, whether or not their name can be read."""

from core.discovery.document import Document

_MAX_HEADING = 60
"""Characters of a line that may be a name."""


def is_anothers(line: int, title_line: int, document: Document) -> bool:
    """Return whether a title stands in a card of its own, beside a name there that could not be read.

    Such a card is an element around the title, but not around the name that asks for it, in which a heading or a line
    in bold stands directly above the title; or in another part of the page, its foot or its head.
    """
    lines = document.lines
    if lines[line].zone != lines[title_line].zone:
        return True
    above = title_line - 1
    if above < 0 or above == line or not (lines[above].level or lines[above].strong) or lines[title_line].level:
        return False
    for block in document.ancestors(lines[title_line].block):
        element = document.blocks[block]
        if element.start <= line < element.end:
            return False
        if element.start <= above and len(lines[above].text) <= _MAX_HEADING:
            return True
    return False
