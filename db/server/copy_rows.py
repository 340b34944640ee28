"""Rows as the text format of COPY (PostgreSQL documentation, "COPY", File Formats), and ids for them."""

import os
import time
from collections.abc import Iterable

from orjson import dumps

# Stand for tab and line end until everything is escaped. No value holds NUL, and no UTF-8 text the byte FF.
_FIELD_END, _ROW_END = b"\0", b"\xff"
_ESCAPES = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\t", b"\\t"), (_FIELD_END, b"\t"), (_ROW_END, b"\n"))

_LOW_DIGITS = [f"{number:03x}" for number in range(0x1000)]


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


def json_bytes(facts: object, none: bytes = b"{}") -> bytes:
    """Write facts as JSON."""
    return dumps(facts) if facts else none


def escaped(lines: list[bytes]) -> bytes:
    """Join rows, whose values are separated by NUL, as COPY reads them."""
    if not lines:
        return b""
    lines.append(b"")
    rendered = _ROW_END.join(lines)
    # Over the whole batch at once: six searches instead of six for each row.
    for char, escaped in _ESCAPES:
        rendered = rendered.replace(char, escaped)
    return rendered
