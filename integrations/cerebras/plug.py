"""Cerebras as a plug: what is true of it alone."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, ClassVar

from core.settings.providers import ProviderSettings, own_default
from integrations.checking import models_check
from integrations.plug import ChatOffer, Plug

if TYPE_CHECKING:
    from integrations.cerebras.client import CerebrasClient
    from integrations.model_endpoint import Endpoint

NAME = "cerebras"


class CerebrasSettings(ProviderSettings):
    """Cerebras."""

    prefix: ClassVar[str] = "CEREBRAS_"

    base_url: str = own_default("base_url", "https://api.cerebras.ai")
    rate_limits: str = own_default("rate_limits", "requests-minute=1000/60,requests-day=14400/86400")
    breaker_failures: int = own_default("breaker_failures", 3)
    breaker_recovery_s: float = own_default("breaker_recovery_s", 30)


async def _open(endpoint: "Endpoint", _model: str, _max_tokens: int, stack: AsyncExitStack) -> "CerebrasClient":
    from integrations.cerebras.client import CerebrasClient

    client = CerebrasClient(endpoint.base_url, endpoint.key(), endpoint.guard, timeout_s=endpoint.timeout_s)
    return await stack.enter_async_context(client)


async def _offered(endpoint: "Endpoint") -> list[str]:
    from integrations.cerebras.client import CerebrasClient

    async with CerebrasClient(
        endpoint.base_url, endpoint.key(), endpoint.guard, timeout_s=endpoint.timeout_s
    ) as client:
        return await client.models()


_CHAT = ChatOffer(_open, _offered)

PLUG = Plug(
    name=NAME,
    title="Cerebras",
    sections=(CerebrasSettings,),
    words=(NAME,),
    chat=_CHAT,
    announces_limits=True,
    is_strict=True,
    calls_ahead=50,
    check=models_check(NAME, CerebrasSettings, _CHAT),
)
