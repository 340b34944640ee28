"""How right files are read that nobody here has seen: a folder of fresh files with labels, scored once.

A batch is a folder with `files/`, `labels/` (one JSON a file) and `sources.json`; it is chosen and labelled by
somebody who sees neither this code nor what it gives, and none of its rows is kept here. In `bench/first_sight/`,
`RULE.md` says how the files are chosen, `sources.json` which they were, `scores.json` how each batch came out when it
was seen for the first time, also where that was bad.
"""

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from core.errors import InvalidFile
from core.imports.csv_rows import read, scan
from core.imports.lead_rows import row_reader
from core.imports.preview import preview

try:
    from core.imports.spreadsheet_files import scan_file as scan_any
except ImportError:  # before spreadsheets were read
    scan_any = scan  # type: ignore[assignment]
try:
    from core.imports.csv_samples import read_table
except ImportError:  # before samples were spread over the file
    from core.imports.columns import SAMPLE_ROWS, map_columns

    def read_table(file: Any) -> Any:  # type: ignore[misc]
        return map_columns(file.format.header, [cells for _, cells in read(file, limit=SAMPLE_ROWS)])


FOLDER = Path(__file__).resolve().parent / "first_sight"
FORMAT = ("readable", "encoding", "delimiter", "has_header", "preamble_lines", "rows")
KEY_FIELDS = frozenset({"company_name", "contact_email"})
"""Fields without which a file is worth little: to lose their column is to lose the file."""
BINS = ((0.95, "0.95-1.00", 0.99), (0.90, "0.90-0.95", 0.95), (0.75, "0.75-0.90", 0.0), (0.0, "below 0.75", 0.0))
_SAME_ENCODING = {
    "ascii": "utf-8", "iso8859-1": "cp1252", "latin-1": "cp1252", "windows-1252": "cp1252", "windows-1251": "cp1251",
    "windows-1250": "cp1250", "windows-1254": "cp1254", "shift_jis": "cp932", "shift-jis": "cp932", "gbk": "gb18030",
    "gb2312": "gb18030", "euc_kr": "cp949", "euc-kr": "cp949", "iso-8859-1": "cp1252", "iso-8859-2": "iso8859-2",
    "utf-8-sig": "utf-8", "utf-16": "utf-16-le",
}  # fmt: skip
"""Names of what reads the same here."""


@dataclass
class Sight:
    """What came of a batch."""

    files: int = 0
    size_bytes: int = 0
    right: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    mapped: int = 0
    wrong_formats: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    bins: dict[str, list[int]] = field(default_factory=lambda: {name: [0, 0] for _, name, _ in BINS})
    differences: list[str] = field(default_factory=list)

    def count(self, measure: str, is_right: bool, difference: str) -> bool:
        """Count one comparison."""
        self.of[measure] += 1
        self.right[measure] += is_right
        if not is_right:
            self.differences.append(difference)
        return is_right


def look_at(batch: Path) -> Sight:
    """Read every file of a batch and compare it with its label."""
    sight = Sight()
    for path in sorted((batch / "labels").glob("*.json")):
        label = json.loads(path.read_text(encoding="utf-8"))
        sight.files += 1
        sight.size_bytes += label["bytes"]
        _compare(batch / "files" / label["file"], label, sight)
    return sight


def _compare(path: Path, label: dict[str, Any], sight: Sight) -> None:
    name = label["file_id"]
    try:
        file = scan_any(path)
        mapping = read_table(file)
        report = preview(file, mapping, row_reader(mapping)).to_json()
    except InvalidFile as error:
        is_right = bool(label.get("refused"))
        sight.count("readable", is_right, f"{name}: refused: {error.message}")
        if not is_right:
            sight.wrong_formats.append(name)
            _count_unread(label, sight)
        return
    if not _is_format_right(name, label, report, sight):
        sight.wrong_formats.append(name)
    # Columns are told apart by where they stand: names may repeat, or be missing.
    got = {index: (field, sure) for index, (_, field, sure) in enumerate(mapping.columns) if field}
    _compare_columns(name, label, got, sight)


def _is_format_right(name: str, label: dict[str, Any], report: dict[str, Any], sight: Sight) -> bool:
    is_right = sight.count("readable", not label.get("refused"), f"{name}: was not refused")
    for measure in FORMAT[1:]:
        wanted, got = label.get(measure), report[measure]
        if wanted is None:  # a workbook has neither
            continue
        if measure == "encoding":
            wanted, got = (_SAME_ENCODING.get(text.lower(), text.lower()) for text in (wanted, got))
        is_right = sight.count(measure, wanted == got, f"{name}: {measure} is {wanted!r}, got {got!r}") and is_right
    return is_right


def _accepted(column: dict[str, Any], label: dict[str, Any]) -> set[str | None]:
    """Return the fields that are right for a column; None: no field."""
    fields = column["field"] if isinstance(column["field"], list) else [column["field"]]
    disputed = label.get("disputed", {}).get(column["name"], [])
    disputed = disputed if isinstance(disputed, list) else [disputed]
    return {*fields, *(each if isinstance(each, str) else None for each in disputed)}


def _count_unread(label: dict[str, Any], sight: Sight) -> None:
    for column in label["columns"]:
        if None not in _accepted(column, label):
            sight.count("columns", False, f"{label['file_id']}: {column['name']!r} was not read")


