"""How much an import costs beside a bare COPY of the same rows, in one run.

For each size, alternating, five times: COPY of the clean file into (a) a bare text table and (b) a table with the keys
and indexes of `leads`; the import of the dirty file (2 % bad, 3 % duplicate) through the flow's own code in a process
of its own; and the same import again. Medians. CPU of the backend is that of all PostgreSQL processes; CPU and memory
of the client are those of its process and of the one that reads rows for it, added. The seconds of an import are those
of the whole call of the flow: checking and copying the file, starting processes, loading, writing the rejects.
"At once" is CPU of both sides over seconds: 2.0 where two processors are never idle.

    python -m bench.bench_import [--rows 100000 1000000] [--runs 5]
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import psycopg

from bench.dirty_leads import HEADER, Truth, write_dirty
from core.settings.prefect_server import LOGIN_FILE
from core.settings.settings import settings
from db.schema import upgrade as schema
from db.server import embedded

OUT = Path(__file__).parent / "bench_import.json"
_COLUMNS = [f"c{number}" for number in range(len(HEADER))]
_EMAIL, _WEBSITE = _COLUMNS[12], _COLUMNS[1]
_BARE = f"CREATE TABLE plain ({', '.join(f'{column} text' for column in _COLUMNS)})"
_KEYED = (
    f"CREATE TABLE plain (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "
    f"{', '.join(f'{column} text' for column in _COLUMNS)}); "
    f'ALTER TABLE plain ALTER COLUMN {_EMAIL} TYPE text COLLATE "C"; CREATE UNIQUE INDEX ON plain ({_EMAIL}); '
    f"CREATE INDEX ON plain ({_WEBSITE})"
)
_IMPORT = """
import asyncio, json, resource, sys, time
from pathlib import Path
from core.imports.runs import ImportRequest
from flows.import_leads import import_leads
def cpu():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
before, started = cpu(), time.perf_counter()
report = asyncio.run(import_leads(ImportRequest(path=Path(sys.argv[1]))))
cpu_s = cpu() - before
whole_s = time.perf_counter() - started
print(json.dumps({**report.model_dump(mode="json"), "cpu_s": cpu_s, "whole_s": whole_s}))
"""


def backend_cpu_s(postmaster: psutil.Process) -> float:
    """Add up the CPU seconds of the server's processes, ended ones included."""
    times = [postmaster.cpu_times()]
    for child in postmaster.children(recursive=True):
        try:
            times.append(child.cpu_times())
        except psutil.NoSuchProcess:
            continue
    ended = times[0].children_user + times[0].children_system
    return ended + sum(each.user + each.system for each in times)


class Bench:
    """One database, one size."""

    def __init__(self, url: str, directory: Path, rows: int) -> None:
        self.url = url
        self.rows = rows
        self.dirty, self.clean = directory / f"dirty-{rows}.csv", directory / f"clean-{rows}.csv"
        self.truth: Truth = write_dirty(self.dirty, rows, clean_copy=self.clean)
        with psycopg.connect(url) as connection:
            directory_row = connection.execute("SHOW data_directory").fetchone()
        assert directory_row is not None
        pid = int((Path(directory_row[0]) / "postmaster.pid").read_text().split()[0])
        self.postmaster = psutil.Process(pid)

    def measured(self, what: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Run something; give its own figures with the backend's CPU."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        before = self._settled_cpu_s()
        figures = what()
        return {**figures, "backend_cpu_s": self._settled_cpu_s() - before}

    def _settled_cpu_s(self) -> float:
        """Read the backend's CPU once all sessions but this one have ended: only then are theirs counted."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            others = "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            while connection.execute(others).fetchone() is not None:
                time.sleep(0.01)
        time.sleep(0.2)  # our own session has to end, too
        return backend_cpu_s(self.postmaster)

    def copy(self, ddl: str) -> dict[str, float]:
        """COPY the clean file into a new table, in blocks, in one transaction; as psql does."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS plain")
            connection.execute(ddl)  # type: ignore[arg-type]  # SQL of our own
        started, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        statement = f"COPY plain ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT csv)"
        with (
            psycopg.connect(self.url) as connection,
            self.clean.open("rb") as file,
            connection.cursor().copy(statement) as copy,  # type: ignore[arg-type]  # SQL of our own
        ):
            while block := file.read(1 << 18):
                copy.write(block)
        seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
        client = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
        return {"seconds": seconds, "client_cpu_s": client}

    def load(self, *, again: bool = False, **environment: str) -> dict[str, float]:
        """Import the dirty file in a process of its own; check what it reports against the truth."""
        if not again:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("DROP TABLE IF EXISTS plain")
                connection.execute("TRUNCATE leads, imports CASCADE")
        command = [sys.executable, "-c", _IMPORT, str(self.dirty)]
        told = {**os.environ, "POSTGRES_URL": self.url, **environment}
        done = subprocess.run(command, env=told, check=True, capture_output=True, text=True)
        report = json.loads(done.stdout.splitlines()[-1])
        counted = (report["rows"], report["inserted"], report["unchanged"], report["duplicates"], report["rejected"])
        fresh, known = (0, self.truth.inserted) if again else (self.truth.inserted, 0)
        expected = (self.truth.rows, fresh, known, self.truth.duplicates, self.truth.rejected)
        if counted != expected:
            raise SystemExit(f"the import reported {counted}, the truth is {expected}")
        return {
            "seconds": report["whole_s"],
            "load_s": report["seconds"],
            "client_cpu_s": report["cpu_s"],
            "peak_memory_mb": report["peak_memory_mb"],
        }

    def run(self, runs: int) -> dict[str, dict[str, float]]:
        """Measure all ways, alternating; give medians."""
        ways: dict[str, Callable[[], dict[str, float]]] = {
            "copy, bare table": lambda: self.copy(_BARE),
            "copy, keys and indexes": lambda: self.copy(_KEYED),
            "import": self.load,
            "import again": lambda: self.load(again=True),
        }
        results: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
        for _ in range(runs):
            for way, function in ways.items():
                results[way].append(self.measured(function))
        return {
            way: {name: median(each[name] for each in figures) for name in figures[0]}
            for way, figures in results.items()
        }


