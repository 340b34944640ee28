"""The Apollo client: misses, stubs, placeholders, credits, windows."""

import json
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    AnswerPending,
    Gone,
    InvalidInput,
    LimitReached,
    PaymentRequired,
    ProviderError,
    RateLimited,
    Rejected,
    Timeout,
    Unauthorized,
    Unavailable,
)
from core.ledger.spend import Cost
from integrations.apollo.client import ApolloClient, PersonQuery, bare_domain
from integrations.apollo.mapping import company_fields, person_fields
from integrations.apollo.schemas import ApolloOrganization, ApolloPerson
from integrations.resilience.rate_limit import LimitPolicy, Window
from integrations.resilience.retry import RetryPolicy
from tests.integrations.conftest import Reply, ScriptedServer, Seen

FERNHILL = {"id": "org1", "name": "Fernhill Tools", "primary_domain": "fernhill.example.com", "keywords": None}
ANA = {
    "id": "p1",
    "first_name": "Ana",
    "last_name": "Sample",
    "name": "Ana Sample",
    "title": "Head of Operations",
    "linkedin_url": "http://www.linkedin.com/in/synthetic-ana",
    "email": "ana@fernhill.example.com",
    "email_status": "verified",
    "organization": FERNHILL,
    "surprise": {"new": True},
}
STUB = {"id": "p9", "name": "", "first_name": None, "email": "nobody@fernhill.example.com", "email_status": None}


def credits(amount: str) -> Cost:  # noqa: A001 - Apollo's unit
    return Cost(credits=Decimal(amount))


@pytest.fixture
async def client(server: ScriptedServer, guard_of):
    async with ApolloClient(server.url, "key-secret", guard_of("apollo"), timeout_s=10) as client:
        yield client


def asked(request: Seen) -> dict[str, list[str]]:
    """Return the parameters of a request."""
    return parse_qs(urlsplit(request.path).query)


async def test_a_match_is_found_and_paid_for(client, server, book) -> None:
    server.then(Reply(body={"person": ANA, "request_id": -1234567890123456789}))
    person = await client.match_person(PersonQuery(email="ana@fernhill.example.com"))
    assert person_fields(person)["contact_email"] == "ana@fernhill.example.com"
    assert asked(server.seen[0]) == {"email": ["ana@fernhill.example.com"]}
    assert server.seen[0].headers["x-api-key"] == "key-secret"
    assert server.seen[0].body == b"", "the reference has no body here"
    assert book.events == [("reserve", credits("1")), ("settle", credits("1"))]


@pytest.mark.parametrize("body", [{"person": None}, {}, {"person": STUB}], ids=["none", "empty", "stub"])
async def test_a_miss_is_a_miss_and_free(client, server, book, body) -> None:
    server.then(Reply(body=body))
    assert await client.match_person(PersonQuery(name="Ana Sample")) is None
    assert book.events[-1] == ("settle", Cost())


async def test_an_empty_query_is_not_asked(client, server) -> None:
    with pytest.raises(InvalidInput):
        await client.match_person(PersonQuery())
    assert server.seen == []


@pytest.mark.parametrize("email", ["email_not_unlocked@domain.com", "EMAIL_NOT_UNLOCKED@other.example", "", None])
def test_a_placeholder_is_no_address(email: str | None) -> None:
    assert ApolloPerson(email=email).email is None


@pytest.mark.parametrize("status", ["unverified", "guessed", None])
def test_only_a_verified_address_is_one_to_write_to(status: str | None) -> None:
    assert "contact_email" not in person_fields(ApolloPerson(email="ana@fernhill.example.com", email_status=status))


async def test_a_bulk_match_is_joined_by_content_and_pays_what_was_charged(client, server, book) -> None:
    queries = [PersonQuery(id=f"p{n}") for n in range(12)]
    server.then(
        Reply(body={"status": "success", "matches": [None, STUB, ANA], "credits_consumed": 1.5}),
        Reply(body={"status": "success", "matches": None}),
    )
    answers = {query.id: person async for query, person in client.match_people([*queries, queries[0]])}
    assert [key for key, person in answers.items() if person] == ["p1"]
    assert [len(request.json["details"]) for request in server.seen] == [10, 2]
    assert [amount for kind, amount in book.events if kind == "settle"] == [credits("1.5"), credits("2")]


