"""Several chat models in order: the next one answers when one cannot."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from agents.async_chat import AsyncChat
from agents.structured import Schema
from core.errors import LimitReached, MalformedAnswer, ProviderError, Transient

log = logging.getLogger(__name__)

FAILURES = (ProviderError, MalformedAnswer, LimitReached)
"""What the next model may do better; everything else is a mistake of ours."""


class FallbackChat(AsyncChat):
    """Asks `models` in order until one answers. Raises what says most: a failure that may pass, else the last one."""

    models: list[BaseChatModel]

    @property
    def _llm_type(self) -> str:
        return "fallback"

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        errors: list[Exception] = []
        for model in self.models:
            try:
                return await model._agenerate(messages, stop, None, **kwargs)
            except FAILURES as error:
                errors.append(self._noted(model, error))
        raise _most_telling(errors)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        errors: list[Exception] = []
        for model in self.models:
            has_begun = False
            try:
                async for chunk in model._astream(messages, stop, run_manager, **kwargs):
                    has_begun = True
                    yield chunk
            except FAILURES as error:
                if has_begun:
                    raise
                errors.append(self._noted(model, error))
            else:
                return
        raise _most_telling(errors)

    @staticmethod
    def _noted(model: BaseChatModel, error: Exception) -> Exception:
        log.warning("model_failed", extra={"model": model._llm_type, "after": type(error).__name__})
        return error

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools to each model, in the shape its provider wants."""
        bound = [model.bind_tools(tools, tool_choice=tool_choice, **kwargs) for model in self.models]
        return bound[0].with_fallbacks(bound[1:], exceptions_to_handle=FAILURES) if bound[1:] else bound[0]

    def with_structured_output(
        self, schema: Schema, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a chain that answers with a value of `schema`; an answer that does not fit is a failure too."""
        chains = [model.with_structured_output(schema, include_raw=include_raw, **kwargs) for model in self.models]
        return chains[0].with_fallbacks(chains[1:], exceptions_to_handle=FAILURES) if chains[1:] else chains[0]


def _most_telling(errors: list[Exception]) -> Exception:
    return next((error for error in errors if isinstance(error, Transient | LimitReached)), errors[-1])
