"""What a page's scripts and its head do to it: send its visitor on, put in parts that are kept elsewhere."""

import re

from lxml import etree

_SENDS_ON = re.compile(r"\blocation(?:\.href)?\s*(?:=|\.(?:replace|assign)\()\s*['\"]([^'\"\s]{1,300})['\"]")
_INCLUDE = re.compile(
    r"(?:\.load|fetch|include\w{0,40}|\.get)\s*\(\s*['\"]([\w./-]{1,120}\.html?)(?:[\s#?][^'\"]*)?['\"]", re.IGNORECASE
)
_KEPT_ELSEWHERE = etree.XPath(
    "|".join(f"//@{name}" for name in ("w3-include-html", "data-include", "data-include-html", "include-html"))
)
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\">\s]+)", re.IGNORECASE)


def script_redirect(root: etree._Element) -> str | None:
    """Return where a script of an all but empty page sends its visitor."""
    for script in root.iter("script"):
        target = _SENDS_ON.search((script.text or "")[:3000])
        if target is not None:
            return target[1]
    return None


def included(root: etree._Element) -> tuple[str, ...]:
    """Return addresses of page parts that its scripts put in: a menu kept in a file of its own, and frames."""
    found = [node.get("src") or "" for node in root.iter("frame")]
    found.extend(str(address) for address in _KEPT_ELSEWHERE(root))
    for script in root.iter("script"):
        found.extend(_INCLUDE.findall((script.text or "")[:100_000]))
    return tuple(dict.fromkeys(address for address in found if address))[:6]


def refresh_target(content: str) -> str | None:
    """Return where a `<meta http-equiv=refresh>` sends its visitor, or None."""
    target = _REFRESH.search(content)
    return target[1] if target else None
