"""Steps of importing leads from CSV files, and of undoing an import."""

import asyncio
import csv
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from prefect import runtime

from core.errors import InvalidFile
from core.imports import csv_rows
from core.imports.columns import ColumnMapping
from core.imports.csv_rows import ScannedFile
from core.imports.file_opt_outs import FileOptOuts
from core.imports.preview import PreviewReport
from core.imports.preview import preview as preview_file
from core.imports.rejects import ENCODING, header_of, reject_row
from core.imports.runs import ImportReport, ImportRequest, ImportSummary, UndoReport, UndoRequest, warnings_of
from core.settings.settings import settings
from core.text.spreadsheets import guarded
from db.imports import history as imports
from db.imports import undo
from db.imports.lead_loading import Loading, NewImport, loading
from db.server.engine import Connection, own_connection
from tasks.imports.opt_outs import hear_file
from tasks.imports.previews import detect_mapping, make_row_reader
from tasks.imports.read_ahead import ReadAhead
from tasks.imports.row_process import peak_memory_bytes
from tasks.imports.row_reading import RowReading
from tasks.outreach.keys import tombstone_key
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.progress import Progress
from tasks.runtime.resources import database, database_url, own_directory

log = logging.getLogger(__name__)

_SPOOL_KEPT_S = 2 * 24 * 3600.0


@task(name="receive-file", **STEP)
async def receive_file(request: ImportRequest) -> ScannedFile:
    """Check a file as a whole and keep a copy of exactly the bytes that were checked.

    Raises:
        InvalidFile: it cannot be read, or parsing it went wrong as a whole; names the line. Nothing was written.
    """
    path = _allowed(request.path)
    spool = own_directory("spool")
    _sweep(spool)
    copy = None if path.parent == spool else spool / f"{uuid4()}.csv"
    return await asyncio.to_thread(csv_rows.scan, path, request.format_options, copy_to=copy)


def _allowed(path: Path) -> Path:
    """Resolve what a form names: only files in the upload directory. Python and the command line may name any file."""
    if runtime.deployment.id is None:
        return path.expanduser()
    uploads = settings().upload_dir.resolve()
    resolved = (uploads / path).resolve()
    if not resolved.is_relative_to(uploads):
        raise InvalidFile("a form can only name files in the upload directory; copy the file there", path=str(path))
    return resolved


def _sweep(spool: Path) -> None:
    """Remove copies that killed imports left behind."""
    oldest = time.time() - _SPOOL_KEPT_S
    for leftover in spool.glob("*.csv"):
        if leftover.stat().st_mtime < oldest:
            leftover.unlink(missing_ok=True)


@task(name="map-columns", **STEP)
async def map_file(file: ScannedFile, request: ImportRequest, *, use_remembered: bool = True) -> ColumnMapping:
    """Decide which column holds which field: what the request says, else what a person once confirmed, else rules."""
    remembered = None
    if use_remembered and file.format.header:
        async with database() as connection:
            remembered = await imports.find_mapping(connection, file.format.header)
    return detect_mapping(file, request, remembered)


@task(name="preview", **STEP)
async def preview(file: ScannedFile, mapping: ColumnMapping, request: ImportRequest) -> PreviewReport:
    """Say what an import would do; writes nothing and needs no database."""
    report = await asyncio.to_thread(preview_file, file, mapping, make_row_reader(file, mapping, request))
    file.path.unlink(missing_ok=True)
    return report


