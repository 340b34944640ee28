"""May a page be fetched? robots.txt as RFC 9309 reads it, with the rule that decided and its line."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

MAX_BYTES = 512_000
"""RFC 9309, 2.5: a crawler reads at least 500 kibibytes; what comes after that is not read."""


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
        self._text = text[:MAX_BYTES]
        self._agent = agent
        self._unreachable = unreachable
        self._rules = Protego.parse(self._text)

    @property
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
            return RobotsDecision(True, None, None, "allowed by robots.txt" if self._text else "no robots.txt")
        rule, line = self._deciding_line(url)
        return RobotsDecision(False, rule, line, f"robots.txt line {line}: {rule}" if line else "robots.txt")

    def _deciding_line(self, url: str) -> tuple[str | None, int | None]:
        """Find the longest Disallow line of our group that blocks the address by itself."""
        best: tuple[int, str, int] | None = None
        ours = self._group_lines()
        parts = urlsplit(url)
        target = f"http://example.com{parts.path}{'?' + parts.query if parts.query else ''}"
        for number, value in ours:
            if best is not None and len(value) <= best[0]:
                continue
            if not Protego.parse(f"User-agent: *\nDisallow: {value}").can_fetch(target, "any"):
                best = (len(value), f"Disallow: {value}", number)
        return (best[1], best[2]) if best else (None, None)

    def _group_lines(self) -> list[tuple[int, str]]:
        """List line number and value of the Disallow lines in the groups that apply to us: named ones, else `*`."""
        named: list[tuple[int, str]] = []
        general: list[tuple[int, str]] = []
        agents: list[str] = []
        in_rules = False
        for number, raw in enumerate(self._text.splitlines(), start=1):
            matched = re.match(r"\s*([A-Za-z -]+?)\s*:\s*([^#]*)", raw)
            if matched is None:
                continue
            key, value = matched[1].lower(), matched[2].strip()
            if key == "user-agent":
                agents = [value.lower()] if in_rules else [*agents, value.lower()]
                in_rules = False
                continue
            in_rules = True
            if key == "disallow" and value:
                if any(agent != "*" and agent in self._agent.lower() for agent in agents):
                    named.append((number, value))
                elif "*" in agents:
                    general.append((number, value))
        return named or general
