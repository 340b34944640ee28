"""What a file's records become on their way to the database: read, normalised, rendered, a batch at a time.

Needs neither a connection nor an event loop, so that it runs in a thread as well as in a process of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from core.collector import collector_paused
from core.imports import csv_rows
from core.imports.batches import Batch, gather
from core.imports.columns import ColumnMapping
from core.imports.csv_rows import ScannedFile
from core.imports.lead_rows import row_reader
from db.imports.copy_text import PreparedBatch, prepare


@dataclass(frozen=True)
class RowReading:
    """All that decides what a file's records become; the same wherever it happens.

    Attributes:
        import_id: The import they belong to.
        file: What `core.imports.csv_rows.scan` gave.
        mapping: Which column goes where.
        source: The import's label.
        default_country: ISO alpha-2 code for phone numbers where the row names no country.
        batch_rows: Records a batch.
    """

    import_id: UUID
    file: ScannedFile
    mapping: ColumnMapping
    source: str | None
    default_country: str | None
    batch_rows: int

    def batches(self, start: int) -> Iterator[PreparedBatch]:
        """Return what is left of the file from record `start` on.

        Raises:
            InvalidFile: The file can no longer be read as it was scanned.
        """
        read_row = row_reader(
            self.mapping,
            default_country=self.default_country,
            source=self.source,
            delimiter=self.file.format.delimiter,
        )
        records = csv_rows.read(self.file, skip=start)
        batches = gather(records, read_row, batch_rows=self.batch_rows, start=start, ids_of=self.mapping.ids_of)
        while (batch := self._next(batches)) is not None:
            yield batch

    def _next(self, batches: Iterator[Batch]) -> PreparedBatch | None:
        with collector_paused():
            batch = next(batches, None)
            return None if batch is None else prepare(batch, self.import_id)
