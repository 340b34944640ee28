"""What lists, counts and selections cost where very many leads are stored.

    python -m bench.bench_lists [--leads 1000000] [--contacts 2000000] [--home DIRECTORY] [--plans]

Leads and contacts are made in the database (`generate_series`), then each query of a command or form is run once to
warm it and three times to measure it; `cpu_ms` is the CPU time of the server's own process for the connection, the
least of the three. `--home` keeps the database for another run, `--plans` prints the plan of each statement.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg

from core.leads.search import search_of
from core.outreach.markets import Segment
from core.text.regions import countries_of
from db.leads import duplicates, listing, segments
from db.leads.duplicates import PairFilters
from db.leads.listing import Filters
from db.reports import counts
from db.schema import upgrade as schema
from db.server import embedded
from db.server.engine import Connection, open_engine, transaction

OUT = Path(__file__).parent / "bench_lists.json"
MOST_CPU_MS = 300.0
_MAKE = (
    """
    INSERT INTO leads (id, company_name, name_key, company_domain, city, country, industry, tags, assigned_to)
    SELECT md5('lead ' || n)::uuid, 'Company ' || n, n || ' company', 'c' || n || '.example', 'City ' || n % 5000,
        (ARRAY['DE', 'FR', 'US', 'GB', 'IT'])[1 + n % 5], (ARRAY['Wool', 'Software', 'Steel'])[1 + n % 3],
        CASE WHEN n % 100 = 0 THEN ARRAY['fair'] ELSE '{}' END, CASE WHEN n % 50 = 0 THEN 'User ' || n % 7 END
    FROM generate_series(1, %(leads)s) AS n
    """,
    """
    INSERT INTO contacts (id, lead_id, person_id, contact_name, name_key, contact_email, contact_title)
    SELECT md5('contact ' || n)::uuid, md5('lead ' || 1 + n % %(leads)s)::uuid, md5('person ' || n)::uuid,
        'Ann Berg ' || n % 20000, 'ann berg ' || n % 20000, 'p' || n || '@c' || 1 + n % %(leads)s || '.example', 'CEO'
    FROM generate_series(1, %(contacts)s) AS n
    """,
    """
    INSERT INTO identities (key, owner_id, kind)
    SELECT md5('domain ' || n)::uuid, md5('lead ' || n)::uuid, 3 FROM generate_series(1, %(leads)s) AS n
    """,
    """
    INSERT INTO assessments (lead_id, outcome, score, tier, breakdown, icp_version, facts_hash, run_id, assessed_at)
    SELECT md5('lead ' || n)::uuid, 'scored_by_rules', n % 100, (ARRAY['hot', 'warm', 'cold', 'cold'])[1 + n % 4], '[]',
        'v', 'h', md5('run')::uuid, now()
    FROM generate_series(1, %(leads)s) AS n WHERE n % 2 = 0
    """,
    """
    INSERT INTO possible_duplicates (first_id, second_id, kind, reason)
    SELECT least(a, b), greatest(a, b), 'lead', 'one name' FROM (
        SELECT md5('lead ' || n)::uuid AS a, md5('lead ' || n + 1)::uuid AS b
        FROM generate_series(1, %(leads)s - 1, 20) AS n) AS pairs
    """,
    "VACUUM ANALYZE",
)

Query = Callable[[Connection], Awaitable[Any]]


async def _deep(connection: Connection) -> str:
    return str((await (await connection.execute("SELECT md5('lead 77')::uuid")).fetchone())[0])  # type: ignore[index]


async def _page_inside(connection: Connection) -> Any:
    return await listing.select_leads(connection, after=await _deep(connection))


QUERIES: dict[str, Query] = {
    "leads list": listing.select_leads,
    "leads list, a page inside": _page_inside,
    "leads list WORDS": lambda c: listing.select_leads(c, search_of("company 777")),
    "leads list EVERYBODY'S WORD": lambda c: listing.select_leads(c, search_of("company")),
    "leads list DOMAIN": lambda c: listing.select_leads(c, search_of("c777.example")),
    "leads list ADDRESS": lambda c: listing.select_leads(c, search_of("p777@c778.example")),
    "leads list --tag": lambda c: listing.select_leads(c, None, Filters(tag="fair")),
    "leads list --tag NOBODY'S": lambda c: listing.select_leads(c, None, Filters(tag="none")),
    "leads list --assigned-to": lambda c: listing.select_leads(c, None, Filters(assigned_to="User 3")),
    "leads list WORD --tag": lambda c: listing.select_leads(c, search_of("company"), Filters(tag="fair")),
    "leads count": lambda c: listing.count(c, "lead"),
    "contacts list": listing.select_contacts,
    "contacts list NAME": lambda c: listing.select_contacts(c, search_of("ann berg 777")),
    "contacts list EVERYBODY'S NAME": lambda c: listing.select_contacts(c, search_of("ann")),
    "contacts list DOMAIN": lambda c: listing.select_contacts(c, search_of("c777.example")),
    "contacts count": lambda c: listing.count(c, "contact"),
    "duplicates list": lambda c: duplicates.select_open(c, PairFilters()),
    "duplicates list --kind": lambda c: duplicates.select_open(c, PairFilters(kind="person")),
    "duplicates list --about": lambda c: duplicates.select_open(c, PairFilters(about="nothing")),
    "duplicates count": duplicates.count_open,
    "status: people": counts.people,
    "segment of a country": lambda c: segments.select_counted(c, Segment(country="Germany", limit=500)),
    "segment of an industry": lambda c: segments.select_counted(c, Segment(industry="Wool", limit=500)),
    "segment of nobody": lambda c: segments.select_counted(c, Segment(industry="Nothing at all", limit=500)),
    "segment of a tier": lambda c: segments.select_counted(c, Segment(tiers=["hot"], limit=500)),
}


def make(url: str, leads: int, contacts: int) -> None:
    """Fill a migrated database, in the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _MAKE:
            connection.execute(statement.replace("% ", "%% ") if "%(" in statement else statement,
                               {"leads": leads, "contacts": contacts} if "%(" in statement else None)  # fmt: skip


