"""Connections to Redis, which holds only what may be lost."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError

from core.errors import ConfigurationError, Unauthorized, Unavailable

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


async def server_version(url: str, *, timeout_s: float = 2.0) -> str:
    """Return the version of Redis that the server speaks, e.g. "7.2.4".

    Raises:
        ConfigurationError: `url` is no address.
        Unauthorized: it wants another password.
        Unavailable: it cannot be reached.
    """
    try:
        handle = open_redis(url, timeout_s=timeout_s)
    except ValueError:
        # The message may quote the address, password included.
        raise ConfigurationError("REDIS_URL is no address of a Redis server") from None
    try:
        facts = await handle.info("server")
    except AuthenticationError as error:
        raise Unauthorized("Redis refused the password", provider="redis") from error
    except (RedisError, OSError) as error:
        raise Unavailable(f"Redis is not reachable ({type(error).__name__})", provider="redis") from error
    finally:
        await handle.aclose()
    return str(facts["redis_version"])