@task(name="load-leads", **STEP)
async def load_leads(file: ScannedFile, mapping: ColumnMapping, request: ImportRequest) -> ImportReport:
    """Merge a file's rows into the leads, a batch a commit; goes on where an interrupted import of it stopped.

    Safe to run again at any point: a commit holds a batch's leads, rejects and counts together.
    """
    started = time.monotonic()
    country = request.default_country or settings().imports.default_country
    request = request.model_copy(update={"default_country": country})  # decides what rows become: into the fingerprint
    new = NewImport(
        fingerprint=request.fingerprint(file.sha256, mapping.mapping, ids_count=mapping.no_identity is None),
        file_name=request.path.name,
        file_sha256=file.sha256,
        records=file.records,
        options=request.model_dump(mode="json") | {"mapping": mapping.mapping},
        format={
            "encoding": file.format.encoding,
            "delimiter": file.format.delimiter,
            "preamble_lines": file.format.preamble_lines,
            "has_header": file.format.has_header,
            "header": list(file.format.header),
        },
        prefer=request.dedupe,
        ids_count=mapping.no_identity is None,
    )
    async with (
        own_connection(database_url()) as connection,
        loading(connection, new, request.policy, tombstone_key) as load,
    ):
        first = load.next_record
        if first:
            log.info("import_resumed", extra={"import_id": load.import_id, "record": first})
        opt_outs = await hear_file(file, mapping, request, load.import_id)
        memory_bytes = peak_memory_bytes()
        if not await load.repeats_earlier():
            memory_bytes = await _load_batches(load, file, mapping, request)
        work = _Work(started, first, memory_bytes, opt_outs, new.options["source"])
        report = await _close(load.import_id, file, mapping, work)
    file.path.unlink(missing_ok=True)
    log.info("import_finished", extra=report.model_dump(mode="json", exclude={"rejects_file"}))
    return report


async def _load_batches(load: Loading, file: ScannedFile, mapping: ColumnMapping, request: ImportRequest) -> int:
    """Load what is left of the file; give the most memory that took, in bytes, with that of a process of its own."""
    progress = Progress(file.records, f"rows of {request.path.name}")
    await progress.advance_to(load.next_record)
    reading = RowReading(
        import_id=load.import_id,
        file=file,
        mapping=mapping,
        policy=request.policy,
        dedupe=request.dedupe,
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
class _Work:
    """What this run did: since when, from which record, in how much memory, whom it heard refuse, for which source."""

    started: float
    first: int
    memory_bytes: int
    opt_outs: FileOptOuts
    source: str | None


async def _close(import_id: UUID, file: ScannedFile, mapping: ColumnMapping, work: _Work) -> ImportReport:
    """Add up what the batches did, write the rejects file, and mark the import finished."""
    # An id counts only with a source; without one nobody would have been recognised by it anyway.
    has_source = bool(work.source) or "source" in mapping.mapping.values()
    async with database() as connection:
        totals = await imports.totals(connection, import_id)
        kept_apart = await imports.kept_apart(connection, import_id)
        rejects_file = await _write_rejects(connection, import_id, file, mapping) if totals.rejected else None
        seconds = time.monotonic() - work.started
        report = ImportReport(
            import_id=import_id,
            rows=totals.rows,
            **totals.model_dump(),
            opt_outs=work.opt_outs.rows,
            opt_out_columns=work.opt_outs.counted,
            unclear_opt_outs=work.opt_outs.unclear,
            rejects_file=str(rejects_file) if rejects_file else None,
            warnings=warnings_of(kept_apart, mapping.mapping, mapping.no_identity if has_source else None),
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


@task(name="remember-mapping", **STEP)
async def remember_mapping(file: ScannedFile, mapping: ColumnMapping, request: ImportRequest) -> None:
    """Remember a mapping that a person gave, for the next file with the same header."""
    if not request.mapping:
        return
    async with database() as connection:
        await imports.remember_mapping(connection, file.format.header, mapping.mapping)


@task(name="undo-import", **STEP)
async def undo_leads(request: UndoRequest) -> UndoReport:
    """Remove what only this import brought and give back what it overwrote; all of it or nothing."""
    async with database() as connection:
        report = await undo.undo(connection, request.import_id, force=request.force)
    log.info("import_undone", extra=report.model_dump(mode="json", exclude={"kept"}))
    return report


async def report_of_run(flow_run_id: str) -> ImportReport:
    """Give the report of the import that a Prefect run finished."""
    async with database() as connection:
        return await imports.get_report_of_run(connection, flow_run_id)


async def list_imports(limit: int = 50) -> list[ImportSummary]:
    """List imports, newest first."""
    async with database() as connection:
        return await imports.select_summaries(connection, limit)
