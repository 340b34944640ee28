"""Rows of a file, gathered into batches that are committed together.

A batch covers a fixed number of records of the file, whatever becomes of them, so that an import that was interrupted
finds the same boundaries again. Inside a batch, rows of one lead are merged by the import's policy.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from core.lead import FIELDS
from core.lead_rows import LeadRow, Reject, RowReader
from core.merging import ConflictPolicy, merge_extra, merge_original, merge_values

Record = tuple[int, list[str]]
"""(physical line where it starts, 1-based; its cells)"""


class RejectedRecord(NamedTuple):
    """A record that is not imported: its number in the file (0-based), its line, its cells, and why."""

    record: int
    line: int
    cells: list[str]
    reject: Reject


@dataclass(frozen=True)
class Batch:
    """Records `first_record` up to but not including `next_record`: n leads in file order, and what was left out."""

    first_record: int
    next_record: int
    leads: list[LeadRow]
    repeated: int
    rejects: list[RejectedRecord]


def merge_rows(known: LeadRow, new: LeadRow, policy: ConflictPolicy) -> LeadRow:
    """Merge two rows of one lead, the first in the file first."""
    return LeadRow(
        key=known.key,
        values=merge_values(known.values, new.values, policy),
        extra=merge_extra(known.extra, new.extra, policy),
        original=merge_original((known.values, known.original), (new.values, new.original), policy, FIELDS),
    )


def gather(
    records: Iterable[Record],
    read_row: RowReader,
    *,
    policy: ConflictPolicy,
    batch_rows: int,
    start: int = 0,
) -> Iterator[Batch]:
    """Read records into batches.

    Args:
        records: what is left of the file, from record number `start` on.
        read_row: turns cells into a lead or a reason against it.
        policy: merges rows of the same lead.
        batch_rows: records a batch.
        start: number of the first record, 0-based.
    """
    records = iter(records)
    while True:
        leads: dict[str, LeadRow] = {}
        rejects: list[RejectedRecord] = []
        number = start - 1
        # Record by record: a list of the batch's records would keep all their cells alive as well.
        for number, (line, cells) in enumerate(islice(records, batch_rows), start):
            row = read_row(cells)
            if isinstance(row, Reject):
                rejects.append(RejectedRecord(number, line, cells, row))
            elif (known := leads.setdefault(row.key, row)) is not row:
                leads[row.key] = merge_rows(known, row, policy)
        end = number + 1
        if end == start:
            return
        yield Batch(start, end, list(leads.values()), end - start - len(rejects) - len(leads), rejects)
        start = end
