"""Any LangChain chat model behind our guard: breaker, budget, rate limit, retry, errors of ours."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableBinding
from langchain_core.tools import BaseTool

from agents.async_chat import CHARACTERS_A_TOKEN, AsyncChat
from agents.structured import Schema, checked, name_of, reason_to_stop, strict_schema, unusable, value_of
from core.errors import ConfigurationError, Unavailable
from core.ledger.prices import TokenPrice, TokenUsage
from core.ledger.spend import Cost
from integrations.resilience.guard import Call, Guard
from integrations.sdk import sdk_errors

StructuredBy = Literal["tool", "json_schema"]


class GuardedChat(AsyncChat):
    """Another chat model, made safe to call. Its own retries must be off; asynchronous only.

    Attributes:
        inner: the provider's model.
        guard: see `integrations.resilience.guard`.
        price: of the model.
        max_tokens: bound of the output that `inner` was given.
        structured_by: how the provider is asked for a value.
        says_cost: whether its answers say what they have cost, which is booked then.
    """

    inner: BaseChatModel
    guard: Guard
    price: TokenPrice
    max_tokens: int = 1024
    structured_by: StructuredBy = "tool"
    says_cost: bool = False

    @property
    def _llm_type(self) -> str:
        return self.guard.provider

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call(messages, kwargs)

        async def attempt() -> ChatResult:
            with sdk_errors(self.guard.provider, call.operation):
                return await self.inner._agenerate(messages, stop, None, **kwargs)

        result = await self.guard.run(attempt, call, cost_of=lambda result: self._cost(result, call))
        message = _message(result)
        # Whoever is asked is who is recorded: LangChain names the maker of the protocol.
        facts = {**_facts(result), "model_provider": self.guard.provider}
        message.response_metadata |= {"model_provider": self.guard.provider}
        if result.llm_output:
            result.llm_output |= {"model_provider": self.guard.provider}
        checked(self.guard.provider, message, facts)
        return result

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = self._call(messages, kwargs)

        async def pieces() -> AsyncGenerator[ChatGenerationChunk, None]:
            is_finished = False
            with sdk_errors(self.guard.provider, call.operation):
                async for chunk in self.inner._astream(messages, stop, None, **kwargs):
                    is_finished = is_finished or bool(reason_to_stop(chunk.message, chunk.generation_info))
                    yield chunk
            if not is_finished:
                provider = self.guard.provider
                raise Unavailable(f"{provider} {call.operation}: the stream was cut off", provider=provider)

        whole: AIMessageChunk | None = None
        facts: dict[str, Any] = {}
        async for chunk in self.guard.stream(pieces, call, cost_of=self._used_so_far):
            facts.update(chunk.generation_info or {})
            if "model_provider" in chunk.message.response_metadata:
                chunk.message.response_metadata["model_provider"] = self.guard.provider
            if isinstance(chunk.message, AIMessageChunk):
                whole = chunk.message if whole is None else whole + chunk.message
            if run_manager and chunk.text:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
        if whole is not None:
            checked(self.guard.provider, whole, facts)

    def _call(self, messages: list[BaseMessage], options: dict[str, Any]) -> Call:
        characters = sum(len(str(message.content)) for message in messages) + len(json.dumps(options, default=str))
        worst = TokenUsage(characters // CHARACTERS_A_TOKEN, self.max_tokens)
        weights = {"tokens": worst.input_tokens + worst.output_tokens}
        return Call("chat", estimate=self.price.cost(worst), weights=weights)

    def _cost(self, result: ChatResult, call: Call) -> Cost:
        return self._used(_message(result), _facts(result).get("token_usage")) or call.estimate

    def _used_so_far(self, chunk: ChatGenerationChunk) -> Cost | None:
        # Taken out: LangChain adds up what pieces say, and some servers say a sum in each.
        return self._used(chunk.message, chunk.message.response_metadata.pop("token_usage", None))

    def _used(self, message: BaseMessage, told: Any) -> Cost | None:
        """Return what an answer has cost: as the provider says, else by its counts; None where it says neither."""
        told = told if isinstance(told, dict) else {}
        if self.says_cost and (cost := _dollars(told.get("cost"))) is not None:
            return cost
        used: UsageMetadata | None = getattr(message, "usage_metadata", None)
        if used is None:
            return None
        # Two names for the same: LangChain knows one.
        cached = used.get("input_token_details", {}).get("cache_read", 0) or told.get("prompt_cache_hit_tokens")
        count = cached if isinstance(cached, int) else 0
        return self.price.cost(TokenUsage(used["input_tokens"], used["output_tokens"], count))

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to the model, in the shape the provider wants."""
        choice = {} if tool_choice is None else {"tool_choice": tool_choice}
        bound = self.inner.bind_tools(tools, **choice, **kwargs)
        if not isinstance(bound, RunnableBinding):
            raise ConfigurationError(f"{self.guard.provider} offers no tools")
        return self.bind(**bound.kwargs)

    def with_structured_output(
        self, schema: Schema, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a chain that answers with a value of `schema`. Raises MalformedAnswer in it."""
        if self.structured_by == "tool":
            bound = self.bind_tools([schema], tool_choice="any", **kwargs)
        else:
            wanted = {"name": name_of(schema), "schema": strict_schema(schema), "strict": True}
            # Beside the SDK's own parameter: its parser raises away an answer that was cut, with what it used.
            asked = {"response_format": {"type": "json_schema", "json_schema": wanted}}
            bound = self.bind(extra_body=asked, **kwargs)
        return bound | value_of(schema, include_raw=include_raw)


def _facts(result: ChatResult) -> dict[str, Any]:
    """Return what an answer says beside its message; LangChain joins these only later."""
    return {**(result.llm_output or {}), **(result.generations[0].generation_info or {} if result.generations else {})}


def _dollars(told: Any) -> Cost | None:
    """Return what a provider says that an answer has cost, None for what is no such number."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        usd = Decimal(str(told))
    except InvalidOperation:
        return None
    return Cost(usd=usd) if usd.is_finite() and usd >= 0 else None


def _message(result: ChatResult) -> AIMessage:
    message = result.generations[0].message if result.generations else None
    if not isinstance(message, AIMessage):
        raise unusable("the model's answer holds no message")
    return message
