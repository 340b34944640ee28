"""The list of models that a provider offers to a key, as most of them have it."""

from pydantic import BaseModel, ConfigDict

from integrations.http import ProviderClient


class _Listed(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str


class _ModelList(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    data: tuple[_Listed, ...]


class ModelListClient(ProviderClient):
    """Asks one provider which models there are."""

    async def models(self, path: str = "/models") -> list[str]:
        """Return the ids, in the provider's order."""
        answer = await self.request("GET", path)
        return [model.id for model in self.parsed(_ModelList, answer.body, f"GET {path}").data]