def _compare_columns(name: str, label: dict[str, Any], got: dict[int, tuple[str, float]], sight: Sight) -> None:
    also: dict[str, str] = label.get("alt_mapping") or {}
    fields = {field for field, _ in got.values()}
    for column in label["columns"]:
        accepted = _accepted(column, label)
        mapped, sure = got.get(column["index"], (None, 0.0))
        twin = also.get(column["name"])
        is_right = mapped in accepted or (twin is not None and mapped in (twin, None))
        wanted = "/".join(sorted(map(str, accepted)))
        if None not in accepted and twin is None:
            sight.count("columns", is_right, f"{name}: {column['name']!r} is {wanted}, got {mapped} ({sure})")
            if not is_right and accepted & KEY_FIELDS and not accepted & fields:
                sight.lost.append(f"{name}: {column['name']}")
        elif not is_right:
            sight.differences.append(f"{name}: {column['name']!r} is {wanted}, got {mapped} ({sure})")
        if mapped:
            sight.mapped += 1
            sight.wrong += not is_right
            counts = sight.bins[next(bin_ for least, bin_, _ in BINS if sure >= least)]
            counts[0] += is_right
            counts[1] += 1


def interval(right: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson)."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, right / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def figures_of(sight: Sight) -> dict[str, Any]:
    """Return the figures as JSON values."""
    return {
        "files": sight.files,
        "bytes": sight.size_bytes,
        "columns": {"right": sight.right["columns"], "of": sight.of["columns"]},
        "mapped": {"wrong": sight.wrong, "of": sight.mapped},
        "format": {measure: {"right": sight.right[measure], "of": sight.of[measure]} for measure in FORMAT},
        "files_with_wrong_format": len(set(sight.wrong_formats)),
        "company_or_email_columns_lost": len(sight.lost),
        "reliability": {name: {"right": right, "of": of} for name, (right, of) in sight.bins.items()},
    }


def show(console: Console, title: str, figures: dict[str, Any]) -> None:
    """Print the figures of a batch, or of several together."""
    table = Table("measure", "right", "of", "share", "95 %", title=f"{title}: {figures['files']} files")
    columns, mapped = figures["columns"], figures["mapped"]
    _row(table, "columns right", columns["right"], columns["of"])
    _row(table, "mapped to a wrong field", mapped["wrong"], mapped["of"])
    for measure, counts in figures["format"].items():
        _row(table, measure, counts["right"], counts["of"])
    _row(table, "files with format or counts wrong", figures["files_with_wrong_format"], figures["files"])
    table.add_row("company or e-mail columns lost", str(figures["company_or_email_columns_lost"]), "", "", "")
    for _, name, needed in BINS:
        counts = figures["reliability"][name]
        _row(table, f"confidence {name}" + (f" (aim {needed:.0%})" if needed else ""), counts["right"], counts["of"])
    console.print(table)


def _row(table: Table, name: str, right: int, of: int) -> None:
    low, high = interval(right, of)
    share = f"{right / of:.1%}" if of else ""
    table.add_row(name, str(right), str(of), share, f"{low:.1%}-{high:.1%}" if of else "")


def together(figures: list[dict[str, Any]]) -> dict[str, Any]:
    """Add the figures of several batches up."""

    def add(one: Any, other: Any) -> Any:
        return {key: add(one[key], other[key]) for key in one} if isinstance(one, dict) else one + other

    total = figures[0]
    for more in figures[1:]:
        total = add(total, more)
    return dict(total)


def scores() -> list[dict[str, Any]]:
    """Return what is recorded of all batches, in the order in which they were seen."""
    path = FOLDER / "scores.json"
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def show_curve(console: Console) -> None:
    """Print how every batch came out at first sight, and the last two together."""
    known = scores()
    table = Table("batch", "date", "commit", "files", "columns right", "95 %", "wrong", "format wrong", "lost",
                  title="At first sight")  # fmt: skip
    for score in known:
        figures = score["figures"]
        columns, mapped = figures["columns"], figures["mapped"]
        low, high = interval(columns["right"], columns["of"])
        table.add_row(
            score["batch"], score["date"], score["commit"], str(figures["files"]),
            f"{columns['right']}/{columns['of']} = {columns['right'] / columns['of']:.1%}", f"{low:.1%}-{high:.1%}",
            f"{mapped['wrong']}/{mapped['of']} = {mapped['wrong'] / mapped['of']:.1%}",
            str(figures["files_with_wrong_format"]), str(figures["company_or_email_columns_lost"]),
        )  # fmt: skip
    if known:
        console.print(table)
    if len(known) > 1:
        show(console, "The last two batches together", together([score["figures"] for score in known[-2:]]))


def record(batch: Path, figures: dict[str, Any], *, date: str, commit: str) -> None:
    """Keep a batch's first score, and where its files are from; no row of them."""
    known = scores()
    if any(score["batch"] == batch.name for score in known):
        raise SystemExit(f"{batch.name} was seen before: its score at first sight stays")
    FOLDER.mkdir(exist_ok=True)
    known.append({"batch": batch.name, "date": date, "commit": commit, "figures": figures})
    (FOLDER / "scores.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    listed = FOLDER / "sources.json"
    sources = json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else {}
    given = json.loads((batch / "sources.json").read_text(encoding="utf-8"))
    sources[batch.name] = sorted(f"{each['repo']}/{each['path']}" for each in given)
    listed.write_text(json.dumps(sources, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
