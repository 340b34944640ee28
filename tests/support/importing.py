"""What the tests of importing share: rows made by hand, loaded through the real code."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from core.imports.batches import gather
from core.imports.columns import map_columns
from core.imports.csv_rows import read, scan
from core.imports.lead_rows import ImportedRow, Reject, row_reader
from core.imports.runs import Totals, UndoReport, warnings_of
from core.leads.lead import FIELDS
from core.leads.merging import ConflictPolicy
from core.outreach.suppression import TombstoneKey
from db.imports import history as imports
from db.imports import undo
from db.imports.copy_text import prepare
from db.imports.lead_loading import NewImport, loading
from db.outreach.tombstones import no_key
from db.server.engine import Connection, open_engine, own_connection, transaction

Row = dict[str, str | None]
"""`key`, canonical fields by name, and `extra.NAME`; a row without a key is rejected."""


@asynccontextmanager
async def session(url: str) -> AsyncIterator[Connection]:
    """Yield a connection in a transaction of its own."""
    engine = open_engine(url)
    try:
        async with transaction(engine) as connection:
            yield connection
    finally:
        await engine.dispose()


def lead_row(row: Row) -> ImportedRow | Reject:
    """Read a made-up row."""
    if not row.get("key"):
        return Reject("key", "", "blank_row")
    extra = {name[6:]: value for name, value in row.items() if name.startswith("extra.") and value}
    return ImportedRow(str(row["key"]), [row.get(field) for field in FIELDS], extra or None, None)


async def load(
    url: str,
    rows: Sequence[Row],
    policy: ConflictPolicy = ConflictPolicy.FILL_EMPTY,
    *,
    batch_rows: int = 10,
    fingerprint: str = "",
    batches: int | None = None,
    tombstone_key: Callable[[], TombstoneKey] = no_key,
) -> UUID:
    """Import rows; stop after `batches` commits if given, as if the process had died."""
    new = NewImport(fingerprint or repr(rows), "rows.csv", "0" * 64, len(rows), {}, {})
    async with own_connection(url) as connection, loading(connection, new, policy, tombstone_key) as open_import:
        start = open_import.next_record
        records: Iterable[tuple[int, Any]] = list(enumerate(rows, 2))[start:]
        for number, batch in enumerate(
            gather(records, lead_row, policy=policy, batch_rows=batch_rows, start=start)  # type: ignore[arg-type]
        ):
            if number == batches:
                break
            await open_import.load(prepare(batch, open_import.import_id))
        await open_import.settle()
        return open_import.import_id


async def totals(url: str, import_id: UUID) -> Totals:
    """Add an import up."""
    async with session(url) as connection:
        return await imports.totals(connection, import_id)


async def take_back(url: str, import_id: UUID, *, force: bool = False) -> UndoReport:
    """Undo an import."""
    async with session(url) as connection:
        return await undo.undo(connection, import_id, force=force)


def leads(url: str) -> dict[str, dict[str, Any]]:
    """Read all leads: key -> the fields that are filled, `extra` flattened."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(f"SELECT dedupe_key, extra, {', '.join(FIELDS)} FROM leads")  # type: ignore[arg-type]
        result = {}
        for key, extra, *values in cursor:
            filled = {field: value for field, value in zip(FIELDS, values, strict=True) if value is not None}
            result[key] = filled | {f"extra.{name}": value for name, value in extra.items()}
        return result


def clear(url: str) -> None:
    """Forget all leads and imports."""
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE leads, imports CASCADE")


@dataclass(frozen=True)
class Imported:
    """What came of a file: `warnings` are those of the report."""

    import_id: UUID
    counts: Totals
    warnings: list[str]


async def import_text(
    url: str,
    text: str,
    folder: Path,
    policy: ConflictPolicy = ConflictPolicy.FILL_EMPTY,
    *,
    source: str | None = None,
    batch_rows: int = 100,
) -> Imported:
    """Import a CSV file as the flow does: scanned, mapped, read, loaded; never recognised as a repetition."""
    path = folder / "people.csv"
    path.write_text(text, encoding="utf-8")
    file = scan(path)
    mapping = map_columns(file.format.header, [cells for _, cells in read(file)])
    ids_count = mapping.no_identity is None
    new = NewImport(str(uuid4()), path.name, file.sha256, file.records, {}, {}, ids_count=ids_count)
    async with own_connection(url) as connection, loading(connection, new, policy) as opened:
        read_row = row_reader(mapping, source=source)
        for batch in gather(read(file), read_row, policy=policy, batch_rows=batch_rows):
            await opened.load(prepare(batch, opened.import_id))
        import_id = opened.import_id
    async with session(url) as connection:
        counts = await imports.totals(connection, import_id)
        kept_apart = await imports.kept_apart(connection, import_id)
    return Imported(import_id, counts, warnings_of(kept_apart, mapping.mapping, mapping.no_identity))
