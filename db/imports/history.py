"""What is remembered of imports: their state, counts, rejects, and mappings that a person confirmed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

from core.errors import ImportNotFound
from core.imports.batches import RejectedRecord
from core.imports.lead_rows import Reject
from core.imports.runs import ImportReport, ImportSummary, ImportTotals, RecordTotals, Totals
from db.server.engine import Connection
from db.server.statements import select, select_dicts, select_value

_TOTALS = """
WITH met AS (SELECT * FROM import_met WHERE import_id = %(import_id)s),
changed AS (SELECT DISTINCT unnest(changed_ids) AS id FROM met),
leads_met AS (SELECT DISTINCT unnest(lead_ids) AS id FROM met),
contacts_met AS (SELECT DISTINCT unnest(contact_ids) AS id FROM met)
SELECT coalesce(sum(inserted), 0) AS inserted, coalesce(sum(matched), 0) AS matched,
    coalesce(sum(repeated), 0) AS repeated, coalesce(sum(rejected), 0) AS rejected, coalesce(sum(known), 0) AS known,
    coalesce(sum(leads), 0) AS leads, coalesce(sum(contacts), 0) AS contacts, coalesce(sum(elsewhere), 0) AS elsewhere,
    (SELECT count(DISTINCT id) FROM met m, unnest(m.thing_ids) AS n (id)) AS things,
    (SELECT count(DISTINCT id) FROM met m, unnest(m.updated_ids) AS n (id)) AS updated,
    (SELECT count(*) FROM leads_met) AS leads_met, (SELECT count(*) FROM contacts_met) AS contacts_met,
    (SELECT count(*) FROM leads_met JOIN changed USING (id)) AS leads_changed,
    (SELECT count(*) FROM contacts_met JOIN changed USING (id)) AS contacts_changed,
    (SELECT count(*) FROM possible_duplicates p WHERE p.import_id = %(import_id)s AND p.decision IS NULL) AS pairs
FROM import_batches WHERE import_id = %(import_id)s
"""

_KEPT_APART = """
SELECT k.key, sum(k.value::bigint) AS rows
FROM import_batches b, jsonb_each_text(b.kept_apart) k WHERE b.import_id = %(import_id)s GROUP BY k.key
"""

_SUMMARIES = """
SELECT i.id AS import_id, i.file_name, i.started_at, i.finished_at, i.status,
    coalesce(sum(b.next_record - b.first_record), 0)::bigint AS rows,
    coalesce(sum(b.inserted), 0)::bigint AS inserted,
    (SELECT count(DISTINCT id) FROM import_met m, unnest(m.updated_ids) AS n (id) WHERE m.import_id = i.id) AS updated,
    coalesce(sum(b.rejected), 0)::bigint AS rejected,
    EXISTS (
        SELECT FROM pg_locks k, hashtextextended('import ' || i.id, 0) AS h (key)
        WHERE k.locktype = 'advisory' AND k.objsubid = 1
            AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND (k.classid::bigint << 32 | k.objid::bigint) = h.key
    ) AS is_locked
FROM imports i LEFT JOIN import_batches b ON b.import_id = i.id
GROUP BY i.id ORDER BY i.started_at DESC LIMIT %(limit)s
"""

_REJECTS = """
SELECT record, line, "column", value, reason, cells FROM import_rejects WHERE import_id = %(import_id)s
ORDER BY record LIMIT %(limit)s
"""
_FETCHED = 2_000


async def totals(connection: Connection, import_id: UUID) -> ImportTotals:
    """Add an import's batches up."""
    row = {name: int(said) for name, said in (await _totals_of(connection, import_id)).items()}
    return ImportTotals(
        rows=Totals(
            inserted=row["inserted"],
            updated=row["updated"],
            unchanged=row["things"] - row["updated"] + row["known"],
            # What was there before is matched once by each row that names it.
            duplicates=row["repeated"] + row["matched"] - row["things"],
            rejected=row["rejected"],
        ),
        leads=RecordTotals(
            inserted=row["leads"], updated=row["leads_changed"], unchanged=row["leads_met"] - row["leads_changed"]
        ),
        contacts=RecordTotals(
            inserted=row["contacts"],
            updated=row["contacts_changed"],
            unchanged=row["contacts_met"] - row["contacts_changed"],
        ),
        possible_duplicates=row["pairs"],
        elsewhere=row["elsewhere"],
    )


