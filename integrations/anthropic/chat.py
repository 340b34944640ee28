"""Anthropic's models as LangChain has them, each with an HTTP client of its own."""

from collections.abc import Awaitable, Callable

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from integrations.model_endpoint import Endpoint
from integrations.sdk import needs_extra, quiet

quiet("anthropic")


def chat_model(endpoint: Endpoint, model: str, max_tokens: int) -> tuple[BaseChatModel, Callable[[], Awaitable[None]]]:
    """Return LangChain's own model, without retries, and what closes its connections.

    LangChain keeps one HTTP client for the whole process, whose connections belong to the first event loop that used
    it; tasks have a loop each, so every model gets a client of its own.

    Raises:
        ProviderNotConfigured: there is no key, or the extra `models` is not installed.
    """
    with needs_extra("models"):
        from anthropic import AsyncAnthropic
        from langchain_anthropic import ChatAnthropic
    key = endpoint.key()
    chat = ChatAnthropic(
        model=model,
        base_url=endpoint.base_url,
        api_key=SecretStr(key),
        max_retries=0,
        timeout=endpoint.timeout_s,
        max_tokens_to_sample=max_tokens,
        stop=None,
    )
    client = AsyncAnthropic(api_key=key, base_url=endpoint.base_url, max_retries=0, timeout=endpoint.timeout_s)
    # A cached property without a setter is the only door it has.
    chat.__dict__["_async_client"] = client
    return chat, client.close
