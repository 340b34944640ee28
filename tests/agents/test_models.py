"""Models for jobs: ids are checked, failures of every kind go to the next model, usage is paid for."""

import asyncio
import json
import logging
from dataclasses import replace
from decimal import Decimal

import pytest
from langchain_core.tools import tool
from pydantic import BaseModel, SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

from agents.models import Job, ModelChoice, Models
from agents.price_file import PRICE_FILE
from core.errors import (
    BudgetExhausted,
    ConfigurationError,
    LimitReached,
    MalformedAnswer,
    ProviderNotConfigured,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
)
from core.ledger.prices import PriceList, TokenPrice, read_prices
from core.ledger.spend import Cost
from integrations.model_endpoint import Endpoint
from integrations.resilience.breaker import Breaker, BreakerPolicy
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import LimitPolicy, RateLimiter
from integrations.resilience.retry import RetryPolicy
from integrations.resilience.store import Store
from tests.integrations.conftest import RecordingBook, Reply, ScriptedServer, Seen
from tests.integrations.test_cerebras import LAST, chunk, completion, sse

ONCE = RetryPolicy(retries=0, base_s=0)
OFFERED = {
    "cerebras": "gpt-oss-120b",
    "anthropic": "claude-haiku-4-5",
    "deepseek": "deepseek-flash",
    "openai": "any",
    "openrouter": "any/model",
}


class Score(BaseModel):
    """A score."""

    value: int


def openai_answer(content: str | None, finish: str = "stop", **more) -> dict:
    message = {"role": "assistant", "content": content, **more}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "deepseek-flash",
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29},
    }


def anthropic_answer(*blocks: dict, stop: str = "end_turn") -> dict:
    usage = {"input_tokens": 30, "output_tokens": 12, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": list(blocks),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": usage,
    }


