"""What an import would do, without Prefect: quick, and needing no database."""

from core.errors import InvalidFile
from core.imports.columns import ColumnMapping
from core.imports.csv_rows import ScannedFile
from core.imports.csv_samples import read_table, sample_of
from core.imports.lead_rows import RowReader, row_reader
from core.imports.preview import PreviewReport
from core.imports.preview import preview as preview_file
from core.imports.ragged_rows import line_of_wrong_header
from core.imports.runs import ImportRequest
from core.imports.spreadsheet_files import scan_file
from core.settings.settings import settings

_CHECKED_ROWS = 500


def preview(request: ImportRequest) -> PreviewReport:
    """Read a file to its end and say what an import would do with it.

    Raises:
        InvalidFile: it cannot be read as a whole; names the line.
    """
    file = scan_file(request.path.expanduser(), request.format_options)
    mapping = detect_mapping(file, request)
    return preview_file(file, mapping, make_row_reader(file, mapping, request))


def detect_mapping(
    file: ScannedFile, request: ImportRequest, remembered: dict[str, str] | None = None
) -> ColumnMapping:
    """Decide which column holds which field: the request, else what a person confirmed, else rules.

    Raises:
        InvalidFile: most rows have more cells than the header has names; names the first line that does.
    """
    sample = sample_of(file)
    form = file.format
    mapping = read_table(file, sample, overrides=request.mapping, remembered=remembered, ids=request.ids)
    records = sample.head[:_CHECKED_ROWS]
    line = line_of_wrong_header(records, mapping.shape, len(form.header), form.delimiter) if form.has_header else None
    if line is not None:
        raise InvalidFile(
            f"most rows have more cells than the header has names ({len(form.header)}): name every column, and quote "
            "the cells that hold the delimiter",
            path=str(request.path),
            line=line,
        )
    return mapping


def make_row_reader(file: ScannedFile, mapping: ColumnMapping, request: ImportRequest) -> RowReader:
    """Compile a mapping into the function that reads a row, with the request's and the team's settings."""
    return row_reader(
        mapping,
        default_country=request.default_country or settings().imports.default_country,
        source=request.source,
        delimiter=file.format.delimiter,
    )
