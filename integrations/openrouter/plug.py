"""OpenRouter as a plug: what is true of it alone."""

from typing import ClassVar

from core.settings.providers import ProviderSettings, own_default
from integrations.chat_completions.offer import chat_completions
from integrations.checking import left, models_check
from integrations.model_endpoint import Endpoint
from integrations.plug import Plug

NAME = "openrouter"
_CHAT = chat_completions(says_cost=True)


class OpenRouterSettings(ProviderSettings):
    """OpenRouter."""

    prefix: ClassVar[str] = "OPENROUTER_"

    base_url: str = own_default("base_url", "https://openrouter.ai/api/v1")


async def _dollars_left(endpoint: Endpoint) -> dict[str, str]:
    """Ask about the key, because the list of models is open to everyone and says nothing about it."""
    from integrations.openrouter.client import OpenRouterClient

    async with OpenRouterClient(endpoint.base_url, endpoint.key(), endpoint.guard) as client:
        rest, limit = await client.key_usd()
    return {} if rest is None else {"US dollars": left(rest, limit)}


PLUG = Plug(
    name=NAME,
    title="OpenRouter",
    sections=(OpenRouterSettings,),
    words=(NAME,),
    chat=_CHAT,
    is_strict=True,
    calls_ahead=10,
    check=models_check(NAME, OpenRouterSettings, _CHAT, _dollars_left),
)
