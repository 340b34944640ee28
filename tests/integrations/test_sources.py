"""Websites, Apollo and LinkedIn as sources of enrichment, each before its stand-in, held to the one contract."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import fields
from pathlib import Path
from typing import ParamSpec, TypeVar

import httpx
import pytest

from core.enrichment.questions import Question
from core.ledger.spend import Cost
from integrations.apollo.client import ApolloClient
from integrations.apollo.mapping import company_fields, person_fields
from integrations.apollo.offers import COMPANY, MOBILE, PERSON
from integrations.apollo.schemas import ApolloOrganization, ApolloPerson
from integrations.apollo.sources import ApolloCompanies, ApolloMobiles, ApolloPeople
from integrations.browserbase.client import BrowserbaseClient
from integrations.browserbase.linkedin import CompanyPages
from integrations.browserbase.mapping import company_fields as linkedin_fields
from integrations.browserbase.offers import COMPANY_PAGE, SESSION
from integrations.browserbase.schemas import BrowserbasePage, CompanyFacts
from integrations.browserbase.sources import LinkedInPages
from integrations.resilience.rate_limit import LimitPolicy, RateLimiter, Slots, Window
from integrations.resilience.store import Store
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.offers import WEBSITE
from integrations.websites.pages import FetchLimits
from integrations.websites.sources import SiteReading, Websites
from sandbox.cast import COMPANIES
from sandbox.server import SandboxControl
from tests.contracts.source_contract import NoRoom, SourceCase, SourceContract, answers_with, breaks_down, charged_by
from tests.integrations.conftest import GuardMaker, Reply, ScriptedServer

P = ParamSpec("P")
R = TypeVar("R")

FIRMS = [f"firm{number}.example" for number in range(12)]


@pytest.fixture
async def apollo(sandbox: SandboxControl, guard_of: GuardMaker) -> AsyncIterator[tuple[ApolloClient, ApolloClient]]:
    """Yield a client, and one with an empty purse."""
    people = [
        [{"first_name": "Ana", "last_name": f"Sample{number}", "title": "Head of Operations", "email": f"ana@{firm}"}]
        for number, firm in enumerate(FIRMS)
    ]
    firms = [{"name": f"Firm {firm}", "domain": firm, "people": them} for firm, them in zip(FIRMS, people, strict=True)]
    sandbox.seed("apollo", companies=firms)
    sandbox.settings("apollo", limits={"minute": None, "hourly": None, "24-hour": None}, pending_polls=1)
    url, key = sandbox.environment["APOLLO_BASE_URL"], sandbox.environment["APOLLO_API_KEY"]
    async with (
        ApolloClient(url, key, guard_of("apollo")) as client,
        ApolloClient(url, key, guard_of("apollo", book=NoRoom())) as poor,
    ):
        yield client, poor


class TestApolloCompanies(SourceContract):
    source = "apollo_company"

    @pytest.fixture
    def case(self, apollo: tuple[ApolloClient, ApolloClient], sandbox: SandboxControl) -> SourceCase:
        def seen() -> list[int]:
            calls = sandbox.requests("apollo", path="*/organizations/bulk_enrich")
            return [len(json.loads(call["body"])["details"]) for call in calls]

        return SourceCase(
            source=ApolloCompanies(apollo[0]),
            known=[Question.of(COMPANY.name, domain=firm) for firm in FIRMS],
            unknown=Question.of(COMPANY.name, domain="nobody.example"),
            expected={"company_name": "Firm firm0.example", "company_domain": "firm0.example"},
            seen=seen,
            charged=lambda: charged_by(sandbox, "apollo", "credits"),
            break_down=breaks_down(sandbox, "apollo"),
            answer_with=answers_with(sandbox, "apollo"),
            poor=ApolloCompanies(apollo[1]),
        )


class TestApolloPeople(SourceContract):
    source = "apollo_person"

    @pytest.fixture
    def case(self, apollo: tuple[ApolloClient, ApolloClient], sandbox: SandboxControl) -> SourceCase:
        def seen() -> list[int]:
            calls = sandbox.requests("apollo", path="*/people/bulk_match")
            return [len(json.loads(call["body"])["details"]) for call in calls]

        return SourceCase(
            source=ApolloPeople(apollo[0]),
            known=[Question.of(PERSON.name, email=f"ana@{firm}") for firm in FIRMS],
            unknown=Question.of(PERSON.name, email="nobody@nobody.example"),
            expected={"contact_name": "Ana Sample0", "contact_email": "ana@firm0.example"},
            seen=seen,
            charged=lambda: charged_by(sandbox, "apollo", "credits"),
            break_down=breaks_down(sandbox, "apollo"),
            answer_with=answers_with(sandbox, "apollo"),
            poor=ApolloPeople(apollo[1]),
        )


class TestApolloMobiles(SourceContract):
    source = "apollo_phone"

    @pytest.fixture
    def case(self, apollo: tuple[ApolloClient, ApolloClient], sandbox: SandboxControl) -> SourceCase:
        nowhere = "http://127.0.0.1:9/phones"
        return SourceCase(
            source=ApolloMobiles(apollo[0], nowhere),
            known=[Question.of(MOBILE.name, email=f"ana@{firm}") for firm in FIRMS[:3]],
            unknown=Question.of(MOBILE.name, email="nobody@nobody.example"),
            expected={"contact_phone": "+15550100"},
            seen=lambda: [1 for _ in sandbox.requests("apollo", path="*/people/match")],
            charged=lambda: charged_by(sandbox, "apollo", "credits"),
            break_down=breaks_down(sandbox, "apollo"),
            answer_with=answers_with(sandbox, "apollo"),
            poor=ApolloMobiles(apollo[1], nowhere),
        )


async def _visited_plainly(_connect_url: str, url: str) -> BrowserbasePage:
    """Fetch a company page without a browser, which the page does not need."""
    async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as http:
        answer = await http.get(url)
        return BrowserbasePage(str(answer.url), answer.text, answer.status_code)


class TestLinkedInPages(SourceContract):
    source = "linkedin"

    @pytest.fixture
    async def case(self, sandbox: SandboxControl, guard_of: GuardMaker, store: Store) -> AsyncIterator[SourceCase]:
        env = sandbox.environment
        url, key, project = env["BROWSERBASE_BASE_URL"], env["BROWSERBASE_API_KEY"], env["BROWSERBASE_PROJECT_ID"]

        sandbox.settings("browserbase", creates_per_minute=100)

        def pages(client: BrowserbaseClient) -> LinkedInPages:
            daily = LimitPolicy((Window("day", 100, 86_400),), is_strict=True)
            visits = CompanyPages(
                client,
                slots=Slots("browserbase", 1, store),
                limiter=RateLimiter("linkedin", daily, store),
                is_enabled=True,
                base_url=env["LINKEDIN_BASE_URL"],
                fetch=_visited_plainly,
            )
            return LinkedInPages(visits)

        def seen() -> list[int]:
            return [1 for _ in sandbox.requests("browserbase", method="POST", path="/v1/sessions")]

        async with (
            BrowserbaseClient(url, key, guard_of("browserbase"), project_id=project) as client,
            BrowserbaseClient(url, key, guard_of("browserbase", book=NoRoom()), project_id=project) as poor,
        ):
            yield SourceCase(
                source=pages(client),
                known=[Question.of(COMPANY_PAGE.name, slug=company.slug) for company in COMPANIES[:3]],
                unknown=Question.of(COMPANY_PAGE.name, slug="nobody-at-all"),
                expected={"company_name": COMPANIES[0].name, "city": COMPANIES[0].city},
                seen=seen,
                charged=lambda: SESSION.times(len(sandbox.charges("browserbase"))),
                break_down=breaks_down(sandbox, "browserbase"),
                answer_with=answers_with(sandbox, "browserbase"),
                poor=pages(poor),
            )


class HereReader:
    """Reads pages in this process."""

    async def read(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)


class TestWebsites(SourceContract):
    source = "website"

    @pytest.fixture
    async def case(self, sandbox: SandboxControl, server: ScriptedServer, tmp_path: Path) -> AsyncIterator[SourceCase]:
        sites = [f"site-{slug}" for slug in ("lindmoor-instrument", "ostraline-freight", "brackwater-pumps")]
        server.route = lambda seen: Reply(
            status=404 if seen.path == "/robots.txt" else 200,
            body=b"<html><body>Under construction</body></html>",
            headers={"content-type": "text/html"},
        )

        def asked(address: str) -> Question:
            return Question(WEBSITE.name, (("site", address),), address)

        def break_all_down() -> None:
            for site in sites:
                sandbox.fail_next(site, "status", times=None, status=500)

        def seen() -> list[int]:
            return [1 for site in sites for _ in sandbox.requests(site, path="/")]

        limits = FetchLimits(allow_private=True, delay_s=0, fresh_for_s=0)
        async with WebsiteFetcher(limits, tmp_path / "pages") as fetcher:
            yield SourceCase(
                source=Websites(SiteReading(fetcher, HereReader, time_budget_s=30)),
                known=[asked(str(sandbox.urls[site])) for site in sites],
                unknown=asked(server.url),
                expected={"street": "Verkstadsgatan 3", "company_phone": "+46185550120"},
                seen=seen,
                charged=Cost,
                break_down=break_all_down,
            )


def test_what_is_declared_is_what_can_be_given() -> None:
    company = ApolloOrganization(
        id="1",
        name="x",
        website_url="x",
        primary_domain="x",
        industry="x",
        estimated_num_employees=1,
        annual_revenue=1,
        street_address="x",
        city="x",
        state="x",
        postal_code="x",
        country="x",
        phone="x",
        linkedin_url="x",
    )
    assert set(company_fields(company)) == COMPANY.gives
    names = {"name": "x", "first_name": "x", "last_name": "x", "title": "x", "email": "x", "linkedin_url": "x"}
    person = ApolloPerson(id="1", email_status="verified", **names)
    assert set(person_fields(person)) == PERSON.gives
    written = {field.name: "x" for field in fields(CompanyFacts)}
    assert {*linkedin_fields(CompanyFacts(**written)), "company_description"} == COMPANY_PAGE.gives
