"""What a run of discovery costs beside simply fetching the same pages, and whether it keeps its manners.

    python -m bench.bench_discovery [--sites 500] [--latency-ms 50] [--runs 3]

Made-up sites, each on a loopback port of its own, served by a process of their own that answers after a latency and
keeps a log. Each run, in a process of its own: the flow's own code over leads with these sites, into a real PostgreSQL,
with no delay between requests; then httpx alone, which fetches the pages that the log names, site by site in the same
order, as many sites at once. Medians. A last run with a delay shows the gaps between two requests to one host.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import psycopg

from db.schema import upgrade as schema
from db.server import embedded
from sandbox.cast import COMPANIES, Person
from sandbox.websites.pages import BUILDERS, Pages

OUT = Path(__file__).parent / "bench_discovery.json"
BATCHES, AT_ONCE = 4, 10
POLITE_SITES, POLITE_DELAY_S = 20, 0.25
_SYLLABLES = ("bar", "den", "fol", "gri", "hal", "jun", "kel", "lom", "mar", "nor", "pel", "ros", "tam", "ver", "wil")
_FLOW = """
import asyncio, json, resource, time
from core.discovery.runs import DiscoveryRequest
from flows.discover_contacts import discover_contacts
started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
report = asyncio.run(discover_contacts(DiscoveryRequest()))
wall_s = time.monotonic() - started
used = resource.getrusage(resource.RUSAGE_SELF)
cpu_s = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
facts = {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": used.ru_maxrss / 1024}
print(json.dumps(report.model_dump(mode="json") | facts))
"""


def site(number: int) -> Pages:
    """Make up a site: one of the sandbox's, with people of its own."""
    company = COMPANIES[number % len(COMPANIES)]
    people = tuple(_renamed(person, number * 7 + place) for place, person in enumerate(company.people))
    return BUILDERS[company.slug](replace(company, name=f"{company.name} {number}", people=people))


def _renamed(person: Person, seed: int) -> Person:
    first, second, third = (_SYLLABLES[seed // base % len(_SYLLABLES)] for base in (1, 15, 225))
    return replace(person, first_name=f"{first}{second}a".title(), last_name=f"{second}{third}{first}er".title())


def serve(count: int, latency_s: float, pipe: "Connection[Any, Any]") -> None:
    """Serve sites until told to end; `log` is answered with (site, path, begun, ended) of every request."""
    log: list[tuple[int, str, float, float]] = []

    async def run() -> None:
        ports = []
        for number in range(count):
            server = await asyncio.start_server(_handler(site(number), number, latency_s, log), "127.0.0.1", 0)
            ports.append(server.sockets[0].getsockname()[1])
        pipe.send(ports)
        while await asyncio.to_thread(pipe.recv) == "log":
            pipe.send(list(log))
            log.clear()

    asyncio.run(run())


def _handler(pages: Pages, number: int, latency_s: float, log: list[Any]) -> Any:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
                begun = time.monotonic()
                await asyncio.sleep(latency_s)
                body = pages.get(path, "").encode()
                kind = "text/plain" if path.endswith(".txt") else "text/html; charset=utf-8"
                head = (
                    f"HTTP/1.1 {200 if body else 404} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()
                log.append((number, path, begun, time.monotonic()))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    return handle


class Sites:
    """The served sites, and what was asked of them."""

    def __init__(self, count: int, latency_s: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(count, latency_s, theirs), daemon=True)
        self._process.start()
        self.urls = [f"http://127.0.0.1:{port}" for port in self._pipe.recv()]

    def take_log(self) -> dict[int, list[tuple[str, float, float]]]:
        """Return the requests since the last call, by site, in order."""
        self._pipe.send("log")
        found = defaultdict(list)
        for number, path, begun, ended in self._pipe.recv():
            found[number].append((path, begun, ended))
        return found

    def stop(self) -> None:
        """End the server."""
        self._pipe.send("end")
        self._process.join(10)


def run_flow(url: str, sites: list[str], directory: Path, delay_s: float) -> dict[str, Any]:
    """Run the flow over one new lead a site; give its report with wall, CPU and peak memory."""
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE leads, identities, discoveries CASCADE")
        for number, address in enumerate(sites):
            lead = [uuid.uuid4(), f"Company {number}", address]
            connection.execute("INSERT INTO leads (id, company_name, company_website) VALUES (%s, %s, %s)", lead)
    environment = {
        "POSTGRES_URL": url,
        "SALES_AGENT_HOME": str(directory),
        "WEBSITES_ALLOW_PRIVATE_HOSTS": "true",
        "WEBSITES_DELAY_S": str(delay_s),
        "WEBSITES_CACHE_DIR": tempfile.mkdtemp(dir=directory),
        "DISCOVERY_SITES_AT_ONCE": str(AT_ONCE),
        "DISCOVERY_BATCHES_AT_ONCE": str(BATCHES),
    }
    done = subprocess.run(
        [sys.executable, "-c", _FLOW], env=os.environ | environment, check=True, capture_output=True, text=True
    )
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


async def _fetch(urls: list[str], log: dict[int, list[tuple[str, float, float]]]) -> None:
    waiting = iter(log.items())
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(limits=limits, timeout=15, trust_env=False) as client:

        async def take() -> None:
            for number, requests in waiting:
                for path, _, _ in requests:
                    (await client.get(urls[number] + path)).read()

        await asyncio.gather(*(take() for _ in range(BATCHES * AT_ONCE)))


def fetch_alone(urls: list[str], log: dict[int, list[tuple[str, float, float]]], pipe: "Connection[Any, Any]") -> None:
    """Fetch what a log names with httpx alone; send wall and CPU."""
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    asyncio.run(_fetch(urls, log))
    wall_s, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pipe.send({"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": after.ru_maxrss / 1024})


def run_alone(urls: list[str], log: dict[int, list[tuple[str, float, float]]]) -> dict[str, float]:
    """Run `fetch_alone` in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=fetch_alone, args=(urls, log, theirs))
    process.start()
    measured: dict[str, float] = ours.recv()
    process.join()
    return measured


def manners(log: dict[int, list[tuple[str, float, float]]]) -> dict[str, float]:
    """Say from a log how close two requests to one host came: seconds from the end of one to the start of the next."""
    gaps = [later[1] - earlier[2] for requests in log.values() for earlier, later in itertools.pairwise(requests)]
    return {"requests": sum(map(len, log.values())), "smallest_gap_s": round(min(gaps), 4)}


def measure(count: int, latency_s: float, runs: int) -> dict[str, Any]:
    """Measure everything once."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        url = embedded.embedded_postgres_url(directory)
        sites = Sites(count, latency_s)
        try:
            schema.upgrade(url)
            flows, alone = [], []
            for _ in range(runs):
                flows.append(run_flow(url, sites.urls, directory, 0.0))
                log = sites.take_log()
                alone.append(run_alone(sites.urls, log))
                sites.take_log()
            polite = run_flow(url, sites.urls[:POLITE_SITES], directory, POLITE_DELAY_S)
            kept = manners(sites.take_log())
        finally:
            sites.stop()
            embedded.stop_postgres(directory)
    ours, theirs = (statistics.median(run["wall_s"] for run in each) for each in (flows, alone))
    return {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
        "sites": count,
        "latency_ms": latency_s * 1000,
        "sites_at_once": BATCHES * AT_ONCE,
        "requests": sum(map(len, log.values())),
        "outcomes": {name: flows[-1][name] for name in ("found", "nobody", "unknown", "failed", "left")},
        "people": flows[-1]["people"],
        "flow": _medians(flows),
        "httpx_alone": _medians(alone),
        "wall_ratio": round(ours / theirs, 2),
        "sites_per_s": round(count / ours, 1),
        "polite": {"sites": polite["visited"], "delay_s": POLITE_DELAY_S, **kept},
    }


def _medians(runs: list[dict[str, Any]]) -> dict[str, float]:
    return {name: round(statistics.median(run[name] for run in runs), 2) for name in ("wall_s", "cpu_s", "peak_mb")}


def main() -> None:
    """Measure, print, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    result = measure(given.sites, given.latency_ms / 1000, given.runs)
    print(json.dumps(result, indent=2))
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