def prefect_overhead(bench: Bench, runs: int) -> dict[str, float]:
    """Measure what running as a Prefect flow adds: the whole call against a running server, and without one."""
    with tempfile.TemporaryDirectory() as directory:
        home = {**os.environ, "SALES_AGENT_HOME": directory}
        cli = [sys.executable, "-m", "app"]
        subprocess.run([*cli, "up", "--detach", "--port", "4291"], env=home, check=True, capture_output=True)
        try:
            login = Path(directory, LOGIN_FILE).read_text()
            api = {"PREFECT_API_URL": "http://127.0.0.1:4291/api", "PREFECT_API_AUTH_STRING": login}
            api["PREFECT_LOGGING_LEVEL"] = "ERROR"
            pairs = [(bench.load(), bench.load(**api)) for _ in range(runs)]
        finally:
            subprocess.run([*cli, "down"], env=home, check=True, capture_output=True)
    plain, flow = (median(pair[place]["seconds"] for pair in pairs) for place in (0, 1))
    return {"plain_s": plain, "flow_s": flow, "ratio": flow / plain}


def _show(rows: int, medians: dict[str, dict[str, float]]) -> None:
    keyed = medians["copy, keys and indexes"]["seconds"]
    print(f"\n{rows:,} rows")
    print(
        f"{'way':<24}{'rows/s':>10}{'client us/row':>15}{'backend us/row':>16}{'peak MB':>9}"
        f"{'x keyed copy':>14}{'at once':>9}"
    )
    for way, figures in medians.items():
        print(
            f"{way:<24}{rows / figures['seconds']:>10,.0f}{figures['client_cpu_s'] / rows * 1e6:>15.2f}"
            f"{figures['backend_cpu_s'] / rows * 1e6:>16.2f}{figures.get('peak_memory_mb', 0):>9.0f}"
            f"{figures['seconds'] / keyed:>14.2f}"
            f"{(figures['client_cpu_s'] + figures['backend_cpu_s']) / figures['seconds']:>9.2f}"
        )
    again = medians["import again"]["seconds"] / medians["import"]["seconds"]
    load, checked = (medians["import"][name] for name in ("load_s", "seconds"))
    print(f"of the import, checking and copying the file: {checked - load:.2f} s; second import / first: {again:.2f}")


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    url = embedded.create_database(embedded.postgres_url(settings()), "bench")
    schema.upgrade(url)
    figures: dict[str, Any] = {"python": platform.python_version(), "runs": options.runs, "sizes": {}}
    with tempfile.TemporaryDirectory() as directory:
        for rows in options.rows:
            bench = Bench(url, Path(directory), rows)
            medians = bench.run(options.runs)
            figures["sizes"][rows] = medians
            _show(rows, medians)
            if rows == min(options.rows):
                figures["prefect"] = overhead = prefect_overhead(bench, options.runs)
                print(f"as a Prefect flow: {overhead['flow_s']:.2f} s, without: {overhead['plain_s']:.2f} s")
    if len(options.rows) > 1:
        smallest, largest = (
            figures["sizes"][rows]["import"]["peak_memory_mb"]
            for rows in sorted(options.rows)[:: len(options.rows) - 1]
        )
        figures["memory_growth_mb"] = largest - smallest
        print(f"\nclient memory, largest file over smallest: {largest - smallest:+.1f} MB")
    OUT.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
