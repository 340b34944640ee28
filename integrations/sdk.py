"""Calls through a provider's own SDK: its errors as errors of ours.

The SDKs come from one generator and are told apart from one another by shape, not by class, so that none of them has to
be installed. Their own retries are switched off: `Guard` retries.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from core.errors import (
    MalformedAnswer,
    ProviderError,
    ProviderNotConfigured,
    SalesAgentError,
    Timeout,
    Unavailable,
    UnexpectedAnswer,
)
from integrations.http_errors import http_error, seconds_of


def quiet(*loggers: str) -> None:
    """Let an SDK log warnings only: it logs request bodies and headers at DEBUG, addresses at INFO."""
    for name in loggers:
        logging.getLogger(name).setLevel(logging.WARNING)


quiet("httpx2", "httpcore2", "websockets")

_NETWORK = (
    "TransportError",
    "HTTPError",
    "StreamError",
    "ConnectionClosed",
    "InvalidHandshake",
    "WebSocketConnectionClosedError",
)
_UNREADABLE = (json.JSONDecodeError, AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
_ENDED = {
    "LengthFinishReasonError": "was cut off (length)",
    "ContentFilterFinishReasonError": "was filtered (content_filter)",
    "RefusalError": "was refused",
}
"""What an SDK's own parser raises of answers that came, and were paid; by how its class's name ends."""


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Raise ProviderNotConfigured, which names the extra, where an import inside the block fails."""
    try:
        yield
    except ImportError as error:
        raise ProviderNotConfigured(
            f"these models need packages that are not installed: install sales-agent with its extra {extra!r}"
        ) from error


@contextmanager
def sdk_errors(provider: str, operation: str) -> Iterator[None]:
    """Translate what an SDK raises inside the block.

    Raises:
        ProviderError: instead of every error that stands for a failed call. Its cause is cut off, because an SDK's
            message quotes the body, which may name persons.
        MalformedAnswer: instead of those that stand for an answer of no use.
    """
    try:
        yield
    except SalesAgentError:
        raise
    except Exception as error:  # an SDK's errors are told by their shape; others go on as they are
        translated = _translated(provider, operation, error)
        if translated is None:
            raise
        raise translated from None


def _translated(provider: str, operation: str, error: Exception) -> ProviderError | MalformedAnswer | None:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    name = f"{provider} {operation}"
    if ended := next((said for end, said in _ENDED.items() if any(kind.endswith(end) for kind in kinds)), None):
        return MalformedAnswer(f"{provider}: the answer {ended}")
    if "InvalidStatus" in kinds:
        return _denied(provider, operation, error)
    if "APITimeoutError" in kinds or "TimeoutException" in kinds or isinstance(error, TimeoutError):
        return Timeout(f"{name}: no answer in time", provider=provider, was_sent=_was_sent(error))
    if "APIConnectionError" in kinds or kinds.intersection(_NETWORK) or isinstance(error, OSError):
        return Unavailable(
            f"{name}: the connection failed ({type(error).__name__})", provider=provider, was_sent=_was_sent(error)
        )
    if "APIResponseValidationError" in kinds:
        return UnexpectedAnswer(f"{name}: the answer does not fit its contract", provider=provider)
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _refused(provider, operation, status, error)
    if "APIError" in kinds:
        return Unavailable(f"{name}: an error came in the middle of the answer", provider=provider)
    if isinstance(error, _UNREADABLE):
        return Unavailable(f"{name}: the answer cannot be read ({type(error).__name__})", provider=provider)
    return None


def _refused(provider: str, operation: str, status: int, error: Exception) -> ProviderError:
    response = getattr(error, "response", None)
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    return http_error(
        provider, operation, status, getattr(error, "body", None), headers=headers, wait_s=wait_of(headers)
    )


def _denied(provider: str, operation: str, error: Exception) -> ProviderError:
    """Return what the refusal of a websocket means."""
    response: Any = getattr(error, "response", None)
    try:
        body = json.loads(response.body)
    except ValueError:
        body = (response.body or b"").decode(errors="replace")
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    return http_error(provider, operation, response.status_code, body, headers=headers, wait_s=wait_of(headers))


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Return the seconds `retry-after-ms` or `retry-after` ask for."""
    milliseconds = seconds_of(headers.get("retry-after-ms"))
    return seconds_of(headers.get("retry-after")) if milliseconds is None else milliseconds / 1000


def _was_sent(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if type(seen).__name__ in ("ConnectError", "ConnectTimeout", "PoolTimeout") or isinstance(
            seen, ConnectionRefusedError
        ):
            return False
        seen = seen.__cause__
    return True


def fields_of(value: Any) -> dict[str, Any]:
    """Return an SDK's model as a dict, empty where there is none."""
    return value.model_dump(exclude_none=True) if value is not None else {}
