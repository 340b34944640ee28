"""The Apollo stand-in: routes and what they do. Source: docs.apollo.io, checked August 2026."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.apollo import gate
from sandbox.apollo.data import (
    Directory,
    Row,
    bare_domain,
    full_person,
    object_id,
    organization,
    search_row,
    stub_person,
    thin_organization,
)
from sandbox.apollo.gate import ApolloSettings, Gate
from sandbox.apollo.reading import answers, company_from, is_true, number, params_of
from sandbox.provider import Provider, Refusal, World, exchange_of, fault_kind, json_object

_LARGEST_PAGE, _LAST_PAGE, _LARGEST_BULK = 100, 500, 10
_KEPT_S = 30 * 86_400
_PHONE_CREDITS = 8

Handler = Callable[[Request, Row], Row | Response]


class Apollo(Provider):
    """People and company search and enrichment, with credits."""

    name = "apollo"
    base_path = "/api/v1"
    faults = frozenset({"null_list", "null_person", "placeholder_email", "other_organization", "same_person_again"})
    settings: ApolloSettings

    def __init__(self, world: World) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(world)

    def reset(self) -> None:
        """Start with the cast, full credits and closed windows."""
        super().reset()
        self.settings = ApolloSettings()
        self.gate = Gate(self.world.clock)
        self.directory = Directory()
        self.calls_a_person: Counter[str] = Counter()
        self._late: dict[str, tuple[float, Row]] = {}
        self._polls: Counter[str] = Counter()
        for task in self._tasks:
            task.cancel()

    def routes(self) -> list[Route]:
        """Return Apollo's routes; wrong verbs are unknown routes to it."""
        return [
            self._at("GET", "auth/health", self.health),
            self._at("GET", "users/api_profile", self.profile),
            self._at("POST", "mixed_people/api_search", self.search_people),
            self._at("POST", "people/match", self.match),
            self._at("POST", "people/bulk_match", self.bulk_match),
            self._at("GET", "organizations/enrich", self.enrich),
            self._at("POST", "organizations/bulk_enrich", self.bulk_enrich),
            self._at("POST", "mixed_companies/search", self.search_companies),
            self._at("GET", "organizations/{id}/job_postings", self.job_postings),
            self._at("POST", "usage_stats/api_usage_stats", self.usage),
            self._at("POST", "usage_stats/credit_usage_stats", self.credit_usage),
            self._at("GET", "webhook_result/{id}", self.late_result),
            self._at("POST", "contacts", self.create_contact),
            self._at("DELETE", "contacts/destroy", self.create_contact),
        ]

    def _at(self, verb: str, endpoint: str, handler: Handler) -> Route:
        """Return a route that passes the gate and reads query and body before `handler` answers."""

        async def answer(request: Request) -> Response:
            headers = self.gate.admit(request, endpoint, self.settings)
            params = params_of(request.query_params)
            if verb == "POST" and await request.body():
                body = await json_object(request, gate.invalid("Invalid JSON"))
                params |= {name.removesuffix("[]"): value for name, value in body.items()}
            if {"api_key", "x-api-key"} & set(params):
                raise gate.invalid("Send the key in the x-api-key header")
            found = handler(request, params)
            response = found if isinstance(found, Response) else JSONResponse(found)
            response.headers.update(headers | {"x-request-id": f"sandbox-{exchange_of(request).number}"})
            return response

        return Route(f"{self.base_path}/{endpoint}", answer, methods=[verb])

    async def unknown(self, request: Request) -> Response:
        """Answer an unknown route or verb with HTML, whatever the key."""
        self.violate(request, "unknown_path", f"{request.method} {request.url.path}")
        return gate.no_page()

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return an error in the shape Apollo has for this status."""
        if status == 429:
            return gate.too_many("people/match", 600, "hour", 60.0 if retry_after_s is None else retry_after_s)
        if status == 401:
            return gate.wrong_key(self.settings)
        if status == 404:
            return gate.no_page()
        if status == 403:
            text = message or "This endpoint is not accessible with this access token"
            return JSONResponse({"error": text, "error_code": "API_INACCESSIBLE"}, 403)
        if status >= 500:
            return Response("<html><body>error code: 5xx</body></html>", status, media_type="text/html")
        return JSONResponse({"error": message or "Invalid parameters"}, status)

    def seed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Add companies with people: `{"companies": [{"name", "domain", "people": [{"first_name", ...}]}]}`."""
        return {"ids": [one for entry in data["companies"] for one in self.directory.add(company_from(entry))]}

    def state(self) -> dict[str, Any]:
        """Show credits left and how often each person was bought."""
        return {"credits": self.settings.credits, "calls_a_person": dict(self.calls_a_person)}

    async def close(self) -> None:
        """Give up callbacks that have not been posted."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spend(self, request: Request, amount: float, **detail: object) -> None:
        """Charge credits, or raise the 422 of an empty account."""
        if amount > self.settings.credits:
            raise gate.no_credits()
        self.settings.credits -= amount
        if amount:
            self.charge(request, {"credits": amount}, **detail)

    def health(self, _request: Request, _params: Row) -> Row:
        """Say that the key is good."""
        return {"healthy": True, "is_logged_in": True}

    def profile(self, _request: Request, params: Row) -> Row:
        """Show the user; with `include_credit_usage` what is left."""
        shown: Row = {"id": object_id("user"), "first_name": "Sandbox", "last_name": "User"}
        if str(params.get("include_credit_usage", "")).lower() == "true":
            shown |= self._credit_figures()
        return shown

    def _credit_figures(self) -> Row:
        used = sum(float(c.units.get("credits", 0)) for c in self.world.recorder.charges if c.provider == self.name)
        return {
            "effective_num_lead_credits": self.settings.credits + used,
            "total_unified_credits_used": used,
            "num_credits_remaining": 0,
        }

    def search_people(self, request: Request, params: Row) -> Row:
        """Search people, free: ids and obfuscated names."""
        page, size = number(params, "page", 1), number(params, "per_page", 10)
        if page > _LAST_PAGE or page < 1:
            raise gate.invalid(f"page must be between 1 and {_LAST_PAGE}")
        if size > _LARGEST_PAGE or size < 1:
            raise gate.invalid(f"per_page must be between 1 and {_LARGEST_PAGE}")
        found = [known for known in self.directory.people if answers(known, params)]
        start = (page - 1) * size
        if fault_kind(request) == "same_person_again" and page > 1:
            start -= 1
        if fault_kind(request) == "null_list":
            return {"total_entries": len(found), "people": None}
        return {"total_entries": len(found), "people": [search_row(known) for known in found[start : start + size]]}

    def match(self, request: Request, params: Row) -> Row:
        """Enrich a person: one credit with data, nothing for a stub."""
        if not any(params.get(key) for key in ("id", "email", "hashed_email", "name", "last_name", "linkedin_url")):
            raise gate.invalid()
        phone = is_true(params, "reveal_phone_number")
        if phone and not params.get("webhook_url"):
            raise gate.invalid("Required parameter 'webhook_url' missing")
        request_id = self._request_id(request)
        person = self._bought(request, params, _PHONE_CREDITS if phone else 0)
        if person is None and params.get("email") and fault_kind(request) != "null_person":
            person = stub_person(params, exchange_of(request).number)
        if phone:
            self._answer_late(request_id, str(params["webhook_url"]), person)
        return {"person": person, "request_id": request_id}

    def _bought(self, request: Request, wanted: Row, extra_credits: float = 0) -> Row | None:
        """Return the person asked for, paid for, or None."""
        known = self.directory.person(wanted)
        if self.settings.credits <= 0:
            raise gate.no_credits()
        if known is None or fault_kind(request) == "null_person":
            return None
        self._spend(request, self.settings.credits_a_match + extra_credits, person=known.id)
        self.calls_a_person[known.id] += 1
        other = self.directory.companies[0 if known.company != self.directory.companies[0] else 1]
        person = full_person(known, other if fault_kind(request) == "other_organization" else None)
        if fault_kind(request) == "placeholder_email":
            person |= {"email": "email_not_unlocked@domain.com", "email_status": "unavailable"}
        return person

    def bulk_match(self, request: Request, params: Row) -> Row:
        """Enrich up to ten people; a miss is null inside a success, one person is charged once."""
        details = params.get("details")
        if not isinstance(details, list) or not details:
            raise _bulk_refusal("INVALID_REQUEST", "invalid request, missing details")
        if len(details) > _LARGEST_BULK:
            raise _bulk_refusal("RECORD_LIMIT_EXCEEDED", "cannot enrich more than 10 in a single request")
        bought: dict[str, Row] = {}
        matches: list[Row | None] = []
        for wanted in details:
            known = self.directory.person(wanted) if isinstance(wanted, dict) else None
            if known is not None and known.id not in bought:
                person = self._bought(request, {"id": known.id})
                if person is not None:
                    bought[known.id] = person
            matches.append(bought.get(known.id) if known is not None else None)
        return {
            "request_id": self._request_id(request),
            "status": "success",
            "error_code": None,
            "error_message": None,
            "total_requested_enrichments": len(details),
            "unique_enriched_records": len(bought),
            "missing_records": matches.count(None),
            "credits_consumed": len(bought) * self.settings.credits_a_match,
            "matches": None if fault_kind(request) == "null_list" else matches,
        }

    def enrich(self, request: Request, params: Row) -> Row:
        """Enrich a company for one credit; nothing found costs nothing."""
        if not any(params.get(key) for key in ("domain", "linkedin_url", "name", "website")):
            raise gate.invalid("Required parameter 'domain' missing")
        company = self.directory.company(params)
        if company is None:
            return {"organization": None}
        self._spend(request, 1, organization=company.domain)
        return {"organization": organization(company)}

    def bulk_enrich(self, request: Request, params: Row) -> Row:
        """Enrich up to ten companies."""
        domains = params.get("domains") or [one.get("domain") for one in params.get("details") or []]
        if not domains:
            body = json.dumps({"status": "failed", "error_message": "invalid request, missing domains"})
            raise Refusal(PlainTextResponse(body, 400), "invalid_parameters", "missing domains")
        if len(domains) > _LARGEST_BULK:
            raise _bulk_refusal("RECORD_LIMIT_EXCEEDED", "cannot enrich more than 10 in a single request")
        found = {domain: self.directory.company({"domain": domain}) for domain in domains}
        companies = {company.domain: company for company in found.values() if company is not None}
        self._spend(request, len(companies), organizations=sorted(companies))
        return {
            "status": "success",
            "error_code": None,
            "error_message": None,
            "total_requested_domains": len(domains),
            "total_requested_records": len(domains),
            "unique_domains": len(found),
            "unique_records": len(found),
            "unique_enriched_records": len(companies),
            "missing_records": sum(company is None for company in found.values()),
            "organizations": [organization(company) if company else None for company in found.values()],
        }

    def search_companies(self, request: Request, params: Row) -> Row:
        """Search companies, a credit a page; those already in the team come as accounts."""
        self._spend(request, 1, page=params.get("page", 1))
        domains = {bare_domain(domain) for domain in params.get("q_organization_domains_list") or []}
        name = str(params.get("q_organization_name", "")).lower()
        found = [
            company
            for company in self.directory.companies
            if (not domains or company.domain in domains) and name in company.name.lower()
        ]
        page, size = number(params, "page", 1), min(number(params, "per_page", 10), _LARGEST_PAGE)
        rows = found[(page - 1) * size : page * size]
        accounts = [
            {
                **thin_organization(one),
                "id": object_id("account", one.domain),
                "organization_id": object_id("organization", one.domain),
            }
            for one in rows[:1]
        ]
        pages = -(-len(found) // size)
        return {
            "breadcrumbs": [],
            "partial_results_only": True,
            "partial_results_limit": 10_000,
            "has_join": False,
            "disable_eu_prospecting": False,
            "pagination": {"page": page, "per_page": size, "total_entries": len(found), "total_pages": pages},
            "accounts": accounts,
            "organizations": [thin_organization(one) for one in rows[1:]],
            "model_ids": [object_id("organization", one.domain) for one in rows],
            "num_fetch_result": None,
            "derived_params": None,
        }

    def job_postings(self, request: Request, _params: Row) -> Row:
        """Show a company's open positions (none), a credit a page."""
        self._spend(request, 1, organization=request.path_params["id"])
        return {"organization_job_postings": []}

    def usage(self, _request: Request, _params: Row) -> Row:
        """Show the windows of every endpoint; keys are JSON arrays printed as texts."""
        now, shown = self.world.clock.now(), {}
        for endpoint in ("people/match", "people/bulk_match", "mixed_people/api_search", "organizations/enrich"):
            part, action = endpoint.split("/")
            figures = {}
            for name, length, word in gate.WINDOWS:
                limit, used = self.settings.limits.get(name), self.gate.windows.look((endpoint, name), length, now).used
                left = None if limit is None else limit - used
                figures[word] = {"limit": limit, "consumed": used, "left_over": left}
            shown[json.dumps([f"api/v1/{part}", action])] = figures
        return shown

    def credit_usage(self, _request: Request, _params: Row) -> Row:
        """Show credits by kind, and the cycle they are of."""
        used = int(self._credit_figures()["total_unified_credits_used"])
        left = int(self.settings.credits)
        return {
            "credit_usage_stats": {"lead_credit": {"limit": left + used, "consumed": used, "left_over": left}},
            "current_credit_cycle": {"start_date": None, "end_date": None},
        }

    def late_result(self, request: Request, _params: Row) -> Row | Response:
        """Show a phone result: pending at first, then in progress, expired after 30 days."""
        request_id = str(request.path_params["id"])
        if not request_id.lstrip("-").isdigit():
            return JSONResponse({"error_code": "invalid_request_id"}, 400)
        if request_id not in self._late:
            return JSONResponse({"error_code": "request_id_unknown"}, 404)
        made_at, result = self._late[request_id]
        if self.world.clock.now() - made_at > _KEPT_S:
            return JSONResponse({"error_code": "request_id_expired"}, 410)
        self._polls[request_id] += 1
        if self._polls[request_id] <= self.settings.pending_polls:
            return JSONResponse({"error_code": "result_pending", "retry_after_seconds": 10}, 404)
        is_done = self._polls[request_id] > self.settings.pending_polls + self.settings.progress_polls
        status = "in_progress" if not is_done else "failed" if self.settings.late_fails else "success"
        return {
            "request_id": request_id,
            "webhook_status": status,
            "request_type": "phone",
            "last_dispatched_at": None,
            "failure_reason": "provider_error" if status == "failed" else None,
            "webhook_result": result if status == "success" else None,
        }

    def create_contact(self, request: Request, _params: Row) -> Row:
        """Record a write into Apollo's own CRM as a violation: a read-only pipeline never needs it."""
        self.violate(request, "writes_contacts", request.url.path)
        return {"contact": {"id": object_id("contact", str(exchange_of(request).number))}, "labels": []}

    def _request_id(self, request: Request) -> int:
        """Return a signed 64-bit number, beyond 2^53."""
        return -(2**62) + exchange_of(request).number * 1_000_003

    def _answer_late(self, request_id: int, url: str, person: Row | None) -> None:
        phones = [{"raw_number": "+1 555 0100", "sanitized_number": "+15550100"}] if person and person["name"] else []
        entry = {"id": person["id"] if person else None, "status": "success", "phone_numbers": phones}
        result = {"status": "success", "request_id": request_id, "people": [entry]}
        self._late[str(request_id)] = (self.world.clock.now(), result)
        task = asyncio.get_running_loop().create_task(self._post(url, result))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, url: str, result: Row) -> None:
        """Post a late result, unsigned and more than once, as Apollo does."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for _ in range(self.settings.callback_repeats):
                try:
                    await client.post(url, json=result)
                except httpx.HTTPError:
                    return  # Apollo does not care either: the result can be polled


def _bulk_refusal(code: str, message: str) -> Refusal:
    body: dict[str, object] = {"status": "failed", "error_code": code, "error_message": message}
    return gate.refusal(400, body, "invalid_parameters", message)