async def _totals_of(connection: Connection, import_id: UUID) -> Mapping[str, Any]:
    (row,) = await select_dicts(connection, _TOTALS, {"import_id": import_id})
    return row


async def kept_apart(connection: Connection, import_id: UUID) -> dict[str, int]:
    """Count an import's rows whose key was somebody else's, by the kind of key."""
    return {row.key: int(row.rows) for row in await select(connection, _KEPT_APART, {"import_id": import_id})}


async def mark_finished(connection: Connection, report: ImportReport, flow_run_id: str | None = None) -> None:
    """Close an import with its report, and the Prefect run that finished it."""
    await connection.execute(
        "UPDATE imports SET status = 'finished', finished_at = now(), report = %(report)s,"
        " flow_run_id = %(flow_run_id)s WHERE id = %(id)s AND status = 'running'",
        {"id": report.import_id, "report": Jsonb(report.model_dump(mode="json")), "flow_run_id": flow_run_id},
    )


async def select_summaries(connection: Connection, limit: int = 50) -> list[ImportSummary]:
    """List imports, newest first. One that is not finished and that nobody works on is `interrupted`."""
    summaries = []
    for facts in await select_dicts(connection, _SUMMARIES, {"limit": limit}):
        if not facts.pop("is_locked") and facts["status"] == "running":
            facts["status"] = "interrupted"
        summaries.append(ImportSummary(**facts))
    return summaries


async def get_report_of_run(connection: Connection, flow_run_id: str) -> ImportReport:
    """Return the report of the import that a Prefect run finished.

    Raises:
        ImportNotFound: it finished none.
    """
    statement = "SELECT report FROM imports WHERE flow_run_id = %(flow_run_id)s"
    report = await select_value(connection, statement, {"flow_run_id": flow_run_id})
    if report is None:
        raise ImportNotFound(f"run {flow_run_id} finished no import")
    return ImportReport.model_validate(report)


async def stream_rejects(connection: Connection, import_id: UUID) -> AsyncIterator[RejectedRecord]:
    """Yield an import's rejected records in file order, in constant memory."""
    async with connection.cursor(name="rejects", row_factory=namedtuple_row) as cursor:
        cursor.itersize = _FETCHED
        await cursor.execute(_REJECTS, {"import_id": import_id, "limit": None})
        async for row in cursor:
            yield _rejected(row)


async def first_rejects(connection: Connection, import_id: UUID, limit: int) -> list[RejectedRecord]:
    """List an import's first rejected records."""
    return [_rejected(row) for row in await select(connection, _REJECTS, {"import_id": import_id, "limit": limit})]


async def has_rejects(connection: Connection, import_id: UUID, reason: str) -> bool:
    """Return whether an import rejected a record for this reason."""
    statement = "SELECT EXISTS (SELECT FROM import_rejects WHERE import_id = %(import_id)s AND reason = %(reason)s)"
    return bool(await select_value(connection, statement, {"import_id": import_id, "reason": reason}))


def _rejected(row: Any) -> RejectedRecord:
    return RejectedRecord(row.record, row.line, row.cells, Reject(row.column, row.value, row.reason))


def _header_key(header: Sequence[str]) -> str:
    return sha256("\0".join(header).encode(errors="surrogatepass")).hexdigest()


async def find_mapping(connection: Connection, header: Sequence[str]) -> dict[str, str] | None:
    """Find the mapping a person confirmed for exactly this header: column label -> field."""
    statement = "SELECT mapping FROM header_mappings WHERE header_sha256 = %(key)s"
    mapping: dict[str, str] | None = await select_value(connection, statement, {"key": _header_key(header)})
    return mapping


async def remember_mapping(connection: Connection, header: Sequence[str], mapping: Mapping[str, Any]) -> None:
    """Remember a confirmed mapping for a header; the latest stands."""
    await connection.execute(
        "INSERT INTO header_mappings (header_sha256, mapping, confirmed_at) VALUES (%(key)s, %(mapping)s, now())"
        " ON CONFLICT (header_sha256) DO UPDATE SET mapping = excluded.mapping, confirmed_at = excluded.confirmed_at",
        {"key": _header_key(header), "mapping": Jsonb(dict(mapping))},
    )
