"""Both sides of a synchronisation as a test looks at them: what is there, what a plan says, what people do there."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import forked
import httpx
from syncing import Work

from core.crm.runs import SyncPlan
from tasks.crm import pull as crm_pull
from tasks.crm import settle as crm_settle


def plan(work: Work) -> SyncPlan:
    """Return what a run would do, after looking at the CRM."""

    async def surveyed() -> SyncPlan:
        async with work.session() as session:
            await crm_pull.pull(session)
            return await crm_settle.survey(session)

    return asyncio.run(surveyed())


def run(work: Work) -> dict[str, int]:
    work.sandbox.advance(60)
    return asyncio.run(work.run())


def there(work: Work, kind: str) -> dict[str, dict[str, Any]]:
    return {record["name"]: record for record in work.sandbox.state("close")[kind]}


def people_at(work: Work, lead_id: UUID) -> set[str]:
    rows = work.rows("SELECT contact_name FROM contacts WHERE lead_id = %s", lead_id)
    return {row["contact_name"] for row in rows}


def made_there(person: httpx.Client, name: str, *people: str, **fields: Any) -> dict[str, Any]:
    """Let a person make a company in the CRM with its people; an address says whose domain it is."""
    contacts = [{"name": each.partition(" <")[0], "emails": _emails(each)} for each in people]
    made: dict[str, Any] = (
        person.post("/lead/", json={"name": name, "contacts": contacts, **fields}).raise_for_status().json()
    )
    return made


def _emails(person: str) -> list[dict[str, str]]:
    address = person.partition("<")[2].removesuffix(">")
    return [{"email": address}] if address else []


def crm_says(work: Work, home: Path, *arguments: object) -> Any:
    done = forked.sales_agent("crm", *arguments, "--json", home=home, POSTGRES_URL=work.url)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assess(work: Work, lead_id: UUID, tier: str) -> None:
    work.execute("INSERT INTO icps (version, name, profile) VALUES ('v', 'p', '{}') ON CONFLICT DO NOTHING")
    work.execute(
        "INSERT INTO assessments (lead_id, outcome, tier, breakdown, icp_version, facts_hash, run_id, assessed_at)"
        " VALUES (%s, 'scored_by_rules', %s, '[]', 'v', 'h', %s, now())"
        " ON CONFLICT (lead_id) DO UPDATE SET tier = excluded.tier",
        *(lead_id, tier, uuid4()),
    )
