"""Anthropic as a plug: what is true of it alone."""

from contextlib import AsyncExitStack
from typing import Any, ClassVar

from core.settings.providers import ProviderSettings, own_default
from integrations.checking import models_check
from integrations.model_endpoint import Endpoint, listed_models
from integrations.plug import ChatOffer, Plug

NAME = "anthropic"
_VERSION = "2026-10-21"


class AnthropicSettings(ProviderSettings):
    """Anthropic."""

    prefix: ClassVar[str] = "ANTHROPIC_"

    base_url: str = own_default("base_url", "https://api.anthropic.com")
    rate_limits: str = own_default("rate_limits", "minute=50/60")


async def _open(endpoint: Endpoint, model: str, max_tokens: int, stack: AsyncExitStack) -> Any:
    from integrations.anthropic.chat import chat_model

    chat, close = chat_model(endpoint, model, max_tokens)
    stack.push_async_callback(close)
    return chat


async def _offered(endpoint: Endpoint) -> list[str]:
    return await listed_models(endpoint, "/v1/models", headers={"anthropic-version": _VERSION})


_CHAT = ChatOffer(_open, _offered)

PLUG = Plug(
    name=NAME,
    title="Anthropic",
    sections=(AnthropicSettings,),
    words=(NAME, "claude"),
    chat=_CHAT,
    is_strict=True,
    calls_ahead=10,
    check=models_check(NAME, AnthropicSettings, _CHAT),
)
