"""Runs of discovery in processes of their own, which a test may kill, and leads to run them on."""

import asyncio
import json
import uuid
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import forked
import people
import psycopg
from psycopg.rows import dict_row

from core.leads.fields import PERSON_FIELDS


def environment(database: str, home: Path, cache: Path, **more: str) -> dict[str, str]:
    """Give the settings of a run against made-up websites on loopback."""
    return {
        "POSTGRES_URL": database,
        "SALES_AGENT_HOME": str(home),
        "WEBSITES_ALLOW_PRIVATE_HOSTS": "true",
        "WEBSITES_DELAY_S": "0",
        "WEBSITES_CACHE_DIR": str(cache),
        "DISCOVERY_BATCH_SITES": "3",
        **more,
    }


def _run(request: dict[str, Any], report: Path) -> None:
    from core.discovery.runs import DiscoveryRequest
    from flows.discover_contacts import discover_contacts

    result = asyncio.run(discover_contacts(DiscoveryRequest(**request)))
    report.write_text(result.model_dump_json())


def start(variables: dict[str, str], report: Path, **request: Any) -> ForkServerProcess:
    """Start a run; it writes its report into a file."""
    report.unlink(missing_ok=True)
    return forked.start(variables, _run, request, report)


def finish(process: ForkServerProcess, report: Path) -> dict[str, Any]:
    """Wait for a run's end; give its report."""
    process.join(900)
    assert process.exitcode == 0
    result: dict[str, Any] = json.loads(report.read_text())
    return result


def add_lead(url: str, name: str, website: str | None, domain: str | None = None, **fields: str) -> uuid.UUID:
    """Store a lead; fields of a person make its contact."""
    person = {field: value for field, value in fields.items() if field in PERSON_FIELDS}
    company = {field: value for field, value in fields.items() if field not in PERSON_FIELDS}
    lead_id = people.add_lead(url, company_name=name, company_website=website, company_domain=domain, **company)
    if person:
        people.add_contact(url, lead_id, **person)
    return lead_id


def rows(url: str, query: str, *values: Any) -> list[dict[str, Any]]:
    """Read rows."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(query, values).fetchall()  # type: ignore[arg-type]
