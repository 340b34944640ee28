"""A provider's HTTP error as an error of ours; the only place that knows what a status code means.

Errors name the provider, the operation and the status. What the provider wrote is kept only after e-mail addresses,
keys and long numbers have been taken out of it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from core.errors import (
    Gone,
    PaymentRequired,
    ProviderError,
    RateLimited,
    Rejected,
    Timeout,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
)

_SECRETS = re.compile(
    r"[^\s@\"'<>]+@[^\s@\"'<>]+|[A-Za-z0-9_\-.]{20,}|\+?\d[\d\s().\-]{6,}\d|sk[-_]\S+|\*{2,}\S*"
    # A short key, as servers of one's own have them, is known by the word before it and by not being a word itself.
    r"|(?i:\b(?:key|token|bearer|password|secret))(?:[\s:=\"']|is|was)+(?=\S*[\d_\-])\S+"
)
_LONGEST = 500
"""So many characters of reasons a message has at most."""
_OUT_OF_CREDIT = re.compile(r"credit balance is too low|insufficient (balance|credits)", re.IGNORECASE)


def http_error(
    provider: str,
    operation: str,
    status: int,
    body: Any,
    *,
    headers: Mapping[str, str],
    wait_s: float | None = None,
) -> ProviderError:
    """Return the error an answer other than a success stands for.

    Args:
        provider: who answered.
        operation: what was asked, without a person's data.
        status: HTTP status.
        body: decoded body, or its text.
        headers: lower-case names.
        wait_s: seconds the provider asks us to wait.
    """
    fields = _field_errors(body)
    named = "; ".join(f"{field}: {why}" for field, why in fields.items())[:_LONGEST]
    said = "; ".join(filter(None, (redacted(_words(body)), named)))
    message = f"{provider} {operation}: {status}" + (f", {said}" if said else "")
    facts: dict[str, Any] = {
        "provider": provider,
        "status": status,
        "request_id": headers.get("x-request-id") or headers.get("request-id"),
    }
    if status == 402 or (400 <= status < 500 and _OUT_OF_CREDIT.search(_words(body))):
        return PaymentRequired(message, **facts)
    if status == 429:
        return RateLimited(message, retry_after_s=wait_s, **facts)
    if status >= 500:
        return Unavailable(message, retry_after_s=wait_s, **facts)
    if status in (400, 405, 406, 409, 411, 412, 413, 414, 415, 422):
        return Rejected(message, field_errors=fields, **facts)
    kinds: dict[int, type[ProviderError]] = {
        401: Unauthorized,
        403: Unauthorized,
        404: Gone,
        410: Gone,
        408: Timeout,
    }
    return kinds.get(status, UnexpectedAnswer if status < 400 else Rejected)(message, **facts)


def redacted(text: str, *, limit: int = 200) -> str:
    """Return at most `limit` characters of `text` without addresses, keys and numbers of persons."""
    return _SECRETS.sub("…", " ".join(text.split()))[:limit]


def seconds_of(text: str | None) -> float | None:
    """Return the seconds a `Retry-After` value means (RFC 9110: number or date), None where it is neither."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return _seconds_until(text)
    return max(number, 0.0) if number < float("inf") else None


def _seconds_until(text: str) -> float | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


def _words(body: Any) -> str:
    """Return what the provider says is wrong, from the usual keys; an HTML page says nothing."""
    if isinstance(body, str):
        return "" if body.lstrip().startswith("<") else body
    if not isinstance(body, dict):
        return ""
    said = next((body[key] for key in ("error", "message", "error_message", "detail", "title") if body.get(key)), "")
    if isinstance(said, dict):
        return _words(said)
    listed = body.get("errors")
    if not said and isinstance(listed, list):
        return "; ".join(text for text in listed if isinstance(text, str))
    code = body.get("code") or body.get("error_code") or body.get("type") or ""
    return f"{said} ({code})" if said and isinstance(code, str) and code else str(said)


def _field_errors(body: Any) -> dict[str, str]:
    """Return field to reason, redacted, where the provider named fields; those within a list by their place."""
    fields = body.get("field-errors") if isinstance(body, dict) else None
    return dict(_named(fields, "", depth=6)) if isinstance(fields, dict) else {}


def _named(fields: Mapping[str, Any], within: str, *, depth: int) -> Iterator[tuple[str, str]]:
    for name, why in fields.items():
        place = within if name in ("errors", "field-errors") else f"{within}{'.' if within else ''}{name}"
        if isinstance(why, Mapping) and depth:
            yield from _named(why, place, depth=depth - 1)
        elif why:
            yield place, redacted("; ".join(map(str, why)) if isinstance(why, list) else str(why))
