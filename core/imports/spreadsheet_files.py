"""Files of leads of any kind: CSV as it is, workbooks (.xlsx, .xls, .ods) by way of a CSV of their first table.

A workbook is opened in a process of its own, whose time and memory are bounded: what is in it was written by strangers,
and a few kilobytes may unpack to gigabytes.
"""

import json
import os
import subprocess
import sys
import tempfile
import weakref
import zipfile
from dataclasses import replace
from pathlib import Path

from core.errors import InvalidFile
from core.imports.csv_format import FormatOptions
from core.imports.csv_rows import DETECT, ScannedFile, open_regular, scan

_MAX_BYTES = 200 * 1024 * 1024
_MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
_MAX_RATIO = 300
"""A sheet of text is packed to a tenth; what is packed to less was made to burst."""
_MAX_PARTS = 10_000
_TIMEOUT_S = 300
_READER = "from core.imports.spreadsheet_reader import main; main()"
_ROOT = Path(__file__).resolve().parents[2]


def scan_file(path: Path, options: FormatOptions = DETECT, *, copy_to: Path | None = None) -> ScannedFile:
    """Read a file once and find out what it is; a workbook's chosen sheet as CSV.

    Args:
        path: A regular file.
        options: What the user says about it.
        copy_to: Where to put a copy of what was read; a workbook's is its sheet as CSV.

    Raises:
        InvalidFile: It cannot be read, or is not a sound table.
    """
    with open_regular(path) as source:
        head = source.read(8)
    kind = _kind_of(path, head)
    if kind is None:
        return scan(path, options, copy_to=copy_to)
    if path.stat().st_size > _MAX_BYTES:
        raise InvalidFile(f"is larger than {_MAX_BYTES >> 20} MB: save the sheet as CSV", path=str(path))
    if kind == "zip":
        _check_parts(path)
    draft = copy_to.with_suffix(".sheet") if copy_to else Path(tempfile.mkstemp(suffix=".csv")[1])
    try:
        sheet, others = _read_sheet(path, draft)
        scanned = scan(draft, FormatOptions("utf-8", ",", options.has_header, options.preamble_lines), copy_to=copy_to)
    except InvalidFile as error:
        draft.unlink(missing_ok=True)
        raise InvalidFile(error.message, path=str(path), line=error.line) from error
    except BaseException:  # whatever ended it, no sheet stays behind
        draft.unlink(missing_ok=True)
        raise
    if copy_to:
        draft.unlink(missing_ok=True)
    scanned = replace(scanned, sheet=sheet, other_sheets=others)
    if not copy_to:
        weakref.finalize(scanned, draft.unlink, missing_ok=True)
    return scanned


def _kind_of(path: Path, head: bytes) -> str | None:
    """Return whether a file is a workbook, and how it is packed."""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "ole"
    if not head.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(path) as parts:
            names = set(parts.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    is_workbook = "content.xml" in names or any(name.startswith("xl/") for name in names)
    return "zip" if is_workbook else None


def _check_parts(path: Path) -> None:
    """Refuse what unpacks to far more than it should."""
    with zipfile.ZipFile(path) as parts:
        infos = parts.infolist()
    unpacked = sum(info.file_size for info in infos)
    packed = max(1, sum(info.compress_size for info in infos))
    if (
        len(infos) > _MAX_PARTS
        or unpacked > _MAX_UNPACKED_BYTES
        or (unpacked > 50 * 1024 * 1024 and unpacked > _MAX_RATIO * packed)
    ):
        raise InvalidFile(
            f"unpacks to {unpacked >> 20:,} MB, which no list of leads does; save the sheet as CSV", path=str(path)
        )


def _read_sheet(path: Path, target: Path) -> tuple[str, tuple[str, ...]]:
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and code, the file's name is an argument
            [sys.executable, "-c", _READER, str(path), str(target)],
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )
    except subprocess.TimeoutExpired:
        raise InvalidFile(f"took longer than {_TIMEOUT_S} s to open; save the sheet as CSV", path=str(path)) from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1].partition(": ")[2] or said[-1] if said else "it takes too much memory"
        raise InvalidFile(f"is no workbook that can be opened: {reason}"[:300], path=str(path))
    said = json.loads(done.stdout)
    return said["sheet"], tuple(said["others"])
