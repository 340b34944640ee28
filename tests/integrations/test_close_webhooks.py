"""Webhooks of Close, from the subscription to the delivery that proves where it comes from."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from core.errors import MalformedAnswer, Unauthorized
from integrations.close.client import CloseClient
from integrations.close.webhooks import CloseWebhooks, read_delivery

CREATED = [("lead", "created")]


@dataclass
class Receiver:
    """Takes deliveries: headers and raw bodies, in the order they come."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head if line)}
        self.got.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(300):
            while len(self.got) < count:  # noqa: ASYNC110 - another server delivers
                await asyncio.sleep(0.01)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    listener = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/close"
    yield made
    listener.close()
    await listener.wait_closed()


@pytest.fixture
async def webhooks(sandbox, guard_of) -> AsyncIterator[CloseWebhooks]:
    env = sandbox.environment
    async with CloseClient(env["CLOSE_BASE_URL"], env["CLOSE_API_KEY"], guard_of("close")) as client:
        yield CloseWebhooks(client)


async def test_what_is_delivered_is_read_once_its_signature_is_right(webhooks, sandbox, receiver) -> None:
    subscription = await webhooks.subscribe(receiver.url, CREATED)
    key = subscription.signature_key
    sandbox.seed("close", misdeeds=["hold", "duplicate", "bad_signature"])
    made = sandbox.seed("close", leads=[{"name": name} for name in ("First", "Second", "Third")])["leads"]
    await receiver.wait_for(4)
    read, refused = [], 0
    for headers, body in receiver.got:
        try:
            delivered = read_delivery(key, headers, body)
        except Unauthorized:
            refused += 1
        else:
            assert delivered.subscription_id == subscription.id
            read.append(delivered.event.object_id)
    assert read == [made[1], made[1], made[0]]
    assert refused == 1
    await webhooks.unsubscribe(subscription.id)
    await webhooks.unsubscribe(subscription.id)


async def test_a_lost_answer_leaves_one_subscription(webhooks, sandbox, receiver) -> None:
    sandbox.fail_next("close", "drop_after", method="POST", path="/api/v1/webhook/")
    made = await webhooks.subscribe(receiver.url, CREATED)
    again = await webhooks.subscribe(receiver.url, CREATED)
    more = await webhooks.subscribe(receiver.url, [*CREATED, ("lead", "deleted")])
    assert made.id == again.id != more.id
    assert made.signature_key
    assert made.signature_key not in repr(made)
    assert {one.id async for one in webhooks.subscriptions()} == {made.id, more.id}


async def test_a_signed_body_of_another_shape_is_told(webhooks, sandbox, receiver) -> None:
    subscription = await webhooks.subscribe(receiver.url, CREATED)
    sandbox.seed("close", count=1)
    await receiver.wait_for(1)
    headers, body = receiver.got[0]
    with pytest.raises(Unauthorized):
        read_delivery(subscription.signature_key, headers, body + b" ")
    with pytest.raises(Unauthorized):
        read_delivery("not hex", {}, body)
    stamp = headers["close-sig-timestamp"]
    with pytest.raises(MalformedAnswer):
        read_delivery(subscription.signature_key, signed(subscription.signature_key, stamp, b"[]"), b"[]")


def signed(key: str, stamp: str, body: bytes) -> dict[str, str]:
    """Sign a body as Close would."""
    digest = hmac.new(bytes.fromhex(key), stamp.encode() + body, hashlib.sha256).hexdigest()
    return {"close-sig-timestamp": stamp, "close-sig-hash": digest}
