"""Recording the refusals that stand in a file, before any of its rows is loaded."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from core.imports import csv_rows
from core.imports.columns import ColumnMapping
from core.imports.csv_rows import ScannedFile
from core.imports.file_opt_outs import FileOptOuts
from core.imports.runs import ImportRequest
from core.outreach.suppression import ReportedOptOut
from db.outreach import opt_outs
from tasks.imports.previews import make_row_reader
from tasks.outreach.keys import tombstone_key
from tasks.runtime.resources import database

log = logging.getLogger(__name__)

_A_STEP = 500
_LONGEST_LABEL = 80


async def record_file_opt_outs(
    file: ScannedFile, mapping: ColumnMapping, request: ImportRequest, import_id: UUID
) -> FileOptOuts:
    """Suppress whom the file says not to write to. Safe to repeat; undoing the import leaves it as it is.

    Returns:
        What was read, with its counts.
    """
    reader = FileOptOuts(mapping, make_row_reader(file, mapping, request))
    if not reader.has_columns:
        return reader
    reported = _reported(file, reader, import_id)
    new = 0
    while step := await asyncio.to_thread(lambda: list(islice(reported, _A_STEP))):
        async with database() as connection:
            new += await opt_outs.record(connection, step, tombstone_key, now=datetime.now(UTC))
    log.info("opt_outs_recorded", extra={"import_id": str(import_id), "rows": reader.rows, "new": new})
    return reader


def _reported(file: ScannedFile, reader: FileOptOuts, import_id: UUID) -> Iterator[ReportedOptOut]:
    for _, cells in csv_rows.read(file):
        for target, reason, label in reader.read(cells):
            column = label.strip()[:_LONGEST_LABEL]
            yield ReportedOptOut(
                target, reason, f"import {import_id}", f"column “{column}”", f"file {file.sha256}, {column}"
            )
