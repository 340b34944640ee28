"""What an import would do, without Prefect: quick, and needing no database."""

from itertools import islice

from core import csv_rows
from core.columns import ColumnMapping, map_columns
from core.csv_rows import ScannedFile
from core.imports import ImportRequest
from core.lead_rows import RowReader, row_reader
from core.preview import PreviewReport
from core.preview import preview as preview_file
from core.settings import settings

_SAMPLE_ROWS = 500


def preview(request: ImportRequest) -> PreviewReport:
    """Read a file to its end and say what an import would do with it.

    Raises:
        InvalidFile: it cannot be read as a whole; names the line.
    """
    file = csv_rows.scan(request.path.expanduser(), request.format_options)
    mapping = detect_mapping(file, request)
    return preview_file(file, mapping, make_row_reader(mapping, request))


def detect_mapping(
    file: ScannedFile, request: ImportRequest, remembered: dict[str, str] | None = None
) -> ColumnMapping:
    """Decide which column holds which field: the request, else what a person confirmed, else rules."""
    sample = [cells for _, cells in islice(csv_rows.read(file), _SAMPLE_ROWS)]
    return map_columns(file.format.header, sample, overrides=request.mapping, remembered=remembered)


def make_row_reader(mapping: ColumnMapping, request: ImportRequest) -> RowReader:
    """Compile a mapping into the function that reads a row, with the request's and the team's settings."""
    return row_reader(
        mapping,
        default_country=request.default_country or settings().imports.default_country,
        source=request.source,
        dedupe=request.dedupe,
    )
