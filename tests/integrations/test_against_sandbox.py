"""Our clients against the stand-ins that speak the providers' protocols and refuse what they would refuse."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from pydantic import BaseModel, SecretStr

from agents.models import Job, ModelChoice, Models, offered_models
from agents.price_file import PRICE_FILE
from core.errors import Gone, ProviderError
from core.ledger.prices import read_prices
from integrations.apollo.client import ApolloClient, PersonQuery
from integrations.browserbase.client import BrowserbaseClient
from integrations.cartesia.client import CartesiaClient
from integrations.cartesia.schemas import AudioFormat
from integrations.close.client import CloseClient
from integrations.close.schemas import CloseObject
from integrations.model_endpoint import Endpoint
from integrations.resilience.rate_limit import LimitPolicy, Slots, Window
from sandbox.cast import COMPANIES

VOICE = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
async def close(sandbox, guard_of):
    env = sandbox.environment
    client = CloseClient(env["CLOSE_BASE_URL"], env["CLOSE_API_KEY"], guard_of("close"), timeout_s=1)
    async with client:
        for kind in CloseObject:
            await client.ensure_own_id_field(kind)
        yield client


async def test_a_lead_and_its_contact_live_in_close(close: CloseClient) -> None:
    assert (await close.me()).organizations
    lead = await close.create_lead({"name": "Larkhill Foundry"}, uuid4())
    contact = await close.create_contact(lead.id, {"name": "Ana Sample", "title": "CFO"}, uuid4())
    assert [found.id async for found in close.contacts(lead.id)] == [contact.id]
    await close.update_lead(lead.id, {"url": "https://larkhill.example.com"})
    since = datetime.now(UTC) - timedelta(hours=1)
    assert lead.id in {event.object_id async for event in close.events_since(since)}
    found = [hit.id async for hit in close.leads_updated_since((since - timedelta(days=1)).date(), fields=["id"])]
    assert lead.id in found
    other = await close.create_lead({"name": "Larkhill"}, uuid4())
    await close.merge_leads(other.id, lead.id)
    assert [left.id async for left in close.leads()] == [lead.id]
    await close.delete_lead(lead.id)
    with pytest.raises(Gone):
        await close.lead(lead.id)


async def test_a_create_over_a_hundred_faults_leaves_exactly_one_lead(close: CloseClient, sandbox) -> None:
    own_id = uuid4()
    sandbox.fail_next("close", "drop_after", method="POST", path="/api/v1/lead/")
    assert (await close.create_lead({"name": "Larkhill Foundry"}, own_id)).id
    assert [one["fault"] for one in sandbox.requests("close", method="POST", path="/api/v1/lead/")] == ["drop_after"]
    for number, kind in enumerate(("drop", "drop_after", "status", "status_after", "malformed_json", "truncated_body")):
        sandbox.fail_next("close", kind, times=None, probability=0.12, seed=number, status=503)
    successes = 0
    for _ in range(100):
        with suppress(ProviderError):
            successes += bool((await close.create_lead({"name": "Larkhill Foundry"}, own_id)).id)
    sandbox.clear_faults("close")
    assert successes
    assert len([lead async for lead in close.leads()]) == 1


async def test_apollo_finds_and_charges(sandbox, guard_of, book) -> None:
    env, domain = sandbox.environment, COMPANIES[0].domain
    async with ApolloClient(env["APOLLO_BASE_URL"], env["APOLLO_API_KEY"], guard_of("apollo")) as apollo:
        people = [person async for person in apollo.search_company_contacts(domain, [])]
        assert people
        assert await apollo.match_person(PersonQuery(email="nobody@nobody.example.com")) is None
        assert (await apollo.organization(domain)).primary_domain == domain
        used = (await apollo.profile()).total_unified_credits_used
    assert used == sum(cost.credits for kind, cost in book.events if kind == "settle")


async def test_apollo_s_limits_are_kept(sandbox, guard_of) -> None:
    env, windows = sandbox.environment, (Window("minute", 1000, 60, is_estimate=True),)
    guard = guard_of("apollo", limits=LimitPolicy(windows, max_wait_s=0))
    async with ApolloClient(env["APOLLO_BASE_URL"], env["APOLLO_API_KEY"], guard) as apollo:
        for _ in range(5):
            await apollo.profile()
    assert {request["status"] for request in sandbox.requests("apollo")} == {200}


async def test_sessions_are_started_and_released(sandbox, guard_of) -> None:
    env = sandbox.environment
    url, key, project = env["BROWSERBASE_BASE_URL"], env["BROWSERBASE_API_KEY"], env["BROWSERBASE_PROJECT_ID"]
    async with BrowserbaseClient(url, key, guard_of("browserbase"), project_id=project) as browserbase:
        session = await browserbase.create_session()
        assert [running.id for running in await browserbase.running_sessions()] == [session.id]
        await browserbase.release_session(session.id)
        assert await browserbase.running_sessions() == []


async def test_what_is_spoken_is_understood(sandbox, guard_of, store) -> None:
    env, slots = sandbox.environment, Slots("cartesia", 2, store)
    url, key = env["CARTESIA_BASE_URL"], env["CARTESIA_API_KEY"]
    async with CartesiaClient(url, key, guard_of("cartesia"), slots=slots) as cartesia:
        assert await cartesia.has_voice(VOICE)
        spoken = await cartesia.speak("Hello there", voice_id=VOICE, model="sonic-3.5", audio=AudioFormat())
        assert (await cartesia.transcribe(spoken, model="ink-whisper")).text == "Hello there"
        pieces = cartesia.speak_in_pieces("Hello there", voice_id=VOICE, model="sonic-3.5")
        assert sum([len(piece) async for piece in pieces]) > 1000


class Score(BaseModel):
    """A score."""

    value: int
    reason: str | None


@pytest.mark.parametrize("provider", ["cerebras", "anthropic", "deepseek", "openrouter", "openai"])
async def test_every_provider_of_models_answers(sandbox, guard_of, book, provider: str) -> None:
    env, name = sandbox.environment, provider.upper()
    by = "json_schema" if provider == "openai" else "tool"
    key = SecretStr(env[f"{name}_API_KEY"])
    endpoint = Endpoint(provider, env[f"{name}_BASE_URL"], key, guard_of(provider), 5.0, by)
    choice = ModelChoice(provider, (await offered_models(endpoint))[0])
    models = Models({provider: endpoint}, {"default": (choice,)}, read_prices(PRICE_FILE), 512)
    async with models.chat_model(Job.RESEARCH) as model:
        assert "sandbox" in (await model.ainvoke("Say hello to Larkhill")).text
        assert isinstance(await model.with_structured_output(Score).ainvoke("Rate Larkhill"), Score)
        pieces = [piece.text async for piece in model.astream("Say hello")]
    assert len([text for text in pieces if text]) > 3
    if provider == "openrouter":
        settled = [cost.usd for event, cost in book.events if event == "settle"]
        assert sum(settled) == Decimal(sandbox.bill()["openrouter"]["usd"]), "what each answer said, streams too"
