"""Which elements a reader can see.

Hidden text may name anybody, so it does not count: `hidden`, `display:none`, no size, off the screen, also when a style
block of the page says so of one class or id. What a control on the page opens (a tab, a dialogue, a folded section) is
content that waits, and counts.
"""

import re
from dataclasses import dataclass

from lxml import etree

_HIDING = re.compile(
    r"display:none|(?:^|;)(?:font-size|max-height|height|width|max-width):0(?:px|em|rem|%|pt)?(?:;|$|!)"
    r"|(?:left|top|right|text-indent|margin-left|margin-top):-\d{3,}(?:px|em|rem|%)|clip:rect\((?:0|1px)"
    r"|clip-path:inset\((?:50|100)%|transform:scale\(0(?:,0)?\)|content-visibility:hidden"
    r"|(?:left|top|right|text-indent|margin-left):-\d{3,}vw"
)
_UNSEEN = re.compile(r"visibility:(?:hidden|collapse)|(?:^|;)opacity:0(?:\.0+)?(?:;|$|!)")
_MOVING = re.compile(r"animation|transition|transform|translate")
# A selector begins after a brace, so what is between two braces is gone through once.
_RULE = re.compile(r"(?<![^{}])([^{}]++)\{([^{}]*+)\}")
_STRUCTURE = re.compile(r"[@{};]")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIMPLE = re.compile(r"^(?:[a-z0-9]+)?([.#])([\w-]+)$", re.IGNORECASE)
_NAMED = re.compile(r"[.#]([\w-]+)")
_REFERENCES = (
    "data-target",
    "data-bs-target",
    "aria-controls",
    "data-src",
    "data-toggle-target",
    "for",
    "data-tab",
    "data-modal",
    "data-modal-target",
    "data-id",
    "data-open",
    "data-popup",
    "data-fancybox-src",
    "popovertarget",
)
_LINKS_WITHIN = etree.XPath("//@href[starts-with(., '#')]")
_REFERRING = etree.XPath("|".join(f"//@{name}" for name in _REFERENCES))
_CLICKED = etree.XPath("//@onclick")
_COLLAPSED_ROLES = frozenset({"dialog", "tabpanel", "alertdialog"})
_COLLAPSIBLE = re.compile(
    r"\b(?:modal|tab-?pane|tab-?panel|tab-?content|accordion|collapse|lightbox|popup|mfp|drawer)", re.IGNORECASE
)
_ANIMATED = (
    "data-aos",
    "data-wow",
    "data-anim",
    "data-sr",
    "data-scroll",
    "data-framer",
    "data-w-",
    "data-gsap",
    "data-settings",
)
_SHOWING = re.compile(
    r"display:(?:block|flex|grid|inline|table|list|contents)|visibility:visible|opacity:1\b|(?:left|top):0\b"
)
_BY_ID = re.compile(r"getElementById\(\s*['\"]([\w-]+)['\"]|\$\(\s*['\"]#([\w-]+)['\"]")
_MAX_STYLE = 200_000


def _flat(style: str) -> str:
    return re.sub(r"\s+", "", style.lower())


def is_hiding_style(style: str, *, moves: bool = False) -> bool:
    """Return whether a style declaration keeps an element out of sight.

    Args:
        style: the declarations, as in a style attribute.
        moves: the element is shown by an animation; then being unseen at first does not count.
    """
    flat = _flat(style)
    if _HIDING.search(flat):
        zero_box = re.search(r"(?:^|;)(?:max-height|height|width|max-width):0", flat)
        named = re.search(r"display:none|font-size:0|:-\d{3,}|clip|scale\(0|content-visibility", flat)
        return named is not None or (zero_box is not None and "overflow:hidden" in flat)
    return bool(_UNSEEN.search(flat)) and not moves and not _MOVING.search(flat)


