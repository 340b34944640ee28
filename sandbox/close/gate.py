"""How Close says no: authentication, rate limits, error bodies.

Source: Close API, "Rate limits", checked August 2026.
"""

import base64
import binascii
import math
import random
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.clock import Clock
from sandbox.limits import TokenBucket
from sandbox.provider import Refusal, Settings

NOT_FOUND = (
    "The requested URL was not found on the server. "
    "If you entered the URL manually please check your spelling and try again."
)


class CloseSettings(Settings):
    """Close's knobs.

    Attributes:
        rate_per_s: Calls a second and key, counted by method and path template; None: no limit.
        organization_rate_per_s: The same over all keys.
        header_style: Spelling of `RateLimit` on a 429: the documentation's commas, the recorded semicolons, or none.
        search_lag_s: A search finds a lead this many seconds after it was made.
        search_cursor_s: How long a search's cursor lives.
        consolidate_s: Updates of one object within this time become one event.
        is_admin: Others see no `data` in events older than an hour.
        allows_outbox: A test that asks for e-mails to be really sent sets this; otherwise it is a violation.
        allows_bulk: The same for bulk actions.
        key_ids: How events name an API key, by key; a key that is not named here is null in them.
        event_lag_s: Every other event shows in the log only so many seconds after it happened.
    """

    keys: list[str] = ["api_sandbox"]
    rate_per_s: float | None = 20.0
    organization_rate_per_s: float | None = 60.0
    header_style: Literal["docs", "recorded", "none"] = "docs"
    search_lag_s: float = 0.0
    search_cursor_s: float = 30.0
    consolidate_s: float = 60.0
    is_admin: bool = True
    allows_outbox: bool = False
    allows_bulk: bool = False
    key_ids: dict[str, str] = {}
    event_lag_s: float = 0.0


def invalid(message: str = "", fields: dict[str, Any] | None = None) -> Refusal:
    """Return the 400 of a failed validation: general errors and errors by field."""
    body = {"errors": [message] if message else [], "field-errors": fields or {}}
    return Refusal(JSONResponse(body, 400), "invalid_request", message or ", ".join(sorted(fields or {})))


def too_deep(name: str, largest: int) -> Refusal:
    """Return the other 400: paging too far or too wide."""
    message = f"The {name} parameter is too large. max{name} = {largest}"
    return Refusal(JSONResponse({"error": message}, 400), "paging_too_large", message)


def not_found() -> Refusal:
    """Return the 404 of an unknown id; to ask for one is no violation."""
    return Refusal(JSONResponse({"error": NOT_FOUND}, 404))


class Gate:
    """Checks the key and the rate of each call, before any handler sees it."""

    def __init__(self, clock: Clock, dice: random.Random) -> None:
        self._clock = clock
        self._dice = dice
        self._buckets: dict[tuple[str, ...], TokenBucket] = {}

    def admit(self, request: Request, template: str, settings: CloseSettings) -> str:
        """Raise the refusal this call gets, or return the key it is made with."""
        key = _basic_user(request.headers.get("authorization", ""))
        if key not in settings.keys:
            raise Refusal(JSONResponse({"error": "Unauthorized"}, 401, recorded_headers(100, 100, 1.0)))
        group = (key, request.method, template)
        for name, rate in ((group, settings.rate_per_s), (("organization",), settings.organization_rate_per_s)):
            if rate is not None:
                self._spend(name, rate, settings)
        return key

    def _spend(self, name: tuple[str, ...], rate: float, settings: CloseSettings) -> None:
        now = self._clock.now()
        bucket = self._buckets.get(name)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[name] = TokenBucket(max(rate, 1.0), rate, now)
        wait_s = bucket.take(1, now)
        if wait_s:
            raise Refusal(self.too_many(settings, int(bucket.capacity), wait_s))

    def too_many(self, settings: CloseSettings, limit: int, wait_s: float) -> Response:
        """Return a 429; its body promises nothing, so it is another one each time."""
        body = self._dice.choice([{}, "", {"error": {"rate_reset": wait_s}}, {"error": "Rate limit exceeded"}])
        headers = {"Retry-After": str(math.ceil(wait_s))}
        if settings.header_style == "docs":
            headers["RateLimit"] = f"limit={limit}, remaining=0, reset={wait_s:.3f}"
        elif settings.header_style == "recorded":
            headers |= recorded_headers(limit, 0, math.ceil(wait_s))
        return JSONResponse(body, 429, headers)


def recorded_headers(limit: int, remaining: int, reset_s: float) -> dict[str, str]:
    """Return the three vocabularies of rate headers seen in one real answer, with their differing numbers."""
    return {
        "ratelimit": f"limit={limit}; remaining={remaining}; reset={reset_s:g}",
        "ratelimit-limit": "60",
        "ratelimit-remaining": str(min(59, remaining)),
        "ratelimit-reset": "1",
        "x-ratelimit-limit": "60, 60;w=1, 100;w=1",
        "x-ratelimit-remaining": str(min(59, remaining)),
        "x-ratelimit-reset": "1",
    }


def _basic_user(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    try:
        user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return user if scheme.lower() == "basic" and not password else ""
