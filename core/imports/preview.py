"""What an import of a file would do, without doing it."""

from collections import Counter

from pydantic import Field

from core.forms import Report
from core.imports.beside_columns import beside_columns
from core.imports.columns import ColumnMapping
from core.imports.csv_rows import ScannedFile, read
from core.imports.file_opt_outs import FileOptOuts
from core.imports.lead_rows import Reject, RowReader


class PreviewReport(Report):
    """What was detected and what would come of it. The JSON form is a stable interface."""

    encoding: str
    delimiter: str
    has_header: bool
    preamble_lines: int
    header: tuple[str, ...]
    mapping: dict[str, str]
    mapping_confidence: dict[str, float]
    unmapped: tuple[str, ...]
    beside: dict[str, str] = Field(default_factory=dict)
    rows: int
    importable_rows: int
    rejected_rows: int
    reasons: dict[str, int]
    opt_outs: int = 0
    opt_out_columns: dict[str, int] = Field(default_factory=dict)
    unclear_opt_outs: dict[str, list[str]] = Field(default_factory=dict)


def preview(file: ScannedFile, mapping: ColumnMapping, reader: RowReader) -> PreviewReport:
    """Read the whole file as an import would and count.

    Args:
        file: What `core.imports.csv_rows.scan` gave.
        mapping: Which column goes where.
        reader: What `core.imports.lead_rows.row_reader` gave for that mapping.

    Raises:
        InvalidFile: The file is no longer what was scanned.
    """
    rows = importable = 0
    reasons: Counter[str] = Counter()
    opt_outs = FileOptOuts(mapping, reader)
    for _, cells in read(file):
        rows += 1
        opt_outs.read(cells)
        result = reader(cells)
        if isinstance(result, Reject):
            reasons[result.reason] += 1
        else:
            importable += 1
    form = file.format
    return PreviewReport(
        encoding=form.encoding,
        delimiter=form.delimiter,
        has_header=form.has_header,
        preamble_lines=form.preamble_lines,
        header=form.header,
        mapping=mapping.mapping,
        mapping_confidence=mapping.confidence,
        unmapped=tuple(mapping.unmapped),
        beside=dict(beside_columns(mapping)),
        rows=rows,
        importable_rows=importable,
        rejected_rows=rows - importable,
        reasons=dict(reasons),
        opt_outs=opt_outs.rows,
        opt_out_columns=opt_outs.counted,
        unclear_opt_outs=opt_outs.unclear,
    )