async def test_what_was_bought_is_handed_on_before_the_credits_end(client, server) -> None:
    out = {"error": "You have insufficient credits!", "error_details": {"code": "BILLING.LIMIT.CREDITS_EXHAUSTED"}}
    server.then(Reply(body={"matches": [ANA]}), Reply(422, out))
    got = []

    async def buy() -> None:
        async for _, person in client.match_people([PersonQuery(id=f"p{n}") for n in range(11)]):
            got.append(person)

    with pytest.raises(PaymentRequired):
        await buy()
    assert sum(person is not None for person in got) == 1


async def test_company_contacts_are_searched_then_bought(client, server, book) -> None:
    def apollo(request: Seen) -> Reply:
        if request.path.startswith("/mixed_people/api_search?"):
            page = int(asked(request)["page"][0])
            people = [{"id": f"p{page * 100 + n}", "title": None} for n in range(100 if page == 1 else 3)]
            return Reply(body={"total_entries": 103, "people": [*people, people[0]]})
        moved = {**ANA, "organization": {**FERNHILL, "primary_domain": "elsewhere.example.com"}}
        details = request.json["details"]
        people = [{**(moved if item["id"] == "p101" else ANA), "id": item["id"]} for item in details]
        return Reply(body={"matches": people, "credits_consumed": len(people)})

    server.route = apollo
    found = [p async for p in client.search_company_contacts("https://WWW.fernhill.example.com/x", ["CFO"], limit=101)]
    assert len(found) == 100
    assert "p101" not in {person.id for person in found}
    searched = [request for request in server.seen if "search" in request.path]
    assert asked(searched[0])["q_organization_domains_list[]"] == ["fernhill.example.com"]
    assert asked(searched[0])["person_titles[]"] == ["CFO"]
    assert len(searched) == 2
    assert sum(amount.credits for kind, amount in book.events if kind == "settle") == 101


async def test_an_empty_search_buys_nothing(client, server, book) -> None:
    server.then(Reply(body={"total_entries": 0, "people": None}))
    assert [p async for p in client.search_company_contacts("fernhill.example.com", ["CFO"])] == []
    assert book.events == []


@pytest.mark.parametrize("body", [{}, {"organization": None}, None])
async def test_a_company_may_be_unknown(client, server, book, body) -> None:
    server.then(Reply(body=body))
    assert await client.organization("nobody.example.com") is None
    assert book.events[-1] == ("settle", Cost())


def late(status: str, result: object = None) -> Reply:
    return Reply(body={"request_id": "-12", "webhook_status": status, "webhook_result": result})


async def test_a_late_number_is_submitted_awaited_and_collected(client, server, book) -> None:
    server.then(
        Reply(body={"person": ANA, "request_id": -1234567890123456789}),
        Reply(404, {"error_code": "result_pending", "retry_after_seconds": 10}),
        late("in_progress"),
        late("not said before"),
        late("success", {"people": [{"id": "p1", "phone_numbers": [{"sanitized_number": "+15550100"}]}]}),
        late("failed"),
        Reply(410, {"error_code": "request_id_expired"}),
    )
    submitted = await client.submit_phone(PersonQuery(id="p1"), "https://example.com/hook")
    assert asked(server.seen[0]) == {
        "id": ["p1"], "reveal_phone_number": ["true"], "webhook_url": ["https://example.com/hook"],
    }  # fmt: skip
    assert submitted.cost == credits("9")
    ticket = str(submitted.found[0].request_id)
    assert ticket == "-1234567890123456789"
    with pytest.raises(AnswerPending) as pending:
        await client.late_result(ticket)
    assert pending.value.retry_after_s == 10
    for _ in range(2):
        with pytest.raises(AnswerPending):
            await client.late_result(ticket)
    result = await client.late_result(ticket)
    assert result.people[0].phone_numbers[0].sanitized_number == "+15550100"
    with pytest.raises(Rejected, match="did not find out"):
        await client.late_result(ticket)
    with pytest.raises(Gone):
        await client.late_result(ticket)
    assert len(server.seen) == 7
    assert book.events[-1] == ("settle", credits("9"))


