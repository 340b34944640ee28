"""A chat model that answers what a test tells it, by the schema it is asked for; an argument, as any model is."""

from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

from agents.async_chat import AsyncChat
from agents.structured import name_of, value_of

Answer = Callable[[str, str], str]
"""(schema's name, or nothing for free text; prompt) -> the model's text."""


class ScriptedModel(AsyncChat):
    """Says what `answer` gives, whatever that is."""

    answer: Answer
    prompts: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        prompt = "\n".join(message.text for message in messages)
        self.prompts.append(prompt)
        said = AIMessage(self.answer(kwargs.get("schema_name", ""), prompt))
        return ChatResult(generations=[ChatGeneration(message=said)])

    def with_structured_output(self, schema: Any, **kwargs: Any) -> Runnable[Any, Any]:
        """Return a chain that reads what is said as a value of `schema`."""
        return self.bind(schema_name=name_of(schema)) | value_of(schema)
