"""Every method of every client against the stand-ins: success, empty, many pages, and all that can go wrong.

The methods are found by reflection, so one that has no row here fails the run. Faults are scripted over the sandbox's
control endpoint; they strike every call, so that what looks a lost answer up fails alike. Page fetchers have tests of
their own, because what goes wrong there is an outcome, not an error.
"""

import importlib
import inspect
import pkgutil
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from close_calls import CLOSE, NEW
from provider_calls import Case, Row, all_of, is_held_by_contract
from pydantic import SecretStr

import integrations
from agents.models import Job, ModelChoice, Models, offered_models
from agents.price_file import PRICE_FILE
from core.errors import Gone, ProviderError, RateLimited, Rejected, Timeout, Unauthorized, Unavailable
from core.ledger.prices import read_prices
from integrations.apollo.client import ApolloClient, PersonQuery
from integrations.browserbase.client import BrowserbaseClient
from integrations.cartesia.client import CartesiaClient
from integrations.cartesia.schemas import AudioFormat
from integrations.cerebras.client import CerebrasClient
from integrations.close.client import CloseClient
from integrations.close.schemas import CloseObject
from integrations.close.webhooks import CloseWebhooks
from integrations.http import ProviderClient
from integrations.langsmith.client import LangSmithClient
from integrations.model_endpoint import Endpoint
from integrations.model_list import ModelListClient
from integrations.openrouter.client import OpenRouterClient
from integrations.resilience.rate_limit import Slots
from integrations.resilience.retry import RetryPolicy
from sandbox.cast import COMPANIES

ONCE = RetryPolicy(retries=0, base_s=0)
HASTY_S = 0.5
MACHINERY = {"aclose", "request"}
VOICE = {"voice_id": "00000000-0000-4000-8000-000000000001", "model": "sonic-3.5"}
HELLO = [{"role": "user", "content": "Say hello"}]
DOMAIN, NOBODY = COMPANIES[0].domain, "nobody.example.com"
HOOK = "https://hooks.example.com/apollo"
MODEL_PROVIDERS = ("cerebras", "anthropic", "deepseek", "openrouter", "openai")


async def matches(case: Case) -> tuple[int, int]:
    queries = [PersonQuery(email=f"person{number}@{NOBODY}") for number in range(23)]
    return len(await all_of(case.client.match_people(queries))), 23


async def companies(case: Case) -> tuple[int, int]:
    return len(await all_of(case.client.organizations([f"company{number}.example.com" for number in range(23)]))), 23


async def people(case: Case) -> tuple[int, int]:
    domain = "larkhill-foundry.example.com"
    staff = [{"first_name": "Ana", "last_name": f"Sample{n}", "title": "Engineer"} for n in range(130)]
    case.sandbox.seed("apollo", companies=[{"name": "Larkhill Foundry", "domain": domain, "people": staff}])
    return len(await all_of(case.client.search_people(domain, [], limit=130))), 130


async def spoken(case: Case) -> bytes:
    async with case.client.speaking(**VOICE) as speaking:
        return b"".join(await all_of(aiter(speaking.say("Hello"))))


async def heard(case: Case, *, sound: bytes = b"\0" * 640) -> list[Any]:
    async with case.client.listening(model="ink-whisper") as listening:
        if sound:
            await listening.send(sound)
        await listening.end()
        return await all_of(aiter(listening))


async def found_by(answering: Awaitable[Any]) -> tuple[Any, ...]:
    """Return what a bulk answer holds, in the order of what was asked."""
    answer = await answering
    found: tuple[Any, ...] = answer.found
    return found