@dataclass
class Visibility:
    """What a page says about showing its elements: classes and ids its style blocks hide, ids its controls open."""

    hidden_classes: frozenset[str]
    hidden_ids: frozenset[str]
    opened_ids: frozenset[str]

    @classmethod
    def of(cls, root: etree._Element) -> "Visibility":
        """Read the style blocks and the controls of a page."""
        classes, ids = _hidden_by_rules("\n".join((style.text or "")[:_MAX_STYLE] for style in root.iter("style")))
        opened: set[str] = set()
        opened.update(str(href)[1:] for href in _LINKS_WITHIN(root))
        for value in _REFERRING(root):
            opened.update(part.lstrip("#") for part in str(value).split())
        for value in _CLICKED(root):
            opened.update(re.findall(r"['\"]#?([\w-]+)['\"]", str(value)))
        for script in root.iter("script"):
            for found in _BY_ID.findall((script.text or "")[:_MAX_STYLE]):
                opened.update(found)
        return cls(frozenset(classes), frozenset(ids), frozenset(opened))

    def hides(self, node: etree._Element) -> bool:
        """Return whether an element, and so everything in it, is out of sight for good."""
        attributes = node.attrib
        if not attributes:
            return False
        style = attributes.get("style")
        classes = attributes.get("class") or ""
        identity = attributes.get("id") or ""
        if (
            (style and is_hiding_style(str(style), moves=_is_animated(node)))
            or ("hidden" in attributes and str(attributes["hidden"]).lower() != "until-found")
            or str(attributes.get("aria-hidden", "")).lower() == "true"
        ):
            hidden = True
        else:
            hidden = str(identity) in self.hidden_ids or any(
                name in self.hidden_classes for name in str(classes).split()
            )
        return hidden and not self._opens(node, str(identity), str(classes))

    def _opens(self, node: etree._Element, identity: str, classes: str) -> bool:
        """A control opens it, or it says itself that it is a tab, a dialogue or a folded section."""
        if identity and identity in self.opened_ids:
            return True
        if (node.get("role") or "").lower() in _COLLAPSED_ROLES or node.tag in ("dialog", "details"):
            return True
        if node.get("aria-labelledby") and (node.get("aria-labelledby") or "") in self.opened_ids:
            return True
        return bool(identity) and bool(_COLLAPSIBLE.search(classes))


def _hidden_by_rules(text: str) -> tuple[set[str], set[str]]:
    """Read which classes and ids a page's own style rules hide and no other rule shows (on hover, on a wide screen)."""
    end = text.rfind("*/") + 2 if "*/" in text else 0
    text = _COMMENT.sub("", text[:end]) + text[end:]  # after the last "*/" nothing closes
    hidden = {".": set[str](), "#": set[str]()}
    for selectors, declarations in _RULE.findall(_without_at_blocks(text)):
        if is_hiding_style(declarations):
            own = selectors.rpartition(";")[2]  # without an `@import` or `@charset` before it
            for simple in filter(None, (_SIMPLE.match(selector.strip()) for selector in own.split(","))):
                hidden[simple[1]].add(simple[2])
    classes, ids = hidden["."], hidden["#"]
    shown = _shown_by_rules(text) if classes or ids else set()
    return classes - shown, ids - shown


def _shown_by_rules(text: str) -> set[str]:
    """Read which classes and ids some rule of a page shows, be it only at times."""
    return {
        name
        for selectors, declarations in _RULE.findall(text.replace("@", "}@"))
        if _SHOWING.search(_flat(declarations))
        for name in _NAMED.findall(selectors)
    }


def _without_at_blocks(text: str) -> str:
    """Leave out blocks such as `@media ... { rules }`: rules that hold only sometimes. Reads the text once."""
    kept, end = [], 0
    for start, stop in _at_blocks(text):
        kept.append(text[end:start])
        end = stop
    return "".join([*kept, text[end:]])


def _at_blocks(text: str) -> list[tuple[int, int]]:
    """Find where blocks such as `@media ... { rules }` begin and end: the outermost that hold at most rules."""
    blocks: list[tuple[int, int]] = []
    opened: list[tuple[int, int]] = []  # of each open brace: where its "@" stands or -1, and how deep its blocks go
    at = -1
    for found in _STRUCTURE.finditer(text):
        here = found.start()
        if found[0] == "@":
            at = here if at < 0 else at
            continue
        if found[0] == "{":
            opened.append((at if at >= 0 and here > at + 1 else -1, 0))
        elif found[0] == "}" and opened:
            _close(opened, blocks, here + 1)
        at = -1
    return blocks


def _close(opened: list[tuple[int, int]], blocks: list[tuple[int, int]], end: int) -> None:
    """Close the innermost open brace; a block that begins with "@" takes the place of those that lie in it."""
    start, inside = opened.pop()
    if start >= 0 and inside <= 1:
        while blocks and blocks[-1][0] > start:
            blocks.pop()
        blocks.append((start, end))
    if opened:
        opened[-1] = (opened[-1][0], max(opened[-1][1], inside + 1))


def _is_animated(node: etree._Element) -> bool:
    """Shown by an animation library: it says so in a data attribute or, as the oldest do, in a class only."""
    if any(str(name).startswith(_ANIMATED) for name in node.attrib):
        return True
    return bool(re.search(r"\b(?:wow|animated?|aos|reveal|fade-?\w*|invisible)\b", node.get("class") or ""))
