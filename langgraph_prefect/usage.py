"""What the models asked inside a node used, heard through LangChain's callbacks."""

from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from langgraph_prefect.values import Usage


class UsageListener(AsyncCallbackHandler):
    """Adds up the usage of every answer that ends below the run it is attached to."""

    # In the order of the answers, and before the node goes on.
    run_inline = True

    def __init__(self) -> None:
        self.usage = Usage()
        self.models: list[str] = []

    async def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:  # noqa: ARG002 - LangChain's
        """Take down what an answer used; an answer without usage counts as a call."""
        for generation in (choice for choices in response.generations for choice in choices[:1]):
            message = generation.message if isinstance(generation, ChatGeneration) else None
            used = message.usage_metadata if isinstance(message, AIMessage) else None
            self._add(used, (message.response_metadata if message else {}).get("model_name"))

    async def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:  # noqa: ARG002 - LangChain's
        """Take down what an answer used that came and is an error, as one that was cut off: it says so itself."""
        if used := getattr(error, "usage_metadata", None):
            self._add(used, getattr(error, "model_name", None))

    def _add(self, used: Any, model: object) -> None:
        counts = (used["input_tokens"], used["output_tokens"]) if used else (0, 0)
        self.usage += Usage(1, *counts)
        if model and model not in self.models:
            self.models.append(str(model))
