"""`sales-agent score` and `sales-agent icp`: assess a file by a profile, storing nothing; write and check profiles."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app import terminal
from app.commands.options import AsJson, Icp, RequestOf, reads_a_file
from core.text.plain_text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.imports.columns import ColumnMapping
    from core.imports.csv_rows import ScannedFile
    from core.qualification.icp import Profile
    from core.qualification.scoring import Scorer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_SHOWN = 25


class Example(StrEnum):
    """Which example."""

    DEFAULT = "default"
    RUBRIC = "rubric"


@reads_a_file
def score(
    request_of: RequestOf,
    icp: Icp = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows of the table; --json prints all.")] = _SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a row, in file order.")] = False,
) -> None:
    """Score the rows of a CSV file by a profile. Stores nothing and needs no database.

    Every row gets `_line`, `score` 0-100, `tier`, `confidence` 0-1 and `breakdown`; the table shows the best.
    """
    request = request_of()
    from core.imports.spreadsheet_files import scan_file
    from core.qualification.profiles import current_profile, doubts_of
    from core.qualification.scoring import Scorer
    from core.settings.settings import settings
    from tasks.imports.previews import detect_mapping

    profile = current_profile(icp, settings())
    for doubt in doubts_of(profile):
        terminal.say(doubt)
    scorer = Scorer(profile)
    scanned = scan_file(request.path.expanduser(), request.format_options)
    mapping = detect_mapping(scanned, request)
    _say_what_is_missing(scorer, mapping)
    if as_json:
        _print_json_lines(scorer, scanned, mapping)
    else:
        _print_best(scorer, scanned, mapping, limit)


def _say_what_is_missing(scorer: "Scorer", mapping: "ColumnMapping") -> None:
    from tasks.qualification.scoring import file_sources

    missing = [source.name for source in file_sources(scorer, mapping) if not source.positions]
    if missing:
        terminal.say(f"The file has no column for: {', '.join(missing)}; these count as not known.")


def _print_json_lines(scorer: "Scorer", file: "ScannedFile", mapping: "ColumnMapping") -> None:
    from tasks.qualification.scoring import json_lines, score_file

    for lines, scored in score_file(scorer, file, mapping):
        sys.stdout.buffer.write(escaped(json_lines(lines, scored)))
    sys.stdout.buffer.flush()


def _print_best(scorer: "Scorer", file: "ScannedFile", mapping: "ColumnMapping", limit: int) -> None:
    import heapq
    from collections import Counter

    from core.tiers import TIERS

    tiers: Counter[str] = Counter()

    def rows() -> "Iterator[tuple[tuple[bool, float, float, int], dict[str, Any]]]":
        for row in _rows(scorer, file, mapping):
            tiers[row["tier"]] += 1
            yield (row["tier"] != "disqualified", row["score"], row["confidence"], -row["line"]), row

    best = [row for _, row in heapq.nlargest(limit, rows(), key=lambda entry: entry[0])]
    if best:
        terminal.print_table(best)
    counts = ", ".join(f"{tiers[tier]:,} {tier}" for tier in TIERS)
    terminal.say(f"{file.records:,} rows by {scorer.profile.name!r} ({scorer.profile.version}): {counts}.")


def _rows(scorer: "Scorer", file: "ScannedFile", mapping: "ColumnMapping") -> "Iterator[dict[str, Any]]":
    import orjson

    from core.qualification.criteria import MICRO
    from core.qualification.scoring import CONFIDENCE_UNIT, reason_of
    from core.tiers import TIERS
    from tasks.qualification.scoring import score_file

    for lines, scored in score_file(scorer, file, mapping):
        for line, score_, tier, confidence, breakdown in zip(
            lines, scored.score, scored.tier, scored.confidence, scored.breakdowns(), strict=True
        ):
            yield {
                "line": line,
                "score": round(int(score_) / MICRO, 2),
                "tier": TIERS[tier],
                "confidence": round(int(confidence) / CONFIDENCE_UNIT, 2),
                "why": _Reason(breakdown, reason_of, orjson.loads),
            }


class _Reason:
    """A reason that is only put into words for the rows that are shown."""

    def __init__(self, breakdown: bytes, reason_of: Any, load: Any) -> None:
        self._breakdown, self._reason_of, self._load = breakdown, reason_of, load

    def __str__(self) -> str:
        return str(self._reason_of(self._load(self._breakdown)))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The profile.")],
    as_json: AsJson = False,
) -> None:
    """Check a profile: name every mistake by line and key, or say what it asks for, and what in it is doubtful."""
    from core.errors import InvalidConfig
    from core.qualification.icp import read_profile
    from core.qualification.profiles import doubts_of

    try:
        profile = read_profile(file)
    except InvalidConfig as error:
        if as_json:
            terminal.print_json({"valid": False, "problems": [problem._asdict() for problem in error.problems]})
        else:
            for problem in error.problems:
                terminal.echo(f"{file}, {problem}")
        raise typer.Exit(1) from None
    doubts = doubts_of(profile)
    if as_json:
        facts = {"valid": True, "name": profile.name, "version": profile.version, **_said(profile)}
        terminal.print_json(facts | {"warnings": list(doubts)})
        return
    terminal.print_facts({"profile": profile.name, "version": profile.version, **_said(profile)})
    for doubt in doubts:
        terminal.say(f"warning: {doubt}")


def _said(profile: "Profile") -> dict[str, Any]:
    total = sum(criterion.weight for criterion in profile.criteria)
    return {
        "criteria": {criterion.label: round(float(criterion.weight / total), 4) for criterion in profile.criteria},
        "disqualifiers": [condition.label for condition in profile.disqualifiers],
        "fields": list(profile.columns),
    }


@app.command()
def example(
    which: Annotated[Example, typer.Argument(help="default, or rubric: a weighted sum of columns.")] = Example.DEFAULT,
) -> None:
    """Print an example profile, to be changed: `sales-agent icp example > icp.yaml`."""
    from core.qualification.profiles import example_text

    terminal.echo(example_text(which.value), nl=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a profile, for editors."""
    from core.qualification.icp import json_schema

    terminal.print_json(json_schema())