QUERY = PersonQuery(email=f"somebody@{NOBODY}")
WEBHOOKS = {
    "subscriptions": Row(lambda c: all_of(c.client.subscriptions()), empty=(lambda c: after_unsubscribing(c), [])),
    "subscribe": Row(lambda c: c.client.subscribe("https://hooks.example.com/close", [("lead", "updated")])),
    "unsubscribe": Row(lambda c: c.client.unsubscribe(c.ids["hook"]), good=lambda got: got is None, gone=None),
}
APOLLO = {
    "profile": Row(lambda c: c.client.profile()),
    "match_person": Row(
        lambda c: c.client.match_person(PersonQuery(id=c.ids["person"])),
        empty=(lambda c: c.client.match_person(QUERY), None),
    ),
    "match_people": Row(
        lambda c: all_of(c.client.match_people([PersonQuery(id=c.ids["person"])])),
        good=lambda got: got[0][1] is not None,
        empty=(lambda c: all_of(c.client.match_people([QUERY])), [(QUERY, None)]),
        many=matches,
    ),
    "match_bulk": Row(
        lambda c: c.client.match_bulk([PersonQuery(id=c.ids["person"])]),
        good=lambda got: got.found[0] is not None,
        empty=(lambda c: found_by(c.client.match_bulk([QUERY])), (None,)),
    ),
    "submit_phone": Row(
        lambda c: c.client.submit_phone(PersonQuery(id=c.ids["person"]), HOOK),
        good=lambda got: got.found[0] is not None,
        empty=(lambda c: found_by(c.client.submit_phone(QUERY, HOOK)), (None,)),
    ),
    "late_result": Row(lambda c: c.client.late_result(c.ids["submission"])),
    "search_people": Row(
        lambda c: all_of(c.client.search_people(DOMAIN, [])),
        empty=(lambda c: all_of(c.client.search_people(NOBODY, [])), []),
        many=people,
    ),
    "search_company_contacts": Row(
        lambda c: all_of(c.client.search_company_contacts(DOMAIN, [], limit=2)),
        empty=(lambda c: all_of(c.client.search_company_contacts(NOBODY, [])), []),
    ),
    "organization": Row(lambda c: c.client.organization(DOMAIN), empty=(lambda c: c.client.organization(NOBODY), None)),
    "enrich_bulk": Row(
        lambda c: c.client.enrich_bulk([DOMAIN]),
        good=lambda got: got.found[0] is not None,
        empty=(lambda c: found_by(c.client.enrich_bulk([NOBODY])), (None,)),
    ),
    "organizations": Row(
        lambda c: all_of(c.client.organizations([DOMAIN])),
        good=lambda got: got[0][1] is not None,
        empty=(lambda c: all_of(c.client.organizations([NOBODY])), [(NOBODY, None)]),
        many=companies,
    ),
}
BROWSERBASE = {
    "project": Row(lambda c: c.client.project()),
    "create_session": Row(lambda c: c.client.create_session()),
    "session": Row(lambda c: c.client.session(c.ids["session"])),
    "running_sessions": Row(lambda c: c.client.running_sessions(), empty=(lambda c: after_release(c), [])),
    "release_session": Row(
        lambda c: c.client.release_session(c.ids["session"]), good=lambda got: got is None, gone=None
    ),
}
LANGSMITH = {"projects": Row(lambda c: c.client.projects(), good=lambda got: got in (0, 1))}
CARTESIA = {
    "voices": Row(lambda c: c.client.voices()),
    "has_voice": Row(lambda c: c.client.has_voice(VOICE["voice_id"])),
    "speak": Row(lambda c: c.client.speak("Hello", **VOICE, audio=AudioFormat()), spoiled=None),
    "speak_in_pieces": Row(lambda c: all_of(c.client.speak_in_pieces("Hello", **VOICE))),
    "transcribe": Row(lambda c: c.client.transcribe(b"RIFF" + b"\0" * 640, model="ink-whisper")),
    "speaking": Row(spoken, empty=(lambda c: said_nothing(c), b"")),
    "listening": Row(heard, empty=(lambda c: heard(c, sound=b""), [])),
}
CEREBRAS = {
    "models": Row(lambda c: c.client.models()),
    "complete": Row(lambda c: c.client.complete(HELLO, model=c.ids["model"], max_tokens=64)),
    "stream": Row(lambda c: all_of(c.client.stream(HELLO, model=c.ids["model"], max_tokens=64))),
}
MODEL_LIST = {"models": Row(lambda c: c.client.models())}
OPENROUTER = {"key_usd": Row(lambda c: c.client.key_usd(), good=lambda got: len(got) == 2)}
CHAT = {
    "ainvoke": Row(lambda c: c.client.ainvoke("Say hello")),
    "astream": Row(lambda c: all_of(c.client.astream("Say hello"))),
}


async def after_unsubscribing(case: Case) -> list[Any]:
    await case.client.unsubscribe(case.ids["hook"])
    return await all_of(case.client.subscriptions())


async def after_release(case: Case) -> list[Any]:
    await case.client.release_session(case.ids["session"])
    return await case.client.running_sessions()


async def said_nothing(case: Case) -> bytes:
    async with case.client.speaking(**VOICE) as speaking:
        utterance = speaking.utterance()
        utterance.end()
        return b"".join(await all_of(aiter(utterance)))


