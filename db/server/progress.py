"""What a run says while it runs, over Redis pub/sub: heard by whoever listens at that moment, kept nowhere."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from redis.exceptions import RedisError

from core.errors import Unavailable
from db.server.redis import open_redis

ProgressMessage = dict[str, Any]
LAST = frozenset({"complete", "error"})
"""Types of messages after which nothing follows."""


def channel(stream_id: str) -> str:
    """Return the channel of a stream."""
    return f"sales-agent:stream:{stream_id}"


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable(f"Redis is not reachable ({type(error).__name__})", provider="redis") from error


@asynccontextmanager
async def publishing(url: str, stream_id: str) -> AsyncIterator[Callable[[ProgressMessage], Awaitable[None]]]:
    """Yield what publishes a message on a stream; it raises Unavailable where Redis does not answer."""
    redis = open_redis(url)

    async def publish(message: ProgressMessage) -> None:
        with _told():
            await redis.publish(channel(stream_id), json.dumps(message, ensure_ascii=False))

    try:
        yield publish
    finally:
        await redis.aclose()


@asynccontextmanager
async def listening(url: str, stream_id: str) -> AsyncIterator[AsyncIterator[ProgressMessage]]:
    """Yield the messages of a stream from now on; they end after its last one.

    Raises:
        Unavailable: Redis does not answer.
    """
    redis = open_redis(url)
    subscription = redis.pubsub(ignore_subscribe_messages=True)
    try:
        with _told():
            await subscription.subscribe(channel(stream_id))
            # The server's confirmation: what is published after this is heard.
            await subscription.get_message(ignore_subscribe_messages=False, timeout=2.0)
        yield _messages(subscription)
    finally:
        await subscription.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        await redis.aclose()


async def _messages(subscription: Any) -> AsyncIterator[ProgressMessage]:
    while True:
        with _told():
            heard = await subscription.get_message(timeout=1.0)
        if heard is None or heard["type"] != "message":
            continue
        message: ProgressMessage = json.loads(heard["data"])
        yield message
        if message["type"] in LAST:
            return
