"""How many calls a synchronisation makes, and what it holds in memory: `python -m bench.bench_sync`.

Leads are put into both sides by a first synchronisation without a rate limit, then a hundred change on each side. The
bound is what has to be read and written at least: pages of the change log, and one call a changed record.

Then the same first synchronisation of the same few leads, among few and among many that take no part: its cost follows
who takes part, not what is stored.
"""

import argparse
import asyncio
import json
import math
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support" / "processes"))

from sync_cost import cost_of_run, store
from syncing import OURS, PERSON, Work

from core.config_files import parse_config
from core.crm.config import CrmConfig, example_text
from db.schema import upgrade as schema
from db.server import embedded
from sandbox.server import Sandbox, SandboxControl
from tasks.runtime.crm_offers import CRMS

TARGET = Path(__file__).with_name("bench_sync.json")
CHANGED = 100
TAKE_PART = 342
AMONG_FEW = 1_000
EVENTS_A_PAGE = 50


class Moved(Work):
    """Work whose clock moves with the sandbox's."""

    passed = timedelta(0)

    def now(self) -> datetime:
        """Return the time here."""
        return datetime.now(UTC) + self.passed

    def wait(self, seconds: float) -> None:
        """Let time pass on both sides."""
        self.sandbox.advance(seconds)
        self.passed += timedelta(seconds=seconds)


def fill(url: str, leads: int) -> None:
    """Store leads."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        ids = [uuid4() for _ in range(leads)]
        with cursor.copy("COPY leads (id, company_name, company_domain, city) FROM STDIN") as copy:
            for number, lead_id in enumerate(ids):
                copy.write_row((lead_id, f"Company {number}", f"company{number}.example", "Leeds"))
        columns = "id, lead_id, person_id, contact_name, contact_email"
        with cursor.copy(f"COPY contacts ({columns}) FROM STDIN") as copy:
            for number, lead_id in enumerate(ids):
                address = f"ana@company{number}.example"
                copy.write_row((uuid4(), lead_id, uuid4(), f"Ana {number}", address))


def edit_there(sandbox: SandboxControl, ids: list[str]) -> None:
    """Edit companies in Close as a person does."""
    with httpx.Client(base_url=sandbox.environment["CLOSE_BASE_URL"], auth=(PERSON, ""), trust_env=False) as person:
        for lead_id in ids:
            person.put(f"/lead/{lead_id}/", json={"description": "a note"}).raise_for_status()


async def measured(work: Moved) -> dict[str, Any]:
    """Run once; count calls by kind."""
    before = work.sandbox.requests("close")[-1]["number"]
    started = time.monotonic()
    done = await work.run()
    calls = work.calls_since(before)
    pages = sum(call["path"] == "/api/v1/event/" for call in calls)
    return {
        "seconds": round(time.monotonic() - started, 2),
        "calls": len(calls),
        "event_pages": pages,
        "done": {name: count for name, count in done.items() if count},
    }


async def bench(url: str, sandbox: SandboxControl, leads: int) -> dict[str, Any]:
    """Measure a first synchronisation, one with changes on both sides, and one without any."""
    sandbox.settings("close", keys=[OURS, PERSON], rate_per_s=None, organization_rate_per_s=None, consolidate_s=0.0)
    work = Moved(url, sandbox)
    work.clock, work.width = work.now, 20
    fill(url, leads)
    sandbox.requests("close")
    first_at = time.monotonic()
    done = await work.run()
    first_s = round(time.monotonic() - first_at, 2)
    figures: dict[str, Any] = {"leads": leads, "first": {"seconds": first_s, "done": done}}
    work.wait(900)
    await work.run()
    rows = work.rows("SELECT own_id, remote_id FROM crm_links WHERE kind = 'lead' ORDER BY own_id")
    here, there = rows[:CHANGED], rows[CHANGED : 2 * CHANGED]
    edit_there(sandbox, [row["remote_id"] for row in there])
    work.execute(
        "UPDATE leads SET city = 'York', company_website = 'https://new.' || company_domain, updated_at = %s"
        " WHERE id = ANY(%s)",
        work.now(),
        [row["own_id"] for row in here],
    )
    changed = await measured(work)
    least = changed["event_pages"] + 2 * CHANGED
    figures["changed"] = changed | {"least": least, "ratio": round(changed["calls"] / least, 3)}
    work.wait(900)
    await work.run()
    work.wait(900)
    figures["unchanged"] = await measured(work)
    figures["peak_mb"] = math.ceil(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return figures


async def among(url: str, sandbox: SandboxControl, stored: int) -> dict[str, Any]:
    """Measure a first synchronisation of `TAKE_PART` leads among so many, and one without a change."""
    sandbox.reset("close")
    sandbox.settings("close", keys=[OURS, PERSON], rate_per_s=None, organization_rate_per_s=None, consolidate_s=0.0)
    work = Moved(url, sandbox, configuration=parse_config(example_text(), CrmConfig, path="example", context=CRMS))
    work.clock, work.width = work.now, 20
    work.execute("TRUNCATE leads, icps, crm_links, crm_cursors, crm_staged, crm_events CASCADE")
    store(url, stored=stored, wanted=TAKE_PART)
    figures: dict[str, Any] = {"stored": stored}
    for name in ("first", "unchanged"):
        started = time.monotonic()
        cost = await cost_of_run(work)
        figures[name] = vars(cost) | {"seconds": round(time.monotonic() - started, 2)}
        work.wait(900)
        await work.run()
        work.wait(900)
    return figures


def main() -> None:
    """Measure, print, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--stored", type=int, default=300_000)
    given = parser.parse_args()
    leads = given.leads
    with tempfile.TemporaryDirectory(prefix="sales-agent-bench-") as home:
        url = embedded.embedded_postgres_url(Path(home))
        try:
            schema.upgrade(url)
            with Sandbox(names=["close"]) as sandbox:
                figures = asyncio.run(bench(url, sandbox, leads)) if leads else {}
                figures["among"] = [asyncio.run(among(url, sandbox, stored)) for stored in (AMONG_FEW, given.stored)]
        finally:
            embedded.stop_postgres(Path(home))
    if leads:
        show(leads, figures["changed"], figures["unchanged"])
    show_among(*figures["among"])
    TARGET.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def show_among(few: dict[str, Any], many: dict[str, Any]) -> None:
    """Print what the same run costs among few leads and among many."""
    print(f"{'':34}{'among ' + format(few['stored'], ','):>16}{'among ' + format(many['stored'], ','):>16}{'ratio':>8}")
    for run in ("first", "unchanged"):
        for name in ("statements", "rows", "calls", "links", "seconds"):
            one, other = few[run][name], many[run][name]
            ratio = f"{other / one:.2f}" if one else "-"
            print(f"{run + ' run, ' + name:34}{one:>16,}{other:>16,}{ratio:>8}")


def show(leads: int, changed: dict[str, Any], unchanged: dict[str, Any]) -> None:
    """Print what the runs among linked leads cost."""
    print(f"{'leads in step':34}{leads:>10,}")
    print(f"{'calls, 100 changed on each side':34}{changed['calls']:>10,}")
    print(f"{'  of these, pages of the log':34}{changed['event_pages']:>10,}")
    print(f"{'  least possible':34}{changed['least']:>10,}")
    print(f"{'  ratio (at most 1.2)':34}{changed['ratio']:>10}")
    print(f"{'calls, nothing changed (3 at most)':34}{unchanged['calls']:>10,}")
    print(f"{'seconds of a run without a change':34}{unchanged['seconds']:>10}")


if __name__ == "__main__":
    main()
