"""Client of the LangSmith API, for a look whether the key works; traces are sent by LangSmith's own client.

Source: api.smith.langchain.com, "API reference", "List tracing projects" (checked November 2026).
"""

from integrations.http import ProviderClient
from integrations.resilience.guard import Guard


class LangSmithClient(ProviderClient):
    """One workspace.

    Args:
        base_url: "https://api.smith.langchain.com", which chooses the region.
        api_key: sent as header `x-api-key`.
        guard: see `integrations.resilience.guard`.
        timeout_s: seconds.
    """

    def __init__(self, base_url: str, api_key: str, guard: Guard, *, timeout_s: float = 30.0) -> None:
        super().__init__(base_url, guard, headers={"x-api-key": api_key}, timeout_s=timeout_s)

    async def projects(self) -> int:
        """Return how many tracing projects the first page lists, one at most; a free check of the key."""
        answer = await self.request("GET", "/sessions", params={"limit": 1})
        return len(self.parsed_list(dict, answer.body, "GET /sessions"))
