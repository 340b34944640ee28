"""Runs of enrichment in processes of their own, which a test may kill, and leads that the sandbox knows."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import forked
import psycopg

if TYPE_CHECKING:
    from sandbox.server import SandboxControl

GENEROUS = {"minute": None, "hourly": None, "24-hour": None}
APOLLO_ONLY = """
providers: [apollo_company, apollo_person]
fields:
  industry: [apollo_company]
  contact_title: [apollo_person]
"""


def environment(database: str, home: Path, cache: Path, **more: str) -> dict[str, str]:
    """Give the settings of a run against made-up websites on loopback, without any key."""
    return {
        "POSTGRES_URL": database,
        "SALES_AGENT_HOME": str(home),
        "WEBSITES_ALLOW_PRIVATE_HOSTS": "true",
        "WEBSITES_DELAY_S": "0",
        "WEBSITES_CACHE_DIR": str(cache),
        "ENRICH_BATCH_LEADS": "20",
        **more,
    }


def with_apollo(sandbox: "SandboxControl", redis: str, **more: str) -> dict[str, str]:
    """Give the settings of a run that may buy as much as it likes of the sandbox's Apollo."""
    sandbox.settings("apollo", limits=GENEROUS, credits=1_000_000)
    return {
        "APOLLO_BASE_URL": sandbox.environment["APOLLO_BASE_URL"],
        "APOLLO_API_KEY": sandbox.environment["APOLLO_API_KEY"],
        "APOLLO_RATE_LIMITS": "minute=100000/60",
        "APOLLO_RETRY": "aggressive",
        "APOLLO_BREAKER_FAILURES": "10",
        "BUDGET_APOLLO_RUN_CREDITS": "",
        "BUDGET_APOLLO_MONTH_CREDITS": "",
        "REDIS_URL": redis,
        **more,
    }


def _run(request: str, report: Path) -> None:
    from core.enrichment.runs import EnrichRequest
    from flows.enrich_leads import enrich_leads

    result: Any = asyncio.run(enrich_leads(EnrichRequest.model_validate_json(request)))
    report.write_text(result.model_dump_json())


def start(variables: dict[str, str], report: Path, **request: Any) -> ForkServerProcess:
    """Start a run; it writes its report into a file."""
    report.unlink(missing_ok=True)
    return forked.start(variables, _run, json.dumps(request, default=str), report)


def finish(process: ForkServerProcess, report: Path, *, within_s: float = 170) -> dict[str, Any]:
    """Wait for a run's end; give its report."""
    process.join(within_s)
    assert process.exitcode == 0
    result: dict[str, Any] = json.loads(report.read_text())
    return result


def seed_companies(sandbox: "SandboxControl", count: int) -> None:
    """Let the sandbox's Apollo know companies with one person each; every seventh company it does not know."""
    companies = [
        {
            "name": f"Firm {number}",
            "domain": f"firm{number}.example",
            "people": [{"first_name": "Ana", "last_name": f"Sample{number}", "title": "Head of Operations",
                        "email": f"ana@firm{number}.example"}],
        }
        for number in range(count)
        if number % 7
    ]  # fmt: skip
    sandbox.seed("apollo", companies=companies)


def add_firms(url: str, numbers: Sequence[int]) -> None:
    """Store a lead with one contact for each of these firms."""
    firms = [(uuid.uuid4(), number) for number in numbers]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO leads (id, external_id, company_name, company_domain) VALUES (%s, %s, %s, %s)",
            [(lead_id, f"k{number:06}", f"Firm {number}", f"firm{number}.example") for lead_id, number in firms],
        )
        cursor.executemany(
            "INSERT INTO contacts (id, lead_id, person_id, contact_name, contact_email) VALUES (%s, %s, %s, %s, %s)",
            [
                (uuid.uuid4(), lead_id, uuid.uuid4(), f"Ana Sample{number}", f"ana@firm{number}.example")
                for lead_id, number in firms
            ],
        )


def final_state(url: str) -> dict[str, Any]:
    """Give what is stored, by the leads' keys, without ids and times."""
    with psycopg.connect(url) as connection:
        leads = connection.execute(
            "SELECT l.external_id, outcome, reason, industry, contact_title, contact_email FROM leads l"
            " LEFT JOIN contacts c ON c.lead_id = l.id LEFT JOIN lead_enrichments e ON e.lead_id = l.id"
            " ORDER BY 1, company_name, contact_email"
        ).fetchall()
        values = connection.execute(
            "SELECT external_id, company_name, field, value, p.source, p.original FROM field_provenance p"
            " JOIN leads l ON l.id = lead_id ORDER BY 1, 2, 3"
        ).fetchall()
        answers = connection.execute(
            "SELECT provider, question_hash, state, outcome, cost_credits FROM enrichment_questions ORDER BY 1, 2"
        ).fetchall()
    return {"leads": leads, "values": values, "answers": answers}


def rows(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Read rows."""
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()  # type: ignore[arg-type]
