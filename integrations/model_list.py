"""The list of models a provider offers to a key: Anthropic's `/v1/models`, everybody else's OpenAI-like `/models`."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from integrations.http import ProviderClient


class _Listed(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str


class _ModelList(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    data: tuple[_Listed, ...]


class _Key(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    limit: Decimal | None = None
    limit_remaining: Decimal | None = None


class _KeyAnswer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    data: _Key


class ModelListClient(ProviderClient):
    """Asks one provider which models there are."""

    async def models(self, path: str = "/models") -> list[str]:
        """Return the ids, in the provider's order."""
        answer = await self.request("GET", path)
        return [model.id for model in self.parsed(_ModelList, answer.body, f"GET {path}").data]

    async def key_usd(self) -> tuple[Decimal | None, Decimal | None]:
        """Return the US dollars that the key has left and may spend in all, None where it has no limit.

        OpenRouter only, whose list of models is open to everyone, so that it says nothing about the key. Source:
        openrouter.ai, "API reference", "Get current API key" (checked November 2026).
        """
        key = self.parsed(_KeyAnswer, (await self.request("GET", "/key")).body, "GET /key").data
        return key.limit_remaining, key.limit
