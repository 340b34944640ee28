"""Enrichment of leads: which are due, who works on them, what came of it, and where each value comes from.

A lead is due when it was never looked at, or by another configuration or with other providers, or while its fields said
something else, or longer ago than an answer stays fresh, or when something of it was put off. Leads are claimed while
they are worked on (`db.enrichment.lease`); the questions they lead to are claimed under the same token
(`db.enrichment.questions`).
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.batches import Selection
from core.enrichment.config import EnrichmentConfig
from core.enrichment.questions import FieldOrigin, KnownLead
from core.enrichment.runs import EnrichmentRun, EnrichRequest
from core.leads.fields import EXTRA_FIELDS
from core.leads.lead import FIELDS
from db.runs import FIRST, Counts, Due, RunKind
from db.server.engine import Connection
from db.server.statements import select_value

_LISTED = f"ARRAY[{', '.join(f'l.{field}' for field in FIELDS)}]::text[]"
HASH_SQL = f"md5({_LISTED}::text)"
_JOINED = "leads l LEFT JOIN lead_enrichments e ON e.lead_id = l.id"
RUNS = RunKind("enrichment_runs", "lead_enrichments")
_CONDITIONS: dict[Selection, str] = {
    "due": f"""(e.lead_id IS NULL OR e.version <> %(version)s OR e.facts_hash <> {HASH_SQL}
        OR (e.outcome = 'due' AND e.enriched_at < %(started_at)s) OR e.fresh_until <= %(started_at)s)""",
    "failed": "(e.outcome = 'failed' AND e.enriched_at < %(started_at)s)",
    "all": "(e.lead_id IS NULL OR e.enriched_at < %(started_at)s)",
}
LEAD_SQL = f"""
    SELECT l.id, l.created_at, l.edited_at, a.tier, {_LISTED} AS listed, l.extra, p.provenance
    FROM {{source}}
    LEFT JOIN assessments a ON a.lead_id = l.id
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_array(field, value, source, observed_at, original)) AS provenance
        FROM field_provenance WHERE lead_id = l.id
    ) p ON true
