"""Status, faults and garbage become errors of ours; the way of a call; nothing secret is said."""

import asyncio
import contextlib
import logging
import pickle
from decimal import Decimal

import pytest

from core.errors import (
    BudgetExhausted,
    CircuitOpen,
    ConfigurationError,
    Gone,
    LimitReached,
    PaymentRequired,
    RateLimited,
    Rejected,
    Timeout,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
)
from core.ledger.spend import Cost
from integrations.http import DecodedResponse, ProviderClient
from integrations.http_errors import redacted, seconds_of
from integrations.resilience.breaker import BreakerPolicy, Circuit
from integrations.resilience.rate_limit import LimitPolicy, Window
from integrations.resilience.retry import RetryPolicy
from tests.integrations.conftest import Reply

ONCE = RetryPolicy(retries=0, base_s=0)
CREDIT = Cost(credits=Decimal(1))


@pytest.fixture
def client_of(server, guard_of):
    def make(timeout_s: float = 10.0, **changes) -> ProviderClient:
        return ProviderClient(server.url, guard_of(**changes), headers={"x-key": "k-secret"}, timeout_s=timeout_s)

    return make


STATUSES = [
    (400, Rejected),
    (401, Unauthorized),
    (402, PaymentRequired),
    (403, Unauthorized),
    (404, Gone),
    (408, Timeout),
    (409, Rejected),
    (410, Gone),
    (418, Rejected),
    (422, Rejected),
    (429, RateLimited),
    (500, Unavailable),
    (503, Unavailable),
    (529, Unavailable),
    (302, UnexpectedAnswer),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_a_status_becomes_an_error(server, client_of, status: int, kind: type) -> None:
    server.then(Reply(status, {"error": "no"}, {"x-request-id": "req-1"}))
    async with client_of(retry=ONCE) as client:
        with pytest.raises(kind) as failure:
            await client.request("GET", "/things/")
    assert type(failure.value) is kind
    assert str(failure.value) == f"acme GET /things/: {status}, no"
    assert (failure.value.status, failure.value.request_id) == (status, "req-1")
    assert pickle.loads(pickle.dumps(failure.value)).status == status


async def test_what_comes_later_is_told_from_what_is_there(server, client_of) -> None:
    async with client_of() as client:
        server.then(Reply(202, {"ticket": 1}), Reply(200, {"ticket": 1}), Reply(202))
        assert [(await client.request("GET", "/things/")).is_later for _ in range(3)] == [True, False, True]


async def test_field_errors_are_kept_without_persons(server, client_of) -> None:
    server.then(Reply(400, {"errors": [], "field-errors": {"email": "ana@fernhill.example.com is taken"}}))
    async with client_of() as client:
        with pytest.raises(Rejected) as failure:
            await client.request("POST", "/things/", body={})
    assert failure.value.field_errors == {"email": "… is taken"}
    assert str(failure.value) == "acme POST /things/: 400, email: … is taken"


GARBAGE = [Reply(200, b'{"half": ', {}), Reply(200, b"<html>sorry</html>", {"content-type": "text/html"})]


@pytest.mark.parametrize("fault", [Reply(drop=True), Reply(stall_s=2.0), Reply(500), *GARBAGE], ids=range(5))
async def test_a_fault_is_tried_again_where_that_is_harmless(server, client_of, fault: Reply) -> None:
    server.then(fault, Reply(body={"ok": 1}))
    async with client_of(timeout_s=1.0 if fault.stall_s else 10.0) as client:
        assert (await client.request("GET", "/things/")).body == {"ok": 1}
        assert len(server.seen) == 2
        server.then(fault)
        with pytest.raises((Unavailable, Timeout)):
            await client.request("POST", "/things/", body={})
        assert len(server.seen) == 3


async def test_a_lost_write_is_looked_up_before_it_is_tried_again(server, client_of) -> None:
    stored: list[DecodedResponse] = []

    async def look_up() -> DecodedResponse | None:
        return stored[0] if stored else None

    async with client_of() as client:
        server.then(Reply(drop=True), Reply(body={"id": 1}))
        assert (await client.request("POST", "/things/", body={}, look_up=look_up)).body == {"id": 1}
        assert len(server.seen) == 2
        stored.append(DecodedResponse({"id": 7}, {}))
        server.then(Reply(drop=True))
        assert (await client.request("POST", "/things/", body={}, look_up=look_up)).body == {"id": 7}
        assert len(server.seen) == 3


async def test_nobody_there_means_nothing_was_sent(guard_of) -> None:
    async with ProviderClient("http://127.0.0.1:9", guard_of()) as client:
        with pytest.raises(Unavailable) as failure:
            await client.request("POST", "/things/", body={})
    assert failure.value.was_sent is False


@pytest.mark.parametrize("headers", [{}, {"retry-after": "0.05"}])
async def test_too_many_calls_are_made_later(server, client_of, headers) -> None:
    server.then(Reply(429, {"message": "slow down"}, headers), Reply(body=1))
    async with client_of() as client:
        began = asyncio.get_running_loop().time()
        await client.request("POST", "/things/", body={})
        waited = asyncio.get_running_loop().time() - began
    assert waited >= float(headers.get("retry-after", 0))
    assert len(server.seen) == 2


async def test_a_long_pause_is_not_waited_for_and_holds_the_others_too(server, client_of) -> None:
    server.then(Reply(429, {}, {"retry-after": "3600"}))
    limits = LimitPolicy((Window("s", 100, 1),), max_wait_s=0.1)
    async with client_of(limits=limits) as client:
        with pytest.raises(RateLimited) as failure:
            await client.request("GET", "/things/")
        assert failure.value.retry_after_s == 3600
        with pytest.raises(LimitReached):
            await client.request("GET", "/things/")
    assert len(server.seen) == 1


async def test_only_faults_of_the_provider_open_the_circuit(server, client_of) -> None:
    policy = BreakerPolicy(failures=2, recovery_s=60)
    async with client_of(breaker_policy=policy, retry=ONCE) as client:
        for status in (404, 422, 401, 429, 404):
            server.then(Reply(status, {}))
            with pytest.raises((Gone, Rejected, Unauthorized, RateLimited)):
                await client.request("GET", "/things/")
        assert await client.guard.breaker.state() is Circuit.CLOSED
        server.then(Reply(500), Reply(drop=True))
        for _ in range(2):
            with pytest.raises(Unavailable):
                await client.request("GET", "/things/")
        with pytest.raises(CircuitOpen):
            await client.request("GET", "/things/")
    assert len(server.seen) == 7


async def test_a_trickle_ends_at_the_deadline(server, client_of) -> None:
    server.then(Reply(stall_s=0.4))
    async with client_of(deadline_s=0.2, retry=ONCE) as client:
        with pytest.raises(Timeout, match=r"no answer in 0\.2 s"):
            await client.request("GET", "/things/")


@pytest.mark.parametrize(
    ("reply", "accounted"),
    [
        (Reply(body={"credits": 3}), ("settle", Cost(credits=Decimal(3)))),
        (Reply(422, {}), ("release", None)),
        (Reply(429, {}), ("release", None)),
        (Reply(500, {}), ("settle", CREDIT)),
        (Reply(drop=True), ("settle", CREDIT)),
    ],
    ids=["answered", "refused", "too many", "fault", "lost"],
)
async def test_a_paid_call_is_accounted_for(server, client_of, book, reply: Reply, accounted) -> None:
    server.then(reply)

    def cost(answer: DecodedResponse) -> Cost:
        return Cost(credits=Decimal(answer.body["credits"]))

    async with client_of(retry=ONCE) as client:
        with contextlib.suppress(Rejected, RateLimited, Unavailable):
            await client.request("POST", "/buy/", body={}, estimate=CREDIT, cost_of=cost)
    assert book.events == [("reserve", CREDIT), accounted]


async def test_a_cancelled_paid_call_counts_as_charged(server, client_of, book) -> None:
    server.then(Reply(stall_s=0.4))
    async with client_of() as client:
        call = asyncio.create_task(client.request("POST", "/buy/", body={}, estimate=CREDIT))
        await asyncio.sleep(0.2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert book.events == [("reserve", CREDIT), ("settle", CREDIT)]


async def test_a_refused_limit_gives_the_reservation_back(server, client_of, book) -> None:
    limits = LimitPolicy((Window("day", 1, 86_400),), max_wait_s=0)
    async with client_of(limits=limits) as client:
        await client.request("POST", "/buy/", body={}, estimate=CREDIT)
        with pytest.raises(LimitReached):
            await client.request("POST", "/buy/", body={}, estimate=CREDIT)
    assert book.events[2:] == [("reserve", CREDIT), ("release", None)]


async def test_without_a_book_nothing_is_bought(server, client_of) -> None:
    async with client_of(book=None) as client:
        with pytest.raises(ConfigurationError):
            await client.request("POST", "/buy/", body={}, estimate=CREDIT)
    assert server.seen == []


async def test_an_exhausted_budget_sends_nothing(server, client_of) -> None:
    class EmptyBook:
        async def reserve(self, provider, operation, estimate):
            raise BudgetExhausted("used up")

    async with client_of(book=EmptyBook()) as client:
        with pytest.raises(BudgetExhausted):
            await client.request("POST", "/buy/", body={}, estimate=CREDIT)
    assert server.seen == []


async def test_nothing_secret_is_said(server, client_of, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    said = "key k-secret-0123456789abcdef0123 of ana@fernhill.example.com, +49 151 1234567, is wrong"
    server.then(Reply(401, {"error": said}), Reply(500, said.encode(), {"content-type": "text/plain"}))
    async with client_of(retry=ONCE) as client:
        for kind in (Unauthorized, Unavailable):
            with pytest.raises(kind) as failure:
                await client.request("GET", "/things/", params={"email": "ana@fernhill.example.com"})
            assert "is wrong" in str(failure.value)
            for secret in ("k-secret", "ana@", "1234567"):
                assert secret not in repr(failure.value) + str(failure.value.__dict__) + caplog.text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2", 2.0), ("0.5", 0.5), ("-3", 0.0), ("inf", None), ("soon", None), ("", None), (None, None)],
)
def test_retry_after_is_read(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_retry_after_may_be_a_date() -> None:
    assert seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert seconds_of("Wed, 21 Oct 2099 07:28:00 GMT") > 1e9


def test_what_is_said_is_cut() -> None:
    assert len(redacted("no " * 500)) == 200
