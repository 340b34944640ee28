"""Enrichment of leads: which are due, who works on them, what came of it, and where each value comes from.

A lead is due when it was never looked at, or by another configuration or with other providers, or while its fields or
those of its contacts, or their order, said something else, or longer ago than an answer stays fresh, or when something
of it was put off; who opted out since is looked for when a run begins. Leads are claimed while they are worked on
(`db.enrichment.lease`); the questions they lead to are claimed under the same token (`db.enrichment.questions`).
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core.batches import Selection
from core.enrichment.config import EnrichmentConfig
from core.enrichment.questions import FieldOrigin, KnownRecord, LeadRecords
from core.enrichment.runs import EnrichmentRun, EnrichRequest
from core.leads.fields import EXTRA_FIELDS, FIELDS_OF_CONTACT, FIELDS_OF_LEAD
from db.due import Due
from db.outreach.best_contacts import BEST_FIRST, MAY_BE_WRITTEN_TO, look_again
from db.runs import FIRST, Counts, RunKind
from db.server.engine import Connection
from db.server.statements import listed, select_value

_OF_LEAD = f"ARRAY[{listed(FIELDS_OF_LEAD, 'l.{}')}]::text[]"
_OF_CONTACT = f"ARRAY[{listed(FIELDS_OF_CONTACT, 'person.{}')}]::text[]"
ASKED_ABOUT = f"""
    FROM contacts person WHERE person.lead_id = l.id AND {MAY_BE_WRITTEN_TO}
    ORDER BY {BEST_FIRST} LIMIT %(contacts)s
"""
"""The contacts of a lead that a run asks about, the best first; `contacts` is how many, NULL for all."""
THESE = f"""
    FROM contacts person WHERE person.lead_id = l.id AND person.id = ANY (%(contact_ids)s::uuid[])
    ORDER BY {BEST_FIRST}
"""
"""The contacts of a lead that a run has asked about, whatever they are by now."""
_EVERYBODY = f"FROM contacts person WHERE person.lead_id = l.id AND person.state = 'active' ORDER BY {BEST_FIRST}"
HASH_SQL = f"md5({_OF_LEAD}::text || ARRAY(SELECT person.id::text || {_OF_CONTACT}::text {_EVERYBODY})::text)"
"""Of all who may be asked about, in their order: whether somebody is suppressed is not worked out for every lead."""
_JOINED = "leads l LEFT JOIN lead_enrichments e ON e.lead_id = l.id"
RUNS = RunKind("enrichment_runs", "lead_enrichments")
_CONDITIONS: dict[Selection, str] = {
    "due": f"""(e.lead_id IS NULL OR e.version <> %(version)s OR (e.outcome = 'due' AND e.enriched_at < %(started_at)s)
        OR e.fresh_until <= %(started_at)s OR e.facts_hash <> {HASH_SQL})""",
    "failed": "(e.outcome = 'failed' AND e.enriched_at < %(started_at)s)",
    "all": "(e.lead_id IS NULL OR e.enriched_at < %(started_at)s)",
}
_PROVENANCE = """(
    SELECT jsonb_agg(jsonb_build_array(field, value, source, observed_at, original))
    FROM field_provenance WHERE record_id = {}.id
)"""
_SAME_PERSON = f"""(
    SELECT CASE WHEN other.id <> person.id THEN jsonb_build_object(
        'of_lead', ARRAY[{listed(FIELDS_OF_LEAD, "home.{}")}],
        'of_contact', ARRAY[{listed(FIELDS_OF_CONTACT, "other.{}")}]) END
    FROM contacts other JOIN leads home ON home.id = other.lead_id WHERE other.person_id = person.person_id
    ORDER BY other.state, other.contact_email IS NULL, other.linkedin_url IS NULL, other.created_at, other.id LIMIT 1
)"""
"""Of all contacts that are one person the one that says most of who they are, where that is another one."""
LEAD_SQL = f"""
    SELECT l.id, l.created_at, l.edited_at, a.tier, {_OF_LEAD} AS of_lead, l.extra,
        {_PROVENANCE.format("l")} AS provenance,
        ARRAY(SELECT jsonb_build_object('id', person.id, 'created_at', person.created_at, 'edited_at', person.edited_at,
            'of_contact', {_OF_CONTACT}, 'extra', person.extra, 'provenance', {_PROVENANCE.format("person")},
            'same_person', {_SAME_PERSON}) {{contacts}}) AS contacts
    FROM {{source}}
    LEFT JOIN assessments a ON a.lead_id = l.id