async def test_a_bulk_call_takes_ten_at_most(client, server) -> None:
    for call in (client.match_bulk, client.enrich_bulk):
        for asked in ([], [PersonQuery(id="x")] * 11 if call == client.match_bulk else ["a.example"] * 11):
            with pytest.raises(InvalidInput):
                await call(asked)
    assert server.seen == []


async def test_companies_are_enriched(client, server) -> None:
    server.then(Reply(body={"organization": {**FERNHILL, "estimated_num_employees": 42, "annual_revenue": 5200000.0}}))
    fields = company_fields(await client.organization("fernhill.example.com"))
    assert (fields["company_size"], fields["annual_revenue"]) == ("42", "5200000")
    server.then(Reply(body={"organizations": [None, FERNHILL], "unique_enriched_records": 1}))
    found = {d: c async for d, c in client.organizations(["a.example", "www.Fernhill.example.com"])}
    assert [domain for domain, company in found.items() if company] == ["fernhill.example.com"]
    assert list(found) == ["a.example", "fernhill.example.com"]


async def test_the_profile_says_what_is_left(client, server) -> None:
    server.then(
        Reply(
            body={
                "id": "u1",
                "num_credits_remaining": 0,
                "effective_num_lead_credits": 100,
                "total_unified_credits_used": 40,
            }
        )
    )
    assert (await client.profile()).credits_left == 60
    server.then(Reply(body={}))
    assert (await client.profile()).credits_left is None


METHODS = {
    "profile": lambda c: c.profile(),
    "match": lambda c: c.match_person(PersonQuery(name="Ana Sample")),
    "bulk": lambda c: anext(c.match_people([PersonQuery(id="p1")])),
    "search": lambda c: anext(c.search_people("fernhill.example.com", ["CFO"])),
    "contacts": lambda c: anext(c.search_company_contacts("fernhill.example.com", ["CFO"])),
    "organization": lambda c: c.organization("fernhill.example.com"),
    "organizations": lambda c: anext(c.organizations(["fernhill.example.com"])),
    "submit": lambda c: c.submit_phone(PersonQuery(name="Ana Sample"), "https://example.com/hook"),
    "late": lambda c: c.late_result("-12"),
}
INVALID = "Invalid API key. See https://docs.example.com for how to authenticate."
FAULTS = [
    (Reply(422, {"error": "Api key required"}), Unauthorized),
    (Reply(401, {"error": INVALID}), Unauthorized),
    (Reply(401, INVALID.encode(), {"content-type": "text/plain"}), Unauthorized),
    (Reply(403, {"error": "not accessible on a free plan", "error_code": "API_INACCESSIBLE"}), Unauthorized),
    (Reply(404, b"<html>", {"content-type": "text/html"}), Gone),
    (Reply(422, {"error": "Invalid parameters"}), Rejected),
    (Reply(400, json.dumps({"error_message": "invalid request"}).encode(), {"content-type": "text/plain"}), Rejected),
    (Reply(422, {"error": "You have insufficient credits! Buy more."}), PaymentRequired),
    (Reply(429, {"message": "600 times per hour"}, {"retry-after": "0.01"}), RateLimited),
    (Reply(429, {"message": "600 times per hour"}), RateLimited),
    (Reply(502, b"<html>cloudflare", {"content-type": "text/html"}), Unavailable),
    (Reply(drop=True), Unavailable),
    (Reply(200, b'{"person": {', {}), Unavailable),
    (
        Reply(body={"person": 3, "people": 3, "matches": 3, "organization": 3, "organizations": 3, "id": []}),
        ProviderError,
    ),
]


