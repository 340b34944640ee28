"""`sales-agent import`, `preview`, `undo` and `imports`."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from app import terminal
from app.commands.options import AsJson, RequestOf, reads_a_file

if TYPE_CHECKING:
    from core.imports.preview import PreviewReport
    from core.imports.runs import ImportReport, ImportRequest

Policy = Literal["fill_empty", "overwrite", "skip"]
Branches = Literal["one", "each"]


def _no_dedupe(value: str | None) -> None:
    if value is not None:
        raise typer.BadParameter(
            '--dedupe is gone: leads and people are told apart by all their identities; --id "COLUMN=person", '
            '"COLUMN=company" or "COLUMN=none" says whose the ids of a column are'
        )


@reads_a_file
def import_(
    request_of: RequestOf,
    policy: Annotated[Policy, typer.Option(help="What to do with leads that are already there.")] = "fill_empty",
    source: Annotated[str | None, typer.Option(help="Where the file comes from, for rows that do not say so.")] = None,
    branches: Annotated[
        Branches, typer.Option(help="A company with many addresses: one lead, or one for each place.")
    ] = "one",
    dedupe: Annotated[str | None, typer.Option(hidden=True, callback=_no_dedupe)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what the import would do; write nothing.")] = False,
    submit: Annotated[bool, typer.Option("--submit", help="Let a worker do it, through the deployment.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import leads from a CSV file: stored, deduplicated, with a report. The same file twice changes nothing."""
    del dedupe  # refused, with what takes its place
    request = request_of(policy=policy, source=source, branches=branches, dry_run=dry_run)
    terminal.prepare_prefect()
    if submit:
        from app.submission import submit_import

        report: ImportReport | PreviewReport = asyncio.run(submit_import(request, say=terminal.say))
    else:
        report = _import_here(request, quiet=as_json)
    facts = report.to_json()
    if as_json:
        terminal.print_json(facts)
    else:
        terminal.print_facts(_facts(facts))


def _import_here(request: "ImportRequest", *, quiet: bool) -> "ImportReport | PreviewReport":
    from flows.import_leads import import_leads
    from tasks.runtime.orchestration import progress_sink, server_url

    if not quiet:
        where = server_url()
        terminal.say(f"Recorded as a Prefect run at {where}." if where else "No Prefect server: running without it.")
    with terminal.progress_bar(request.path.name, show=not quiet) as advance:
        progress_sink.set(advance)
        return asyncio.run(import_leads(request))


@reads_a_file
def preview(request_of: RequestOf, as_json: AsJson = False) -> None:
    """Say what an import of a file would do: format, mapping, counts. Writes nothing and needs no database."""
    request = request_of()
    from tasks.imports import previews

    report = previews.preview(request)
    if as_json:
        terminal.print_json(report.to_json())
        return
    facts = report.to_json()
    mapping, confidence = {**facts.pop("beside"), **facts.pop("mapping")}, facts.pop("mapping_confidence")
    terminal.print_facts(_facts(facts))
    from tasks.imports.column_profiles import profile

    table = profile(request)
    table.insert(1, "field", [mapping.get(column, "(extra)") for column in table["column"]])
    table.insert(2, "sure", [f"{confidence[column]:.0%}" if column in confidence else "" for column in table["column"]])
    terminal.print_table(table.to_dict("records"))


def undo(
    import_id: Annotated[UUID, typer.Argument(help="The import's id: its report and `imports` name it.")],
    force: Annotated[bool, typer.Option("--force", help="Also undo in leads that a person has edited since.")] = False,
    as_json: AsJson = False,
) -> None:
    """Undo an import: remove what only it brought, give back what it overwrote. Twice is harmless."""
    from core.imports.runs import UndoRequest

    terminal.prepare_prefect()
    from flows.undo_import import undo_import

    report = asyncio.run(undo_import(UndoRequest(import_id=import_id, force=force)))
    facts = report.to_json()
    if as_json:
        terminal.print_json(facts)
        return
    kept = facts.pop("kept")
    terminal.print_facts(_facts(facts))
    if kept:
        terminal.print_table(kept)


def imports(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List imports, newest first."""
    terminal.prepare_prefect()
    from tasks.imports.readers import list_imports

    rows = [summary.model_dump(mode="json") for summary in asyncio.run(list_imports(limit))]
    if as_json:
        terminal.print_json(rows)
    elif rows:
        terminal.print_table(rows)
    else:
        terminal.say("No imports yet: `sales-agent import FILE`.")


def _facts(report: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", " "): value for name, value in report.items() if value not in (None, [], {})}
