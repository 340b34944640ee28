"""A client of our own as a LangChain chat model, keeping usage and `time_info`."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import SkipValidation

from agents.async_chat import CHARACTERS_A_TOKEN, AsyncChat
from agents.ports import Completion, CompletionsClient
from agents.structured import Schema, checked, name_of, strict_schema, value_of
from core.ledger.prices import TokenPrice, TokenUsage


class CompletionsChat(AsyncChat):
    """Chat completions by a client of our own, which is guarded itself; asynchronous only."""

    client: SkipValidation[CompletionsClient]
    model_name: str
    price: TokenPrice
    max_tokens: int = 1024
    temperature: float | None = None

    @property
    def _llm_type(self) -> str:
        return self.client.provider

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "max_tokens": self.max_tokens}

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = await self.client.complete(**self._request(messages, stop, kwargs))
        message = AIMessage(
            content=answer.content,
            additional_kwargs={"reasoning": answer.reasoning} if answer.reasoning else {},
            response_metadata=_metadata(answer, self.client.provider),
            usage_metadata=_usage(answer.usage),
            id=answer.id,
            **_tool_calls(answer),
        )
        return ChatResult(generations=[ChatGeneration(message=checked(self.client.provider, message))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        whole: AIMessageChunk | None = None
        async for piece in self.client.stream(**self._request(messages, stop, kwargs)):
            message = AIMessageChunk(
                content=piece.content,
                additional_kwargs={"reasoning": piece.reasoning} if piece.reasoning else {},
                response_metadata=_metadata(piece, self.client.provider) if piece.finish_reason else {},
                usage_metadata=_usage(piece.usage),
                id=piece.id,
                tool_call_chunks=[
                    tool_call_chunk(id=call.id, name=call.name, args=call.arguments, index=call.index)
                    for call in piece.tool_calls
                ],
            )
            whole = message if whole is None else whole + message
            chunk = ChatGenerationChunk(message=message)
            if run_manager and piece.content:
                await run_manager.on_llm_new_token(piece.content, chunk=chunk)
            yield chunk
        if whole is not None:
            checked(self.client.provider, whole)

    def _request(self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]) -> dict[str, Any]:
        sent = convert_to_openai_messages(messages)
        characters = len(json.dumps(sent, ensure_ascii=False)) + len(json.dumps(options, default=str))
        worst = TokenUsage(characters // CHARACTERS_A_TOKEN, self.max_tokens)
        request = {
            "messages": sent,
            "model": self.model_name,
            "max_tokens": self.max_tokens,
            "estimate": self.price.cost(worst),
            "cost_of": self.price.cost,
            **({} if self.temperature is None else {"temperature": self.temperature}),
            **({"stop": stop} if stop else {}),
        }
        return request | options

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to the model. `tool_choice`: "auto", "none", "required" or "any"."""
        choice = {"any": "required"}.get(tool_choice or "", tool_choice)
        offered = [convert_to_openai_tool(tool) for tool in tools]
        return super().bind(tools=offered, **({"tool_choice": choice} if choice else {}), **kwargs)

    def with_structured_output(
        self, schema: Schema, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a chain that answers with a value of `schema`, by constrained decoding, or raises MalformedAnswer."""
        wanted = {"name": name_of(schema), "schema": strict_schema(schema), "strict": True}
        bound = self.bind(response_format={"type": "json_schema", "json_schema": wanted}, **kwargs)
        return bound | value_of(schema, include_raw=include_raw)


def _metadata(answer: Completion, provider: str) -> dict[str, Any]:
    return {
        "model_provider": provider,
        "model_name": answer.model,
        "finish_reason": answer.finish_reason,
        "time_info": dict(answer.time_info),
    }


def _usage(usage: TokenUsage | None) -> UsageMetadata | None:
    if usage is None:
        return None
    return UsageMetadata(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
        input_token_details={"cache_read": usage.cached_tokens},
    )


def _tool_calls(answer: Completion) -> dict[str, Any]:
    """Return the calls whose arguments are an object, and those whose are not."""
    good, bad = [], []
    for call in answer.tool_calls:
        try:
            arguments = json.loads(call.arguments or "{}")
        except ValueError:
            arguments = None
        if isinstance(arguments, dict):
            good.append(tool_call(id=call.id, name=call.name or "", args=arguments))
        else:
            bad.append(invalid_tool_call(id=call.id, name=call.name, args=call.arguments, error="no JSON object"))
    return {"tool_calls": good, "invalid_tool_calls": bad}
