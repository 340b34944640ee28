"""Client of the Cerebras inference API, through cerebras-cloud-sdk 1.91.

Source: inference-docs.cerebras.ai, "Chat Completions", "Rate Limits", "Error Codes" (checked November 2026). The SDK's
constructor makes a network call unless told not to, it returns error objects and bare text as results, and a stream
that is cut ends in silence; all three are handled here.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx

from core.errors import ProviderNotConfigured, Unavailable
from core.ledger.prices import TokenUsage
from core.ledger.spend import FREE, Cost
from integrations.cerebras.schemas import CerebrasAnswer, CerebrasMessage, CerebrasToolCall
from integrations.http_errors import http_error, seconds_of
from integrations.resilience.guard import Call, Guard
from integrations.resilience.rate_limit import Observation
from integrations.sdk import fields_of, quiet, sdk_errors

try:
    from cerebras.cloud.sdk import AsyncCerebras
except ImportError:
    _HAS_SDK = False
else:
    _HAS_SDK = True

quiet("cerebras.cloud.sdk")

_CHAT = "chat/completions"


class CerebrasClient:
    """Chat completions and the list of models; an async context manager.

    Args:
        base_url: "https://api.cerebras.ai", without `/v1`.
        api_key: the key.
        guard: see `integrations.resilience.guard`.
        timeout_s: seconds without a byte.

    Raises:
        ProviderNotConfigured: the SDK is not installed.
    """

    provider = "cerebras"

    def __init__(self, base_url: str, api_key: str, guard: Guard, *, timeout_s: float = 30.0) -> None:
        if not _HAS_SDK:
            raise ProviderNotConfigured("cerebras is off: install sales-agent with its extra 'models'")
        self.guard = guard
        self._first = asyncio.Lock()
        self._is_told = False
        self._sdk = AsyncCerebras(
            api_key=api_key,
            base_url=base_url.rstrip("/"),
            timeout=timeout_s,
            max_retries=0,
            warm_tcp_connection=False,
            http_client=httpx.AsyncClient(
                timeout=timeout_s,
                trust_env=False,
                verify=base_url.startswith("https:"),
                event_hooks={"response": [self._observe]},
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._sdk.close()

    async def _observe(self, response: httpx.Response) -> None:
        """Take over the rate headers, which the SDK does not hand on."""
        await self.guard.limiter.observe(_observations(response.headers))
        self._is_told = self._is_told or response.request.url.path.endswith(_CHAT)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[AsyncExitStack]:
        """Let the first call go alone; how many may follow in this minute stands in its answer's headers.

        What is yielded can be closed as soon as the answer has begun.
        """
        async with AsyncExitStack() as alone:
            if not self._is_told:
                await alone.enter_async_context(self._first)
            if self._is_told:
                await alone.aclose()
            yield alone

    async def models(self) -> list[str]:
        """Return the ids of the models this key may use."""

        async def attempt() -> list[str]:
            with sdk_errors(self.provider, "models"):
                listed = await self._sdk.models.list()
                return [model.id for model in listed.data]

        return await self.guard.run(attempt, Call("models"))

    async def complete(
        self,
        messages: Sequence[CerebrasMessage],
        *,
        model: str,
        max_tokens: int,
        estimate: Cost = FREE,
        cost_of: Callable[[TokenUsage], Cost] | None = None,
        **options: Any,
    ) -> CerebrasAnswer:
        """Return the answer to `messages`.

        Args:
            messages: in order.
            model: id.
            max_tokens: bound of the output, reasoning included; it is charged against the rate limit in advance.
            estimate: the most it can cost.
            cost_of: cost of what was used.
            options: further fields of the API.
        """

        async def attempt() -> CerebrasAnswer:
            with sdk_errors(self.provider, _CHAT):
                answer = await self._sdk.chat.completions.create(
                    messages=list(messages),  # type: ignore[arg-type]  # the SDK's own typed dicts
                    model=model,
                    max_completion_tokens=max_tokens,
                    stream=False,
                    **options,
                )
                return _answer(answer)

        call = self._call(messages, max_tokens, estimate)
        async with self._turn():
            return await self.guard.run(attempt, call, cost_of=_priced(estimate, cost_of))

    async def stream(
        self,
        messages: Sequence[CerebrasMessage],
        *,
        model: str,
        max_tokens: int,
        estimate: Cost = FREE,
        cost_of: Callable[[TokenUsage], Cost] | None = None,
        **options: Any,
    ) -> AsyncIterator[CerebrasAnswer]:
        """Yield the answer in pieces. Raises Unavailable when it ends without a finish reason: it was cut off."""

        async def pieces() -> AsyncGenerator[CerebrasAnswer, None]:
            is_finished = False
            with sdk_errors(self.provider, _CHAT):
                stream: Any = await self._sdk.chat.completions.create(
                    messages=list(messages),  # type: ignore[arg-type]  # the SDK's own typed dicts
                    model=model,
                    max_completion_tokens=max_tokens,
                    stream=True,
                    stream_options={"include_usage": True},
                    **options,
                )
                async for chunk in stream:
                    piece = _answer(chunk)
                    is_finished = is_finished or piece.finish_reason is not None
                    yield piece
            if not is_finished:
                raise Unavailable(f"{self.provider} {_CHAT}: the stream was cut off", provider=self.provider)

        def cost(piece: CerebrasAnswer) -> Cost | None:
            return cost_of(piece.usage) if cost_of and piece.usage else None

        async with self._turn() as alone:
            async for piece in self.guard.stream(pieces, self._call(messages, max_tokens, estimate), cost_of=cost):
                await alone.aclose()
                yield piece

    @staticmethod
    def _call(messages: Sequence[CerebrasMessage], max_tokens: int, estimate: Cost) -> Call:
        characters = sum(len(str(message.get("content") or "")) for message in messages)
        return Call(_CHAT, estimate=estimate, weights={"tokens": characters // 3 + max_tokens})


def _priced(estimate: Cost, cost_of: Callable[[TokenUsage], Cost] | None) -> Callable[[CerebrasAnswer], Cost]:
    return lambda answer: cost_of(answer.usage) if cost_of and answer.usage else estimate


def _answer(result: Any) -> CerebrasAnswer:
    """Return a completion or a chunk as our value.

    Raises:
        Unavailable: it is neither.
        ProviderError: it is an error that came with status 200.
    """
    status = getattr(result, "status_code", None)
    if isinstance(status, int):
        raise http_error("cerebras", _CHAT, status, fields_of(getattr(result, "error", None)), headers={})
    choices = getattr(result, "choices", None)
    usage = getattr(result, "usage", None)
    if choices is None or (not choices and usage is None):
        raise Unavailable(f"cerebras {_CHAT}: the answer is no completion", provider="cerebras")
    said = (getattr(choices[0], "message", None) or getattr(choices[0], "delta", None)) if choices else None
    if isinstance(said, Mapping):
        raise TypeError("a part that the SDK has no type for: it would be taken for an empty one")
    return CerebrasAnswer(
        id=result.id,
        model=result.model,
        content=_text(getattr(said, "content", None)),
        reasoning=_text(getattr(said, "reasoning", None)) or None,
        tool_calls=tuple(_tool_call(call) for call in getattr(said, "tool_calls", None) or ()),
        finish_reason=_text(choices[0].finish_reason) or None if choices else None,
        usage=_usage(usage),
        time_info={name: float(value) for name, value in fields_of(getattr(result, "time_info", None)).items()},
    )


def _text(value: Any) -> str:
    """Return a text of the API. Raises ValueError: the SDK hands on whatever came in its place."""
    if value is None or isinstance(value, str):
        return value or ""
    raise ValueError("no text")


def _observations(headers: Mapping[str, str]) -> list[Observation]:
    """Read the rate headers, each of which may be missing; the windows are called as in the headers."""
    seen = []
    for window in ("requests-minute", "requests-day", "tokens-minute"):
        limit = seconds_of(headers.get(f"x-ratelimit-limit-{window}"))
        left = seconds_of(headers.get(f"x-ratelimit-remaining-{window}"))
        if limit is not None and left is not None:
            reset_s = seconds_of(headers.get(f"x-ratelimit-reset-{window}"))
            seen.append(Observation(window, limit=int(limit), remaining=int(left), reset_s=reset_s))
    return seen


def _tool_call(call: Any) -> CerebrasToolCall:
    return CerebrasToolCall(call.id, call.function.name, call.function.arguments or "", getattr(call, "index", None))


def _usage(usage: Any) -> TokenUsage | None:
    if usage is None:
        return None
    details = getattr(usage, "prompt_tokens_details", None)
    counted = (usage.prompt_tokens, usage.completion_tokens, getattr(details, "cached_tokens", None))
    return TokenUsage(*(int(count or 0) for count in counted))
