"""Client of the Browserbase API v1, for sessions.

Source: docs.browserbase.com, "Create a Session", "Update a Session", "Concurrency & Rate Limits" (checked November
2026). Creating is billed from the first minute and has no idempotency key: sessions carry our own id as metadata, so a
lost answer is looked up, and what a crash left running is found and released.
"""

from collections.abc import Mapping
from uuid import uuid4

from core.errors import Gone
from integrations.browserbase.offers import SESSION
from integrations.browserbase.schemas import RELEASED, RUNNING, BrowserProject, BrowserSession
from integrations.http import DecodedResponse, JsonBody, ProviderClient
from integrations.resilience.guard import Guard

OWNER = "sales-agent"


class BrowserbaseClient(ProviderClient):
    """Sessions of one project.

    Args:
        base_url: "https://api.browserbase.com".
        api_key: sent as header `X-BB-API-Key`.
        guard: see `integrations.resilience.guard`.
        project_id: the project; None: inferred from the key.
        timeout_s: seconds.
    """

    def __init__(
        self, base_url: str, api_key: str, guard: Guard, *, project_id: str | None = None, timeout_s: float = 30.0
    ) -> None:
        super().__init__(base_url, guard, headers={"X-BB-API-Key": api_key}, timeout_s=timeout_s)
        self._project_id = project_id

    async def project(self) -> BrowserProject:
        """Return the project, with the number of sessions it may run at once. Raises Gone without a project id."""
        if self._project_id is None:
            raise Gone("browserbase: no project id is set; set BROWSERBASE_PROJECT_ID", provider=self.provider)
        answer = await self.request("GET", f"/v1/projects/{self._project_id}", operation="GET /v1/projects/{id}")
        return self.parsed(BrowserProject, answer.body, "GET /v1/projects/{id}")

    async def create_session(
        self, *, timeout_s: int = 120, metadata: Mapping[str, str] | None = None
    ) -> BrowserSession:
        """Start a browser that nothing is recorded of, that solves no captcha, and that ends at disconnect.

        Args:
            timeout_s: seconds after which Browserbase ends it, 60 to 21,600.
            metadata: kept with the session.
        """
        own_id = uuid4().hex
        settings = {"recordSession": False, "logSession": False, "solveCaptchas": False, "blockAds": True}
        body: dict[str, JsonBody] = {
            "keepAlive": False,
            "timeout": timeout_s,
            "browserSettings": settings,
            "userMetadata": {**(metadata or {}), "owner": OWNER, "ownId": own_id},
        }
        if self._project_id is not None:
            body["projectId"] = self._project_id

        async def look_up() -> DecodedResponse | None:
            # The connect URL is in the lost answer only, so what was started is of no use: end it, start another.
            for session in await self.running_sessions():
                if (session.user_metadata or {}).get("ownId") == own_id:
                    await self.release_session(session.id)
            return None

        answer = await self.request("POST", "/v1/sessions", body=body, estimate=SESSION, look_up=look_up)
        return self.parsed(BrowserSession, answer.body, "POST /v1/sessions")

    async def session(self, session_id: str) -> BrowserSession:
        """Return one session. Raises Gone when there is none."""
        answer = await self.request("GET", f"/v1/sessions/{session_id}", operation="GET /v1/sessions/{id}")
        return self.parsed(BrowserSession, answer.body, "GET /v1/sessions/{id}")

    async def running_sessions(self) -> list[BrowserSession]:
        """Return the running sessions that we started."""
        answer = await self.request("GET", "/v1/sessions", params={"status": RUNNING})
        sessions = self.parsed_list(BrowserSession, answer.body, "GET /v1/sessions")
        return [session for session in sessions if (session.user_metadata or {}).get("owner") == OWNER]

    async def release_session(self, session_id: str) -> None:
        """End a session. One that is over already counts as released."""
        body: dict[str, JsonBody] = {"status": RELEASED}
        if self._project_id is not None:
            body["projectId"] = self._project_id
        operation = "POST /v1/sessions/{id}"
        try:
            await self.request("POST", f"/v1/sessions/{session_id}", operation=operation, body=body, may_repeat=True)
        except Gone:
            return