@pytest.mark.parametrize("name", METHODS)
async def test_every_method_says_what_went_wrong(server, guard_of, name: str) -> None:
    guard = guard_of("apollo", retry=RetryPolicy(retries=1, base_s=0.001))
    async with ApolloClient(server.url, "key-secret", guard, timeout_s=10) as client:
        for fault, kind in FAULTS:
            server.route = lambda _, fault=fault: fault
            with pytest.raises(kind):
                await METHODS[name](client)


@pytest.mark.parametrize("name", ["match", "bulk", "organization", "organizations"])
async def test_a_paid_call_that_was_lost_is_not_bought_again(server, guard_of, book, name: str) -> None:
    server.route = lambda _: Reply(stall_s=0.2)
    async with ApolloClient(server.url, "key-secret", guard_of("apollo"), timeout_s=0.05) as client:
        with pytest.raises(Timeout):
            await METHODS[name](client)
    assert len(server.seen) == 1
    assert book.events == [("reserve", credits("1")), ("settle", credits("1"))]


async def test_apollo_s_windows_replace_our_guesses(server, guard_of) -> None:
    windows = tuple(
        Window(name, 1_000, period, is_estimate=True)
        for name, period in (("minute", 60), ("hour", 3600), ("day", 86_400))
    )
    headers = {
        "x-rate-limit-minute": "50",
        "x-minute-requests-left": "48",
        "x-rate-limit-hourly": "200",
        "x-hourly-requests-left": "1",
        "x-rate-limit-24-hour": "",
    }
    server.route = lambda _: Reply(body={}, headers=headers)
    guard = guard_of("apollo", limits=LimitPolicy(windows, max_wait_s=0))
    async with ApolloClient(server.url, "key-secret", guard) as client:
        await client.profile()
        await client.profile()
        with pytest.raises(LimitReached):
            await client.profile()


@pytest.mark.parametrize(
    ("given_as", "bare"),
    [
        ("https://www.Fernhill.example.com/about?x=1", "fernhill.example.com"),
        ("fernhill.example.com.", "fernhill.example.com"),
        ("http://user@fernhill.example.com:8080/", "fernhill.example.com"),
        ("münchen.example", "xn--mnchen-3ya.example"),
    ],
)
def test_domains_are_bared(given_as: str, bare: str) -> None:
    assert bare_domain(given_as) == bare


@given(
    st.from_regex(r"[a-z]([a-z0-9]{0,9}\.){1,3}[a-z]{2,6}", fullmatch=True).filter(lambda d: not d.startswith("www.")),
    st.sampled_from(["", "http://", "HTTPS://"]),
    st.sampled_from(["", "www."]),
    st.sampled_from(["", "/", "/about?q=a/b", ":443/x", "."]),
)
def test_what_stands_around_a_domain_is_taken_off(domain: str, scheme: str, www: str, rest: str) -> None:
    assert bare_domain(f" {scheme}{www}{domain}{rest} ") == domain


@given(st.text(max_size=80))
def test_baring_never_fails(text: str) -> None:
    assert "/" not in bare_domain(text)


def test_people_are_joined_by_what_was_asked() -> None:
    person = ApolloPerson.model_validate(ANA)
    assert PersonQuery(email="ANA@fernhill.example.com").fits(person)
    assert PersonQuery(linkedin_url="https://linkedin.com/in/synthetic-ana/").fits(person)
    assert PersonQuery(first_name="Ana", last_name="Sample", domain="fernhill.example.com").fits(person)
    assert not PersonQuery(name="Ana Sample", domain="other.example.com").fits(person)
    assert not PersonQuery(name="Ben Sample").fits(person)
    assert not PersonQuery(domain="fernhill.example.com").fits(person)
    # Found by an address that is not shown: the next thing that is known of both decides.
    hidden = person.model_copy(update={"email": None})
    assert PersonQuery(email="ana@private.example", name="Ana Sample", domain="fernhill.example.com").fits(hidden)
    assert not PersonQuery(email="ana@private.example", name="Ben Sample").fits(hidden)
    assert not PersonQuery(email="ana@private.example", name="Ana Sample").fits(person)
    assert company_fields(ApolloOrganization(name="Fernhill Tools")) == {"company_name": "Fernhill Tools"}
