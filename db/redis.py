"""Connections to Redis, which holds only what may be lost."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

LOST: tuple[type[Exception], ...] = (RedisError,)
"""The driver's errors, for those who may not know the driver."""


def open_redis(url: str, *, timeout_s: float = 2.0) -> Redis:
    """Return a handle that connects at first use; close it with `aclose`.

    Args:
        url: `redis://host:port/0` or `unix:///path`.
        timeout_s: seconds to wait for a connection and for an answer. Nothing is tried again: callers decide.
    """
    return Redis.from_url(
        url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0), protocol=2
    )
