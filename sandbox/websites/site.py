"""One made-up company's website on a port of its own."""

import fnmatch
import hashlib
from typing import Any
from urllib.robotparser import RobotFileParser

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.cast import Company
from sandbox.provider import Provider, Settings, World
from sandbox.websites.pages import BUILDERS, Pages, sitemap

_BLOCKS = frozenset({"halvmarine"})


class SiteSettings(Settings):
    """A site's knobs; `blocked` are shell patterns over paths that answer 403 to everyone."""

    keys: list[str] = []
    blocked: list[str] = []


class Site(Provider):
    """A website: pages with ETags, robots.txt, a sitemap; reading what robots.txt forbids is a violation."""

    settings: SiteSettings

    def __init__(self, world: World, company: Company) -> None:
        self.company = company
        self.name = f"site-{company.slug}"
        super().__init__(world)

    def reset(self) -> None:
        """Show the pages as they were made."""
        super().reset()
        self.settings = SiteSettings(blocked=["*"] if self.company.slug in _BLOCKS else [])
        self.pages: Pages = BUILDERS[self.company.slug](self.company)

    def routes(self) -> list[BaseRoute]:
        """Return the one route there is."""
        return [Route("/{path:path}", self.read, methods=["GET", "HEAD"])]

    def environment(self, url: str) -> dict[str, str]:
        """Return nothing: a website is found in a lead, not in a setting."""
        del url
        return {}

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return an error page."""
        headers = {} if retry_after_s is None else {"retry-after": str(int(retry_after_s))}
        return HTMLResponse(f"<html><body><h1>{status}</h1><p>{message}</p></body></html>", status, headers)

    def seed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Replace or add pages: `{"pages": {"/team": "<html>..."}}`."""
        self.pages |= data["pages"]
        return {"pages": sorted(self.pages)}

    async def read(self, request: Request) -> Response:
        """Show a page, or 304 when the client has it already."""
        path = request.url.path
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in self.settings.blocked):
            return self.error(403, "Access denied")
        if path == "/sitemap.xml":
            return Response(sitemap(self.world.urls[self.name], self.pages), media_type="application/xml")
        if path not in self.pages:
            return self.error(404, "There is no such page")
        if not self._allows(request):
            self.violate(request, "robots_disallow", path)
        content = self.pages[path]
        etag = f'"{hash_of(content)}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        if path.endswith(".txt"):
            return PlainTextResponse(content, headers={"etag": etag})
        return HTMLResponse(content, headers={"etag": etag})

    def _allows(self, request: Request) -> bool:
        rules = RobotFileParser()
        rules.parse(self.pages.get("/robots.txt", "").splitlines())
        return rules.can_fetch(request.headers.get("user-agent", "*"), request.url.path)


def hash_of(text: str) -> str:
    """Return a short name of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
