"""Rows of a file, gathered into batches that are committed together.

A batch covers a fixed number of records of the file, whatever becomes of them, so that an import that was interrupted
finds the same boundaries again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from core.imports.lead_rows import Reject, RowReader
from core.leads.identities import IdsOf
from core.leads.rows import NewRow, new_row

FileRecord = tuple[int, list[str]]
"""(physical line where it starts, 1-based; its cells)"""


class RejectedRecord(NamedTuple):
    """A record that is not imported: its number in the file (0-based), its line, its cells, and why."""

    record: int
    line: int
    cells: list[str]
    reject: Reject


@dataclass(frozen=True)
class Batch:
    """Records `first_record` up to but not including `next_record`: rows in file order, and what was left out."""

    first_record: int
    next_record: int
    rows: list[NewRow]
    rejects: list[RejectedRecord]


def gather(
    records: Iterable[FileRecord],
    read_row: RowReader,
    *,
    batch_rows: int,
    start: int = 0,
    ids_of: IdsOf = "none",
) -> Iterator[Batch]:
    """Read records into batches.

    Args:
        records: what is left of the file, from record number `start` on.
        read_row: turns cells into a row or a reason against it.
        batch_rows: records a batch.
        start: number of the first record, 0-based.
        ids_of: whose the file's ids are.
    """
    records = iter(records)
    while True:
        rows: list[NewRow] = []
        rejects: list[RejectedRecord] = []
        number = start - 1
        # Record by record: a list of the batch's records would keep all their cells alive as well.
        for number, (line, cells) in enumerate(islice(records, batch_rows), start):
            row = read_row(cells)
            if isinstance(row, Reject):
                rejects.append(RejectedRecord(number, line, cells, row))
            else:
                rows.append(new_row(*row, ids_of=ids_of))
        end = number + 1
        if end == start:
            return
        yield Batch(start, end, rows, rejects)
        start = end
