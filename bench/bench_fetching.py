"""What fetching costs with all its promises, beside bare clients: processor time, and memory as sites grow.

    python -m bench.bench_fetching [--sites 500] [--pages 4] [--runs 3]

Made-up sites of pages of 20 kB, each at a loopback address of its own, served by a process of their own. Each run, in a
process of its own, makes the same requests with as many sites at once: our fetcher (robots.txt, one request a host at
a time, limits of time and size, checked addresses, decoding, the decision kept), bare aiohttp and bare httpx, each with
one client. Medians of processor time; then our fetcher's peak memory for ten times as many sites.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import resource
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
import httpx

from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchLimits, PageStatus

OUT = Path(__file__).parent / "bench_fetching.json"
AT_ONCE = 40
PAGE = "<!doctype html><title>Acme</title>" + "<p>Some words about the work that is done here.</p>" * 390
Take = Callable[[str], Awaitable[None]]


def serve(pipe: "Connection[Any, Any]") -> None:
    """Serve the same page at every path of every loopback address, and a robots.txt, until told to end."""
    page = PAGE.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n\r\n".encode()
    rules = b"User-agent: *\nDisallow: /private\n"
    robots = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(rules) + rules

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(robots if request.startswith(b"GET /robots.txt") else head + page)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(handle, "0.0.0.0", 0, backlog=1000)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(pipe.recv)

    asyncio.run(run())


def addresses(port: int, sites: int) -> list[str]:
    """Return an address for each site, all of loopback."""
    return [
        f"http://127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}:{port}/" for number in range(sites)
    ]


async def take_all(bases: list[str], pages: int, take: Take, *, first: tuple[str, ...] = ("robots.txt",)) -> None:
    """Make all requests, site by site, some sites at once."""
    waiting: Iterator[str] = iter(bases)

    async def work() -> None:
        for base in waiting:
            for path in (*first, *(f"page/{page}" for page in range(pages))):
                await take(f"{base}{path}")

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def with_fetcher(bases: list[str], pages: int) -> None:
    """Fetch with all promises; nothing is kept on disk."""
    async with WebsiteFetcher(FetchLimits(delay_s=0.0, allow_private=True)) as fetcher:

        async def take(url: str) -> None:
            page = await fetcher.fetch(url)
            if page.status is not PageStatus.OK or page.robots is None:
                raise RuntimeError(f"{url}: {page.why}")

        await take_all(bases, pages, take, first=())


async def with_aiohttp(bases: list[str], pages: int) -> None:
    """Fetch with aiohttp alone."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session:

        async def take(url: str) -> None:
            async with session.get(url) as answer:
                await answer.read()

        await take_all(bases, pages, take)


async def with_httpx(bases: list[str], pages: int) -> None:
    """Fetch with httpx alone."""
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(limits=limits, timeout=15, trust_env=False) as client:

        async def take(url: str) -> None:
            (await client.get(url)).read()

        await take_all(bases, pages, take)


WAYS = {"fetcher": with_fetcher, "aiohttp": with_aiohttp, "httpx": with_httpx}


def measured(way: str, port: int, sites: int, pages: int, pipe: "Connection[Any, Any]") -> None:
    """Take all pages one way and send what it cost."""
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    asyncio.run(WAYS[way](addresses(port, sites), pages))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pipe.send({"cpu_s": cpu_s, "wall_s": time.monotonic() - started, "peak_mb": after.ru_maxrss / 1024})


def run(way: str, port: int, sites: int, pages: int) -> dict[str, float]:
    """Take all pages one way in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=measured, args=(way, port, sites, pages, theirs))
    process.start()
    found: dict[str, float] = ours.recv()
    process.join()
    return found


def measure(sites: int, pages: int, runs: int) -> dict[str, Any]:
    """Measure everything, the ways in turn."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    try:
        taken: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(runs):
            for way in WAYS:
                taken[way].append(run(way, port, sites, pages))
        many = run("fetcher", port, sites * 10, 1)
        few = run("fetcher", port, sites, 1)
    finally:
        ours.send("end")
        server.join(10)
    cpu = {way: statistics.median(one["cpu_s"] for one in found) for way, found in taken.items()}
    return {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
        "sites": sites,
        "pages": sites * pages,
        "page_kb": round(len(PAGE) / 1000),
        "cpu_s": {way: round(value, 3) for way, value in cpu.items()},
        "times_aiohttp": round(cpu["fetcher"] / cpu["aiohttp"], 2),
        "times_httpx": round(cpu["fetcher"] / cpu["httpx"], 2),
        "peak_mb": {str(sites): round(few["peak_mb"], 1), str(sites * 10): round(many["peak_mb"], 1)},
    }


def main() -> None:
    """Measure, print, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--pages", type=int, default=4)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    result = measure(given.sites, given.pages, given.runs)
    print(json.dumps(result, indent=2))
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
