"""Client of the OpenRouter API, for a look at the key; models are called by LangChain's own client.

Source: openrouter.ai, "API reference", "Get current API key" (checked November 2026).
"""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from integrations.http import ProviderClient
from integrations.resilience.guard import Guard


class _Key(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    limit: Decimal | None = None
    limit_remaining: Decimal | None = None


class _KeyAnswer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    data: _Key


class OpenRouterClient(ProviderClient):
    """One key.

    Args:
        base_url: "https://openrouter.ai/api/v1".
        api_key: sent as bearer.
        guard: see `integrations.resilience.guard`.
        timeout_s: seconds.
    """

    def __init__(self, base_url: str, api_key: str, guard: Guard, *, timeout_s: float = 30.0) -> None:
        headers = {"Authorization": f"Bearer {api_key}"}
        super().__init__(base_url, guard, headers=headers, timeout_s=timeout_s)

    async def key_usd(self) -> tuple[Decimal | None, Decimal | None]:
        """Return the US dollars that the key has left and may spend in all, None where it has no limit."""
        key = self.parsed(_KeyAnswer, (await self.request("GET", "/key")).body, "GET /key").data
        return key.limit_remaining, key.limit
