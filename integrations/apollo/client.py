"""Client of the Apollo API v1.

Source: docs.apollo.io, "People API Search", "People Enrichment", "Bulk People Enrichment", "Organization Enrichment",
"Rate limits", "Status codes" (checked November 2026). Search is free and returns ids; matching costs credits and has no
idempotency key, so a paid call whose answer was lost is not repeated and counts as charged.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Generic, TypeVar

import httpx

from core.errors import AnswerPending, Gone, InvalidInput, PaymentRequired, ProviderError, Rejected, Unauthorized
from core.ledger.spend import Cost
from integrations.apollo.offers import BULK, CREDIT, PHONE
from integrations.apollo.schemas import (
    ApolloHit,
    ApolloLateResult,
    ApolloMatch,
    ApolloMatches,
    ApolloOrganization,
    ApolloOrganizationAnswer,
    ApolloOrganizations,
    ApolloPerson,
    ApolloProfile,
    ApolloSearchPage,
    ApolloSubmitted,
    ApolloWebhookResult,
)
from integrations.http import DecodedResponse, JsonBody, ProviderClient
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import Observation

PAGE = 100
LAST_PAGE = 500
_WINDOWS = {"minute": "minute", "hour": "hourly", "day": "24-hour"}
"""Our name of a window to Apollo's in its headers."""
BulkItem = TypeVar("BulkItem")


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """What identifies a person to Apollo; give what is known."""

    id: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    organization_name: str | None = None
    domain: str | None = None
    linkedin_url: str | None = None

    def body(self) -> dict[str, str]:
        """Return the given keys, in Apollo's names."""
        return {key: value for key, value in asdict(self).items() if value}

    def fits(self, person: ApolloPerson) -> bool:
        """Return whether `person` answers this query; answers are joined by content, never by position."""
        if self.id:
            return person.id == self.id
        # Apollo may know somebody by an address that it does not show; then the next thing that is known decides.
        if self.email and person.email:
            return person.email.lower() == self.email.lower()
        if self.linkedin_url and person.linkedin_url:
            return _profile(person.linkedin_url) == _profile(self.linkedin_url)
        name = self.name or " ".join(filter(None, (self.first_name, self.last_name)))
        return bool(name) and (person.name or "").casefold() == name.casefold() and self.works_there(person)

    def works_there(self, person: ApolloPerson) -> bool:
        """Return whether nothing speaks against `person` working at the query's domain."""
        known = person.organization and person.organization.primary_domain
        return not self.domain or not known or bare_domain(known) == bare_domain(self.domain)


@dataclass(frozen=True, slots=True)
class ApolloBulk(Generic[BulkItem]):
    """The answer of one bulk call.

    Attributes:
        found: what was asked for, in the order of the questions; None for a miss.
        cost: what it cost in all.
        request_id: Apollo's, where it gave one.
    """

    found: tuple[BulkItem | None, ...]
    cost: Cost
    request_id: str | None