ROWS: dict[type, dict[str, Row]] = {
    CloseClient: CLOSE,
    CloseWebhooks: WEBHOOKS,
    ApolloClient: APOLLO,
    BrowserbaseClient: BROWSERBASE,
    LangSmithClient: LANGSMITH,
    CartesiaClient: CARTESIA,
    CerebrasClient: CEREBRAS,
    ModelListClient: MODEL_LIST,
    OpenRouterClient: OPENROUTER,
}
PROVIDER_OF = {
    CloseClient: "close",
    CloseWebhooks: "close",
    ApolloClient: "apollo",
    BrowserbaseClient: "browserbase",
    LangSmithClient: "langsmith",
    CartesiaClient: "cartesia",
    CerebrasClient: "cerebras",
    ModelListClient: "openrouter",
    OpenRouterClient: "openrouter",
}
CELLS: dict[str, tuple[type | None, str, Row]] = {
    **{
        f"{kind.__name__}.{name}": (kind, PROVIDER_OF[kind], row)
        for kind, rows in ROWS.items()
        for name, row in rows.items()
    },
    **{f"{provider} chat.{name}": (None, provider, row) for provider in MODEL_PROVIDERS for name, row in CHAT.items()},
}


def client_classes() -> Iterator[type]:
    """Find what talks to a provider: everything built on `ProviderClient`, and everything that has a guard's calls."""
    for found in pkgutil.walk_packages(integrations.__path__, "integrations."):
        module = importlib.import_module(found.name)
        is_held = is_held_by_contract(found.name.split(".")[1])
        for _, kind in () if is_held else inspect.getmembers(module, inspect.isclass):
            is_public = not kind.__name__.startswith("_") and kind.__name__.endswith(("Client", "Webhooks"))
            if is_public and kind.__module__ == module.__name__:
                yield kind


def methods_of(kind: type) -> set[str]:
    """Name the public methods that wait for something."""

    def waits(member: Any) -> bool:
        bare = inspect.unwrap(member)
        return inspect.iscoroutinefunction(bare) or inspect.isasyncgenfunction(bare)

    return {name for name, member in inspect.getmembers(kind, waits) if not name.startswith("_")} - MACHINERY


def test_every_method_of_every_client_has_a_row() -> None:
    found = {kind: methods_of(kind) for kind in client_classes() if kind is not ProviderClient}
    assert found == {kind: set(rows) for kind, rows in ROWS.items()}
    assert methods_of(ProviderClient) == set()


@pytest.fixture
def opened(sandbox, guard_of, store):
    """Open a client as its provider's settings would."""
    env = sandbox.environment

    @asynccontextmanager
    async def open_client(kind: type | None, provider: str, timeout_s: float = 5.0) -> AsyncIterator[Any]:
        address = "ENDPOINT" if kind is LangSmithClient else "BASE_URL"
        url, key = env[f"{provider.upper()}_{address}"], env[f"{provider.upper()}_API_KEY"]
        guard = guard_of(provider, retry=ONCE, deadline_s=10.0)
        if kind is None:
            patient = Endpoint(provider, url, SecretStr(key), guard, timeout_s, "tool")
            choice = ModelChoice(provider, await model_of(provider, env, guard_of))
            models = Models({provider: patient}, {"default": (choice,)}, read_prices(PRICE_FILE), 256)
            async with models.chat_model(Job.RESEARCH) as model:
                yield model
        elif kind is CloseWebhooks:
            async with CloseClient(url, key, guard, timeout_s=timeout_s) as client:
                yield CloseWebhooks(client)
        elif kind is ModelListClient:
            async with kind(url, guard, headers={"Authorization": f"Bearer {key}"}, timeout_s=timeout_s) as client:
                yield client
        else:
            more: dict[str, Any] = {"slots": Slots("cartesia", 4, store)} if kind is CartesiaClient else {}
            if kind is BrowserbaseClient:
                more["project_id"] = env["BROWSERBASE_PROJECT_ID"]
            async with kind(url, key, guard, timeout_s=timeout_s, **more) as client:
                yield client

    return open_client


async def model_of(provider: str, env: dict[str, str], guard_of: Callable[..., Any]) -> str:
    """Name the first model a stand-in offers."""
    key = SecretStr(env[f"{provider.upper()}_API_KEY"])
    endpoint = Endpoint(provider, env[f"{provider.upper()}_BASE_URL"], key, guard_of(provider), 5.0, "tool")
    return (await offered_models(endpoint))[0]


async def prepared(kind: type | None, client: Any) -> dict[str, Any]:
    """Put there what the rows of a client look at."""
    if kind is CloseClient:
        for owner in CloseObject:
            await client.ensure_own_id_field(owner)
        own = uuid4()
        lead = await client.create_lead(NEW, own)
        contact = await client.create_contact(lead.id, {"name": "Ana Sample"}, own)
        other = await client.create_lead({"name": "Larkhill"}, uuid4())
        return {"lead": lead.id, "contact": contact.id, "other": other.id, "own": own}
    if kind is CloseWebhooks:
        return {"hook": (await client.subscribe("https://hooks.example.com/close", [("lead", "created")])).id}
    if kind is ApolloClient:
        person = (await anext(client.search_people(DOMAIN, []))).id
        submitted = (await client.submit_phone(PersonQuery(id=person), HOOK)).found[0]
        return {"person": person, "submission": str(submitted.request_id)}
    if kind is BrowserbaseClient:
        return {"session": (await client.create_session()).id}
    if kind is CerebrasClient:
        return {"model": (await client.models())[0]}
    return {}


