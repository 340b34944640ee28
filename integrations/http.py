"""The client all others build on: one request as a guarded call.

Breaker, budget, rate limit, request, status to error, retry, in that order (`integrations.resilience.guard`).
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from core.errors import ProviderError, Timeout, Unavailable, UnexpectedAnswer
from core.ledger.spend import FREE, Cost
from integrations.http_errors import http_error, seconds_of
from integrations.resilience.guard import Call, Guard
from integrations.resilience.rate_limit import Observation

# At INFO they log whole URLs, at DEBUG the headers with the keys.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=BaseModel)
JsonBody = Any
"""A decoded JSON document."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class DecodedResponse:
    """What a provider answered.

    Attributes:
        body: decoded.
        headers: with lower-case names.
        is_later: the provider took the request and still works on it (202).
    """

    body: JsonBody
    headers: Mapping[str, str]
    is_later: bool = False

    @property
    def request_id(self) -> str | None:
        """The provider's id of the request, where it gave one."""
        return self.headers.get("x-request-id") or self.headers.get("request-id")


class ProviderClient:
    """An open connection to one provider; an async context manager.

    Args:
        base_url: without the trailing slash.
        guard: breaker, limits, budget and retry of this provider.
        headers: sent with every request; may hold the key.
        auth: HTTP basic credentials, where the provider wants those.
        timeout_s: seconds for connecting and between two reads; the guard's deadline bounds the whole.
    """

    floats: Callable[[str], object] = float
    """What a number with a decimal point becomes."""

    def __init__(
        self,
        base_url: str,
        guard: Guard,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self.guard = guard
        self.provider = guard.provider
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            headers={"Accept": "application/json", **(headers or {})},
            auth=auth,
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            # Loading the certificates takes longer than many a call, and plain HTTP has no use for them.
            verify=base_url.startswith("https:"),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        operation: str | None = None,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        body: JsonBody = None,
        headers: Mapping[str, str] | None = None,
        may_repeat: bool | None = None,
        estimate: Cost = FREE,
        cost_of: Callable[[DecodedResponse], Cost] | None = None,
        look_up: Callable[[], Awaitable[DecodedResponse | None]] | None = None,
    ) -> DecodedResponse:
        """Make one guarded request.

        Args:
            method: HTTP method.
            path: below the base URL; ids only, never a person's data, because it appears in errors.
            operation: name of the endpoint without ids, also its rate limit scope; default: method and path.
            params: query.
            body: JSON document.
            headers: further headers.
            may_repeat: whether a second identical request is harmless; default: yes, unless it is a POST.
            estimate: the most it can cost.
            cost_of: what it did cost.
            look_up: finds what an earlier attempt of unknown outcome left behind.

        Raises:
            LimitReached, BudgetExhausted, ProviderError: see `Guard.run`.
        """
        name = operation or f"{method} {path}"
        repeatable = method != "POST" if may_repeat is None else may_repeat
        call = Call(operation=name, scope=name, may_repeat=repeatable, estimate=estimate)

        async def attempt() -> DecodedResponse:
            return await self._send(name, method, path, params=params, json=body, headers=headers)

        return await self.guard.run(attempt, call, cost_of=cost_of, look_up=look_up)

    async def _send(self, operation: str, method: str, path: str, **content: Any) -> DecodedResponse:
        try:
            response = await self._http.request(method, path, **content)
        except httpx.TimeoutException as error:
            raise Timeout(
                f"{self.provider} {operation}: no answer in time ({type(error).__name__})",
                provider=self.provider,
                was_sent=not isinstance(error, _NEVER_SENT),
            ) from error
        except httpx.HTTPError as error:
            raise Unavailable(
                f"{self.provider} {operation}: the connection failed ({type(error).__name__})",
                provider=self.provider,
                was_sent=not isinstance(error, _NEVER_SENT),
            ) from error
        observations = self.observations(response.headers)
        if observations:
            await self.guard.limiter.observe(observations, operation)
        if response.is_success:
            return DecodedResponse(
                self._decoded(operation, response), response.headers, response.status_code == httpx.codes.ACCEPTED
            )
        raise self._error(operation, response)

    def _decoded(self, operation: str, response: httpx.Response) -> JsonBody:
        if not response.content:
            return None
        try:
            return response.json(parse_float=self.floats)
        except ValueError as error:
            raise Unavailable(
                f"{self.provider} {operation}: the answer is no JSON "
                f"({response.headers.get('content-type', 'no content type')}, {len(response.content)} bytes)",
                provider=self.provider,
                status=response.status_code,
            ) from error

    def _error(self, operation: str, response: httpx.Response) -> Exception:
        body = _body_of(response)
        error = http_error(
            self.provider,
            operation,
            response.status_code,
            body,
            headers=response.headers,
            wait_s=self.wait_asked(response.headers),
        )
        return self.refine(error, body)

    def refine(self, error: ProviderError, body: JsonBody) -> Exception:  # noqa: ARG002 - for providers that need the body
        """Return the error a refusal stands for; a provider whose bodies say more than the status overrides this."""
        return error

    def observations(self, headers: httpx.Headers) -> list[Observation]:  # noqa: ARG002 - for providers with headers
        """Return what the headers say about the rate limits."""
        return []

    def wait_asked(self, headers: httpx.Headers) -> float | None:
        """Return the seconds `Retry-After` asks for (RFC 9110: seconds or a date)."""
        return seconds_of(headers.get("retry-after"))

    def parsed(self, shape: type[ModelT], body: JsonBody, operation: str) -> ModelT:
        """Return `body` as `shape`. Raises UnexpectedAnswer naming the fields that do not fit, not their values."""
        try:
            return shape.model_validate(body)
        except ValidationError as error:
            raise self._unexpected(operation, error) from None

    def parsed_list(self, shape: type[T], body: JsonBody, operation: str) -> list[T]:
        """Return `body` as a list of `shape`; see `parsed`."""
        try:
            return TypeAdapter(list[shape]).validate_python(body)  # type: ignore[valid-type]  # a type made at run time
        except ValidationError as error:
            raise self._unexpected(operation, error) from None

    def _unexpected(self, operation: str, error: ValidationError) -> UnexpectedAnswer:
        places = sorted({".".join(str(part) for part in item["loc"]) or "the whole" for item in error.errors()})
        return UnexpectedAnswer(
            f"{self.provider} {operation}: the answer does not fit its contract at {', '.join(places[:5])}",
            provider=self.provider,
        )


def _body_of(response: httpx.Response) -> JsonBody:
    """Return the decoded body of a refusal, or its text; some providers declare JSON as text."""
    try:
        return json.loads(response.content)
    except ValueError:
        return response.text