"""


def known_lead(row: Mapping[str, Any]) -> KnownLead:
    """Return a lead of a row of `LEAD_SQL`."""
    values = {field: value for field, value in zip(FIELDS, row["listed"], strict=True) if value}
    extra = row["extra"] or {}
    values |= {name: extra[name] for name in EXTRA_FIELDS if isinstance(extra.get(name), str) and extra[name]}
    origins = {}
    for field, value, source, observed_at, original in row["provenance"] or ():
        # What was changed since by an import is that import's; what a person emptied stays empty.
        if values.get(field) == value:
            origins[field] = FieldOrigin(source, datetime.fromisoformat(observed_at), original)
    if row["edited_at"] is not None and not any(one.source == "person" for one in origins.values()):
        # Edited before edits were noted field by field: all that stands there may be the person's.
        unnoted = [field for field in values if field in FIELDS and field not in origins]
        origins |= {field: FieldOrigin("person", row["edited_at"]) for field in unnoted}
    return KnownLead(row["id"], values, origins, row["created_at"], row["tier"])


async def begin(
    connection: Connection,
    request: EnrichRequest,
    config: EnrichmentConfig,
    version: str,
    *,
    batch_leads: int,
    flow_run_id: str | None = None,
) -> EnrichmentRun:
    """Note a run, and cut the leads that are due into batches.

    Args:
        connection: one's own.
        request: which leads.
        config: by what.
        version: of the configuration and of who is there to be asked.
        batch_leads: leads a batch.
        flow_run_id: of the Prefect run, if there is one.
    """
    run = await RUNS.begin(
        connection,
        {
            "version": version,
            "selection": request.selection,
            "config": Jsonb(config.model_dump(mode="json")),
            "flow_run_id": flow_run_id,
        },
        lambda started_at: due_leads(request.selection, version, started_at),
        limit=request.limit,
        batch_leads=batch_leads,
    )
    return EnrichmentRun(run.run_id, run.started_at, run.leads, run.batches, request, config, version)


def due_leads(selection: Selection, version: str, started_at: datetime) -> Due:
    """Return which leads a selection stands for."""
    names = {"version": version, "started_at": started_at}
    return Due("enrichment_claims", _JOINED, _CONDITIONS[selection], names)


async def select_due(
    connection: Connection, request: EnrichRequest, version: str, *, now: datetime, page: int = 1_000
) -> AsyncIterator[KnownLead]:
    """Yield the leads that a run would take, oldest ids first; reads only."""
    after, left = FIRST, request.limit
    while left is None or left > 0:
        size = page if left is None else min(page, left)
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(
                LEAD_SQL.format(source=_JOINED)
                + f" WHERE l.id > %(after)s AND {_CONDITIONS[request.selection]} ORDER BY l.id LIMIT %(size)s",
                {"after": after, "size": size, "version": version, "started_at": now},
            )
            rows = await cursor.fetchall()
        for row in rows:
            yield known_lead(row)
        if len(rows) < size:
            return
        after = rows[-1]["id"]
        left = None if left is None else left - len(rows)


async def count_due(connection: Connection, version: str) -> int:
    """Count the leads that are due now."""
    condition = _CONDITIONS["due"].replace("%(started_at)s", "clock_timestamp()")
    return int(
        await select_value(connection, f"SELECT count(*) FROM {_JOINED} WHERE {condition}", {"version": version})
    )


async def counts_of(connection: Connection, run_id: UUID | None = None) -> Counts:
    """Count leads by outcome and reason, and by `has_values`, whether they got one.

    Args:
        connection: any.
        run_id: only those of a run; None: of all leads.
    """
    return await RUNS.counts(connection, run_id, more={"has_values": "values_count > 0"})


async def values_of(connection: Connection, run_id: UUID | None = None) -> dict[str, int]:
    """Count the values that providers gave, by field; only those of a run, or all that stand."""
    cursor = await connection.execute(
        "SELECT field, count(*) FROM field_provenance WHERE source <> 'person'"
        " AND (%(run_id)s::uuid IS NULL OR run_id = %(run_id)s) GROUP BY 1 ORDER BY 2 DESC, 1",
        {"run_id": run_id},
    )
    return {field: count async for field, count in cursor}


async def attempts_of(connection: Connection, run_id: UUID) -> list[dict[str, Any]]:
    """List a run's providers: outcomes, reused answers, cost, median latency in ms of the calls made."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            SELECT provider, jsonb_object_agg(outcome, leads) AS outcomes, sum(reused)::int AS reused,
                sum(usd) AS usd, sum(credits) AS credits,
                (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms) FROM enrichment_attempts m
                 WHERE m.run_id = %(run_id)s AND m.provider = t.provider AND NOT m.is_reused) AS median_latency_ms
            FROM (
                SELECT provider, outcome, count(*) AS leads, count(*) FILTER (WHERE is_reused) AS reused,
                    sum(cost_usd) AS usd, sum(cost_credits) AS credits
                FROM enrichment_attempts WHERE run_id = %(run_id)s GROUP BY 1, 2
            ) t GROUP BY provider ORDER BY provider
            """,
            {"run_id": run_id},
        )
        return await cursor.fetchall()


async def select_runs(connection: Connection) -> list[dict[str, Any]]:
    """List the last runs, newest first."""
    return await RUNS.select_last(connection, ("selection",), ("leads", "enriched_leads"))


async def provenance_of(connection: Connection, lead_id: UUID) -> list[dict[str, Any]]:
    """List where a lead's values come from, field by field; imports have none."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT field, value, source, source_url, observed_at, confidence, original, edited_by, run_id"
            " FROM field_provenance WHERE lead_id = %s ORDER BY field",
            (lead_id,),
        )
        return await cursor.fetchall()
