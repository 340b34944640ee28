"""What `sales-agent leads`, `contacts` and `duplicates` have in common: options, pages, and how a record is shown."""

import asyncio
import sys
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app import terminal

if TYPE_CHECKING:
    from db.imports.taking_apart import TakenApart
    from db.leads.listing import Count, Page
    from db.leads.repointing import LeadOrContact

RecordId = Annotated[UUID, typer.Argument(help="Its id; one that was merged into another finds that.")]
Query = Annotated[
    str | None,
    typer.Argument(help="Words of a name or their beginnings, a domain, an e-mail address, or an id; default: all."),
]
After = Annotated[str | None, typer.Option("--after", help="The cursor that the page before printed.")]
PageLimit = Annotated[int, typer.Option(min=1, max=1_000, help="How many.")]
ReasonGiven = Annotated[str | None, typer.Option("--reason", help="Why; the history keeps it.")]
Set = Annotated[list[str], typer.Option("--set", help='A new value, "city=Leeds"; "city=" empties. May be repeated.')]

_FIRST = ("name", "title", "email", "company", "domain", "city", "country")
"""What tells of a lead or person in a cell, in this order; then the rest."""
_PLAIN = (str, int, float, bool, UUID)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Wait for what a command asks for."""
    return asyncio.run(work)


def print_page(page: "Page", count: "Count | None", *, what: str, as_json: bool) -> None:
    """Print a page of a list, how many there are, and how to go on."""
    if as_json:
        counted = {"count": count.number, "count_is_estimated": count.is_estimated} if count else {}
        terminal.print_json({what: page.rows, "next": page.cursor, "is_cut": page.is_cut, **counted})
        return
    if not page.rows:
        terminal.say(f"No {what} found.")
        return
    terminal.print_table([{name: _cell(_shown(name, value)) for name, value in row.items()} for row in page.rows])
    if page.is_cut:
        terminal.say("More than 10,000 are found, and listed only in part: name more of it.")
    if count is not None:
        terminal.say(f"{'About ' if count.is_estimated else ''}{count.number:,} {what} in all.")
    if page.cursor is not None:
        terminal.say(f"More: --after {page.cursor}")


def print_record(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a lead or contact: what it is, its values with their sources, then what hangs on it."""
    if as_json:
        terminal.print_json(found)
        return
    facts = {name: value for name, value in found.items() if isinstance(value, _PLAIN) and value is not False}
    facts |= {name: found[name] for name in ("aliases", "tags", "also_known_by") if found.get(name)}
    terminal.print_facts({name.replace("_", " "): value for name, value in facts.items()})
    if assessment := found.get("assessment"):
        shown = {name: assessment[name] for name in ("score", "tier", "outcome", "why", "assessed_at")}
        terminal.echo("\nScore")
        terminal.print_facts({name.replace("_", " "): str(value) for name, value in shown.items() if value is not None})
    values = [
        {
            "field": name,
            "value": _shown(name, said.get("value")),
            "from": _source(said),
            "at": _cell(said.get("observed_at")),
        }
        for name, said in found["values"].items()
    ]
    _print_section("Values", values)
    _print_section("Imported beside them", [{"column": name, "value": each} for name, each in found["extra"].items()])
    for name in ("contacts", "also_at", "stages", "imports", "messages", "possible_duplicates", "crm"):
        _print_section(name.replace("_", " ").capitalize(), found.get(name) or [])
    history = [
        {"at": row["at"], "action": row["action"], "by": row["done_by"], "reason": row["reason"],
         "changed": ", ".join(sorted({*row["before"], *row["after"]}))}
        for row in found["history"]
    ]  # fmt: skip
    _print_section("History", history)


def _print_section(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        terminal.echo(f"\n{title}")
        terminal.print_table([{name: _cell(value) for name, value in row.items()} for row in rows])


def _shown(name: str, value: Any) -> Any:
    """Return a field's value as people read it: a country by its name."""
    from core.leads.fields import BY_NAME, shown

    return shown(name, value) if name in BY_NAME and isinstance(value, str) else value


def _source(said: Mapping[str, Any]) -> str:
    parts = [said.get("source"), said.get("edited_by"), said.get("file"), said.get("source_url")]
    if (original := said.get("original")) is not None:
        parts.append(f'"{original}" before' if "file" not in said else f'there "{original}"')
    return " ".join(str(part) for part in parts if part)


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        ordered = sorted(value, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
        return ", ".join(str(value[name]) for name in ordered if value[name] is not None and name != "contacts")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return None if value is None or value is False else value if isinstance(value, str | int) else str(value)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before what cannot be taken back; without a terminal to ask on, `--yes` is needed."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("say --yes: there is no terminal to ask on")
    typer.confirm(question, abort=True, err=True)


def told(done: str, facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Say what was done."""
    if as_json:
        terminal.print_json(facts)
    else:
        terminal.say(done)


def edit(
    kind: "LeadOrContact", record_id: UUID, settings: Sequence[str], by: str, reason: str | None, *, as_json: bool
) -> None:
    """Change a record in a person's name."""
    from tasks.leads import records

    found = run(records.edit(kind, record_id, records.changes_of(settings), by=by, reason=reason))
    told("Changed.", {"id": str(found), "changed": sorted(records.changes_of(settings))}, as_json=as_json)


def merge(
    kind: "LeadOrContact", kept: UUID, gone: Sequence[UUID], by: str, reason: str | None, *, as_json: bool
) -> None:
    """Merge records into the first."""
    from tasks.leads import records

    found = run(records.merge(kind, kept, gone, by=by, reason=reason))
    told(f"Merged into {found}.", {"id": str(found), "merged": [str(each) for each in gone]}, as_json=as_json)


def delete(kind: "LeadOrContact", record_id: UUID, by: str, reason: str | None, *, as_json: bool) -> None:
    """Delete a record."""
    from tasks.leads import records

    run(records.delete(kind, record_id, by=by, reason=reason))
    told("Deleted.", {"id": str(record_id), "deleted": True}, as_json=as_json)


def unmerge(kind: "LeadOrContact", gone: Sequence[UUID], by: str, reason: str | None, *, as_json: bool) -> None:
    """Take merged records apart again."""
    from tasks.imports import merges

    tell_apart(run(merges.take_apart(kind, gone, by=by, reason=reason)), as_json=as_json)


def tell_apart(done: "Sequence[TakenApart]", *, as_json: bool) -> None:
    """Say what was taken apart, what keeps values that were changed since, and of what nothing is left."""
    if as_json:
        terminal.print_json([each._asdict() for each in done])
        return
    for each in done:
        terminal.say(f"Taken apart: {each.gone_id} from {each.kept_id}. Nobody will ask about the two again.")
        if each.kept_values:
            names = ", ".join(each.kept_values)
            terminal.say(f"Changed since, so {each.kept_id} keeps: {names}.")
        for record_id in each.removed:
            terminal.say(f"Nothing is left of {record_id}: the imports that brought it were undone.")