async def measure(url: str, *, plans: bool = False) -> dict[str, float]:
    """Return CPU milliseconds of the server's process by query."""
    engine = open_engine(url)
    found: dict[str, float] = {}
    for name, query in QUERIES.items():
        async with transaction(engine) as connection:
            process = psutil.Process(connection.info.backend_pid)
            if plans:
                await connection.execute("LOAD 'auto_explain'")
                for setting in ("log_min_duration = 0", "log_analyze = on"):
                    await connection.execute(f"SET auto_explain.{setting}")
                await connection.execute("SET client_min_messages = log")
                connection.add_notice_handler(lambda notice: print(notice.message_primary))
                print(f"== {name}")
            used: list[float] = []
            for _ in range(4):
                before = process.cpu_times()
                await query(connection)
                after = process.cpu_times()
                used.append(1000 * (after.user - before.user + after.system - before.system))
            found[name] = round(min(used[1:]), 1)
    await engine.dispose()
    return found


def main() -> None:
    """Make the database, measure, write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--contacts", type=int, default=2_000_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--plans", action="store_true")
    given = parser.parse_args()
    countries_of("Germany")
    with tempfile.TemporaryDirectory() as made:
        home = given.home or Path(made)
        try:
            base = embedded.embedded_postgres_url(home)
            url = embedded.create_database(base, "many")
            schema.upgrade(url)
            with psycopg.connect(url) as connection:
                is_there = connection.execute("SELECT EXISTS (SELECT FROM leads)").fetchone() == (True,)
            if not is_there:
                make(url, given.leads, given.contacts)
            found = asyncio.run(measure(url, plans=given.plans))
        finally:
            embedded.stop_postgres(home)
    slow = {name: cpu for name, cpu in found.items() if cpu > MOST_CPU_MS}
    report = {"leads": given.leads, "contacts": given.contacts, "cpu_ms": found, "over_300_ms": slow}
    OUT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