class ApolloClient(ProviderClient):
    """People and companies by Apollo.

    Args:
        base_url: "https://api.apollo.io/api/v1".
        api_key: sent as header `x-api-key`.
        guard: see `integrations.resilience.guard`; its windows are called "minute", "hour" and "day".
        timeout_s: seconds.
    """

    def __init__(self, base_url: str, api_key: str, guard: Guard, *, timeout_s: float = 30.0) -> None:
        super().__init__(base_url, guard, headers={"x-api-key": api_key}, timeout_s=timeout_s)

    async def profile(self) -> ApolloProfile:
        """Return whose key this is and its credits; costs nothing."""
        params = {"include_credit_usage": "true"}
        answer = await self.request("GET", "/users/api_profile", params=params)
        return self.parsed(ApolloProfile, answer.body or {}, "GET /users/api_profile")

    async def match_person(self, query: PersonQuery) -> ApolloPerson | None:
        """Return the person, or None for a miss; one credit for a hit.

        Raises:
            InvalidInput: the query is empty.
            PaymentRequired: Apollo's credits are used up.
        """
        if not query.body():
            raise InvalidInput("a person query names nothing to look for")

        def cost(answer: DecodedResponse) -> Cost:
            return CREDIT if self._person(answer.body) else Cost()

        answer = await self._paid("/people/match", CREDIT, cost, params=query.body())
        return self._person(answer.body)

    def _person(self, body: JsonBody) -> ApolloPerson | None:
        person = self.parsed(ApolloMatch, body or {}, "POST /people/match").person
        return None if person is None or person.is_stub else person

    async def match_people(
        self, queries: Sequence[PersonQuery]
    ) -> AsyncIterator[tuple[PersonQuery, ApolloPerson | None]]:
        """Yield each query once with its person, None for a miss; ten a call, one credit for each person found.

        What was bought is yielded before more is bought, so that an error on the way costs nothing that was paid for.
        """
        unique = [query for query in dict.fromkeys(queries) if query.body()]
        for start in range(0, len(unique), BULK):
            chunk = unique[start : start + BULK]
            for query, person in zip(chunk, (await self.match_bulk(chunk)).found, strict=True):
                yield query, person

    async def match_bulk(self, queries: Sequence[PersonQuery]) -> ApolloBulk[ApolloPerson]:
        """Return the people of at most `BULK` queries, by one call; one credit for each person found.

        Raises:
            InvalidInput: a query names nothing, or there are too many.
        """
        operation = "POST /people/bulk_match"
        if not queries or len(queries) > BULK or not all(query.body() for query in queries):
            raise InvalidInput(f"a bulk match takes 1 to {BULK} queries that name somebody")

        def cost(answer: DecodedResponse) -> Cost:
            charged = self.parsed(ApolloMatches, answer.body, operation).credits_consumed
            return CREDIT.times(len(queries)) if charged is None else Cost(credits=max(charged, Decimal(0)))

        body = {"details": [query.body() for query in queries]}
        answer = await self._paid("/people/bulk_match", CREDIT.times(len(queries)), cost, body=body)
        matches = self.parsed(ApolloMatches, answer.body, operation).matches
        people = [person for person in matches if person is not None and not person.is_stub]
        found = tuple(next(filter(query.fits, people), None) for query in queries)
        return ApolloBulk(found, cost(answer), answer.request_id)

    async def search_people(self, domain: str, titles: Sequence[str], *, limit: int = PAGE) -> AsyncIterator[ApolloHit]:
        """Yield at most `limit` people of one company with such titles, each once; free, and ids only."""
        seen: set[str] = set()
        for page_number in range(1, LAST_PAGE + 1):
            params: dict[str, str | int | list[str]] = {
                "q_organization_domains_list[]": [bare_domain(domain)],
                "person_titles[]": list(titles),
                "include_similar_titles": "true",
                "page": page_number,
                "per_page": min(limit, PAGE),
            }
            answer = await self.request("POST", "/mixed_people/api_search", params=params, may_repeat=True)
            page = self.parsed(ApolloSearchPage, answer.body, "POST /mixed_people/api_search")
            for hit in page.people:
                if hit.id not in seen and len(seen) < limit:
                    seen.add(hit.id)
                    yield hit
            if len(seen) >= limit or not page.people or page_number * min(limit, PAGE) >= page.total_entries:
                return

    async def search_company_contacts(
        self, domain: str, titles: Sequence[str], *, limit: int = 25
    ) -> AsyncIterator[ApolloPerson]:
        """Yield people with such titles who work at the company.

        Search is free, one credit a person goes into the match. A person whose employer has another domain is left
        out: search says nothing about the company, and people move.
        """
        hits = [hit async for hit in self.search_people(domain, titles, limit=limit)]
        here = PersonQuery(domain=domain)
        async for _, person in self.match_people([PersonQuery(id=hit.id) for hit in hits]):
            if person is not None and here.works_there(person):
                yield person

    async def organization(self, domain: str) -> ApolloOrganization | None:
        """Return the company of a domain, or None; one credit."""

        def cost(answer: DecodedResponse) -> Cost:
            return CREDIT if self._organization(answer.body) else Cost()

        answer = await self.request(
            "GET",
            "/organizations/enrich",
            params={"domain": bare_domain(domain)},
            may_repeat=False,
            estimate=CREDIT,
            cost_of=cost,
        )
        return self._organization(answer.body)

    def _organization(self, body: JsonBody) -> ApolloOrganization | None:
        found = self.parsed(ApolloOrganizationAnswer, body or {}, "GET /organizations/enrich").organization
        return found if found is not None and found.name else None

    async def organizations(self, domains: Sequence[str]) -> AsyncIterator[tuple[str, ApolloOrganization | None]]:
        """Yield each bare domain once with its company, None for a miss; ten a call, one credit for each found."""
        asked = list(dict.fromkeys(bare_domain(domain) for domain in domains))
        for start in range(0, len(asked), BULK):
            chunk = asked[start : start + BULK]
            for domain, company in zip(chunk, (await self.enrich_bulk(chunk)).found, strict=True):
                yield domain, company

    async def enrich_bulk(self, domains: Sequence[str]) -> ApolloBulk[ApolloOrganization]:
        """Return the companies of at most `BULK` domains, by one call; one credit for each found.

        Raises:
            InvalidInput: there are none or too many.
        """
        operation = "POST /organizations/bulk_enrich"
        asked = [bare_domain(domain) for domain in domains]
        if not asked or len(asked) > BULK:
            raise InvalidInput(f"a bulk enrichment takes 1 to {BULK} domains")

        def cost(answer: DecodedResponse) -> Cost:
            enriched = self.parsed(ApolloOrganizations, answer.body, operation).unique_enriched_records
            return CREDIT.times(len(asked) if enriched is None else max(enriched, 0))

        body = {"details": [{"domain": domain} for domain in asked]}
        answer = await self._paid("/organizations/bulk_enrich", CREDIT.times(len(asked)), cost, body=body)
        companies = {
            bare_domain(company.primary_domain): company
            for company in self.parsed(ApolloOrganizations, answer.body, operation).organizations
            if company and company.primary_domain
        }
        return ApolloBulk(tuple(map(companies.get, asked)), cost(answer), answer.request_id)

    async def submit_phone(self, query: PersonQuery, webhook_url: str) -> ApolloBulk[ApolloSubmitted]:
        """Ask for a person's mobile number, which Apollo looks for after it has answered; nine credits at most.

        Args:
            query: who.
            webhook_url: where Apollo posts the number to, which it demands. What it posts there is unsigned and may
                come twice, so it is not read: `late_result` is.

        Returns:
            One submission with the id to collect the number by; None where Apollo does not know the person.
        """
        operation = "POST /people/match"
        if not query.body():
            raise InvalidInput("a person query names nothing to look for")

        def cost(answer: DecodedResponse) -> Cost:
            return PHONE if self._person(answer.body) else Cost()

        params = {**query.body(), "reveal_phone_number": "true", "webhook_url": webhook_url}
        answer = await self._paid("/people/match", PHONE, cost, params=params)
        submitted = self.parsed(ApolloSubmitted, answer.body or {}, operation)
        is_known = self._person(answer.body) is not None and submitted.request_id is not None
        return ApolloBulk((submitted if is_known else None,), cost(answer), answer.request_id)

    async def late_result(self, request_id: str) -> ApolloLateResult:
        """Collect what a submission came to; free.

        Raises:
            AnswerPending: Apollo still works on it.
            Gone: the id is unknown, or older than 30 days.
            Rejected: Apollo tried, and says that it failed.
        """
        operation = "GET /webhook_result"
        # Not the number itself: what stands in the path appears in errors.
        answer = await self.request("GET", f"/webhook_result/{request_id}", operation=operation)
        said = self.parsed(ApolloWebhookResult, answer.body, operation)
        if said.webhook_status == "success" and said.webhook_result is not None:
            return said.webhook_result
        if said.webhook_status == "failed":
            message = "apollo: it did not find out; nothing comes of this request any more"
            raise Rejected(message, provider=self.provider, request_id=answer.request_id)
        # Whatever else it says, no answer is there: a number that was paid for is never given up for a word.
        raise AnswerPending("apollo: the answer is not there yet")

    # how Apollo speaks

    async def _paid(
        self,
        path: str,
        estimate: Cost,
        cost_of: Callable[[DecodedResponse], Cost],
        *,
        params: Mapping[str, str] | None = None,
        body: JsonBody = None,
    ) -> DecodedResponse:
        """Post what is paid: parameters where the reference has those alone, a body where it has one."""
        return await self.request(
            "POST", path, params=params, body=body, may_repeat=False, estimate=estimate, cost_of=cost_of
        )

    def refine(self, error: ProviderError, body: JsonBody) -> Exception:
        """Tell Apollo's meanings of 422 apart: no key, no credits, bad parameters; a 404 may mean: no answer yet."""
        if isinstance(error, Gone) and isinstance(body, dict) and body.get("error_code") == "result_pending":
            asked = body.get("retry_after_seconds")
            wait_s = float(asked) if isinstance(asked, int | float) else None
            return AnswerPending("apollo: the answer is not there yet", retry_after_s=wait_s)
        if not isinstance(error, Rejected) or not isinstance(body, dict):
            return error
        details = body.get("error_details")
        code = str(details.get("code", "")) if isinstance(details, dict) else ""
        said = str(body.get("error") or body.get("message") or "").lower()
        if "CREDITS_EXHAUSTED" in code or "insufficient credits" in said:
            kind: type[ProviderError] = PaymentRequired
            message = "apollo: the credits of this account are used up"
        elif "api key required" in said:
            kind, message = Unauthorized, "apollo: no API key was sent; set APOLLO_API_KEY"
        else:
            return error
        return kind(message, provider=error.provider, status=error.status, request_id=error.request_id)

    def observations(self, headers: httpx.Headers) -> list[Observation]:
        """Read Apollo's three windows; an empty limit means that there is none."""
        seen = []
        for window, name in _WINDOWS.items():
            limit = headers.get(f"x-rate-limit-{name}", "")
            left = headers.get(f"x-{name}-requests-left", "")
            if limit.isdigit():
                seen.append(Observation(window, limit=int(limit), remaining=int(left) if left.isdigit() else None))
        return seen


def bare_domain(address: str) -> str:
    """Return the host of a domain or URL as Apollo wants it: lower case, no scheme, no `www.`, no path, IDNA."""
    host = address.strip().lower().partition("://")[2] or address.strip().lower()
    host = host.partition("/")[0].rpartition("@")[2].partition(":")[0].removeprefix("www.").rstrip(". ")
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _profile(url: str | None) -> str:
    return (url or "").lower().rstrip("/").rpartition("/in/")[2]
