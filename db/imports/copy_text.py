"""Rows as the text format of COPY (PostgreSQL documentation, "COPY", File Formats)."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from orjson import dumps

from core.imports.batches import Batch, RejectedRecord
from core.imports.lead_rows import ImportedRow
from core.text.cell_text import storable

# Stand for tab and line end until everything is escaped. No value holds NUL, and no UTF-8 text the byte FF.
_FIELD_END, _ROW_END = b"\0", b"\xff"
_ESCAPES = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\t", b"\\t"), (_FIELD_END, b"\t"), (_ROW_END, b"\n"))

_LOW_DIGITS = [f"{number:03x}" for number in range(0x1000)]

_VALUE_CHARS = 200  # of a refused value, which stands whole among the record's cells


class PreparedBatch(NamedTuple):
    """A batch ready to be sent: records `first_record` up to but not including `next_record`, rendered for COPY.

    Attributes:
        first_record: 0-based number in the file.
        next_record: number of the record after the last.
        staged: leads in `leads`, each with a key of its own.
        repeated: rows merged into an earlier row of the batch.
        rejected: rows in `rejects`.
        leads: for `db.imports.lead_merge.COPY_STAGE`.
        contested: rows whose key another row of the batch has, whom they contradict.
        rejects: for the table `import_rejects`.
    """

    first_record: int
    next_record: int
    staged: int
    repeated: int
    rejected: int
    leads: bytes
    contested: Sequence[ImportedRow]
    rejects: bytes


def prepare(batch: Batch, import_id: UUID) -> PreparedBatch:
    """Render a batch for COPY. CPU work without a connection: may run in another thread or process."""
    return PreparedBatch(
        first_record=batch.first_record,
        next_record=batch.next_record,
        staged=len(batch.leads),
        repeated=batch.repeated,
        rejected=len(batch.rejects),
        leads=render_leads(batch.leads),
        contested=batch.contested,
        rejects=render_rejects(import_id, batch.rejects),
    )


def lead_ids(count: int) -> Iterable[str]:
    """Make ids that sort by time (UUID version 7, RFC 9562): they append to the primary key instead of scattering."""
    milliseconds = f"{time.time_ns() // 1_000_000:012x}"
    prefix = f"{milliseconds[:8]}-{milliseconds[8:]}-7"
    noise = os.urandom(6 * count).hex()
    for first in range(0, count, 0x1000):
        # A counter after the version and the variant keeps the ids of one batch in order.
        head = f"{prefix}{first >> 12:03x}-8"
        for low, at in zip(_LOW_DIGITS, range(12 * first, 12 * count, 12), strict=False):
            yield f"{head}{low}-{noise[at : at + 12]}"


def render_settled(leads: Sequence[ImportedRow], owners: Mapping[str, UUID]) -> bytes:
    """Render rows for `COPY_SETTLED`: with the lead that their key was found to be, where there is one.

    Args:
        leads: each with a key of its own.
        owners: key -> lead.
    """
    rows = zip(render_leads(leads).splitlines(), leads, strict=True)
    return b"".join(b"%b\t%b\n" % (line, str(owners.get(lead.key, "")).encode()) for line, lead in rows)


def render_leads(leads: Sequence[ImportedRow]) -> bytes:
    """Render rows for `db.imports.lead_merge.COPY_STAGE`, each with an id of its own; empty values become NULL."""
    lines = []
    for lead_id, (key, values, extra, original) in zip(lead_ids(len(leads)), leads, strict=True):
        texts = "\0".join([lead_id, key, *[value or "" for value in values]]).encode()
        lines.append(b"%b\0%b\0%b" % (texts, dumps(extra) if extra else b"", dumps(original) if original else b""))
    return _escaped(lines)


def render_rejects(import_id: UUID, rejects: Iterable[RejectedRecord]) -> bytes:
    """Render rejected records for the table `import_rejects`, in the order of its columns."""
    lines = []
    for record, line, cells, (column, value, reason) in rejects:
        texts = "\0".join(
            [str(import_id), str(record), str(line), storable(column), storable(value[:_VALUE_CHARS]), reason]
        )
        lines.append(b"%b\0%b" % (texts.encode(), dumps([*map(storable, cells)])))
    return _escaped(lines)


def _escaped(lines: list[bytes]) -> bytes:
    lines.append(b"")
    rendered = _ROW_END.join(lines)
    # Over the whole batch at once: six searches instead of six for each row.
    for char, escaped in _ESCAPES:
        rendered = rendered.replace(char, escaped)
    return rendered
