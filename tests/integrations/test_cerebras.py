"""Cerebras through its SDK: what it returns, streams and refuses."""

import asyncio
import json
from decimal import Decimal

import pytest

from core.errors import (
    Gone,
    LimitReached,
    PaymentRequired,
    RateLimited,
    Rejected,
    Timeout,
    Unauthorized,
    Unavailable,
)
from core.ledger.prices import TokenPrice, TokenUsage
from core.ledger.spend import Cost
from integrations.cerebras.client import CerebrasClient
from integrations.resilience.rate_limit import LimitPolicy, Window
from integrations.resilience.retry import RetryPolicy
from tests.integrations.conftest import Reply

ONCE = RetryPolicy(retries=0, base_s=0)
PRICE = TokenPrice(Decimal("0.35"), Decimal("0.75"))
ASK = {"messages": [{"role": "user", "content": "Rate Fernhill Tools."}], "model": "gpt-oss-120b", "max_tokens": 64}
USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 41,
    "total_tokens": 161,
    "prompt_tokens_details": {"cached_tokens": 20},
}
TIMES = {"queue_time": 0.0009, "prompt_time": 0.004, "completion_time": 0.02, "total_time": 0.027, "created": 1.5}


def completion(**message) -> dict:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1780000000,
        "model": "gpt-oss-120b",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}],
        "usage": USAGE,
        "time_info": TIMES,
    }


def chunk(delta: dict, finish: str | None = None, **more) -> dict:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1780000000,
        "model": "gpt-oss-120b",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }


