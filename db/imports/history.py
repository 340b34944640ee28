"""What is remembered of imports: their state, counts, rejects, and mappings that a person confirmed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import ImportNotFound
from core.imports.batches import RejectedRecord
from core.imports.lead_rows import Reject
from core.imports.runs import ImportReport, ImportSummary, Totals
from db.schema.tables import HeaderMappingRow, ImportRejectRow, ImportRow

_TOTALS = text(
    """
    SELECT coalesce(sum(inserted), 0), coalesce(sum(matched), 0), coalesce(sum(updated), 0),
        coalesce(sum(repeated), 0), coalesce(sum(rejected), 0),
        (SELECT count(DISTINCT lead_id) FROM import_met m, unnest(m.lead_ids) AS lead_id WHERE m.import_id = :import_id)
    FROM import_batches WHERE import_id = :import_id
    """
)

_KEPT_APART = text(
    """
    SELECT k.key, sum(k.value::bigint)
    FROM import_batches b, jsonb_each_text(b.kept_apart) k WHERE b.import_id = :import_id GROUP BY k.key
    """
)

_SUMMARIES = text(
    """
    SELECT i.id AS import_id, i.file_name, i.started_at, i.finished_at, i.status,
        coalesce(sum(b.next_record - b.first_record), 0)::bigint AS rows,
        coalesce(sum(b.inserted), 0)::bigint AS inserted, coalesce(sum(b.updated), 0)::bigint AS updated,
        coalesce(sum(b.rejected), 0)::bigint AS rejected,
        EXISTS (
            SELECT FROM pg_locks k, hashtextextended('import ' || i.id, 0) AS h (key)
            WHERE k.locktype = 'advisory' AND k.objsubid = 1
                AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND (k.classid::bigint << 32 | k.objid::bigint) = h.key
        ) AS is_locked
    FROM imports i LEFT JOIN import_batches b ON b.import_id = i.id
    GROUP BY i.id ORDER BY i.started_at DESC LIMIT :limit
    """
)


async def totals(connection: AsyncConnection, import_id: UUID) -> Totals:
    """Add an import's batches up: rows by what became of them."""
    row = (await connection.execute(_TOTALS, {"import_id": import_id})).one()
    inserted, matched, updated, repeated, rejected, met = map(int, row)
    return Totals(
        inserted=inserted,
        updated=updated,
        unchanged=met - updated,
        duplicates=repeated + matched - met,  # a lead that was there before is matched once by each row that names it
        rejected=rejected,
    )


async def kept_apart(connection: AsyncConnection, import_id: UUID) -> dict[str, int]:
    """Count an import's rows whose key was somebody else's, by the kind of key."""
    return {kind: int(rows) for kind, rows in await connection.execute(_KEPT_APART, {"import_id": import_id})}


async def mark_finished(connection: AsyncConnection, report: ImportReport, flow_run_id: str | None = None) -> None:
    """Close an import with its report, and the Prefect run that finished it."""
    await connection.execute(
        update(ImportRow)
        .where(ImportRow.id == report.import_id, ImportRow.status == "running")
        .values(
            status="finished", finished_at=func.now(), report=report.model_dump(mode="json"), flow_run_id=flow_run_id
        )
    )


async def select_summaries(connection: AsyncConnection, limit: int = 50) -> list[ImportSummary]:
    """List imports, newest first. One that is not finished and that nobody works on is `interrupted`."""
    summaries = []
    for row in (await connection.execute(_SUMMARIES, {"limit": limit})).mappings():
        facts = dict(row)
        if not facts.pop("is_locked") and facts["status"] == "running":
            facts["status"] = "interrupted"
        summaries.append(ImportSummary(**facts))
    return summaries


async def get_report_of_run(connection: AsyncConnection, flow_run_id: str) -> ImportReport:
    """Give the report of the import that a Prefect run finished.

    Raises:
        ImportNotFound: it finished none.
    """
    query = select(ImportRow.report).where(ImportRow.flow_run_id == flow_run_id)
    report = (await connection.execute(query)).scalar_one_or_none()
    if report is None:
        raise ImportNotFound(f"run {flow_run_id} finished no import")
    return ImportReport.model_validate(report)


async def stream_rejects(connection: AsyncConnection, import_id: UUID) -> AsyncIterator[RejectedRecord]:
    """Yield an import's rejected records in file order, in constant memory."""
    async for row in await connection.stream(_rejects_of(import_id)):
        yield _rejected(row)


async def first_rejects(connection: AsyncConnection, import_id: UUID, limit: int) -> list[RejectedRecord]:
    """List an import's first rejected records."""
    return [_rejected(row) for row in await connection.execute(_rejects_of(import_id).limit(limit))]


async def has_rejects(connection: AsyncConnection, import_id: UUID, reason: str) -> bool:
    """Say whether an import rejected a record for this reason."""
    table = ImportRejectRow.__table__
    query = select(table.c.record).where(table.c.import_id == import_id, table.c.reason == reason).limit(1)
    return (await connection.execute(query)).first() is not None


def _rejects_of(import_id: UUID) -> Select[Any]:
    table = ImportRejectRow.__table__
    return select(table).where(table.c.import_id == import_id).order_by(table.c.record)


def _rejected(row: Row[Any]) -> RejectedRecord:
    return RejectedRecord(row.record, row.line, row.cells, Reject(row.column, row.value, row.reason))


def _header_key(header: Sequence[str]) -> str:
    return sha256("\0".join(header).encode(errors="surrogatepass")).hexdigest()


async def find_mapping(connection: AsyncConnection, header: Sequence[str]) -> dict[str, str] | None:
    """Find the mapping a person confirmed for exactly this header: column label -> field."""
    query = select(HeaderMappingRow.mapping).where(HeaderMappingRow.header_sha256 == _header_key(header))
    mapping: dict[str, str] | None = (await connection.execute(query)).scalar_one_or_none()
    return mapping


async def remember_mapping(connection: AsyncConnection, header: Sequence[str], mapping: Mapping[str, Any]) -> None:
    """Remember a confirmed mapping for a header; the latest stands."""
    values = {"mapping": dict(mapping), "confirmed_at": func.now()}
    await connection.execute(
        insert(HeaderMappingRow)
        .values(header_sha256=_header_key(header), **values)
        .on_conflict_do_update(index_elements=["header_sha256"], set_=values)
    )
