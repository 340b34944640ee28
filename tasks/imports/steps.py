"""Steps of importing leads from CSV files, and of undoing an import."""

import asyncio
import logging
import time
from uuid import uuid4

from core.imports.beside_columns import beside_columns
from core.imports.columns import ColumnMapping
from core.imports.csv_rows import ScannedFile
from core.imports.preview import PreviewReport
from core.imports.preview import preview as preview_file
from core.imports.runs import FileRequest, ImportReport, ImportRequest, UndoReport, UndoRequest
from core.imports.spreadsheet_files import scan_file
from core.settings.settings import settings
from db.imports import history as imports
from db.imports import undo
from db.imports.lead_loading import NewImport, loading
from db.server.engine import own_connection
from tasks.imports import artifacts
from tasks.imports.loading import ImportWork, close_import, load_batches
from tasks.imports.opt_outs import record_file_opt_outs
from tasks.imports.previews import detect_mapping, make_row_reader
from tasks.imports.received_files import allowed_file, sweep_copies
from tasks.imports.row_process import peak_memory_bytes
from tasks.outreach.keys import tombstone_key
from tasks.runtime.deployments import start_run
from tasks.runtime.orchestration import in_flow_run, task
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database, database_url, own_directory
from tasks.runtime.telling import tell

log = logging.getLogger(__name__)


@task(name="receive-file", **STEP)
async def receive_file(request: ImportRequest) -> ScannedFile:
    """Check a file as a whole and keep a copy of exactly the bytes that were checked.

    Raises:
        InvalidFile: it cannot be read, or parsing it went wrong as a whole; names the line. Nothing was written.
    """
    path = allowed_file(request.path)
    spool = own_directory("spool")
    sweep_copies(spool)
    copy = None if path.parent == spool else spool / f"{uuid4()}.csv"
    return await asyncio.to_thread(scan_file, path, request.format_options, copy_to=copy)


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
    """Return what an import would do; writes nothing and needs no database."""
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
        fingerprint=request.fingerprint(file.sha256, mapping.mapping, ids_of=mapping.ids_of),
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
        ids_of=mapping.ids_of,
        are_branches_apart=request.branches == "each",
        beside=beside_columns(mapping),
    )
    async with (
        own_connection(database_url()) as connection,
        loading(connection, new, request.policy, tombstone_key) as load,
    ):
        first = load.next_record
        if first:
            log.info("import_resumed", extra={"import_id": load.import_id, "record": first})
        opt_outs = await record_file_opt_outs(file, mapping, request, load.import_id)
        memory_bytes = peak_memory_bytes()
        if not await load.repeats_earlier():
            memory_bytes = await load_batches(load, file, mapping, request)
        work = ImportWork(started, first, memory_bytes, opt_outs, new.options["source"])
        report = await close_import(load.import_id, file, mapping, work)
    file.path.unlink(missing_ok=True)
    log.info("import_finished", extra=report.to_json(without={"rejects_file"}))
    return report


@task(name="remember-mapping", **STEP)
async def remember_mapping(file: ScannedFile, mapping: ColumnMapping, request: ImportRequest) -> None:
    """Remember a mapping that a person gave, for the next file with the same header."""
    if not request.mapping:
        return
    async with database() as connection:
        await imports.remember_mapping(connection, file.format.header, mapping.mapping)


@task(name="go-on", **STEP)
async def go_on(report: ImportReport, request: ImportRequest) -> None:
    """Start the run that takes the file further, where that is asked for; once for each import."""
    if not request.and_go_on:
        return
    asked = request.model_dump(mode="json", include=set(FileRequest.model_fields))
    where = await start_run(
        "run-pipeline/run-pipeline", {"request": asked}, idempotency_key=f"after-{report.import_id}"
    )
    tell(f"goes on: {where}" if where else "no Prefect server takes it further: use `sales-agent run FILE`")


@task(name="undo-import", **STEP)
async def undo_leads(request: UndoRequest) -> UndoReport:
    """Remove what only this import brought and give back what it overwrote; all of it or nothing."""
    async with database() as connection:
        report = await undo.undo(connection, request.import_id, force=request.force)
    log.info("import_undone", extra=report.to_json(without={"kept"}))
    return report


@task(name="publish-import", **STEP)
async def publish_import(report: ImportReport, mapping: ColumnMapping) -> ImportReport:
    """Show the report, the mapping, the first rejects, and where the rejects file is."""
    if in_flow_run():
        await artifacts.show_import(report, mapping)
    tell(report.in_words)
    return report


@task(name="publish-preview", **STEP)
async def publish_preview(report: PreviewReport) -> PreviewReport:
    """Show what an import would do."""
    if in_flow_run():
        await artifacts.show_preview(report)
    return report


@task(name="publish-undo", **STEP)
async def publish_undo(report: UndoReport) -> UndoReport:
    """Show what an undo did and what it left alone."""
    if in_flow_run():
        await artifacts.show_undo(report)
    return report
