"""Reads CSV files as people really have them: one pass to find out and check everything, then record by record.

`scan` reads the bytes once, in constant memory: SHA-256, encoding, dialect, header, a check of the structure of the
whole file, the number of records; `read` then gives the data records. Records count by RFC 4180: an empty line is no
record, a line of delimiters only is one. What cannot be a sound table is refused as a whole, before anything is
written.
"""

import codecs
import csv
import io
import itertools
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import InvalidFile
from core.imports.csv_bytes import CheckedBytes
from core.imports.csv_encoding import damaged_lines, find_encoding
from core.imports.csv_format import (
    MAX_COLUMNS,
    VOTE_RECORDS,
    CsvFormat,
    FormatOptions,
    bom_of,
    find_header,
    labels_of,
    utf16_without_bom,
    vote_delimiter,
)
from core.imports.csv_quoting import USUAL, Quoting, find_quoting, records_of

DETECT = FormatOptions()
"""Find out everything."""
HEAD_BYTES = 256 * 1024
MAX_CELL_CHARS = 1024 * 1024

_CHUNK_BYTES = 256 * 1024
_SENTINEL = "\x1aend of file\x1a"
_MAGIC = (
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"PK\x05\x06", "an empty zip archive; save the sheet as CSV first"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first"),
    (b"BZh", "compressed; unpack it first"),
    (b"\xfd7zXZ", "compressed; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
)

csv.field_size_limit(MAX_CELL_CHARS)  # process-wide, and the only place that sets it


@dataclass(frozen=True)
class ScannedFile:
    """A file that was checked as a whole.

    Attributes:
        path: What `read` reads: the copy where one was made, else the file itself.
        sha256: Of the bytes, in hexadecimal digits.
        size_bytes: Length of the file.
        format: Encoding, dialect, header.
        records: Data records, the header and what stands above it not counted.
        sheet: Of a workbook, the sheet that was read; None of a CSV file.
        other_sheets: Its other sheets.
    """

    path: Path
    sha256: str
    size_bytes: int
    format: CsvFormat
    records: int
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()


def scan(path: Path, options: FormatOptions = DETECT, *, copy_to: Path | None = None) -> ScannedFile:
    """Read the file once and find out what it is.

    Args:
        path: A regular file.
        options: What the user says about it; overrides what would be found out.
        copy_to: Where to put a copy of the bytes on the way, so that what is imported later is what was scanned,
            whatever happens to the file meanwhile. Removed again where the file is refused.

    Raises:
        InvalidFile: It cannot be read, is no text, changes while it is read, or is not a sound table.
    """
    _check_options(options, path)
    try:
        with open_regular(path) as source:
            if copy_to is None:
                return _scan(source, path, options, None, path)
            try:
                with copy_to.open("wb") as copy:
                    return _scan(source, path, options, copy, copy_to)
            except BaseException:  # whatever ended the scan, a half-written copy must not stay
                copy_to.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise InvalidFile(f"cannot be read: {error.strerror or error}", path=str(path)) from error


def _check_options(options: FormatOptions, path: Path) -> None:
    if options.encoding is not None:
        try:
            "".encode(options.encoding)
        except LookupError:
            raise InvalidFile(f"there is no encoding called {options.encoding!r}", path=str(path)) from None
    if options.delimiter is not None and (len(options.delimiter) != 1 or options.delimiter in '"\r\n'):
        raise InvalidFile(f"a delimiter is one character, not {options.delimiter!r}", path=str(path))
    if options.preamble_lines is not None and options.preamble_lines < 0:
        raise InvalidFile("preamble_lines cannot be negative", path=str(path))


def open_regular(path: Path) -> IO[bytes]:
    """Open without ever waiting: a FIFO or device would block for ever.

    Raises:
        InvalidFile: There is no such file, it may not be read, or it is no file.
    """
    try:
        return _open_regular(path)
    except FileNotFoundError:
        raise InvalidFile("there is no such file", path=str(path)) from None
    except ValueError as error:
        raise InvalidFile(f"is no path: {error}", path=repr(path)) from None
    except OSError as error:
        raise InvalidFile(f"cannot be read: {error.strerror or error}", path=str(path)) from error


def _open_regular(path: Path) -> IO[bytes]:
    kind = path.stat().st_mode
    if stat.S_ISDIR(kind):
        raise InvalidFile("is a directory, not a file", path=str(path))
    if not stat.S_ISREG(kind):
        raise InvalidFile("is no regular file (a pipe, a socket or a device)", path=str(path))
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InvalidFile("is no regular file (a pipe, a socket or a device)", path=str(path))
    return os.fdopen(descriptor, "rb", buffering=0)


def _scan(source: IO[bytes], path: Path, options: FormatOptions, copy: IO[bytes] | None, target: Path) -> ScannedFile:
    name = str(path)
    before = os.fstat(source.fileno())
    head = _read_head(source)
    source.seek(0)
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise InvalidFile(f"is no CSV file but {what}", path=name)
    bom_encoding, bom_bytes = bom_of(head)
    wide = bom_encoding if bom_encoding and bom_encoding.startswith("utf-16") else None
    wide = wide or (utf16_without_bom(head) if bom_encoding is None else None)
    named = options.encoding
    if named is not None:
        wide = named if _needs_decoding(named) else None
    draft = _decode_head(head[bom_bytes:], named or wide or bom_encoding)
    delimiter = options.delimiter or vote_delimiter(draft)
    quoting = find_quoting(draft, delimiter, VOTE_RECORDS)
    preamble, has_header = _header_position(draft, delimiter, quoting, options)
    checked = CheckedBytes(source, name, nul_allowed=wide is not None, copy=copy)
    # The characters that make the structure are ASCII, so for it every ASCII superset may be read as Latin-1.
    text = io.TextIOWrapper(io.BufferedReader(checked, _CHUNK_BYTES), encoding=wide or "latin-1", newline="")
    lines = _without_mark(text, bom_bytes if wide is None else (1 if bom_bytes else 0))
    count = _check_structure(lines, name, delimiter, quoting)
    after = os.fstat(source.fileno())
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or checked.size != before.st_size:
        raise InvalidFile("changed while it was being read; try again when it is complete", path=name)
    encoding, damaged = (wide, ()) if wide else _encoding_of(source, checked, named, name)
    header = _header_labels(_decode_head(head[bom_bytes:], encoding), delimiter, quoting, preamble, has_header)
    above = min(count, preamble + (1 if has_header else 0))
    return ScannedFile(
        path=target,
        sha256=checked.digest.hexdigest(),
        size_bytes=checked.size,
        format=CsvFormat(encoding, bom_bytes > 0, delimiter, preamble, has_header, header, quoting, damaged),
        records=count - above,
    )


def _read_head(source: IO[bytes]) -> bytes:
    parts: list[bytes] = []
    missing = HEAD_BYTES
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _needs_decoding(encoding: str) -> bool:
    """Return whether structure characters are not simply their ASCII bytes in this encoding."""
    probe = ',;\t|"\r\nA'
    return probe.encode(encoding) != probe.encode("ascii") or codecs.lookup(encoding).name in {
        "shift_jis", "cp932", "big5", "big5hkscs", "gbk", "gb18030", "cp949", "johab", "utf-7", "hz",
    }  # fmt: skip


def _encoding_of(source: IO[bytes], checked: CheckedBytes, named: str | None, name: str) -> tuple[str, tuple[int, ...]]:
    """Return the encoding of a file in which structure characters are their ASCII bytes, and its damaged lines."""

    def lines() -> Iterable[bytes]:
        source.seek(0)
        return io.BufferedReader(_Unclosed(source), _CHUNK_BYTES)

    if named is None:
        if checked.is_utf8:
            return ("ascii" if checked.is_ascii else "utf-8"), ()
        found = find_encoding(lines)
        if found.encoding is None:
            may_be = f" (perhaps {' or '.join(found.candidates)})" if found.candidates else ""
            line = next((number for number, line in enumerate(lines(), 1) if not line.isascii()), None)
            raise InvalidFile(
                f"its letters do not tell its encoding{may_be}; say which it is: --encoding cp1252",
                path=name,
                line=line,
            )
        return found.encoding, found.damaged
    if codecs.lookup(named).name == "utf-8" and checked.is_utf8:
        return named, ()
    damaged = damaged_lines(lines(), named)
    if 10 * len(damaged) > sum(not line.isascii() for line in lines()):
        raise InvalidFile(f"is not {named}: it holds bytes that {named} does not have", path=name, line=damaged[0])
    return named, damaged


class _Unclosed(io.RawIOBase):
    """Reads a file that stays open when its buffer goes."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typed as any buffer there
        chunk = self._source.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _decode_head(head: bytes, encoding: str | None) -> str:
    if encoding is None:
        cut = head[: head.rfind(b"\n") + 1] or head if len(head) >= HEAD_BYTES - 4 else head
        encoding = "utf-8"
        try:
            return cut.decode(encoding)
        except UnicodeDecodeError:
            encoding = find_encoding(lambda: cut.splitlines()).encoding or "cp1252"
    return head.decode(encoding, "replace")


def _header_position(draft: str, delimiter: str, quoting: Quoting, options: FormatOptions) -> tuple[int, bool]:
    records = records_of(draft, delimiter, VOTE_RECORDS, quoting)
    if options.preamble_lines is not None:
        rest = records[options.preamble_lines :]
        has_header = find_header(rest)[1] if options.has_header is None else options.has_header
        return options.preamble_lines, has_header
    preamble, has_header = find_header(records)
    if options.has_header is None or options.has_header == has_header or not records:
        return preamble, has_header if options.has_header is None else options.has_header
    return (preamble if options.has_header else 0), options.has_header


def _header_labels(text: str, delimiter: str, quoting: Quoting, preamble: int, has_header: bool) -> tuple[str, ...]:
    records = records_of(text, delimiter, preamble + VOTE_RECORDS, quoting)[preamble:]
    if not records:
        return ()
    if has_header:
        # Labels keep their padding, as the cells of a column's name that is not quoted have it.
        padded = records_of(text, delimiter, preamble + 1, USUAL)[preamble:]
        is_plain = quoting.skips_blanks and padded and [*map(str.strip, padded[0])] == [*map(str.strip, records[0])]
        return labels_of(padded[0] if is_plain else records[0])
    return labels_of([""] * max(len(record) for record in records))


def _check_structure(lines: Iterator[str], name: str, delimiter: str, quoting: Quoting) -> int:
    """Count the records of the whole file, and refuse one whose quotes or widths cannot be meant."""
    # In an open quote the last line ends up inside a cell, else it is a record of its own.
    last = [_SENTINEL, _SENTINEL]
    reader = quoting.reader(itertools.chain(lines, [delimiter.join(last)]), delimiter)
    count, line, width, is_alone = 0, 0, 0, False
    record: list[str] = []
    start = 1
    try:
        for record in reader:
            start, line = line + 1, reader.line_num
            if record:
                count += 1
                if line != start and _SENTINEL not in record[-1]:
                    is_alone = is_alone or (count == 1 and _holds_records(record, delimiter))
                    _check_swallowed(record, delimiter, width, name, start)
                if len(record) > MAX_COLUMNS:
                    raise InvalidFile(
                        f"has {len(record):,} columns; {MAX_COLUMNS:,} are the limit", path=name, line=start
                    )
                width = len(record)
    except csv.Error as error:
        raise InvalidFile(_explain(error), path=name, line=reader.line_num) from error
    except UnicodeError as error:
        raise InvalidFile(f"cannot be decoded: {error}", path=name, line=reader.line_num + 1) from error
    if record != last:
        raise InvalidFile("a quote opens here and never closes", path=name, line=start)
    if is_alone and count == 2:  # the sentinel is the other
        raise InvalidFile("a stray quote has swallowed the lines that follow it", path=name, line=1)
    return count - 1


def _holds_records(record: Sequence[str], delimiter: str) -> bool:
    """Return whether a cell's lines look like records: a header that holds all of its file."""
    return any(delimiter in line for cell in record for line in cell.splitlines()[1:])


def _without_mark(text: io.TextIOWrapper, chars: int) -> Iterator[str]:
    lines: Iterator[str] = iter(text)
    if not chars:
        return lines
    first = itertools.islice(lines, 1)
    return itertools.chain((line[chars:] for line in first), lines)


def _explain(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a cell is longer than {MAX_CELL_CHARS:,} characters (a quote that does not close?)"
    return f"cannot be parsed: {error}"


def _check_swallowed(record: Sequence[str], delimiter: str, width: int, name: str, line: int) -> None:
    """Refuse a quoted cell whose lines are records: a stray quote has swallowed them.

    Args:
        record: A record that spans several lines.
        delimiter: The file's.
        width: Columns of the record before it; 0 where there is none.
        name: The file's name, for the error.
        line: Where the record starts.
    """
    for cell in record:
        if "\n" not in cell and "\r" not in cell:
            continue
        inner = [part for part in cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:-1] if part.strip()]
        expected = width or len(record)
        if expected < 3 or not inner:
            continue
        alike = sum(1 for part in inner if part.count(delimiter) >= expected - 1)
        enough = 1 if len(record) != expected else 2
        if alike >= enough and alike >= 0.6 * len(inner):
            raise InvalidFile("a stray quote has swallowed the lines that follow it", path=name, line=line)


def read(file: ScannedFile, *, skip: int = 0, limit: int | None = None) -> Iterator[tuple[int, list[str]]]:
    """Return the data records of a scanned file.

    Args:
        file: What `scan` gave.
        skip: Data records to leave out at the start.
        limit: Data records to give at most; None: all.

    Yields:
        (1-based physical line on which the record starts, its cells).

    Raises:
        InvalidFile: The file can no longer be read as it was scanned.
    """
    form = file.format
    errors = "replace" if form.damaged_lines else "strict"
    leave_out = form.preamble_lines + (1 if form.has_header else 0) + skip
    left = -1 if limit is None else limit
    reader = None
    try:
        with file.path.open("rb", buffering=_CHUNK_BYTES) as source:
            source.seek(bom_of(source.read(4))[1] if form.has_bom else 0)
            text = io.TextIOWrapper(source, encoding=form.encoding, errors=errors, newline="")
            reader = form.quoting.reader(text, form.delimiter)
            line = 1
            for record in reader:
                if record:
                    if leave_out:
                        leave_out -= 1
                    elif left:
                        yield line, record
                        left -= 1
                    else:
                        return
                line = reader.line_num + 1
    except OSError as error:
        raise InvalidFile(f"cannot be read: {error.strerror or error}", path=str(file.path)) from error
    except (csv.Error, UnicodeError) as error:
        at = None if reader is None else reader.line_num
        raise InvalidFile(f"is no longer what was scanned: {error}", path=str(file.path), line=at) from error