class SmallProviders:
    """Every provider of models on one address; answers by provider, and lists what it offers."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Reply]] = {}
        self.asked: list[tuple[str, dict]] = []

    def __call__(self, request: Seen) -> Reply:
        provider = request.path.split("/")[1]
        if request.path.endswith("/models"):
            model = {"id": OFFERED[provider], "object": "model", "created": 0, "owned_by": "x"}
            return Reply(body={"object": "list", "data": [model]})
        self.asked.append((provider, request.json))
        return self.answers[provider].pop(0)


@pytest.fixture
def providers(server: ScriptedServer) -> SmallProviders:
    server.route = SmallProviders()
    return server.route


@pytest.fixture
def models_of(server, guard_of):
    def make(*choices: str, **changes) -> Models:
        endpoints = {}
        for provider in OFFERED:
            by = "json_schema" if provider == "openai" else "tool"
            url = f"{server.url}/{provider}"
            guard = guard_of(provider, retry=changes.get("retry", ONCE), **changes.get("guard", {}))
            endpoints[provider] = Endpoint(provider, url, SecretStr("key-secret"), guard, 1.0, by)
        parsed = tuple(ModelChoice.parse(choice) for choice in choices)
        return Models(endpoints, {"qualification": parsed}, changes.get("prices", read_prices(PRICE_FILE)), 256)

    return make


CEREBRAS, ANTHROPIC = "cerebras:gpt-oss-120b", "anthropic:claude-haiku-4-5"
DEEPSEEK, LOCAL = "deepseek:deepseek-flash", "openai:any"
TEXT = {"type": "text", "text": "hello"}
HELLO = {
    CEREBRAS: Reply(body=completion(content="hello", reasoning="why")),
    ANTHROPIC: Reply(body=anthropic_answer(TEXT)),
    DEEPSEEK: Reply(body=openai_answer("hello")),
    LOCAL: Reply(body=openai_answer("hello")),
}
SCORED = {
    CEREBRAS: Reply(body=completion(content='{"value": 7}')),
    ANTHROPIC: Reply(body=anthropic_answer({"type": "tool_use", "id": "t1", "name": "Score", "input": {"value": 7}})),
    DEEPSEEK: Reply(
        body=openai_answer(
            None,
            "tool_calls",
            tool_calls=[{"id": "t1", "type": "function", "function": {"name": "Score", "arguments": '{"value": 7}'}}],
        )
    ),
    LOCAL: Reply(body=openai_answer('{"value": 7}')),
}


@pytest.mark.parametrize("choice", HELLO)
async def test_every_provider_answers_and_is_paid(providers, models_of, book, choice: str) -> None:
    providers.answers[choice.split(":")[0]] = [HELLO[choice]]
    async with models_of(choice).chat_model(Job.QUALIFICATION) as model:
        answer = await model.ainvoke("Say hello")
    assert answer.text == "hello"
    assert answer.usage_metadata["output_tokens"] in (9, 12, 41)
    provider, sent = providers.asked[0]
    assert "temperature" not in sent
    assert 256 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))
    if provider != "openai":
        spent = book.events[-1][1].usd
        assert 0 < spent < book.events[0][1].usd
    if choice == CEREBRAS:
        assert answer.response_metadata["time_info"]["total_time"] == 0.027
        assert answer.additional_kwargs["reasoning"] == "why"


@pytest.mark.parametrize("choice", SCORED)
async def test_every_provider_gives_a_checked_value(providers, models_of, choice: str) -> None:
    providers.answers[choice.split(":")[0]] = [SCORED[choice]]
    async with models_of(choice).chat_model(Job.QUALIFICATION) as model:
        assert await model.with_structured_output(Score).ainvoke("Rate it") == Score(value=7)
    _, sent = providers.asked[0]
    if choice in (CEREBRAS, LOCAL):
        assert sent["response_format"]["json_schema"]["schema"]["additionalProperties"] is False
    else:
        assert sent["tool_choice"]


FAILURES = {
    "wrong key": Reply(401, {"message": "no"}),
    "no credit": Reply(402, {"message": "no"}),
    "rejected": Reply(400, {"message": "no"}),
    "retired": Reply(404, {"message": "no"}),
    "too many": Reply(429, {}),
    "down": Reply(503, {}),
    "dropped": Reply(drop=True),
    "garbage": Reply(200, b"{"),
    "no answer": Reply(body=completion(content="")),
    "no value": Reply(body=completion(content="I would rather not say")),
    "wrong value": Reply(body=completion(content='{"value": "high"}')),
    "cut": Reply(
        body={**completion(), "choices": [{"index": 0, "finish_reason": "length", "message": {"content": "{"}}]}
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_the_next_model_answers_whatever_the_first_did(providers, models_of, failure: str) -> None:
    providers.answers = {"cerebras": [FAILURES[failure]], "anthropic": [SCORED[ANTHROPIC]]}
    async with models_of(CEREBRAS, ANTHROPIC).chat_model(Job.QUALIFICATION) as model:
        assert await model.with_structured_output(Score).ainvoke("Rate it") == Score(value=7)
    assert [provider for provider, _ in providers.asked] == ["cerebras", "anthropic"]


async def test_without_any_answer_the_reason_is_said(providers, models_of) -> None:
    providers.answers = {"cerebras": [FAILURES["wrong key"]], "anthropic": [Reply(529, {})]}
    async with models_of(CEREBRAS, ANTHROPIC).chat_model(Job.QUALIFICATION) as model:
        with pytest.raises(Unavailable, match="anthropic"):
            await model.ainvoke("Rate it")
        providers.answers = {"cerebras": [FAILURES["wrong key"]], "anthropic": [FAILURES["wrong key"]]}
        with pytest.raises(Unauthorized):
            await model.ainvoke("Rate it")


UNUSABLE = [
    (ANTHROPIC, Reply(body=anthropic_answer(TEXT, stop="refusal")), MalformedAnswer),
    (ANTHROPIC, Reply(body=anthropic_answer()), MalformedAnswer),
    (ANTHROPIC, Reply(400, {"error": {"message": "Your credit balance is too low"}}), Exception),
    (DEEPSEEK, Reply(body=openai_answer("x", "insufficient_system_resource")), MalformedAnswer),
    (DEEPSEEK, Reply(body=openai_answer(None)), MalformedAnswer),
    (DEEPSEEK, Reply(401, b"Authentication Fails", {"content-type": "text/plain"}), Unauthorized),
    (DEEPSEEK, Reply(body={"error": {"code": 429, "message": "Provider returned error"}}), Unavailable),
    (DEEPSEEK, Reply(body={**openai_answer("x"), "choices": []}), MalformedAnswer),
    (DEEPSEEK, Reply(200, b"   \n\n{", {}), Unavailable),
]


@pytest.mark.parametrize(("choice", "reply", "kind"), UNUSABLE, ids=range(len(UNUSABLE)))
async def test_providers_own_ways_to_fail_are_failures(providers, models_of, choice: str, reply: Reply, kind) -> None:
    providers.answers[choice.split(":")[0]] = [reply]
    async with models_of(choice).chat_model(Job.QUALIFICATION) as model:
        with pytest.raises(kind):
            await model.ainvoke("Rate it")


def odd(choice: str, **changes: object) -> Reply:
    """Return an answer whose message is not as agreed."""
    if choice == ANTHROPIC:
        return Reply(body=anthropic_answer(TEXT) | changes)
    return Reply(body=openai_answer("x") | changes)


CHOICE = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}
ODD = [
    *({"choices": one, "content": one} for one in (None, [], {}, "x", [None], ["x"], 7)),
    {"choices": [CHOICE | {"message": None}], "content": [{"type": "text"}]},
    {"choices": [CHOICE | {"message": {}}], "content": [{"type": "tool_use", "id": "t", "name": "Score", "input": 3}]},
    {"choices": [CHOICE | {"message": {"role": "assistant", "content": [{"type": "text"}]}}], "content": [{}]},
    {"choices": [CHOICE | {"message": {"role": "assistant", "content": 7}}], "content": [{"type": "text", "text": 7}]},
    {"choices": [CHOICE | {"message": {"role": None, "content": {"a": 1}}}], "stop_reason": 7},
    {"choices": [CHOICE | {"message": {"role": "assistant", "content": "", "tool_calls": [{"id": "t"}]}}], "role": 1},
    {"choices": [CHOICE | {"message": {"role": "assistant", "content": None, "tool_calls": "x"}}], "model": None},
    {"choices": [CHOICE | {"finish_reason": 7}], "usage": {"input_tokens": "x", "output_tokens": None}},
    {"usage": {"prompt_tokens": None, "completion_tokens": "x"}, "id": None},
    {"usage": [], "stop_sequence": []},
    {"choices": [CHOICE], "usage": {"prompt_tokens": -5, "completion_tokens": 10**30, "total_tokens": 1}},
    {"choices": [CHOICE | {"message": {"role": "assistant", "content": '{"value": ' + "[" * 3_000}}]},
]


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # the SDK's own, of what it was given
@pytest.mark.parametrize("choice", SCORED)
async def test_no_shape_of_an_answer_is_another_error_than_an_answer_s(providers, models_of, choice: str) -> None:
    async with models_of(choice).chat_model(Job.QUALIFICATION) as model:
        asking = model.with_structured_output(Score)
        for changes in ODD:
            providers.answers[choice.split(":")[0]] = [odd(choice, **changes)]
            with pytest.raises((MalformedAnswer, Unavailable, UnexpectedAnswer)):
                await asking.ainvoke("Rate it")


async def test_a_stream_comes_token_by_token(providers, models_of) -> None:
    pieces = [chunk({"role": "assistant", "content": "Hel"}), chunk({"content": "lo"}), LAST]
    providers.answers = {"cerebras": [Reply(503, {})], "deepseek": [sse(*pieces)]}
    async with models_of(CEREBRAS, DEEPSEEK).chat_model(Job.QUALIFICATION) as model:
        assert [piece.text async for piece in model.astream("Say hello") if piece.text] == ["Hel", "lo"]
    providers.answers = {"cerebras": [sse(*pieces)]}
    async with models_of(CEREBRAS).chat_model(Job.QUALIFICATION) as model:
        whole = None
        async for piece in model.astream("Say hello"):
            whole = piece if whole is None else whole + piece
    assert (whole.text, whole.usage_metadata["total_tokens"]) == ("Hello", 161)


@pytest.mark.parametrize("choice", [ANTHROPIC, DEEPSEEK])
def test_models_work_in_one_event_loop_after_another(valkey, choice: str) -> None:
    provider = choice.split(":")[0]

    async def once(number: int) -> str:
        scripted = ScriptedServer()
        scripted.route = SmallProviders()
        scripted.route.answers = {provider: [HELLO[choice], HELLO[choice]]}
        listener = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/{provider}"
        async with Redis(port=valkey.port) as handle:
            store = Store(handle, lost=(RedisError,))
            breaker, limiter = Breaker(provider, BreakerPolicy(), store), RateLimiter(provider, LimitPolicy(), store)
            guard = Guard(provider, breaker, limiter, ONCE, book=RecordingBook())
            endpoint = Endpoint(provider, url, SecretStr("key-secret"), guard, 1.0)
            models = Models({provider: endpoint}, {"default": (ModelChoice.parse(choice),)}, read_prices(PRICE_FILE))
            async with models.chat_model(Job.WRITING) as model:
                answers = await asyncio.gather(*(model.ainvoke(f"hello {number}") for _ in range(2)))
        listener.close()
        return answers[0].text

    assert [asyncio.run(once(number)) for number in range(3)] == ["hello"] * 3


@tool
def look_up(domain: str) -> str:
    """Look a company up."""
    return domain


@pytest.mark.parametrize("choice", [CEREBRAS, DEEPSEEK])
async def test_tools_are_offered_and_called(providers, models_of, choice: str) -> None:
    call = {"id": "t1", "type": "function", "function": {"name": "look_up", "arguments": '{"domain": "a.example"}'}}
    bad = {"id": "t2", "type": "function", "function": {"name": "look_up", "arguments": "{"}}
    answers = {
        CEREBRAS: completion(content=None, tool_calls=[call, bad]),
        DEEPSEEK: openai_answer(None, tool_calls=[call, bad]),
    }
    providers.answers[choice.split(":")[0]] = [Reply(body=answers[choice])]
    async with models_of(choice).chat_model(Job.QUALIFICATION) as model:
        answer = await model.bind_tools([look_up], tool_choice="any").ainvoke("Who is it?")
    assert [made["args"] for made in answer.tool_calls] == [{"domain": "a.example"}]
    assert len(answer.invalid_tool_calls) == 1
    assert providers.asked[0][1]["tool_choice"] == "required"


async def test_a_model_that_is_not_offered_is_left_out(providers, models_of) -> None:
    providers.answers = {"anthropic": [HELLO[ANTHROPIC]]}
    prices = PriceList(
        read_prices(PRICE_FILE).checked_on,
        {**read_prices(PRICE_FILE).prices, ("cerebras", "old"): TokenPrice(Decimal(1), Decimal(1))},
    )
    async with models_of("cerebras:old", ANTHROPIC, prices=prices).chat_model(Job.QUALIFICATION) as model:
        assert (await model.ainvoke("hi")).text == "hello"
    with pytest.raises(ConfigurationError, match="cerebras offers no model old to this key; it offers gpt-oss-120b"):
        async with models_of("cerebras:old", prices=prices).chat_model(Job.QUALIFICATION):
            pass


async def test_a_list_that_cannot_be_had_stops_nothing(providers, models_of, server) -> None:
    providers.answers = {"cerebras": [HELLO[CEREBRAS]]}
    server.then(Reply(503, {}))
    async with models_of(CEREBRAS).chat_model(Job.QUALIFICATION) as model:
        assert (await model.ainvoke("hi")).text == "hello"


async def test_an_unpriced_model_is_a_mistake_in_the_configuration(providers, models_of) -> None:
    models = models_of("cerebras:new-model")
    models.endpoints = {"cerebras": replace(models.endpoints["cerebras"], base_url="https://api.cerebras.example")}
    with pytest.raises(ConfigurationError, match="no price for cerebras:new-model"):
        async with models.chat_model(Job.QUALIFICATION):
            pass


async def test_without_keys_or_names_models_are_off(models_of) -> None:
    models = models_of(CEREBRAS)
    models.endpoints = {}
    with pytest.raises(ProviderNotConfigured, match="cerebras has no key"):
        async with models.chat_model(Job.QUALIFICATION):
            pass
    with pytest.raises(ProviderNotConfigured, match="MODELS_WRITING"):
        async with models.chat_model(Job.WRITING):
            pass


async def test_a_used_up_budget_is_due_later(providers, models_of) -> None:
    class EmptyBook:
        async def reserve(self, provider: str, operation: str, estimate: Cost) -> int:
            raise BudgetExhausted("used up")

    async with models_of(CEREBRAS, ANTHROPIC, guard={"book": EmptyBook()}).chat_model(Job.QUALIFICATION) as model:
        with pytest.raises(LimitReached):
            await model.ainvoke("hi")
    assert providers.asked == []


async def test_nothing_secret_is_logged(providers, models_of, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    answer = {"message": "bad key key-secret for ana@fernhill.example.com"}
    for choice in (CEREBRAS, ANTHROPIC, DEEPSEEK):
        providers.answers[choice.split(":")[0]] = [Reply(400, answer)]
        async with models_of(choice).chat_model(Job.QUALIFICATION) as model:
            with pytest.raises(Exception, match="400") as failure:
                await model.ainvoke("Write to ana@fernhill.example.com")
        assert failure.value.__cause__ is None
        assert "ana@" not in str(failure.value)
    ours = [record for record in caplog.records if record.name.split(".")[0] not in ("asyncio", "hypothesis")]
    text = json.dumps([record.getMessage() + str(record.__dict__) for record in ours])
    assert "ana@" not in text
    assert "key-secret" not in text


@pytest.mark.parametrize("text", ["", "cerebras", ":x", "cerebras:"])
def test_a_model_is_named_with_its_provider(text: str) -> None:
    with pytest.raises(ConfigurationError, match="provider:model"):
        ModelChoice.parse(text)
    assert str(ModelChoice.parse("openrouter:vendor/model:free")) == "openrouter:vendor/model:free"
