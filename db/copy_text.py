"""Rows as the text format of COPY (PostgreSQL documentation, "COPY", File Formats)."""

import os
import time
from collections.abc import Iterable

import orjson

from core.lead_rows import LeadRow

_SEPARATOR = "\0"  # stands for a tab until the row is escaped: no value can hold it (files with NUL are refused)


def lead_ids(count: int) -> Iterable[str]:
    """Make ids that sort by time (UUID version 7, RFC 9562): they append to the primary key instead of scattering."""
    milliseconds = f"{time.time_ns() // 1_000_000:012x}"
    prefix = f"{milliseconds[:8]}-{milliseconds[8:]}-7"
    noise = os.urandom(6 * count).hex()
    for number in range(count):
        # A counter after the version and the variant keeps the ids of one batch in order.
        yield f"{prefix}{number >> 12:03x}-8{number & 0xFFF:03x}-{noise[12 * number : 12 * number + 12]}"


def render_leads(leads: Iterable[tuple[str, LeadRow]]) -> bytes:
    """Render (id, row) pairs for `db.lead_merge.COPY_STAGE`; empty values become NULL."""
    lines = []
    for lead_id, row in leads:
        extra = orjson.dumps(row.extra).decode() if row.extra else ""
        original = orjson.dumps(row.original).decode() if row.original else ""
        line = _SEPARATOR.join([lead_id, row.key, *[value or "" for value in row.values], extra, original])
        if "\\" in line:
            line = line.replace("\\", "\\\\")
        if "\n" in line:
            line = line.replace("\n", "\\n")
        if "\r" in line:
            line = line.replace("\r", "\\r")
        if "\t" in line:
            line = line.replace("\t", "\\t")
        lines.append(line.replace(_SEPARATOR, "\t"))
    lines.append("")
    return "\n".join(lines).encode()
