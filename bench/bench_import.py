"""How much an import costs beside raw COPY of what it stores, in one run.

For each size, alternating, five times: (a) COPY of the final contents, as an import left them, into the same tables:
`leads`, `contacts`, `identities`, with their keys, indexes and foreign keys (the floor); (b) the import of the dirty
file (2 % bad, 3 % duplicate) through the flow's own code in a process of its own; (c) the same file again, known by its
bytes; (d) the same file again, read anew. Medians. CPU of the backend is that of all PostgreSQL processes; CPU and
memory of the client are those of its process and of the one that reads rows for it, added. The seconds of an import are
those of the whole call of the flow: checking and copying the file, starting processes, loading, writing the rejects.
"At once" is CPU of both sides over seconds: 2.0 where two processors are never idle. Yardsticks, once a run: a loop of
Python, and COPY of one column.

    python -m bench.bench_import [--rows 100000 1000000] [--runs 5] [--without-prefect]
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
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import psycopg

from bench.dirty_leads import Truth, write_dirty
from core.settings.prefect_server import LOGIN_FILE
from core.settings.settings import settings
from db.schema import upgrade as schema
from db.server import embedded

_READ_ANEW = {"has_header": True}
"""Says what is so anyway, and makes it another import."""
_FLOOR = "copy of the final contents"
OUT = Path(__file__).parent / "bench_import.json"
_TABLES = ("leads", "contacts", "identities")
_FORGET = "TRUNCATE leads, contacts, identities, imports, possible_duplicates, merged_records CASCADE"
_IMPORT = """
import asyncio, json, resource, sys, time
from pathlib import Path
from core.imports.runs import ImportRequest
from flows.import_leads import import_leads
def cpu():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
before, started = cpu(), time.perf_counter()
report = asyncio.run(import_leads(ImportRequest(path=Path(sys.argv[1]), **json.loads(sys.argv[2]))))
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
        self.dirty = directory / f"dirty-{rows}.csv"
        self.stored = {table: directory / f"{table}-{rows}.copy" for table in _TABLES}
        self.truth: Truth = write_dirty(self.dirty, rows)
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

    def forget(self) -> None:
        """Empty the tables."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(_FORGET)

    def dump(self) -> None:
        """Write aside what the tables hold."""
        with psycopg.connect(self.url) as connection:
            for table, path in self.stored.items():
                with path.open("wb") as file, connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                    for block in copy:
                        file.write(block)

    def copy(self) -> dict[str, float]:
        """COPY what an import stored into the empty tables, in blocks, in one transaction; as psql does."""
        started, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        with psycopg.connect(self.url) as connection:
            for table, path in self.stored.items():
                with path.open("rb") as file, connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                    while block := file.read(1 << 18):
                        copy.write(block)
        seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
        client = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
        return {"seconds": seconds, "client_cpu_s": client}

    def load(
        self,
        *,
        again: bool = False,
        options: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> dict[str, float]:
        """Import the dirty file in a process of its own; check what it reports against the truth."""
        command = [sys.executable, "-c", _IMPORT, str(self.dirty), json.dumps(options or {})]
        told = {**os.environ, "POSTGRES_URL": self.url, **(environment or {})}
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
        results: dict[str, list[dict[str, float]]] = {}
        for number in range(runs):
            self.forget()
            results.setdefault("import", []).append(self.measured(self.load))
            results.setdefault("again, same bytes", []).append(self.measured(lambda: self.load(again=True)))
            results.setdefault("again, read anew", []).append(
                self.measured(lambda: self.load(again=True, options=_READ_ANEW))
            )
            if number == 0:
                self.dump()
            self.forget()
            results.setdefault(_FLOOR, []).append(self.measured(self.copy))
        return {
            way: {name: median(each[name] for each in figures) for name in figures[0]}
            for way, figures in results.items()
        }

    def yardsticks(self) -> dict[str, float]:
        """Measure what this machine is like now: CPU of a loop, and of COPY into one column, a row each."""
        started = time.process_time()
        sum(number % 7 for number in range(1_000_000))
        loop = time.process_time() - started

        def one_column() -> dict[str, float]:
            with psycopg.connect(self.url) as connection:
                connection.execute("CREATE TEMPORARY TABLE plain (value text)")
                with connection.cursor().copy("COPY plain FROM STDIN") as copy:
                    copy.write(b"".join(b"%024d\n" % number for number in range(200_000)))
            return {}

        return {
            "python_loop_ns": loop * 1e3,
            "copy_one_column_us_a_row": self.measured(one_column)["backend_cpu_s"] / 200_000 * 1e6,
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
            pairs = [(_fresh(bench), _fresh(bench, api)) for _ in range(runs)]
        finally:
            subprocess.run([*cli, "down"], env=home, check=True, capture_output=True)
    plain, flow = (median(pair[place]["seconds"] for pair in pairs) for place in (0, 1))
    return {"plain_s": plain, "flow_s": flow, "ratio": flow / plain}


def _fresh(bench: Bench, environment: Mapping[str, str] | None = None) -> dict[str, float]:
    bench.forget()
    return bench.load(environment=environment)


def _show(rows: int, medians: dict[str, dict[str, float]]) -> None:
    floor, first = medians[_FLOOR], medians["import"]
    print(f"\n{rows:,} rows")
    print(
        f"{'way':<28}{'rows/s':>10}{'client us/row':>15}{'backend us/row':>16}{'peak MB':>9}"
        f"{'backend x floor':>17}{'wall x floor':>14}{'at once':>9}"
    )
    for way, figures in medians.items():
        print(
            f"{way:<28}{rows / figures['seconds']:>10,.0f}{figures['client_cpu_s'] / rows * 1e6:>15.2f}"
            f"{figures['backend_cpu_s'] / rows * 1e6:>16.2f}{figures.get('peak_memory_mb', 0):>9.0f}"
            f"{figures['backend_cpu_s'] / floor['backend_cpu_s']:>17.2f}{figures['seconds'] / floor['seconds']:>14.2f}"
            f"{(figures['client_cpu_s'] + figures['backend_cpu_s']) / figures['seconds']:>9.2f}"
        )
    for way in ("again, same bytes", "again, read anew"):
        wall, cpu = medians[way]["seconds"] / first["seconds"], _cpu(medians[way]) / _cpu(first)
        print(f"{way} / import: {wall:.2f} of the seconds, {cpu:.2f} of the CPU")
    print(f"of the import, checking and copying the file: {first['seconds'] - first['load_s']:.2f} s")


def _cpu(figures: dict[str, float]) -> float:
    return figures["client_cpu_s"] + figures["backend_cpu_s"]


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--without-prefect", action="store_true", help="leave out what running as a flow adds")
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
                figures["yardsticks"] = bench.yardsticks()
                print(", ".join(f"{name} {figure:.1f}" for name, figure in figures["yardsticks"].items()))
            if rows == min(options.rows) and not options.without_prefect:
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