"""


def lead_records(row: Mapping[str, Any]) -> LeadRecords:
    """Return a lead of a row of `LEAD_SQL`, with the contacts that are asked about."""
    company = _filled(FIELDS_OF_LEAD, row["of_lead"]) | _kept_in(row["extra"], EXTRA_FIELDS)
    contacts = []
    for each in row["contacts"]:
        own = _filled(FIELDS_OF_CONTACT, each["of_contact"])
        edited_at = datetime.fromisoformat(each["edited_at"]) if each["edited_at"] else None
        contacts.append(
            KnownRecord(
                row["id"],
                company | own,
                _origins(own, each["provenance"], edited_at),
                datetime.fromisoformat(each["created_at"]),
                row["tier"],
                UUID(each["id"]),
                _asked_with(each["same_person"]),
            )
        )
    with_best = {**(contacts[0].values if contacts else {}), **company}
    origins = _origins(company, row["provenance"], row["edited_at"])
    return LeadRecords(KnownRecord(row["id"], with_best, origins, row["created_at"], row["tier"]), tuple(contacts))


def _filled(names: Sequence[str], values: Sequence[str | None]) -> dict[str, str]:
    return {name: value for name, value in zip(names, values, strict=True) if value}


def _kept_in(extra: Mapping[str, Any] | None, names: Iterable[str]) -> dict[str, str]:
    found = {name: (extra or {}).get(name) for name in names}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _asked_with(same_person: Mapping[str, Any] | None) -> dict[str, str] | None:
    if same_person is None:
        return None
    of_lead, of_contact = same_person["of_lead"], same_person["of_contact"]
    return _filled(FIELDS_OF_LEAD, of_lead) | _filled(FIELDS_OF_CONTACT, of_contact)


def _origins(
    values: Mapping[str, str], provenance: Sequence[Sequence[Any]] | None, edited_at: datetime | None
) -> dict[str, FieldOrigin]:
    """Return where the values of a record come from, those of imports left out."""
    origins = {}
    for field, value, source, observed_at, original in provenance or ():
        # What was changed since by an import is that import's; what a person emptied stays empty.
        if values.get(field) == value:
            origins[field] = FieldOrigin(source, datetime.fromisoformat(observed_at), original)
    if edited_at is not None and not any(one.source == "person" for one in origins.values()):
        # Edited before edits were noted field by field: all that stands there may be the person's.
        unnoted = [field for field in values if field not in EXTRA_FIELDS and field not in origins]
        origins |= {field: FieldOrigin("person", edited_at) for field in unnoted}
    return origins


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
    await look_again(connection, "lead_enrichments", "enriched_at", since=await RUNS.last_began(connection))
    run = await RUNS.begin(
        connection,
        {
            "version": version,
            "selection": request.selection,
            "config": Jsonb(config.model_dump(mode="json")),
            "flow_run_id": flow_run_id,
        },
        lambda started_at: due_leads(request, config, version, started_at),
        limit=request.limit,
        batch_leads=batch_leads,
    )
    return EnrichmentRun(run.run_id, run.started_at, run.leads, run.batches, request, config, version)


def due_leads(request: EnrichRequest, config: EnrichmentConfig, version: str, started_at: datetime) -> Due:
    """Return which leads a request stands for."""
    names = {"version": version, "started_at": started_at, "contacts": config.most_contacts}
    return Due("enrichment_claims", _JOINED, _CONDITIONS[request.selection], names).within(request.scope)


async def select_due(
    connection: Connection,
    request: EnrichRequest,
    config: EnrichmentConfig,
    version: str,
    *,
    now: datetime,
    page: int = 1_000,
) -> AsyncIterator[LeadRecords]:
    """Yield the leads that a run would take, oldest ids first; reads only."""
    due, after, left = due_leads(request, config, version, now), FIRST, request.limit
    while left is None or left > 0:
        size = page if left is None else min(page, left)
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(
                LEAD_SQL.format(source=due.source, contacts=ASKED_ABOUT)
                + f" WHERE l.id > %(after)s AND {due.condition} ORDER BY l.id LIMIT %(size)s",
                {**due.names, "after": after, "size": size},
            )
            rows = await cursor.fetchall()
        for row in rows:
            yield lead_records(row)
        if len(rows) < size:
            return
        after = rows[-1]["id"]
        left = None if left is None else left - len(rows)


async def count_due(connection: Connection, version: str) -> int:
    """Count the leads that are due now."""
    condition = _CONDITIONS["due"].replace("%(started_at)s", "clock_timestamp()")
    statement = f"SELECT count(*) FROM {_JOINED} WHERE {condition}"
    return int(await select_value(connection, statement, {"version": version}))


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
            SELECT provider, jsonb_object_agg(outcome, records) AS outcomes, sum(reused)::int AS reused,
                sum(usd) AS usd, sum(credits) AS credits,
                (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms) FROM enrichment_attempts m
                 WHERE m.run_id = %(run_id)s AND m.provider = t.provider AND NOT m.is_reused) AS median_latency_ms
            FROM (
                SELECT provider, outcome, count(*) AS records, count(*) FILTER (WHERE is_reused) AS reused,
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
    """List where the values of a lead and its contacts come from, field by field; imports have none."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT record_id, field, value, source, source_url, observed_at, confidence, original, edited_by, run_id"
            " FROM field_provenance WHERE lead_id = %s ORDER BY record_id <> lead_id, record_id, field",
            (lead_id,),
        )
        return await cursor.fetchall()
