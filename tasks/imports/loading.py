"""A file's rows merged batch by batch, and the import closed with its report and rejects file."""

import csv
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from prefect import runtime

from core.imports.columns import ColumnMapping
from core.imports.csv_rows import ScannedFile
from core.imports.file_opt_outs import FileOptOuts
from core.imports.rejects import ENCODING, header_of, reject_row
from core.imports.runs import ImportReport, ImportRequest, warnings_of
from core.settings.settings import settings
from core.text.spreadsheets import guarded
from db.imports import history as imports
from db.imports.lead_loading import Loading
from db.server.engine import Connection
from tasks.imports.read_ahead import ReadAhead
from tasks.imports.row_process import peak_memory_bytes
from tasks.imports.row_reading import RowReading
from tasks.runtime.progress import Progress
from tasks.runtime.resources import database, own_directory


async def load_batches(load: Loading, file: ScannedFile, mapping: ColumnMapping, request: ImportRequest) -> int:
    """Load what is left of the file; give the most memory that took, in bytes, with that of a process of its own."""
    progress = Progress(file.records, f"rows of {request.path.name}")
    await progress.advance_to(load.next_record)
    reading = RowReading(
        import_id=load.import_id,
        file=file,
        mapping=mapping,
        source=request.source,
        default_country=request.default_country,
        batch_rows=settings().imports.batch_rows,
    )
    async with ReadAhead(reading, load.next_record, process_rows=settings().imports.process_rows) as batches:
        async for batch in batches:
            await load.load(batch)
            await progress.advance_to(batch.next_record)
    await load.settle()
    return peak_memory_bytes() + batches.process_memory_bytes


@dataclass(frozen=True)
class ImportWork:
    """What this run did: since when, from which record, in how much memory, the refusals in the file, the source."""

    started: float
    first: int
    memory_bytes: int
    opt_outs: FileOptOuts
    source: str | None


async def close_import(import_id: UUID, file: ScannedFile, mapping: ColumnMapping, work: ImportWork) -> ImportReport:
    """Add up what the batches did, write the rejects file, and mark the import finished."""
    # An id counts only with a source; without one nobody would have been recognised by it anyway.
    has_source = bool(work.source) or "source" in mapping.mapping.values()
    async with database() as connection:
        totals = await imports.totals(connection, import_id)
        kept_apart = await imports.kept_apart(connection, import_id)
        rejects_file = await _write_rejects(connection, import_id, file, mapping) if totals.rows.rejected else None
        seconds = time.monotonic() - work.started
        report = ImportReport(
            import_id=import_id,
            rows=totals.rows.rows,
            **totals.rows.model_dump(),
            leads=totals.leads,
            contacts=totals.contacts,
            possible_duplicates=totals.possible_duplicates,
            opt_outs=work.opt_outs.rows,
            opt_out_columns=work.opt_outs.counted,
            unclear_opt_outs=work.opt_outs.unclear,
            rejects_file=str(rejects_file) if rejects_file else None,
            warnings=warnings_of(
                kept_apart,
                mapping.mapping,
                mapping.no_identity if has_source else None,
                elsewhere=totals.elsewhere,
            ),
            seconds=round(seconds, 3),
            rows_per_s=round((file.records - work.first) / seconds, 1),
            peak_memory_mb=round(work.memory_bytes / 2**20, 1),
        )
        await imports.mark_finished(connection, report, runtime.flow_run.id)
    return report


async def _write_rejects(connection: Connection, import_id: UUID, file: ScannedFile, mapping: ColumnMapping) -> Path:
    path = own_directory("rejects") / f"{import_id}.csv"
    has_wider = await imports.has_rejects(connection, import_id, "more_cells_than_columns")
    has_header = file.format.has_header
    header = header_of(file.format.header, mapping.mapping, has_header=has_header, has_wider=has_wider)
    draft = path.with_suffix(".part")
    with draft.open("w", encoding=ENCODING, newline="") as target:
        writer = csv.writer(target, delimiter=file.format.delimiter)
        writer.writerow(guarded(name, file.format.delimiter) for name in header)
        async for reject in imports.stream_rejects(connection, import_id):
            writer.writerow(reject_row(reject, len(file.format.header), file.format.delimiter))
    draft.replace(path)
    return path
