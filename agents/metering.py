"""What the model calls inside a chain or a graph used: a callback that counts them."""

from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.outputs import ChatGeneration, LLMResult

from core.errors import MalformedAnswer
from core.ledger.prices import NO_TOKENS, TokenUsage


class TokenMeter(AsyncCallbackHandler):
    """Counts the answered calls of one run: hand it in as `config={"callbacks": [meter]}`.

    Attributes:
        calls: answered ones, also where the answer was of no use.
        usage: their tokens, added up.
        model: `provider:model` of the last one; empty before the first.
    """

    run_inline = True

    def __init__(self) -> None:
        self.calls = 0
        self.usage: TokenUsage = NO_TOKENS
        self.model = ""

    async def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:  # noqa: ARG002 - LangChain's
        """Count an answer."""
        self.calls += 1
        generation = response.generations[0][0] if response.generations and response.generations[0] else None
        if not isinstance(generation, ChatGeneration):
            return
        facts = generation.message.response_metadata
        named = facts.get("model_name") or facts.get("model") or ""
        self.model = f"{facts.get('model_provider') or 'model'}:{named}"
        self._add(getattr(generation.message, "usage_metadata", None))

    async def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:  # noqa: ARG002 - LangChain's
        """Count an answer that was cut off, filtered, refused or empty: it was paid like any other."""
        if isinstance(error, MalformedAnswer):
            self.calls += 1
            self._add(error.usage_metadata)

    def _add(self, used: Any) -> None:
        if used:
            cached = used.get("input_token_details", {}).get("cache_read", 0) or 0
            self.usage = TokenUsage(
                self.usage.input_tokens + used["input_tokens"],
                self.usage.output_tokens + used["output_tokens"],
                self.usage.cached_tokens + cached,
            )
