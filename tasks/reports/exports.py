"""Writing leads with their scores to files: CSV, Parquet, Excel."""

import csv
import importlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from core.errors import InvalidFile, InvalidInput, ProviderNotConfigured
from core.leads.fields import BY_NAME, FieldType, shown
from core.reports.exports import COLUMNS, NUMBERS, ExportReport, ExportRequest, Format, in_words
from core.text.spreadsheets import guarded
from db.reports import exports
from db.server.engine import Connection, own_connection
from tasks.runtime.resources import database_url

_BATCH_ROWS = 5_000
_XLSX_ROWS = 1_048_576
_XLSX_CHARS = 32_767
_REASON = COLUMNS.index("reason")
_COUNTRIES = [
    place for place, name in enumerate(COLUMNS) if name in BY_NAME and BY_NAME[name].type is FieldType.COUNTRY
]


class RowWriter(Protocol):
    """Writes rows to a file that is complete once it is closed."""

    cut_cells: int

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Append rows."""

    def close(self) -> None:
        """Finish the file."""


class _CsvWriter:
    """CSV for spreadsheets: UTF-8 with a mark, formula cells neutralised."""

    cut_cells = 0

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(map(guarded, columns))

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        self._writer.writerows([[guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows])

    def close(self) -> None:
        self._file.close()


class _ParquetWriter:
    """Parquet, a row group a batch."""

    cut_cells = 0

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._arrow = _extra("pyarrow", "parquet")
        kinds = [self._arrow.float64() if column in NUMBERS else self._arrow.string() for column in columns]
        self._schema = self._arrow.schema(list(zip(columns, kinds, strict=True)))
        self._writer = _extra("pyarrow.parquet", "parquet").ParquetWriter(path, self._schema)

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        columns = list(zip(*rows, strict=True))
        arrays = [self._arrow.array(cells, type=kind) for cells, kind in zip(columns, self._schema.types, strict=True)]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


class _XlsxWriter:
    """An Excel workbook, row by row in constant memory; text is text, whatever it begins with."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = _extra("xlsxwriter", "xlsx").Workbook(path, options)
        self._sheet = self._book.add_worksheet("leads")
        self._path = path
        self._rows = 0
        self.cut_cells = 0
        self.write([columns])
        self._sheet.freeze_panes(1, 0)

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        if self._rows + len(rows) > _XLSX_ROWS:
            raise InvalidInput(f"a sheet holds {_XLSX_ROWS - 1:,} rows at most: export CSV or Parquet, or fewer leads")
        for row in rows:
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    self.cut_cells += len(cell) > _XLSX_CHARS
                    self._sheet.write_string(self._rows, column, cell[:_XLSX_CHARS])
                elif cell is not None:
                    self._sheet.write_number(self._rows, column, cell)
            self._rows += 1

    def close(self) -> None:
        self._book.close()


_WRITERS: dict[Format, Callable[[Path, Sequence[str]], RowWriter]] = {
    "csv": _CsvWriter,
    "parquet": _ParquetWriter,
    "xlsx": _XlsxWriter,
}


def _extra(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ProviderNotConfigured(
            f"{extra} files need the extra {extra!r}: pip install 'sales-agent[{extra}]'"
        ) from error


async def export_leads(request: ExportRequest) -> ExportReport:
    """Write leads to a file, the best first; the file is complete or as it was before.

    Raises:
        InvalidInput: the format is not known, or a sheet cannot hold as many leads.
        InvalidFile: the file cannot be written.
        ProviderNotConfigured: the format needs an extra that is not installed.
    """
    path = request.path.expanduser()
    draft = path.with_name(f".{path.name}.part")
    make = _WRITERS[request.format]
    async with own_connection(database_url()) as connection:
        extra = await exports.extra_labels(connection) if request.with_extra else []
        columns = _unlike(extra)
        try:
            writer = make(draft, columns)
            rows, leads = await _write_all(writer, request, connection, extra)
            draft.replace(path)
        except OSError as error:
            raise InvalidFile(f"cannot be written: {error.strerror}", path=str(path)) from error
        finally:
            with suppress(OSError):  # the directory may be what cannot be written
                draft.unlink(missing_ok=True)
    return ExportReport(file=str(path), rows=rows, leads=leads, columns=len(columns), cut_cells=writer.cut_cells)


def _unlike(extra: Sequence[str]) -> list[str]:
    """Name the columns; one of `extra` that is called like a field gets an ending."""
    return [*COLUMNS, *(f"{label} (extra)" if label in COLUMNS else label for label in extra)]


def _for_people(values: list[Any], why: dict[str, Any]) -> list[Any]:
    """Return a lead's values as an export has them: its reason in words, its country by name."""
    values[_REASON] = in_words(**why)
    for place in _COUNTRIES:
        values[place] = values[place] and shown(COLUMNS[place], values[place])
    return values


async def _write_all(
    writer: RowWriter, request: ExportRequest, connection: Connection, extra: Sequence[str]
) -> tuple[int, int]:
    """Write all rows; return how many, and of how many leads."""
    written = leads = 0
    last: str | None = None
    rows: list[list[Any]] = []
    try:
        async for values, why in exports.stream_leads(
            connection,
            per=request.per,
            tiers=request.tiers,
            min_score=request.min_score,
            limit=request.limit,
            extra=extra,
            with_owners=request.with_owners,
        ):
            rows.append(_for_people(values, why))
            leads += values[0] != last
            last = values[0]
            if len(rows) == _BATCH_ROWS:
                writer.write(rows)
                written, rows = written + len(rows), []
        if rows:
            writer.write(rows)
    finally:
        writer.close()
    return written + len(rows), leads


async def best_leads(shown: Sequence[str], limit: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """List the best leads, and the best of those of which a provider filled a gap.

    Args:
        shown: names out of `core.reports.exports.COLUMNS`.
        limit: how many of each.
    """
    best: list[dict[str, Any]] = []
    filled: list[dict[str, Any]] = []
    async with own_connection(database_url()) as connection:
        async for values, why in exports.stream_leads(connection, per="lead"):
            row = dict(zip(COLUMNS, _for_people(values, why), strict=False))
            for rows, is_meant in ((best, True), (filled, bool(row["sources"]))):
                if is_meant and len(rows) < limit:
                    rows.append({name: row[name] for name in shown})
    return best, filled
