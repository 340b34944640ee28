"""Rows of a file, gathered into batches that are committed together.

A batch covers a fixed number of records of the file, whatever becomes of them, so that an import that was interrupted
finds the same boundaries again. Inside a batch, rows of one lead are merged by the import's policy; a row that
contradicts the one whose key it has (`core.imports.identity`) is set apart, for what is stored decides about it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from core.imports.identity import contradicts
from core.imports.lead_rows import ImportedRow, Reject, RowReader
from core.leads.lead import FIELDS, DedupeKey, further_keys
from core.leads.merging import ConflictPolicy, merge_extra, merge_original, merge_values

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
    """Records `first_record` up to but not including `next_record`: n leads in file order, and what was left out.

    `contested` are rows whose key another row of the batch has, whom they contradict.
    """

    first_record: int
    next_record: int
    leads: list[ImportedRow]
    repeated: int
    rejects: list[RejectedRecord]
    contested: Sequence[ImportedRow] = ()


def merge_rows(known: ImportedRow, new: ImportedRow, policy: ConflictPolicy) -> ImportedRow:
    """Merge two rows of one lead, the first in the file first."""
    return ImportedRow(
        key=known.key,
        values=merge_values(known.values, new.values, policy),
        extra=merge_extra(known.extra, new.extra, policy),
        original=merge_original((known.values, known.original), (new.values, new.original), policy, FIELDS),
    )


def gather(
    records: Iterable[FileRecord],
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
        leads: dict[str, ImportedRow] = {}
        contested: list[ImportedRow] = []
        rejects: list[RejectedRecord] = []
        number = start - 1
        # Record by record: a list of the batch's records would keep all their cells alive as well.
        for number, (line, cells) in enumerate(islice(records, batch_rows), start):
            row = read_row(cells)
            if isinstance(row, Reject):
                rejects.append(RejectedRecord(number, line, cells, row))
            elif (known := leads.setdefault(row.key, row)) is not row:
                if contradicts(row.key, known.values, row.values):
                    contested.append(row)
                else:
                    leads[row.key] = merge_rows(known, row, policy)
        end = number + 1
        if end == start:
            return
        repeated = end - start - len(rejects) - len(leads) - len(contested)
        yield Batch(start, end, list(leads.values()), repeated, rejects, contested)
        start = end


class Placing:
    """Finds each of some contested rows the lead it is, or a key that is its own.

    Attributes:
        placed: Key -> the rows that have it, merged.
        kept_apart: Kind of key ('id', 'email', 'domain', 'company') -> rows whose key was another's.
    """

    def __init__(
        self, rows: Sequence[ImportedRow], policy: ConflictPolicy, prefer: DedupeKey = "auto", *, ids_count: bool = True
    ) -> None:
        self.placed: dict[str, ImportedRow] = {}
        self.kept_apart: Counter[str] = Counter()
        self._pending = [(row, False) for row in rows]
        self._policy = policy
        self._prefer = prefer
        self._ids_count = ids_count
        self._rows = len(rows)

    @property
    def pending(self) -> set[str]:
        """The keys that are to be looked up next."""
        return {row.key for row, _ in self._pending}

    @property
    def repeated(self) -> int:
        """Rows that were merged into another one."""
        return self._rows - len(self._pending) - len(self.placed)

    def place(self, owners: Mapping[str, Sequence[str | None]]) -> None:
        """Place what is pending; who is contradicted goes on with the next key of its own.

        Args:
            owners: Key -> values of the stored lead that has it (`core.imports.identity.unedited`), for the pending
            ones.
        """
        rows, self._pending = self._pending, []
        for row, was_moved in rows:
            holders = [owners.get(row.key), known.values if (known := self.placed.get(row.key)) else None]
            if any(holder is not None and contradicts(row.key, holder, row.values) for holder in holders):
                if not was_moved:
                    self.kept_apart[row.key.partition(":")[0]] += 1
                self._pending.append((row._replace(key=self._next_key(row)), True))
            else:
                self.placed[row.key] = row if known is None else merge_rows(known, row, self._policy)

    def _next_key(self, row: ImportedRow) -> str:
        keys = further_keys(row.values, self._prefer, ids_count=self._ids_count)
        return keys[keys.index(row.key) + 1 if row.key in keys else 0]
