"""What a CSV row costs the process that reads it, part by part, and yardsticks beside it.

CPU of this process in microseconds a row of the dirty file that `bench.bench_import` imports, alternating, medians. The
parts of a row are measured on what stands in its columns; what came before is forgotten before each run. Yardsticks:
what `csv.reader` alone takes for the same file, and, in processes of their own, what any command pays that reads a
database: importing psycopg and SQLAlchemy, and a SELECT 1 after that.

    python -m bench.bench_reading [--rows 100000] [--runs 5]
"""

import argparse
import csv
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from bench.dirty_leads import write_dirty
from core.imports import csv_rows
from core.imports.columns import SAMPLE_ROWS, map_columns
from core.imports.lead_rows import row_reader
from core.leads.fields import BY_NAME, CLEANERS, FieldType
from core.settings.settings import settings
from core.text import normalize, phones
from db.server import embedded

OUT = Path(__file__).parent / "bench_reading.json"
_CALLING_FROM = "US"
_STARTED = """
import sys, time
before = time.process_time()
import psycopg, sqlalchemy
imported = time.process_time()
with psycopg.connect(sys.argv[1]) as connection:
    connection.execute("SELECT 1").fetchone()
print(imported - before, time.process_time() - imported)
"""


def _cleaner(field: str) -> Callable[[str], object]:
    if field == "company_website":
        return normalize.site
    kind = BY_NAME[field].type
    return (lambda cell: phones.phone(cell, _CALLING_FROM)) if kind is FieldType.PHONE else CLEANERS[kind]


class Reading:
    """One file, and what can be measured of reading it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = csv_rows.scan(path)
        self.records = [cells for _, cells in csv_rows.read(self.file)]
        self.mapping = map_columns(self.file.format.header, self.records[:SAMPLE_ROWS])

    def bare(self) -> None:
        """Cut the file as Python's own reader does."""
        with self.path.open(newline="", encoding="utf-8") as text:
            for _ in csv.reader(text):
                pass

    def cut(self) -> None:
        """Cut the file as the import does."""
        for _ in csv_rows.read(self.file):
            pass

    def rows(self) -> None:
        """Turn records into values."""
        read = row_reader(self.mapping, default_country=_CALLING_FROM)
        for cells in self.records:
            read(cells)

    def ways(self) -> dict[str, Callable[[], None]]:
        """Name all that is measured."""
        ways: dict[str, Callable[[], None]] = {
            "csv.reader": self.bare,
            "scan": lambda: _nothing(csv_rows.scan(self.path)),
            "cutting": self.cut,
            "rows to values": self.rows,
        }
        for column, (_, field, _) in enumerate(self.mapping.columns):
            if field and (field == "company_website" or not BY_NAME[field].repeats):
                ways[f"  {field}"] = _column(_cleaner(field), [cells[column] for cells in self.records])
        return ways


def _nothing(_: object) -> None:
    return None


def _column(clean: Callable[[str], object], cells: Sequence[str]) -> Callable[[], None]:
    def run() -> None:
        for cell in cells:
            if cell:
                clean(cell)

    return run


def _forget() -> None:
    for module in (normalize, phones):
        for function in vars(module).values():
            if getattr(function, "__module__", None) == module.__name__ and hasattr(function, "cache_clear"):
                function.cache_clear()


def measure(reading: Reading, runs: int) -> dict[str, float]:
    """Run all ways, alternating; give medians in microseconds a row."""
    results: dict[str, list[float]] = {way: [] for way in reading.ways()}
    gc.disable()  # as while a batch is read
    try:
        for _ in range(runs):
            for way, run in reading.ways().items():
                _forget()
                started = time.process_time()
                run()
                results[way].append((time.process_time() - started) / len(reading.records) * 1e6)
    finally:
        gc.enable()
    return {way: median(figures) for way, figures in results.items()}


def yardsticks(runs: int) -> dict[str, float]:
    """Measure in CPU milliseconds what any command pays that reads a database."""
    url = embedded.create_database(embedded.postgres_url(settings()), "bench")
    command = [sys.executable, "-c", _STARTED, url]
    told = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(runs)]
    names = ("import psycopg, sqlalchemy", "connect, SELECT 1")
    return {name: median(float(each[place]) * 1e3 for each in told) for place, name in enumerate(names)}


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "dirty.csv")
        write_dirty(path, options.rows)
        rows = measure(Reading(path), options.runs)
    started = yardsticks(options.runs)
    print(f"\n{options.rows:,} rows, CPU us a row")
    for way, figure in rows.items():
        print(f"{way:<28}{figure:>8.2f}")
    for what, figure in started.items():
        print(f"{what:<28}{figure:>8.1f} ms")
    OUT.write_text(json.dumps({"rows": options.rows, "us_a_row": rows, "cpu_ms": started}, indent=2) + "\n")


if __name__ == "__main__":
    main()
