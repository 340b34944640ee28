"""Models of servers that speak the protocol of chat completions, as LangChain has them.

Several providers speak it; the SDK is called after the one who made it up.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from integrations.model_endpoint import Endpoint
from integrations.sdk import needs_extra, quiet

quiet("openai")


@cache
def _chat_class() -> Any:
    """Return LangChain's class, which of a stream's usage keeps the counts only, with the rest of it as well."""
    from langchain_openai import ChatOpenAI

    class Chat(ChatOpenAI):
        def _convert_chunk_to_generation_chunk(self, chunk: dict[str, Any], *given: Any, **named: Any) -> Any:
            made = super()._convert_chunk_to_generation_chunk(chunk, *given, **named)
            if made is not None and chunk.get("usage"):
                made.message.response_metadata["token_usage"] = chunk["usage"]
            return made

    return Chat


def chat_model(endpoint: Endpoint, model: str, max_tokens: int) -> tuple[BaseChatModel, Callable[[], Awaitable[None]]]:
    """Return LangChain's own model, without retries, and what closes its connections.

    LangChain keeps one HTTP client for the whole process, whose connections belong to the first event loop that used
    it; tasks have a loop each, so every model gets a client of its own.

    Raises:
        ProviderNotConfigured: there is no key, or the extra `models` is not installed.
    """
    with needs_extra("models"):
        from openai import DefaultAsyncHttpxClient

        kind = _chat_class()
    client = DefaultAsyncHttpxClient(timeout=endpoint.timeout_s)
    chat = kind(
        model=model,
        base_url=endpoint.base_url,
        api_key=SecretStr(endpoint.key()),
        max_retries=0,
        timeout=endpoint.timeout_s,
        max_completion_tokens=max_tokens,
        stream_usage=True,
        http_async_client=client,
    )
    return chat, client.aclose
