"""What the tests of importing share: rows made by hand, loaded through the real code."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from core.imports.batches import gather
from core.imports.beside_columns import beside_columns
from core.imports.columns import map_columns
from core.imports.csv_rows import read, scan
from core.imports.lead_rows import ImportedRow, Reject, row_reader
from core.imports.runs import ImportTotals, Totals, UndoReport, warnings_of
from core.leads.fields import FIELDS_OF_LEAD, PERSON_FIELDS
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
"""Canonical fields by name, `key` for the company's domain, and `extra.NAME`; who names nobody is rejected."""


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
    """Read a made-up row; a `key` is the company's domain."""
    row = {**row, "company_domain": row["key"] or None} if "key" in row else row
    extra = {name[6:]: value for name, value in row.items() if name.startswith("extra.") and value}
    if not any(row.get(field) for field in ("company_name", "company_domain", "contact_email", "contact_name")):
        return Reject("company_name", "", "blank_row")
    return ImportedRow([row.get(field) for field in FIELDS], extra or None, None)


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
            gather(records, lead_row, batch_rows=batch_rows, start=start)  # type: ignore[arg-type]
        ):
            if number == batches:
                break
            await open_import.load(prepare(batch, open_import.import_id))
        await open_import.settle()
        return open_import.import_id


async def totals(url: str, import_id: UUID) -> Totals:
    """Add an import's rows up."""
    return (await all_totals(url, import_id)).rows


async def all_totals(url: str, import_id: UUID) -> ImportTotals:
    """Add an import up: rows, leads, contacts."""
    async with session(url) as connection:
        return await imports.totals(connection, import_id)


async def take_back(url: str, import_id: UUID, *, force: bool = False) -> UndoReport:
    """Undo an import."""
    async with session(url) as connection:
        return await undo.undo(connection, import_id, force=force)


def records(url: str) -> list[dict[str, Any]]:
    """Read who is there: a row a contact with its lead's fields, and a row a lead without contacts; what is filled.

    `extra` is flattened; a lead's own is left out of the rows of its contacts.
    """
    companies = [name for name in FIELDS_OF_LEAD if name not in _ROW_FIELDS]
    own = ", ".join(f"coalesce(c.{name}, l.{name})" for name in _ROW_FIELDS)
    statement = f"""
        SELECT CASE WHEN c.id IS NULL THEN l.extra ELSE c.extra END, {", ".join(f"l.{name}" for name in companies)},
            {", ".join(f"c.{name}" for name in PERSON_FIELDS)}, {own}
        FROM leads l LEFT JOIN contacts c ON c.lead_id = l.id
        ORDER BY l.company_name, l.company_domain, c.contact_name, c.contact_email, l.id, c.id
    """
    found = []
    with psycopg.connect(url) as connection:
        for extra, *values in connection.execute(statement):  # type: ignore[call-overload]
            names = (*companies, *PERSON_FIELDS, *_ROW_FIELDS)
            filled = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            found.append(filled | {f"extra.{name}": value for name, value in extra.items()})
    return found


_ROW_FIELDS = ("notes", "source", "external_id")


def leads(url: str) -> dict[str, dict[str, Any]]:
    """Read the leads by their domain: the fields that are filled, `extra` flattened; contacts are not looked at."""
    names = [name for name in FIELDS_OF_LEAD if name != "company_domain"]
    found = {}
    with psycopg.connect(url) as connection:
        cursor = connection.execute(f"SELECT company_domain, extra, {', '.join(names)} FROM leads")  # type: ignore[call-overload]
        for domain, extra, *values in cursor:
            filled = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            found[domain] = filled | {f"extra.{name}": value for name, value in extra.items()}
    return found


def count(url: str, table: str) -> int:
    """Count the rows of a table."""
    with psycopg.connect(url) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])  # type: ignore[call-overload]


def clear(url: str) -> None:
    """Forget all leads and imports."""
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE leads, imports, identities, possible_duplicates, merged_records CASCADE")


@dataclass(frozen=True)
class Imported:
    """What came of a file: `warnings` are those of the report."""

    import_id: UUID
    counts: Totals
    warnings: list[str]
    totals: ImportTotals


async def import_text(
    url: str,
    text: str,
    folder: Path,
    policy: ConflictPolicy = ConflictPolicy.FILL_EMPTY,
    *,
    source: str | None = None,
    batch_rows: int = 100,
    are_branches_apart: bool = False,
) -> Imported:
    """Import a CSV file as the flow does: scanned, mapped, read, loaded; never recognised as a repetition."""
    path = folder / "people.csv"
    path.write_text(text, encoding="utf-8")
    file = scan(path)
    mapping = map_columns(file.format.header, [cells for _, cells in read(file)])
    beside = beside_columns(mapping)
    new = NewImport(
        str(uuid4()), path.name, file.sha256, file.records, {}, {}, mapping.ids_of, are_branches_apart, beside
    )
    async with own_connection(url) as connection, loading(connection, new, policy) as opened:
        read_row = row_reader(mapping, source=source)
        for batch in gather(read(file), read_row, batch_rows=batch_rows, ids_of=mapping.ids_of):
            await opened.load(prepare(batch, opened.import_id))
        import_id = opened.import_id
    async with session(url) as connection:
        counts = await imports.totals(connection, import_id)
        kept_apart = await imports.kept_apart(connection, import_id)
    warnings = warnings_of(kept_apart, mapping.mapping, mapping.no_identity, elsewhere=counts.elsewhere)
    return Imported(import_id, counts.rows, warnings, counts)
