"""What fetching a page of a website gives: the page, or why there is none; and the bounds it is fetched within."""

import zlib
from dataclasses import dataclass
from enum import StrEnum

import aiohttp

from core.discovery.robots import RobotsDecision
from integrations.websites.network import RefusedAddress

_TEXT_TYPES = ("text/html", "application/xhtml", "text/plain", "application/xml", "text/xml", "application/rss")


class PageStatus(StrEnum):
    """What became of a page."""

    OK = "ok"
    NOT_FOUND = "not found"
    DISALLOWED = "disallowed by robots.txt"
    FORBIDDEN = "forbidden"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REFUSED = "refused address"
    OFF_SITE = "leads to another site"
    REDIRECTS = "too many redirects"
    NOT_A_PAGE = "not a page"
    SERVER_ERROR = "server error"
    THROTTLED = "throttled"
    BAD_CONTENT = "unreadable content"


UNKNOWN = frozenset(
    {
        PageStatus.FORBIDDEN,
        PageStatus.UNREACHABLE,
        PageStatus.TIMEOUT,
        PageStatus.SERVER_ERROR,
        PageStatus.THROTTLED,
        PageStatus.DISALLOWED,
        PageStatus.REFUSED,
    }
)
"""Nothing is known about such a page's content: never "nobody there"."""


@dataclass(frozen=True)
class FetchLimits:
    """Bounds of every fetch.

    Attributes:
        agent: product token in robots.txt; `user_agent` is the whole header.
        delay_s: seconds between two requests to one host; a larger Crawl-delay is kept up to `max_delay_s`.
        timeout_s: seconds for one page, redirects and body included.
        max_bytes: decoded bytes read of one page; the rest is left.
        fresh_for_s: a kept page younger than this is used without asking the server.
        allow_private: private and loopback addresses may be visited.
        connections: connections at most, over all hosts.
    """

    agent: str = "sales-agent"
    user_agent: str = "sales-agent/0.1"
    delay_s: float = 1.0
    max_delay_s: float = 10.0
    timeout_s: float = 15.0
    max_bytes: int = 2_000_000
    fresh_for_s: float = 86_400.0
    allow_private: bool = False
    connections: int = 100


@dataclass(frozen=True)
class FetchedPage:
    """One page, or why there is none.

    Attributes:
        url: the address asked for.
        final_url: where the content came from.
        status: what became of it.
        why: one phrase for people; "" for a page.
        body: the markup, "" unless the status is OK.
        http_status: the server's status, or None.
        robots: the decision of the host's robots.txt, where one was taken.
        from_cache: no body was transferred.
        truncated: longer than `max_bytes`.
    """

    url: str
    final_url: str
    status: PageStatus
    why: str = ""
    body: str = ""
    http_status: int | None = None
    robots: RobotsDecision | None = None
    from_cache: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class Resource:
    """What a page's script asked for: the server's answer as it came, unpacked."""

    body: bytes
    content_type: str
    http_status: int


def failure(error: Exception) -> tuple[PageStatus, str]:
    """Return what an exchange that broke off means."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, RefusedAddress):
        return PageStatus.REFUSED, "the host's address is not public"
    if isinstance(cause, TimeoutError):
        return PageStatus.TIMEOUT, "no answer in time"
    if isinstance(cause, zlib.error):
        return PageStatus.BAD_CONTENT, "the content is not compressed as it says"
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.InvalidURL)):
        return PageStatus.UNREACHABLE, "no connection"
    return PageStatus.UNREACHABLE, f"the connection broke ({type(error).__name__})"


def refusal(code: int) -> tuple[PageStatus, str] | None:
    """Return what a status other than success or a redirect means; None for success."""
    if code in (404, 410):
        return PageStatus.NOT_FOUND, f"HTTP {code}"
    if code in (401, 402, 403, 407, 451):
        return PageStatus.FORBIDDEN, f"HTTP {code}: what stands there is unknown"
    if code in (429, 503):
        return PageStatus.THROTTLED, f"HTTP {code}: the server wants us to come back later"
    if code >= 500:
        return PageStatus.SERVER_ERROR, f"HTTP {code}"
    if code >= 300:
        return PageStatus.NOT_FOUND, f"HTTP {code}"
    return None


def is_text(kind: str, body: bytes) -> bool:
    """A wrong Content-Type is forgiven where the body begins like a page."""
    plain = kind.split(";")[0].strip().lower()
    start = body[:1024].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if b"\x00" in body[:512] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    if plain.startswith(_TEXT_TYPES):
        return True
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<!--"))
