"""What Prefect costs a batch job: the same coroutines with and without it.

    python -m bench.bench_batches [--leads 2000] [--latency-ms 10] [--runs 3]

One made-up website a lead, each on a loopback port of its own, served by a process of their own that answers after a
latency. `enrich_leads` reads them all into a real PostgreSQL: once as a flow recorded by the Prefect server that
`sales-agent up` starts, once as plain coroutines. By turns, each run in a process of its own, on the same database;
medians. The time is that of the flow function itself: imports are left out. CPU is that of the run's own process and,
with Prefect, of its server and worker too (`server_cpu_s`).
"""

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.bench_discovery import Sites

OUT = Path(__file__).parent / "bench_batches.json"
ROOT = Path(__file__).parents[1]
_RUN = """
import asyncio, json, resource, time
from core.enrichment.runs import EnrichRequest
from flows.enrich_leads import enrich_leads
from tasks.runtime.orchestration import server_url
url = server_url()
started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
report = asyncio.run(enrich_leads(EnrichRequest()))
wall_s = time.monotonic() - started
used = resource.getrusage(resource.RUSAGE_SELF)
cpu_s = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
facts = {"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": used.ru_maxrss / 1024, "server": url}
print(json.dumps({"outcomes": report.outcomes, "leads": report.leads} | facts))
"""
_CONFIG = "providers: [website]\nfields:\n  website_title: [website]\n  company_phone: [website]\n"


class Place:
    """An installation of its own, on which a Prefect server runs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.home = directory / "home"
        (directory / "enrichment.yaml").write_text(_CONFIG)
        self.environment = os.environ | {"SALES_AGENT_HOME": str(self.home), "SALES_AGENT_ROOT": str(ROOT)}

    def start(self, port: int) -> str:
        """Start the server; return the database's address."""
        self._app("up", "--detach", "--port", str(port))
        return self._app("db", "url").strip()

    def stop(self) -> None:
        """Stop it."""
        self._app("down")

    def _app(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout

    def server_cpu_s(self) -> float:
        """Add up what the server and the worker have used until now, those that ended left out."""
        total = 0.0
        for process in psutil.process_iter(["cmdline", "cpu_times", "environ"]):
            facts = process.info
            if "prefect" in " ".join(facts["cmdline"] or []) and str(self.home) in str(facts["environ"] or ""):
                total += facts["cpu_times"].user + facts["cpu_times"].system
        return total

    def run(self, url: str, sites: list[str], *, with_prefect: bool) -> dict[str, Any]:
        """Enrich one new lead a site; return wall and CPU of it."""
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("TRUNCATE leads, enrichment_questions, enrichment_runs CASCADE")
            cursor.executemany(
                "INSERT INTO leads (id, company_name, company_website) VALUES (%s, %s, %s)",
                [(uuid.uuid4(), f"Company {number}", site) for number, site in enumerate(sites)],
            )
        cache = tempfile.mkdtemp(dir=self.directory)
        elsewhere = self.directory / "without"
        environment = self.environment | {
            "POSTGRES_URL": url,
            "SALES_AGENT_HOME": str(self.home if with_prefect else elsewhere),
            "WEBSITES_ALLOW_PRIVATE_HOSTS": "true",
            "WEBSITES_DELAY_S": "0",
            "WEBSITES_CACHE_DIR": cache,
            "ENRICH_CONFIG": str(self.directory / "enrichment.yaml"),
            "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        }
        before = self.server_cpu_s()
        done = subprocess.run(
            [sys.executable, "-c", _RUN], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )
        shutil.rmtree(cache)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        assert bool(found["server"]) == with_prefect
        return found | {"server_cpu_s": self.server_cpu_s() - before}


def measure(leads: int, latency_s: float, runs: int) -> dict[str, Any]:
    """Measure everything once."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        place = Place(Path(name))
        sites = Sites(leads, latency_s)
        try:
            url = place.start(_free_port())
            found: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
            for number in range(2 * runs):
                is_with = number % 2 == 0
                found[is_with].append(place.run(url, sites.urls, with_prefect=is_with))
                sites.take_log()
        finally:
            sites.stop()
            place.stop()
    with_prefect, without = _medians(found[True]), _medians(found[False])
    return {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "load": round(os.getloadavg()[0], 1)},
        "leads": leads,
        "latency_ms": latency_s * 1000,
        "runs": runs,
        "outcomes": found[True][-1]["outcomes"],
        "with_prefect": with_prefect,
        "without": without,
        "wall_ratio": round(with_prefect["wall_s"] / without["wall_s"], 3),
        "cpu_ratio": round(with_prefect["cpu_s"] / without["cpu_s"], 3),
        "cpu_ratio_with_server": round((with_prefect["cpu_s"] + with_prefect["server_cpu_s"]) / without["cpu_s"], 3),
        "leads_per_s": round(leads / with_prefect["wall_s"], 1),
    }


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def _medians(runs: list[dict[str, Any]]) -> dict[str, float]:
    names = ("wall_s", "cpu_s", "peak_mb", "server_cpu_s")
    return {name: round(statistics.median(run[name] for run in runs), 2) for name in names}


def main() -> None:
    """Measure, print, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--leads", type=int, default=2_000)
    parser.add_argument("--latency-ms", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    result = measure(given.leads, given.latency_ms / 1000, given.runs)
    print(f"{'':<16}{'wall s':>8}{'CPU s':>8}{'server CPU s':>14}{'peak MB':>9}")
    for name in ("with_prefect", "without"):
        one = result[name]
        print(f"{name:<16}{one['wall_s']:>8}{one['cpu_s']:>8}{one['server_cpu_s']:>14}{one['peak_mb']:>9}")
    print(f"ratio: wall {result['wall_ratio']}, CPU {result['cpu_ratio']}")
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
