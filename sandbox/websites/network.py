"""Public company pages of a professional network, and the ways it says no.

Company slugs of the sandbox's cast give a good page. Others show what can go wrong:

    wall-authwall  wall-login  wall-999  wall-captcha  wall-429   walls: final answers
    odd-graph  odd-broken-json  odd-range  odd-bare-number  odd-no-count   odd, but readable
    odd-empty  odd-unavailable   nothing to read
"""

import json
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.cast import COMPANIES, Company
from sandbox.provider import Provider, Settings

_FORBIDDEN = ("/in/", "/people", "/feed", "/jobs", "/pub/")
_BANDS = ((10, "2-10"), (50, "11-50"), (200, "51-200"), (500, "201-500"), (10**9, "501-1,000"))


class NetworkSettings(Settings):
    """The network's knobs; after `guest_pages` company pages every visit meets the authwall (None: never)."""

    keys: list[str] = []
    guest_pages: int | None = None


class Network(Provider):
    """Company pages for guests; anything personal, any cookie and any second try after a wall is a violation."""

    name = "linkedin"
    settings: NetworkSettings

    def reset(self) -> None:
        """Forget who was walled."""
        super().reset()
        self.settings = NetworkSettings()
        self.walled: set[str] = set()
        self.shown = 0

    def routes(self) -> list[BaseRoute]:
        """Return company pages, the walls, and robots.txt."""
        return [
            Route("/robots.txt", self.robots, methods=["GET"]),
            Route("/authwall", self.wall, methods=["GET"]),
            Route("/uas/login", self.wall, methods=["GET"]),
            Route("/checkpoint/captcha", self.wall, methods=["GET"]),
            Route("/favicon.ico", self.icon, methods=["GET"]),
            Route("/company/unavailable/", self.unavailable, methods=["GET"]),
            Route("/company/{slug}", self.company, methods=["GET"]),
            Route("/company/{slug}/", self.company, methods=["GET"]),
        ]

    def environment(self, url: str) -> dict[str, str]:
        """Return the address to visit instead of the real one."""
        return {"LINKEDIN_BASE_URL": url}

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return an error page."""
        headers = {} if retry_after_s is None else {"retry-after": str(int(retry_after_s))}
        return HTMLResponse(f"<html><body>{message or status}</body></html>", status, headers)

    async def unknown(self, request: Request) -> Response:
        """Send every other visitor to the login; a personal page is a violation even so."""
        path = request.url.path
        rule = "personal_page" if any(part in path for part in _FORBIDDEN) else "unknown_path"
        self.violate(request, rule, path)
        return RedirectResponse("/uas/login", 302)

    async def robots(self, _request: Request) -> Response:
        """Allow company pages to guests."""
        return PlainTextResponse("User-agent: *\nAllow: /company/\nDisallow: /\n")

    async def wall(self, _request: Request) -> Response:
        """Show the login."""
        return HTMLResponse(
            "<html><head><title>Sign in</title></head><body><form>Sign in to see more</form></body></html>"
        )

    async def icon(self, _request: Request) -> Response:
        """Show no icon; every browser asks for one by itself."""
        return Response(status_code=204)

    async def unavailable(self, _request: Request) -> Response:
        """Say that there is no such company."""
        return HTMLResponse("<html><body>This page doesn't exist</body></html>", 404)

    async def company(self, request: Request) -> Response:
        """Show a company page, or one of the walls."""
        slug = request.path_params["slug"]
        if "cookie" in request.headers:
            self.violate(request, "sends_cookies", slug)
        if slug in self.walled:
            self.violate(request, "visits_after_wall", slug)
        quota = self.settings.guest_pages
        if slug == "wall-authwall" or (quota is not None and self.shown >= quota):
            self.walled.add(slug)
            back = quote(f"{self.world.urls[self.name]}/company/{slug}/", safe="")
            return RedirectResponse(f"/authwall?trk=public&sessionRedirect={back}", 302)
        if slug.startswith("wall-"):
            self.walled.add(slug)
            return self._wall(slug)
        found = next((one for one in COMPANIES if one.slug == slug), COMPANIES[0] if slug.startswith("odd-") else None)
        if found is None or slug == "odd-unavailable":
            return RedirectResponse("/company/unavailable/", 302)
        self.shown += 1
        return HTMLResponse("<html><body></body></html>" if slug == "odd-empty" else _page(found, slug))

    def _wall(self, slug: str) -> Response:
        if slug == "wall-999":
            return Response("", 999)
        if slug == "wall-captcha":
            return HTMLResponse(
                "<html><head><title>Security check</title></head>"
                '<body><iframe src="/checkpoint/captcha"></iframe></body></html>'
            )
        return self.error(429) if slug == "wall-429" else RedirectResponse("/uas/login", 302)


def _page(company: Company, slug: str) -> str:
    """Return a company page with its JSON-LD, description and details."""
    facts = _json_ld(company, slug)
    graph: Any = facts if slug == "odd-graph" else [facts, {"@type": "DiscussionForumPosting", "headline": "News"}]
    block = json.dumps({"@context": "http://schema.org", "@graph": graph})
    broken = (
        '<script type="application/ld+json">{"@type": "Organization", </script>' if slug == "odd-broken-json" else ""
    )
    band = next(text for most, text in _BANDS if company.employee_count <= most)
    details = {
        "Website": f"http://{company.domain}",
        "Industry": company.industry,
        "Company size": f"{band} employees",
        "Headquarters": f"{company.city}, {company.country}",
        "Type": "Privately Held",
        "Founded": str(company.founded),
    }
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in details.items())
    return (
        f"<html><head><title>{company.name}</title>{broken}"
        f'<meta property="og:description" content="{company.name} | 1,234 followers on LinkedIn. Made up.">'
        f'<script type="application/ld+json">{block}</script></head><body><h1>{company.name}</h1>'
        f"<a>View all {company.employee_count} employees</a><dl>{rows}</dl></body></html>"
    )


def _json_ld(company: Company, slug: str) -> dict[str, Any]:
    count: Any = {"@type": "QuantitativeValue", "value": company.employee_count}
    if slug == "odd-range":
        count = {"@type": "QuantitativeValue", "minValue": 51, "maxValue": 200}
    elif slug == "odd-bare-number":
        count = company.employee_count
    facts = {
        "@type": "Organization",
        "name": company.name,
        "url": f"https://www.linkedin.com/company/{company.slug}",
        "description": f"{company.name} &amp; friends, made up by the sandbox.",
        "sameAs": f"http://{company.domain}/?utm_source=linkedin",
        "address": {
            "@type": "PostalAddress",
            "addressLocality": company.city,
            "addressCountry": company.country_code,
        },
        "numberOfEmployees": count,
    }
    if slug == "odd-no-count":
        del facts["numberOfEmployees"]
    return facts
