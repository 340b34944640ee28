"""Where a provider of language models is, and which models it offers: what plugs of models share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

from core.errors import ProviderNotConfigured

if TYPE_CHECKING:
    from integrations.resilience.guard import Guard


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider of models is.

    Attributes:
        provider: its name, as in `integrations/plugs.py`.
        base_url: as its own clients want it.
        api_key: None where the provider is not configured.
        guard: see `integrations.resilience.guard`.
        timeout_s: seconds without a byte.
        structured_by: how to ask for a value; by tool, or by JSON schema.
    """

    provider: str
    base_url: str
    api_key: SecretStr | None
    guard: "Guard"
    timeout_s: float = 30.0
    structured_by: Literal["tool", "json_schema"] = "tool"

    def key(self) -> str:
        """Return the key. Raises ProviderNotConfigured."""
        if self.api_key is None:
            raise ProviderNotConfigured(f"{self.provider} has no key")
        return self.api_key.get_secret_value()


async def listed_models(
    endpoint: Endpoint, path: str = "/models", *, headers: Mapping[str, str] | None = None
) -> list[str]:
    """Return the ids of a list of models as most providers have it.

    Args:
        endpoint: whose list.
        path: where the list is.
        headers: beside the key as bearer.
    """
    from integrations.model_list import ModelListClient

    sent = {"Authorization": f"Bearer {endpoint.key()}", **(headers or {})}
    async with ModelListClient(endpoint.base_url, endpoint.guard, headers=sent, timeout_s=endpoint.timeout_s) as client:
        return await client.models(path)
