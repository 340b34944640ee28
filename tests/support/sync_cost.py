"""What a synchronisation costs, counted: statements, rows that come or go, calls of the CRM, links it leaves."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import AsyncCursor
from syncing import Work, steps


@dataclass
class Cost:
    """What a run cost.

    Attributes:
        statements: sent to the database, one a row where a statement is run for each of many.
        rows: that they returned or wrote.
        calls: of the CRM.
        links: rows there are after it.
    """

    statements: int = 0
    rows: int = 0
    calls: int = 0
    links: int = 0


async def cost_of_run(work: Work) -> Cost:
    """Run once, and count."""
    cost = Cost()

    class Counting(AsyncCursor[Any]):
        async def execute(self, *query: Any, **options: Any) -> Any:
            done = await super().execute(*query, **options)
            cost.statements += 1
            cost.rows += max(self.rowcount, 0)
            return done

        async def executemany(self, query: Any, rows: Any, **options: Any) -> None:
            await super().executemany(query, rows, **options)
            cost.statements += len(rows)
            cost.rows += max(self.rowcount, 0)

    async with work.session() as session:
        session.connection.cursor_factory = Counting
        await steps(session)
        cost.calls = session.crm.calls
    cost.links = work.rows("SELECT count(*) AS n FROM crm_links")[0]["n"]
    return cost


def store(url: str, *, stored: int, wanted: int) -> None:
    """Store so many leads with a contact each, of which some are of a wanted tier; the others are cold or unscored."""
    ids = [uuid4() for _ in range(stored)]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO icps (version, name, profile) VALUES ('v', 'p', '{}') ON CONFLICT DO NOTHING")
        with cursor.copy("COPY leads (id, company_name, company_domain, name_key) FROM STDIN") as copy:
            for number, lead_id in enumerate(ids):
                copy.write_row((lead_id, f"Company {number}", f"company{number}.example", f"company {number}"))
        with cursor.copy("COPY contacts (id, lead_id, person_id, contact_name, contact_email) FROM STDIN") as copy:
            for number, lead_id in enumerate(ids):
                copy.write_row((uuid4(), lead_id, uuid4(), f"Ana {number}", f"ana@company{number}.example"))
        columns = "lead_id, outcome, tier, breakdown, icp_version, facts_hash, run_id, assessed_at"
        with cursor.copy(f"COPY assessments ({columns}) FROM STDIN") as copy:
            for number, lead_id in enumerate(ids):
                # Spread over all, so that nothing finds them by where they stand.
                if number * wanted // stored != (number - 1) * wanted // stored:
                    tier = "hot"
                elif number % 2:
                    tier = "cold"
                else:
                    continue
                copy.write_row((lead_id, "scored_by_rules", tier, "[]", "v", "h", uuid4(), "2026-01-01T00:00:00Z"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE leads, contacts, assessments")
