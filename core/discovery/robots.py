"""May a page be fetched? robots.txt as RFC 9309 reads it, with the rule that decided and its line."""

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit

from protego import Protego

MAX_BYTES = 512_000
"""RFC 9309, 2.5: a crawler reads at least 500 kibibytes; what comes after that is not read."""
# The misspellings are those that the parser forgives.
_USER_AGENT = re.compile(r"user[ -]?agent(?:\s*:|\s|$)(.*)", re.IGNORECASE)
_DISALLOW = re.compile(r"(?:dis+al+ow|dis+alow|diasllow|disallaw)(?:\s*:|\s)(.*)", re.IGNORECASE)
_KNOWN = re.compile(r"allow|dis|diasllow|site|host|crawl[ -]delay|request[ -]rate|visit[ -]time", re.IGNORECASE)
_SITEMAP = re.compile(r"(?:site-?maps?|host)(?:\s*:|\s)", re.IGNORECASE)


@dataclass(frozen=True)
class RobotsDecision:
    """Whether an address may be fetched, and why.

    Attributes:
        allowed: the decision.
        rule: the deciding line as written ("Disallow: /private"), or None where no rule matched.
        line: its number in robots.txt, counted from 1, or None.
        why: one phrase for people.
    """

    allowed: bool
    rule: str | None
    line: int | None
    why: str


class Robots:
    """One host's robots.txt.

    Args:
        text: the file's text; "" for a host without one (RFC 9309, 2.3.1.3: everything may be fetched).
        agent: the product token we go by, without a version.
        unreachable: the file could not be fetched for a reason on the host's side (RFC 9309, 2.3.1.4: nothing may be).
    """

    def __init__(self, text: str, agent: str, *, unreachable: str | None = None) -> None:
        self._is_empty = not text
        self._agent = agent
        self._unreachable = unreachable
        self._lines = _concerning(text[:MAX_BYTES], agent)
        self._rules = Protego.parse("\n".join(line for _, line in self._lines))

    @cached_property
    def crawl_delay_s(self) -> float | None:
        """Seconds between two requests that the host asks for, or None."""
        delay = self._rules.crawl_delay(self._agent)
        return None if delay is None else float(delay)

    @property
    def sitemaps(self) -> list[str]:
        """Addresses of the sitemaps the file names, in its order."""
        return list(self._rules.sitemaps)

    def decide(self, url: str) -> RobotsDecision:
        """Decide about one absolute address."""
        if self._unreachable is not None:
            return RobotsDecision(False, None, None, f"robots.txt could not be read: {self._unreachable}")
        if self._rules.can_fetch(url, self._agent):
            return RobotsDecision(True, None, None, "no robots.txt" if self._is_empty else "allowed by robots.txt")
        rule, line = self._deciding_line(url)
        return RobotsDecision(False, rule, line, f"robots.txt line {line}: {rule}" if line else "robots.txt")

    def _deciding_line(self, url: str) -> tuple[str | None, int | None]:
        """Find the longest Disallow line of our group that blocks the address by itself."""
        parts = urlsplit(url)
        target = _spelled(f"{parts.path}{'?' + parts.query if parts.query else ''}")
        for number, value, pattern in self._disallowed:
            if _matches(pattern, target):
                return f"Disallow: {value}", number
        return None, None

    @cached_property
    def _disallowed(self) -> list[tuple[int, str, str]]:
        """Number, value and pattern of the Disallow lines for us, of named groups or else `*`; the longest first."""
        named: list[tuple[int, str]] = []
        general: list[tuple[int, str]] = []
        is_named, in_rules = False, False
        for number, line in self._lines:
            if (agent := _agent_of(line)) is not None:
                is_named = (is_named and not in_rules) or agent not in ("*", "")
                in_rules = False
                continue
            in_rules = True
            matched = _DISALLOW.match(line)
            if matched is not None and (value := matched[1].strip()):
                (named if is_named else general).append((number, value))
        chosen = sorted(named or general, key=lambda entry: -len(entry[1]))
        return [(number, value, _spelled(value)) for number, value in chosen]


def _concerning(text: str, agent: str) -> list[tuple[int, str]]:
    """Leave out the groups of other agents; give the number and text of the lines that are left, without comments.

    The parser gives each rule to each agent of its group, and a file may name ten thousand of each.
    """
    kept: list[tuple[int, str]] = []
    in_rules, is_ours = False, False
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        named = _agent_of(line)
        if named is None:
            if ":" not in line and _KNOWN.match(line) is None:
                continue  # no line of a robots.txt at all
            is_everybodys = _SITEMAP.match(line) is not None
            in_rules = in_rules or not is_everybodys
            if is_ours or is_everybodys:
                kept.append((number, line))
            continue
        is_ours, in_rules = (is_ours and not in_rules), False
        if named == "*" or (named and named in agent.lower()):
            is_ours = True
            kept.append((number, f"User-agent: {named}"))
    return kept


def _agent_of(line: str) -> str | None:
    """Return whom a User-agent line names, in lower case and without wildcards; None for another line."""
    matched = _USER_AGENT.match(line)
    if matched is None:
        return None
    name = matched[1].strip().lower()
    return name if name == "*" else name.replace("*", "")


def _spelled(text: str) -> str:
    """Bring percent-encoding to one spelling."""
    return quote(unquote(text, errors="replace"), safe="/*$=%?&")


def _matches(pattern: str, target: str) -> bool:
    """Return whether a rule matches (RFC 9309, 2.2.2 and 2.2.3). Never looks back: linear in its pieces."""
    is_whole = pattern.endswith("$")
    first, *pieces = pattern.removesuffix("$").split("*")
    if not target.startswith(first):
        return False
    at = len(first)
    last = pieces.pop() if pieces and is_whole else None
    for piece in pieces:
        found = target.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if last is not None:
        return len(target) - at >= len(last) and target.endswith(last)
    return at == len(target) or not is_whole
