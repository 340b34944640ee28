"""Throw random CSV-like bytes at the reader for a number of seconds, and keep what breaks it.

    python scripts/fuzz_csv.py --seconds 60 [--seed 1] [--keep tests/data/fuzz]

Whatever the bytes: `scan` gives a file or raises InvalidFile, in bounded time; `read` then gives as many records as
`scan`
counted; mapping and rows never fail, their accounts add up, and what goes to the database is whole lines of whole rows.
A finding is made as small as it goes and written to the directory, where a test replays it for ever.
"""

import argparse
import pickle
import random
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from core.errors import InvalidFile
from core.imports.batches import gather
from core.imports.columns import ColumnMapping, map_columns
from core.imports.csv_rows import ScannedFile, read, scan
from core.imports.lead_rows import ImportedRow, Reject, row_reader
from core.leads.lead import FIELDS
from db.imports.copy_text import prepare
from db.schema.tables import ImportRejectRow

ALPHABET = [
    b",", b";", b"\t", b"|", b'"', b'""', b"\n", b"\r\n", b"\r", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff",
    b"\0", b"\x1a", b"\xe9", b"\xc3\xa9", b"\xed\xa0\x80", b"\x81", b"\x85", b"\xe2\x80\xa8", b"'",
    b"name", b"Name", b"email", b"Email", b"Company", b"Firma", b"Vorname", b"Phone", b"_line", b"_error",
    b"website", b"a@b.example", b"mailto:a@b.example", b"+49 30 123456", b"4.9E+11", b"#N/A", b'="00123"', b"=1+1",
    b"https://www.example.com/a?b=c", b"linkedin.com/in/x", b"51-200", b"1,000+", b"$8.2B", b"sep=;", b" ",
    b"\\", b"x" * 300, b"1", b"0", b"-", b"/", b".", b"@", b"\xc4\xb0", b"\xf0\x9f\x98\x80", b"\xc3\x9f",
    b"http://[::1", b"http://xn--", b"%00",
]  # fmt: skip


def make(source: random.Random, seeds: list[bytes]) -> bytes:
    """Make one input: a table, broken here and there; or noise."""
    if seeds and source.random() < 0.25:
        data = source.choice(seeds)
    elif source.random() < 0.7:
        mark = source.choice([b",", b";", b"\t", b"|"])
        end = source.choice([b"\n", b"\r\n", b"\r"])
        width = source.randrange(1, 7)
        rows = [mark.join(source.choice(ALPHABET) for _ in range(width)) for _ in range(source.randrange(0, 12))]
        data = end.join(rows) + source.choice([b"", end])
    else:
        data = b"".join(source.choice(ALPHABET) for _ in range(source.randrange(0, 40)))
    for _ in range(source.randrange(0, 5)):
        data = mutate(source, data)
    return data.decode("latin-1").encode("utf-16-le") if source.random() < 0.03 else data


def mutate(source: random.Random, data: bytes) -> bytes:
    """Insert, delete, repeat, or change a piece."""
    at = source.randrange(len(data) + 1)
    until = min(len(data), at + source.randrange(1, 12))
    kind = source.randrange(4)
    if kind == 0:
        return data[:at] + source.choice(ALPHABET) + data[at:]
    if kind == 1:
        return data[:at] + data[until:]
    if kind == 2:
        return data[:at] + data[at:until] * source.randrange(2, 30) + data[until:]
    return data[:at] + bytes(source.randrange(256) for _ in range(min(4, until - at))) + data[until:]


def fault_of(data: bytes, folder: Path) -> str | None:
    """Return what is wrong with how `data` is handled; None where all is well."""
    path = folder / "fuzz.csv"
    path.write_bytes(data)
    started = time.perf_counter()
    try:
        check(path, data)
    except InvalidFile:
        pass
    except Exception as error:  # noqa: BLE001 - finding any other error is what this script is for
        return f"{type(error).__name__}: {error}"
    return "slow" if time.perf_counter() - started > 5 else None


def check(path: Path, data: bytes) -> None:
    """Read `path` as an import would; raises AssertionError where the accounts do not add up."""
    file = scan(path)
    assert file.sha256 == sha256(data).hexdigest(), "wrong hash"
    assert file.size_bytes == len(data), "wrong size"
    rows = [cells for _, cells in read(file)]
    assert len(rows) == file.records, f"counted {file.records}, read {len(rows)}"
    assert len(set(file.format.header)) == len(file.format.header), "labels repeat"
    mapping = map_columns(file.format.header, rows[:50])
    fields = list(mapping.mapping.values())
    assert len(set(fields)) == len(fields), "a field twice"
    read_row = row_reader(mapping, default_country="DE")
    for cells in rows:
        result = read_row(cells)
        assert isinstance(result, ImportedRow | Reject), "neither row nor reject"
        if isinstance(result, ImportedRow):
            assert len(result.values) == len(FIELDS), "values of another length"
            texts = [
                *filter(None, result.values),
                *(result.extra or {}).values(),
                *(result.original or {}).values(),
            ]
            for text in texts:
                assert "\0" not in text, "NUL"
                text.encode("utf-8")
    check_rendered(file, mapping)


def check_rendered(file: ScannedFile, mapping: ColumnMapping) -> None:
    """Render all rows for COPY; raises AssertionError where a row is not one line of all its fields."""
    rows = 0
    read_row = row_reader(mapping, default_country="DE")
    for batch in gather(read(file), read_row, batch_rows=3):
        ready = prepare(batch, UUID(int=0))
        rows += len(ready.rows) + ready.rejected
        assert pickle.loads(pickle.dumps(ready)) == ready, "a pipe changes rows"
        ready.rejects.decode("utf-8")
        assert ready.rejects.count(b"\n") == ready.rejected, "lines are not rows"
        tabs = ready.rejected * (len(ImportRejectRow.__table__.columns) - 1)
        assert ready.rejects.count(b"\t") == tabs, "fields are lost"
    assert rows == file.records, "rows are lost"


def shrink(data: bytes, folder: Path) -> bytes:
    """Make a finding smaller while it stays one."""
    size = max(1, len(data) // 2)
    while size:
        at = 0
        while at < len(data):
            smaller = data[:at] + data[at + size :]
            if fault_of(smaller, folder):
                data = smaller
            else:
                at += size
        size //= 2
    return data


def main() -> int:
    """Run; exit 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", type=Path, default=Path("tests/data/fuzz"))
    parser.add_argument("--seeds", type=Path, default=Path("tests/data/csv"), help="directory of files to start from")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else time.time_ns()
    source = random.Random(seed)
    seeds = [path.read_bytes() for path in sorted(options.seeds.glob("*.csv"))]
    until, count, found = time.monotonic() + options.seconds, 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seen: set[str] = set()
        while time.monotonic() < until:
            data = make(source, seeds)
            count += 1
            fault = fault_of(data, folder)
            if fault and fault.split(":")[0] + fault[-20:] not in seen:
                seen.add(fault.split(":")[0] + fault[-20:])
                small = shrink(data, folder)
                options.keep.mkdir(parents=True, exist_ok=True)
                target = options.keep / f"{sha256(small).hexdigest()[:12]}.bin"
                target.write_bytes(small)
                found += 1
                print(f"{fault}: {small!r} -> {target}")
    print(f"{count} inputs in {options.seconds:.0f} s with seed {seed}: {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
