"""What the headers of Close's answers say. Source: developer.close.com, "Rate limits", checked November 2026."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

_RATE_LIMIT = re.compile(r"limit=([\d.]+)\s*[;,]\s*remaining=([\d.]+)\s*[;,]\s*reset=([\d.]+)")


def rate_limit_of(headers: httpx.Headers) -> tuple[int, float] | None:
    """Return how many calls are left and for how many seconds, from `RateLimit` in either of its spellings."""
    found = _RATE_LIMIT.search(headers.get("ratelimit", ""))
    return None if found is None else (int(float(found[2])), float(found[3]))


def moment_of(date_header: str | None) -> datetime | None:
    """Return the moment a `Date` header means (RFC 9110): the middle of the second it names."""
    try:
        moment = parsedate_to_datetime(date_header or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) + timedelta(seconds=0.5)
