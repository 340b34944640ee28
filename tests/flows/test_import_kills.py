"""Killed at any moment and run again, an import ends as if nothing had happened."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from import_process import finish, start
from importing import clear, leads

from bench.dirty_leads import Truth, write_dirty
from core.leads.lead import FIELDS
from db.schema import upgrade as schema
from db.server import embedded

ROWS = 4_000
SEED = int(os.environ.get("KILL_SEED", "0")) or random.randrange(10**6)
SEED_SAID = f"run again with KILL_SEED={SEED}"
# Rows read in a thread, and in a process of their own.
WAYS = ({"IMPORT_PROCESS_ROWS": "1000000"}, {"IMPORT_PROCESS_ROWS": "0"})


@pytest.fixture
def file(tmp_path: Path) -> tuple[Path, Truth]:
    """Write a dirty file."""
    path = tmp_path / "dirty.csv"
    return path, write_dirty(path, ROWS)


def outcome(url: str, report: dict[str, Any]) -> dict[str, Any]:
    """Collect what an import left behind, without ids and times."""
    with psycopg.connect(url) as connection:
        rejects = connection.execute("SELECT record, line, reason, cells FROM import_rejects ORDER BY 1, 2").fetchall()
        batches = connection.execute("SELECT first_record, next_record FROM import_batches ORDER BY 1").fetchall()
    text = Path(report["rejects_file"]).read_text(encoding="utf-8-sig")
    counts = {name: report[name] for name in ("rows", "inserted", "updated", "unchanged", "duplicates", "rejected")}
    return {"leads": leads(url), "rejects": rejects, "batches": batches, "file": text, "counts": counts}


def has_finished(url: str) -> bool:
    """Tell whether the import had ended before the kill: what comes then is a second import, which changes nothing."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT FROM imports WHERE status = 'finished'").fetchone() is not None


def _kill_importers(url: str, home: Path, file: tuple[Path, Truth], kills: int) -> None:
    path, truth = file
    environment = {"POSTGRES_URL": url, "SALES_AGENT_HOME": str(home), "IMPORT_BATCH_ROWS": "100"}
    rng = random.Random(SEED)
    began = time.monotonic()
    undisturbed = outcome(url, finish(environment, path))
    lasted = time.monotonic() - began
    assert undisturbed["counts"]["inserted"] == truth.inserted
    for number in range(kills):
        clear(url)
        process = start(environment | WAYS[number % 2], path)
        process.join(rng.uniform(0, lasted))
        process.kill()
        process.join()
        compared = ["leads"] if has_finished(url) else list(undisturbed)
        left = outcome(url, finish(environment | WAYS[rng.randrange(2)], path))
        assert {part: left[part] for part in compared} == {part: undisturbed[part] for part in compared}, SEED_SAID


def test_killed_importer(database: str, home: Path, file: tuple[Path, Truth]) -> None:
    _kill_importers(database, home, file, kills=2)


@pytest.mark.soak
def test_killed_importer_at_30_moments(database: str, home: Path, file: tuple[Path, Truth]) -> None:
    _kill_importers(database, home, file, kills=30)


def _kill_servers(home: Path, file: tuple[Path, Truth], kills: int) -> None:
    path, _ = file
    environment = {"SALES_AGENT_HOME": str(home), "IMPORT_BATCH_ROWS": "100"}
    rng = random.Random(SEED)
    schema.upgrade(embedded.embedded_postgres_url(home))
    began = time.monotonic()
    undisturbed = outcome(embedded.embedded_postgres_url(home), finish(environment, path))
    lasted = time.monotonic() - began
    for number in range(kills):
        clear(embedded.embedded_postgres_url(home))
        process = start(environment | WAYS[(number + 1) % 2], path)
        process.join(rng.uniform(0, lasted))
        os.kill(int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        process.join(900)
        url = embedded.embedded_postgres_url(home)
        compared = ["leads"] if has_finished(url) else list(undisturbed)
        left = outcome(url, finish(environment, path))
        assert {part: left[part] for part in compared} == {part: undisturbed[part] for part in compared}, SEED_SAID


def test_killed_server(own_home: Path, file: tuple[Path, Truth]) -> None:
    _kill_servers(own_home, file, kills=1)


@pytest.mark.soak
def test_killed_server_at_10_moments(own_home: Path, file: tuple[Path, Truth]) -> None:
    _kill_servers(own_home, file, kills=10)


def test_two_importers_at_once_make_every_lead_once(database: str, home: Path, file: tuple[Path, Truth]) -> None:
    path, truth = file
    environment = {"POSTGRES_URL": database, "SALES_AGENT_HOME": str(home), "IMPORT_BATCH_ROWS": "100"}
    processes = [start(environment | way, path) for way in WAYS]
    for process in processes:
        process.join(900)
        assert process.exitcode == 0
    assert len(leads(database)) == truth.inserted
    assert all(set(lead) <= {*FIELDS, "extra.Lead Status"} for lead in leads(database).values())
