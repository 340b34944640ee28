"""What every subject's artifacts share: a report as a table of its facts, and tables in Markdown."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from prefect.artifacts import acreate_table_artifact

_MARKS = re.compile(r"([\\`*_{}\[\]<>()#!|~&:@])")


async def show_facts(key: str, facts: Mapping[str, Any], description: str) -> None:
    """Show what a report says as a table, one fact a line."""
    rows = [{"what": name.replace("_", " "), "value": in_words(value)} for name, value in facts.items()]
    await acreate_table_artifact(table=rows, key=key, description=description)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]], empty: str = "None.") -> str:
    """Write a table in Markdown; cells that may act are to be made plain before."""
    if not rows:
        return empty
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Return strangers' text as a Markdown cell that shows it, on one line, and does nothing else."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def in_words(value: object) -> object:
    """Return a value as a cell says it: lists and counts in one line."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {item}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return value
