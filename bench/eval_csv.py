"""How right CSV files are read: format, counts, mapping, compared with labels.

    python bench/eval_csv.py [DIRECTORY with manifest.jsonl] [--json FILE] [--quiet]
    python bench/eval_csv.py BATCH [--record]

Without a directory: `csv-dev` in the evaluation data (`SALES_AGENT_EVAL_DATA`, default `../shared` beside the
checkout) where it
is present, else the project's own made-up files under `tests/data/csv`. Prints every difference and the score per
measure, and
writes the figures as JSON. A folder of fresh files (`bench/first_sight.py`) is scored as such; `--record` keeps its
score as that at first sight. Without a directory, what is recorded of all fresh files is printed too.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import first_sight
from core.errors import InvalidFile
from core.imports.columns import SAMPLE_ROWS, map_columns
from core.imports.csv_rows import read, scan
from core.imports.lead_rows import row_reader
from core.imports.preview import preview

HERE = Path(__file__).resolve().parent
NOT_LABELLED = frozenset({"street", "company_phone"})
"""Fields that a label file may leave out; a column mapped to one of them is neither right nor wrong."""
MEASURES = (
    "readable",
    "encoding",
    "delimiter",
    "has_header",
    "preamble_lines",
    "rows",
    "header",
    "importable_rows",
    "reasons",
)


@dataclass
class Score:
    """Counts over all files: [right, of] per measure, and the columns."""

    files: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def count(self, measure: str, is_right: bool, difference: str) -> None:
        """Count one comparison."""
        self.files[measure] += 1
        self.right[measure] += is_right
        if not is_right:
            self.differences.append(difference)


def default_directory() -> Path:
    """Return the evaluation data where it is present, else the project's own files."""
    data = Path(os.environ.get("SALES_AGENT_EVAL_DATA") or HERE.parent.parent / "shared")
    labelled = data / "csv-dev"
    return labelled if (labelled / "manifest.jsonl").exists() else HERE.parent / "tests" / "data" / "csv"


def compare_file(folder: Path, label: dict[str, Any], score: Score) -> None:
    """Read one file and count how it compares with its label."""
    name = label["file_id"]
    path = folder / f"{name}.csv"
    try:
        file = scan(path)
        mapping = map_columns(file.format.header, [cells for _, cells in read(file, limit=SAMPLE_ROWS)])
        report = preview(file, mapping, row_reader(mapping)).to_json()
    except InvalidFile as error:
        refused = label.get("refused", False)
        score.count("readable", refused, f"{name}: refused: {error.message}")
        return
    score.count("readable", not label.get("refused", False), f"{name}: was not refused")
    if label.get("refused"):
        return
    for measure in ("encoding", "delimiter", "has_header", "preamble_lines", "rows"):
        wanted, got = label[measure], report[measure]
        score.count(measure, wanted == got, f"{name}: {measure} is {wanted!r}, got {got!r}")
    if label["header"] is not None:
        plain = [column.rsplit("#", 1)[0] if "#" in column else column for column in report["header"]]
        named = [
            (want, got) for want, got in zip(label["header"], plain, strict=False) if want.strip() and "#" not in want
        ]
        same = len(plain) == len(label["header"]) and all(want == got for want, got in named)
        score.count("header", same, f"{name}: header is {label['header']!r}, got {report['header']!r}")
    expected = label["expected"]
    if expected.get("importable_rows") is not None:
        wanted, got = expected["importable_rows"], report["importable_rows"]
        score.count("importable_rows", wanted == got, f"{name}: importable_rows is {wanted}, got {got}")
        wanted, got = expected.get("why_rejected", {}), report["reasons"]
        score.count("reasons", wanted == got, f"{name}: reasons are {wanted}, got {got}")
    compare_mapping(name, label, report["mapping"], score)


def compare_mapping(name: str, label: dict[str, Any], got: dict[str, str], score: Score) -> None:
    """Count labelled columns mapped right, and columns mapped to a field that is not theirs."""
    wanted: dict[str, Any] = label["mapping"]
    also: dict[str, str] = label.get("alt_mapping") or {}
    for column, fields in wanted.items():
        accepted = fields if isinstance(fields, list) else [fields]
        is_right = got.get(column) in accepted
        score.count("columns", is_right, f"{name}: {column!r} is {'/'.join(accepted)}, got {got.get(column)}")
        is_wrong = column in got and not is_right
        score.files["mapped"] += column in got
        score.right["mapped wrong"] += is_wrong
    for column, mapped in got.items():
        if column in wanted or mapped in NOT_LABELLED:
            continue
        is_right = also.get(column) == mapped
        score.files["mapped"] += 1
        score.right["mapped wrong"] += not is_right
        if not is_right:
            score.differences.append(f"{name}: {column!r} is nothing, got {mapped}")


def figures_of(score: Score, folder: Path) -> dict[str, Any]:
    """Return the figures as JSON values."""
    measures = {name: {"right": score.right[name], "of": score.files[name]} for name in (*MEASURES, "columns")}
    mapped = {"wrong": score.right["mapped wrong"], "of": score.files["mapped"]}
    return {"data": folder.name, "measures": measures, "mapped_columns": mapped, "differences": len(score.differences)}


def score_batch(batch: Path, *, record: bool, quiet: bool) -> int:
    """Score a folder of fresh files; exit 0, for at first sight every score counts."""
    console = Console()
    sight = first_sight.look_at(batch)
    figures = first_sight.figures_of(sight)
    if not quiet:
        for difference in sight.differences:
            console.print(difference, markup=False, highlight=False)
    first_sight.show(console, batch.name, figures)
    if record:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True
        ).stdout.strip()
        first_sight.record(batch, figures, date=datetime.now(UTC).date().isoformat(), commit=commit)
    return 0


def main() -> int:
    """Run; exit 1 where the aims are missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", type=Path, default=None)
    parser.add_argument("--json", type=Path, default=HERE / "eval_csv.json")
    parser.add_argument("--quiet", action="store_true", help="no differences")
    parser.add_argument("--record", action="store_true", help="keep a batch's score as that at first sight")
    options = parser.parse_args()
    folder = options.directory or default_directory()
    if (folder / "labels").is_dir():
        return score_batch(folder, record=options.record, quiet=options.quiet)
    score = Score()
    labels = [
        json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").split("\n") if line.strip()
    ]
    for label in labels:
        compare_file(folder, label, score)
    console = Console()
    if not options.quiet:
        for difference in score.differences:
            console.print(difference, markup=False, highlight=False)
    figures = figures_of(score, folder)
    table = Table("measure", "right", "of", "share", title=f"{len(labels)} files of {folder.name}")
    for name, figure in figures["measures"].items():
        share = figure["right"] / figure["of"] if figure["of"] else 1.0
        table.add_row(name, str(figure["right"]), str(figure["of"]), f"{share:.1%}")
    wrong = figures["mapped_columns"]
    wrong_share = wrong["wrong"] / wrong["of"] if wrong["of"] else 0.0
    table.add_row("mapped to a wrong field", str(wrong["wrong"]), str(wrong["of"]), f"{wrong_share:.1%}")
    console.print(table)
    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    first_sight.show_curve(console)
    columns = figures["measures"]["columns"]
    return 0 if columns["right"] >= 0.95 * columns["of"] and wrong_share <= 0.01 else 1


if __name__ == "__main__":
    sys.exit(main())
