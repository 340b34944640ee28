"""How plugs of providers that speak the protocol of chat completions offer their models."""

from contextlib import AsyncExitStack
from typing import Any, Literal

from integrations.model_endpoint import Endpoint, listed_models
from integrations.plug import ChatOffer


async def _open(endpoint: Endpoint, model: str, max_tokens: int, stack: AsyncExitStack) -> Any:
    from integrations.chat_completions.chat import chat_model

    chat, close = chat_model(endpoint, model, max_tokens)
    stack.push_async_callback(close)
    return chat


async def _offered(endpoint: Endpoint) -> list[str]:
    return await listed_models(endpoint)


def chat_completions(structured_by: Literal["tool", "json_schema"] = "tool", *, says_cost: bool = False) -> ChatOffer:
    """Return the offer of a provider that speaks the protocol; see `ChatOffer`."""
    return ChatOffer(_open, _offered, structured_by, says_cost)
