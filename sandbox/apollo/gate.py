"""How Apollo says no: keys, scopes, credits, its three rate windows. Source: docs.apollo.io, checked August 2026."""

import math

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from sandbox.clock import Clock
from sandbox.limits import FixedWindows
from sandbox.provider import Refusal, Settings

INVALID_KEY = "Invalid API key. See https://docs.apollo.io/reference/authentication for how to authenticate."
NO_PAGE = "<!DOCTYPE html><html><head><title>The page you were looking for doesn't exist (404)</title></head></html>"
WINDOWS = (("minute", 60, "minute"), ("hourly", 3_600, "hour"), ("24-hour", 86_400, "day"))


class ApolloSettings(Settings):
    """Apollo's knobs.

    Attributes:
        credits: Lead credits left.
        limits: Calls by window (`minute`, `hourly`, `24-hour`), for each endpoint; None: no limit.
        endpoint_limits: The same for single endpoints (`people/bulk_match`), over `limits`.
        forbidden: Endpoints this key has no scope for.
        text_errors: Word the 401 as plain text, as the specification has it.
        callback_repeats: How often a late result is posted.
        pending_polls: How often a late result is `result_pending` first.
        progress_polls: How often it is `in_progress` then.
        late_fails: Say of late results that they failed.
        credits_a_match: What a found person costs; a fraction is legal in bulk.
    """

    keys: list[str] = ["sandbox-apollo"]
    credits: float = 1_000
    limits: dict[str, int | None] = {"minute": 200, "hourly": 600, "24-hour": 6_000}
    endpoint_limits: dict[str, dict[str, int | None]] = {}
    forbidden: list[str] = ["contacts/destroy"]
    text_errors: bool = False
    callback_repeats: int = 2
    pending_polls: int = 2
    progress_polls: int = 1
    late_fails: bool = False
    credits_a_match: float = 1


def refusal(status: int, body: dict[str, object], rule: str | None = None, detail: str = "") -> Refusal:
    """Return a JSON error; with a `rule` it is a violation too."""
    return Refusal(JSONResponse(body, status), rule, detail)


def invalid(message: str = "Invalid parameters") -> Refusal:
    """Return the 422 of a bad parameter."""
    return refusal(422, {"error": message}, "invalid_parameters", message)


def no_credits() -> Refusal:
    """Return the 422 of an empty account."""
    message = "You have insufficient credits! Please upgrade your plan."
    details = {"code": "BILLING.LIMIT.CREDITS_EXHAUSTED", "message": message, "context": {}}
    return refusal(422, {"error": message, "error_details": details})


def no_page() -> Response:
    """Return Apollo's 404: HTML, whatever the key."""
    return HTMLResponse(NO_PAGE, 404)


class Gate:
    """Checks key, scope and windows of each call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.windows = FixedWindows()

    def admit(self, request: Request, endpoint: str, settings: ApolloSettings) -> dict[str, str]:
        """Raise the refusal this call gets, or return the nine rate headers."""
        key = request.headers.get("x-api-key")
        if not key:
            raise refusal(422, {"error": "Api key required"})
        if key not in settings.keys:
            raise Refusal(wrong_key(settings))
        if endpoint in settings.forbidden:
            message = f"api/v1/{endpoint} is not accessible with this access token"
            raise refusal(403, {"error": message, "error_code": "API_INACCESSIBLE"})
        return self._count(endpoint, settings)

    def _count(self, endpoint: str, settings: ApolloSettings) -> dict[str, str]:
        now, limits = self._clock.now(), settings.limits | settings.endpoint_limits.get(endpoint, {})
        open_now = {name: self.windows.look((endpoint, name), length, now) for name, length, _ in WINDOWS}
        headers: dict[str, str] = {}
        for name, _, word in WINDOWS:
            limit, window = limits.get(name), open_now[name]
            if limit is not None and window.used >= limit:
                raise Refusal(too_many(endpoint, limit, word, window.ends_at - now))
        for name, _, _ in WINDOWS:
            limit, window = limits.get(name), open_now[name]
            window.used += 1
            headers[f"x-rate-limit-{name}"] = "" if limit is None else str(limit)
            if limit is not None:
                headers[f"x-{name}-usage"] = str(window.used)
                headers[f"x-{name}-requests-left"] = str(limit - window.used)
        return headers


def too_many(endpoint: str, limit: int, word: str, wait_s: float) -> Response:
    """Return the 429 of a window that is used up: `message`, not `error`, and the seconds to its end."""
    message = (
        f"The maximum number of api calls allowed for api/v1/{endpoint} is {limit} times per {word}. "
        "Please upgrade your plan from https://app.apollo.io/#/settings/plans/upgrade."
    )
    return JSONResponse({"message": message}, 429, {"retry-after": str(math.ceil(wait_s))})


def wrong_key(settings: ApolloSettings) -> Response:
    """Return the 401 in one of its two forms."""
    if settings.text_errors:
        return PlainTextResponse(INVALID_KEY, 401)
    return JSONResponse({"error": INVALID_KEY}, 401)