def sse(*events: dict | str, done: bool = True) -> Reply:
    lines = [f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n" for event in events]
    return Reply(
        body=("".join(lines) + ("data: [DONE]\n\n" if done else "")).encode(),
        headers={"content-type": "text/event-stream"},
    )


LAST = chunk({}, "stop", usage=USAGE, time_info=TIMES)


@pytest.fixture
async def client(server, guard_of):
    async with CerebrasClient(server.url, "csk-secret", guard_of("cerebras"), timeout_s=10) as client:
        yield client


async def test_an_answer_keeps_usage_times_and_reasoning(client, server, book) -> None:
    server.then(Reply(body=completion(content="7", reasoning="short")))
    estimate = Cost(usd=Decimal("0.01"))
    answer = await client.complete(**ASK, estimate=estimate, cost_of=PRICE.cost, temperature=0.0)
    assert (answer.content, answer.reasoning, answer.finish_reason) == ("7", "short", "stop")
    assert answer.usage == TokenUsage(120, 41, 20)
    assert answer.time_info["total_time"] == 0.027
    assert [request.path for request in server.seen] == ["/v1/chat/completions"]
    assert server.seen[0].headers["authorization"] == "Bearer csk-secret"
    assert server.seen[0].json["max_completion_tokens"] == 64
    assert book.events == [("reserve", estimate), ("settle", Cost(usd=Decimal("0.00007275")))]


async def test_usage_may_be_missing(client, server, book) -> None:
    server.then(Reply(body={**completion(content="7"), "usage": None, "time_info": None}))
    answer = await client.complete(**ASK, estimate=Cost(usd=Decimal(1)), cost_of=PRICE.cost)
    assert (answer.usage, dict(answer.time_info)) == (None, {})
    assert book.events[-1] == ("settle", Cost(usd=Decimal(1)))


async def test_models_are_listed(client, server) -> None:
    listed = {
        "object": "list",
        "data": [{"id": "gpt-oss-120b", "object": "model", "created": 0, "owned_by": "Cerebras"}],
    }
    server.then(Reply(body=listed), Reply(body={"object": "list", "data": []}))
    assert await client.models() == ["gpt-oss-120b"]
    assert await client.models() == []


FAULTS = [
    (Reply(403, {"detail": "Not authenticated"}), Unauthorized),
    (Reply(401, {"message": "Wrong API Key", "code": "wrong_api_key", "param": "api_key"}), Unauthorized),
    (Reply(402, {"message": "Payment required to access this resource.", "param": "quota"}), PaymentRequired),
    (Reply(404, {"message": "Model does not exist", "code": "model_not_found"}), Gone),
    (Reply(404, b"", {"content-type": "text/plain"}), Gone),
    (Reply(422, {"message": "no such field", "param": "x"}), Rejected),
    (Reply(400, {"message": "bad schema"}), Rejected),
    (Reply(429, {"message": "Requests per second limit exceeded", "param": "quota"}), RateLimited),
    (Reply(429, {}, {"retry-after": "0.01"}), RateLimited),
    (Reply(503, {}), Unavailable),
    (Reply(529, {}), Unavailable),
    (Reply(drop=True), Unavailable),
    (Reply(200, b'{"id": '), Unavailable),
    (Reply(200, b"<html>hello</html>", {"content-type": "text/html"}), Unavailable),
    (Reply(200, {"error": {"message": "overloaded"}, "status_code": 503}), Unavailable),
    (Reply(200, {**completion(content="x"), "choices": [], "usage": None}), Unavailable),
]


@pytest.mark.parametrize("index", range(len(FAULTS)))
async def test_what_went_wrong_is_said(server, guard_of, index: int) -> None:
    fault, kind = FAULTS[index]
    async with CerebrasClient(server.url, "csk-secret", guard_of("cerebras", retry=ONCE), timeout_s=10) as client:
        server.route = lambda _: fault
        with pytest.raises(kind):
            await client.complete(**ASK)
        with pytest.raises(kind):
            _ = [piece async for piece in client.stream(**ASK)]
    assert len(server.seen) == 2


async def test_a_stall_ends(server, guard_of) -> None:
    server.route = lambda _: Reply(stall_s=0.4)
    async with CerebrasClient(server.url, "csk-secret", guard_of("cerebras", retry=ONCE), timeout_s=0.1) as client:
        for call in (client.complete(**ASK), client.models(), anext(client.stream(**ASK))):
            with pytest.raises(Timeout):
                await call


async def test_a_fault_is_tried_again_by_us_alone(client, server) -> None:
    server.then(Reply(503, {}), Reply(429, {}), Reply(body=completion(content="7")))
    assert (await client.complete(**ASK)).content == "7"
    assert len(server.seen) == 3
    server.then(Reply(503, {}), sse(chunk({"role": "assistant", "content": "7"}), LAST))
    assert "".join([piece.content async for piece in client.stream(**ASK)]) == "7"
    assert len(server.seen) == 5


async def test_a_stream_comes_in_pieces_and_is_paid_by_its_usage(client, server, book) -> None:
    server.then(
        sse(chunk({"role": "assistant", "content": ""}), chunk({"content": "Hel"}), chunk({"content": "lo"}), LAST)
    )
    pieces = [piece async for piece in client.stream(**ASK, estimate=Cost(usd=Decimal(1)), cost_of=PRICE.cost)]
    assert "".join(piece.content for piece in pieces) == "Hello"
    assert pieces[-1].usage == TokenUsage(120, 41, 20)
    assert server.seen[0].json["stream_options"] == {"include_usage": True}
    assert book.events == [("reserve", Cost(usd=Decimal(1))), ("settle", Cost(usd=Decimal("0.00007275")))]


CUTS = [
    sse(chunk({"role": "assistant", "content": "Hel"}), done=False),
    sse(chunk({"role": "assistant", "content": "Hel"}), '{"id": '),
    sse(chunk({"role": "assistant", "content": "Hel"}), {"error": {"message": "overloaded"}, "status_code": 503}),
]


@pytest.mark.parametrize("cut", CUTS, ids=["ended", "garbage", "error"])
async def test_a_stream_that_breaks_is_a_fault_after_its_first_pieces(client, server, book, cut: Reply) -> None:
    server.then(cut)
    pieces = []

    async def read() -> None:
        async for piece in client.stream(**ASK, estimate=Cost(usd=Decimal(1)), cost_of=PRICE.cost):
            pieces.append(piece.content)

    with pytest.raises(Unavailable):
        await read()
    assert pieces == ["Hel"]
    assert len(server.seen) == 1
    assert book.events[-1] == ("settle", Cost(usd=Decimal(1)))


async def test_rate_headers_hold_back(server, guard_of) -> None:
    headers = {"x-ratelimit-limit-requests-day": "100", "x-ratelimit-remaining-requests-day": "1"}
    server.route = lambda _: Reply(body=completion(content="7"), headers=headers)
    limits = LimitPolicy((Window("requests-day", 1000, 86_400, is_estimate=True),), max_wait_s=0)
    async with CerebrasClient(server.url, "csk-secret", guard_of("cerebras", limits=limits)) as client:
        await client.complete(**ASK)
        await client.complete(**ASK)
        with pytest.raises(LimitReached):
            await client.complete(**ASK)


async def test_twenty_calls_at_once_on_a_key_of_five_a_minute_are_never_refused(sandbox, guard_of) -> None:
    sandbox.settings("cerebras", requests_per_minute=5)
    limits = LimitPolicy((Window("requests-minute", 1000, 60, is_estimate=True),), max_wait_s=0.1)
    url, key = sandbox.environment["CEREBRAS_BASE_URL"], sandbox.environment["CEREBRAS_API_KEY"]
    async with CerebrasClient(url, key, guard_of("cerebras", limits=limits, retry=ONCE), timeout_s=10) as client:
        answers = await asyncio.gather(*(client.complete(**ASK) for _ in range(20)), return_exceptions=True)
    statuses = [call["status"] for call in sandbox.requests("cerebras", path="/v1/chat/completions")]
    assert statuses == [200] * 5, "the rest is due later, without having been asked for"
    assert sum(isinstance(answer, LimitReached) for answer in answers) == 15


async def test_a_streamed_part_that_the_sdk_has_no_type_for_is_refused(client, server) -> None:
    untyped = chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "look", "arguments": "{}"}}]})
    server.then(sse(chunk({"role": "assistant", "content": ""}), untyped, LAST))
    with pytest.raises(Unavailable, match="cannot be read"):
        [piece async for piece in client.stream(**ASK)]