BAD_FIELD = '{"errors": [], "field-errors": {"name": "is required"}}'
REFUSALS: list[tuple[dict[str, Any], type[ProviderError]]] = [
    ({"kind": "status", "status": 401}, Unauthorized),
    ({"kind": "status", "status": 403}, Unauthorized),
    ({"kind": "status", "status": 404}, Gone),
    ({"kind": "status", "status": 422}, Rejected),
    ({"kind": "replace", "status": 400, "body": BAD_FIELD}, Rejected),
    ({"kind": "status", "status": 429, "retry_after_s": 7}, RateLimited),
    ({"kind": "replace", "status": 429, "body": "slow down", "content_type": "text/plain"}, RateLimited),
    ({"kind": "status", "status": 500}, Unavailable),
    ({"kind": "drop"}, Unavailable),
]


@pytest.fixture
def roomy(sandbox):
    """Let the stand-ins count no calls: limits have tests of their own."""
    sandbox.settings("close", rate_per_s=None, organization_rate_per_s=None)
    sandbox.settings("apollo", pending_polls=0, progress_polls=0, callback_repeats=0)
    sandbox.settings("browserbase", creates_per_minute=1000, concurrency=100)
    return sandbox


@pytest.mark.parametrize("cell", CELLS)
async def test_success_nothing_and_many_pages(opened, roomy, cell: str) -> None:
    kind, provider, row = CELLS[cell]
    async with opened(kind, provider) as client:
        case = Case(client, roomy, await prepared(kind, client))
        assert row.good(await row.use(case))
        if row.empty is not None:
            use, nothing = row.empty
            assert await use(case) == nothing
        if row.many is not None:
            came, wanted = await row.many(case)
            assert came == wanted


@pytest.mark.parametrize("cell", CELLS)
async def test_what_goes_wrong_is_an_error_of_ours(opened, roomy, cell: str) -> None:
    """Try three of the refusals; the soak test tries all, and what stalls."""
    kind, provider, row = CELLS[cell]
    async with opened(kind, provider) as client:
        await check_refusals(
            row, Case(client, roomy, await prepared(kind, client)), provider, random.sample(REFUSALS, 3)
        )


@pytest.mark.soak
@pytest.mark.parametrize("cell", CELLS)
async def test_everything_that_can_go_wrong_is_an_error_of_ours(opened, roomy, cell: str) -> None:
    kind, provider, row = CELLS[cell]
    async with opened(kind, provider) as client, opened(kind, provider, HASTY_S) as hasty:
        case = Case(client, roomy, await prepared(kind, client))
        await check_refusals(row, case, provider, REFUSALS)
        if row.spoiled is not None:
            await failure_of(row, case, {"kind": "malformed_json"}, row.spoiled, provider)
        hurried = Case(hasty, roomy, case.ids)
        if kind is CloseClient:
            await prepared(kind, hasty)
        await failure_of(row, hurried, {"kind": "stall"}, Timeout, provider)


async def check_refusals(row: Row, case: Case, provider: str, refusals: Sequence[tuple[dict[str, Any], Any]]) -> None:
    for fault, expected in refusals:
        if expected is Gone and row.gone is None:
            case.sandbox.fail_next(provider, **fault, times=None)
            assert row.good(await row.use(case))
            continue
        error = await failure_of(row, case, fault, expected, provider)
        assert_told(error, fault)


async def failure_of(row: Row, case: Case, fault: dict[str, Any], expected: Any, provider: str) -> Any:
    """Let a fault strike every call of a row, and return what it ended with."""
    case.sandbox.clear_faults(provider)
    case.sandbox.fail_next(provider, **fault, times=None)
    with pytest.raises(expected) as caught:
        await row.use(case)
    case.sandbox.clear_faults(provider)
    assert caught.value.provider == provider, fault
    return caught.value


def assert_told(error: Any, fault: dict[str, Any]) -> None:
    """Check that an error says what the answer said."""
    assert error.status == fault.get("status"), fault
    if isinstance(error, RateLimited):
        assert error.retry_after_s == fault.get("retry_after_s"), fault
    if fault["kind"] == "replace" and isinstance(error, Rejected):
        assert error.field_errors == {"name": "is required"}
