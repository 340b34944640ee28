"""Sessions are always released, walls are final, only public company facts are read."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    ConfigurationError,
    Gone,
    InvalidInput,
    LimitReached,
    ProviderError,
    RateLimited,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
)
from integrations.browserbase.client import BrowserbaseClient
from integrations.browserbase.linkedin import CompanyPages
from integrations.browserbase.mapping import company_fields, read_page
from integrations.browserbase.offers import linkedin_slug
from integrations.browserbase.schemas import BrowserbasePage, PageOutcome
from integrations.resilience.rate_limit import LimitPolicy, RateLimiter, Slots, Window
from integrations.resilience.retry import RetryPolicy
from tests.integrations.conftest import Reply, Seen

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ORGANIZATION = {
    "@type": "Organization",
    "name": "Fernhill Tools &amp; Sons",
    "sameAs": "https://fernhill.example.com",
    "address": {"addressLocality": "Leeds", "addressCountry": "GB"},
    "numberOfEmployees": {"@type": "QuantitativeValue", "value": 42},
}
URL = "https://social.example.com/company/fernhill/"


def page(*blocks: object, body: str = "") -> str:
    scripts = "".join(
        f'<script type="application/ld+json">{block if isinstance(block, str) else json.dumps(block)}</script>'
        for block in blocks
    )
    return f"<html><head>{scripts}</head><body>{body}</body></html>"


def read(html: str, *, url: str = URL, status: int | None = 200):
    return read_page(URL, BrowserbasePage(url, html, status), fetched_at=NOW)


GRAPH = {"@context": "http://schema.org", "@graph": [{"@type": "Article", "name": "Post"}, ORGANIZATION]}


@pytest.mark.parametrize(
    "blocks", [(ORGANIZATION,), (GRAPH,), ("{broken", GRAPH), ({"@graph": ORGANIZATION},)], ids=str
)
def test_facts_are_read_from_json_ld(blocks: tuple) -> None:
    details = "<dl><dt>Company size</dt><dd> 11-50 employees </dd><dt>Industry</dt><dd>Machinery</dd></dl>"
    found = read(page(*blocks, body=details))
    assert found.outcome is PageOutcome.FOUND
    assert company_fields(found.facts) == {
        "company_name": "Fernhill Tools & Sons",
        "company_website": "https://fernhill.example.com",
        "industry": "Machinery",
        "company_size": "11-50",
        "city": "Leeds",
        "country": "GB",
    }
    assert found.facts.member_count == "42"


@pytest.mark.parametrize(
    ("given_as", "count"),
    [
        ({"value": 1234}, "1234"),
        ({"minValue": 11, "maxValue": 50}, "11-50"),
        (7, "7"),
        ("7", "7"),
        (None, None),
        (True, None),
        ({"minValue": 5}, None),
    ],
)
def test_every_form_of_a_head_count_is_read(given_as: object, count: str | None) -> None:
    assert read(page({**ORGANIZATION, "numberOfEmployees": given_as})).facts.member_count == count


@pytest.mark.parametrize("text", ["10,001+ employees", "1.001-5.000 employees", "2–10 employees"])
def test_size_bands_are_read_in_any_locale(text: str) -> None:
    band = read(page(ORGANIZATION, body=f"<dt>Company size</dt><dd>{text}</dd>")).facts.size_band
    assert re.fullmatch(r"\d+(\+|-\d+)", band)


WALLS = [
    {"url": "https://social.example.com/authwall?trk=x"},
    {"url": "https://social.example.com/uas/login"},
    {"url": "https://social.example.com/checkpoint/challenge"},
    {"status": 999},
    {"status": 403},
    {"status": 429},
    {"status": 451},
]


@pytest.mark.parametrize("how", WALLS, ids=str)
def test_a_wall_is_a_wall_whatever_the_page_says(how: dict) -> None:
    found = read(page(ORGANIZATION), **how)
    assert (found.outcome, found.facts) == (PageOutcome.WALL, None)
    assert found.reason


@pytest.mark.parametrize(
    ("html", "status", "outcome"),
    [
        (page(body='<iframe src="https://c.example/captcha"></iframe>'), 200, PageOutcome.WALL),
        (page(body='<input type="password">'), 200, PageOutcome.WALL),
        (page(), 404, PageOutcome.NOT_FOUND),
        (page(), 200, PageOutcome.EMPTY),
        (page({"@type": "Organization", "name": " "}), None, PageOutcome.EMPTY),
        (page(), 502, PageOutcome.ERROR),
    ],
)
def test_what_is_no_company_page_is_told_apart(html: str, status: int | None, outcome: PageOutcome) -> None:
    assert read(html, status=status).outcome is outcome


@given(
    st.text(max_size=200),
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda c: (
            st.lists(c)
            | st.dictionaries(st.sampled_from(["@type", "@graph", "name", "address", "sameAs", "numberOfEmployees"]), c)
        ),
    ),
)
def test_no_page_breaks_the_reader(noise: str, block: object) -> None:
    assert read(page(block, noise, body=noise)).outcome in PageOutcome


class SmallBrowserbase:
    def __init__(self) -> None:
        self.sessions: dict[str, dict] = {}

    def __call__(self, request: Seen) -> Reply:
        if request.method == "GET" and request.path.startswith("/v1/sessions?"):
            return Reply(body=[s for s in self.sessions.values() if s["status"] == "RUNNING"])
        if request.method == "POST" and request.path == "/v1/sessions":
            session = {
                "id": f"s{len(self.sessions)}",
                "status": "RUNNING",
                "createdAt": "2026-11-22T12:00:00.000Z",
                "userMetadata": request.json["userMetadata"],
            }
            self.sessions[session["id"]] = session
            return Reply(201, {**session, "connectUrl": "wss://connect.example/?signingKey=top-secret"})
        session = self.sessions.get(request.path.rpartition("/")[2])
        if session is None:
            return Reply(404, {"statusCode": 404, "error": "Not Found", "message": "no such session"})
        if request.method == "POST":
            session["status"] = "COMPLETED"
        return Reply(body=session)


@pytest.fixture
def remote(server):
    server.route = SmallBrowserbase()
    return server.route


@pytest.fixture
async def client(server, guard_of):
    async with BrowserbaseClient(server.url, "bb-key", guard_of("browserbase"), project_id="prj_1") as client:
        yield client


@pytest.fixture
def pages_of(client, store):
    def make(fetch, **changes) -> CompanyPages:
        limits = LimitPolicy((Window("day", 100, 86_400),), max_wait_s=0, is_strict=True)
        parts = {
            "slots": Slots("browserbase", 1, store, max_wait_s=0),
            "limiter": RateLimiter("linkedin", limits, store),
            "is_enabled": True,
            "base_url": "https://social.example.com",
        }
        return CompanyPages(client, fetch=fetch, **(parts | changes))

    return make


async def test_a_visit_reads_and_releases(pages_of, remote, server, caplog) -> None:
    caplog.set_level(logging.DEBUG)

    async def fetch(connect_url: str, url: str) -> BrowserbasePage:
        assert "top-secret" in connect_url
        return BrowserbasePage(url, page(ORGANIZATION), 200)

    found = await pages_of(fetch).visit("fernhill")
    assert (found.outcome, found.url) == (PageOutcome.FOUND, URL)
    assert [session["status"] for session in remote.sessions.values()] == ["COMPLETED"]
    asked = server.seen[0].json
    assert (asked["keepAlive"], asked["browserSettings"]["solveCaptchas"]) == (False, False)
    assert not asked["browserSettings"]["recordSession"]
    assert "top-secret" not in caplog.text


@pytest.mark.parametrize("error", [Unavailable("gone", provider="browserbase"), RuntimeError("a bug")], ids=str)
async def test_a_failed_visit_releases_too(pages_of, remote, store, error: Exception) -> None:
    async def fetch(connect_url: str, url: str) -> BrowserbasePage:
        raise error

    pages = pages_of(fetch)
    if isinstance(error, Unavailable):
        assert (await pages.visit("fernhill")).outcome is PageOutcome.ERROR
    else:
        with pytest.raises(RuntimeError):
            await pages.visit("fernhill")
    assert [session["status"] for session in remote.sessions.values()] == ["COMPLETED"]
    await Slots("browserbase", 1, store, max_wait_s=0).take("next")


async def test_off_means_nothing_is_sent(pages_of, server) -> None:
    with pytest.raises(ConfigurationError):
        await pages_of(None, is_enabled=False).visit("fernhill")
    assert server.seen == []


@pytest.mark.parametrize("slug", ["", "a/b", "..", "../in/somebody", "x?y", "a b"])
async def test_only_company_pages_are_visited(pages_of, server, slug: str) -> None:
    with pytest.raises(InvalidInput):
        await pages_of(None).visit(slug)
    assert server.seen == []


async def test_the_day_and_the_browsers_are_limited(pages_of, remote, store, server) -> None:
    async def fetch(connect_url: str, url: str) -> BrowserbasePage:
        return BrowserbasePage(url, page(), 200)

    one = RateLimiter("linkedin", LimitPolicy((Window("day", 1, 86_400),), max_wait_s=0), store)
    await pages_of(fetch, limiter=one).visit("fernhill")
    with pytest.raises(LimitReached):
        await pages_of(fetch, limiter=one).visit("fernhill")
    await Slots("browserbase", 1, store).take("somebody else")
    with pytest.raises(LimitReached):
        await pages_of(fetch).visit("fernhill")
    assert len(remote.sessions) == 1


async def test_a_session_whose_answer_was_lost_is_ended(client, remote, server) -> None:
    real, faults = server.route, [1]

    def lossy(request: Seen) -> Reply:
        answer = real(request)
        return Reply(drop=True) if request.path == "/v1/sessions" and faults and faults.pop() else answer

    server.route = lossy
    session = await client.create_session()
    assert {key: value["status"] for key, value in remote.sessions.items()} == {"s0": "COMPLETED", "s1": "RUNNING"}
    assert session.id == "s1"
    assert (await client.session("s1")).connect_url is None


async def test_what_a_crash_left_is_swept(client, pages_of, remote) -> None:
    await client.create_session()
    remote.sessions["foreign"] = {"id": "foreign", "status": "RUNNING", "userMetadata": {"owner": "else"}}
    pages = pages_of(None)
    assert await pages.sweep(now=NOW + timedelta(seconds=100)) == 0
    assert await pages.sweep(now=NOW + timedelta(seconds=200)) == 1
    assert remote.sessions["foreign"]["status"] == "RUNNING"


async def test_releasing_twice_is_harmless(client, remote) -> None:
    await client.release_session("unknown")


METHODS = {
    "project": lambda c: c.project(),
    "create": lambda c: c.create_session(),
    "session": lambda c: c.session("s0"),
    "list": lambda c: c.running_sessions(),
    "release": lambda c: c.release_session("s0"),
}
FAULTS = [
    (Reply(401, {"statusCode": 401, "error": "Unauthorized", "message": "Missing x-bb-api-key header"}), Unauthorized),
    (Reply(429, {"message": "You've exceeded your max concurrent sessions limit"}), RateLimited),
    (Reply(429, {}, {"retry-after": "0.01"}), RateLimited),
    (Reply(500, {}), Unavailable),
    (Reply(drop=True), Unavailable),
    (Reply(200, b"[{"), Unavailable),
]


@pytest.mark.parametrize("name", METHODS)
async def test_every_method_says_what_went_wrong(server, guard_of, name: str) -> None:
    guard = guard_of("browserbase", retry=RetryPolicy(retries=1, base_s=0.001))
    async with BrowserbaseClient(server.url, "bb-key", guard, project_id="prj_1", timeout_s=10) as client:
        for fault, kind in FAULTS:
            server.route = lambda _, fault=fault: fault
            with pytest.raises(kind):
                await METHODS[name](client)
        if name != "release":
            server.route = lambda _: Reply(body=3)
            with pytest.raises(UnexpectedAnswer):
                await METHODS[name](client)
            server.route = lambda _: Reply(404, {})
            with pytest.raises(Gone):
                await METHODS[name](client)


async def test_a_project_id_is_needed_to_ask_for_it(server, guard_of) -> None:
    async with BrowserbaseClient(server.url, "bb-key", guard_of("browserbase")) as client:
        with pytest.raises(ProviderError, match="BROWSERBASE_PROJECT_ID"):
            await client.project()


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://www.linkedin.com/company/acme-looms/about/", "acme-looms"),
        ("linkedin.com/company/acme", "acme"),
        ("https://de.linkedin.com/company/acme?x=1", "acme"),
        ("https://www.linkedin.com/in/jane", None),
        ("https://notlinkedin.com/company/acme", None),
        ("https://www.linkedin.com/company/", None),
        (None, None),
        ("https://[", None),
    ],
)
def test_company_page_of_an_address(url, slug):
    assert linkedin_slug(url) == slug
