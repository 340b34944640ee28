"""What a single element of a page is to its reader: a card, a link that is no `<a>`, the beginning of a zone."""

import re
from typing import Literal

from lxml import etree

Zone = Literal["main", "nav", "header", "footer", "aside"]

_ONCLICK = re.compile(r"location(?:\.href)?\s*=\s*['\"]([^'\"\s]{1,300})['\"]")


def href_of_other(node: etree._Element, tag: str) -> str | None:
    """Return where an element leads that is no `<a>`: by a script of its own, or as part of a picture."""
    onclick = node.get("onclick")
    target = _ONCLICK.search(onclick) if onclick else None
    if target is not None:
        return target[1]
    return (node.get("href") or None) if tag == "area" else None


def is_card(node: etree._Element, tag: str) -> bool:
    """Return whether an element is a link around several with text: laid out as a card, not as a word in a line."""
    return (
        tag == "a"
        and sum(
            1 for child in node if child.tag in ("span", "strong", "b", "em", "small") and (child.text or len(child))
        )
        >= 2
    )


def zone_of(node: etree._Element, tag: str, *, is_page_level: bool) -> Zone | None:
    """Return the part of the page an element begins, or None; header and footer of a section begin none.

    Args:
        node: the element.
        tag: its name.
        is_page_level: it stands in no section, article or the like.
    """
    role = (node.get("role") or "").lower()
    if tag == "nav" or role in ("navigation", "menu", "menubar"):
        return "nav"
    if (tag == "footer" and is_page_level) or role == "contentinfo":
        return "footer"
    if (tag == "header" and is_page_level) or role == "banner":
        return "header"
    if tag == "aside" or role == "complementary":
        return "aside"
    if tag in ("main", "article") or role == "main":
        return "main"
    return None
