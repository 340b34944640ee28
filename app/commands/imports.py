"""`sales-agent import`, `preview`, `undo` and `imports`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from app import terminal

if TYPE_CHECKING:
    from core.imports import ImportReport, ImportRequest
    from core.preview import PreviewReport

Policy = Literal["fill_empty", "overwrite", "skip"]
Dedupe = Literal["auto", "external_id", "email", "domain", "company", "row"]

File = Annotated[Path, typer.Argument(help="The CSV file.")]
Maps = Annotated[
    list[str] | None,
    typer.Option("--map", help='A column\'s field, "Firma=company_name"; "Firma=" leaves it out. May be repeated.'),
]
Country = Annotated[str | None, typer.Option(help="ISO code for phone numbers without a country code, as DE.")]
Encoding = Annotated[str | None, typer.Option(help="The file's encoding; detected where not given.")]
Delimiter = Annotated[str | None, typer.Option(help="The file's delimiter; detected where not given.")]
Header = Annotated[bool | None, typer.Option("--header/--no-header", help="Whether it has a header row; detected.")]
Preamble = Annotated[int | None, typer.Option(help="Lines above the header; detected where not given.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, a stable interface, and nothing else.")]


def import_(
    file: File,
    map_: Maps = None,
    policy: Annotated[Policy, typer.Option(help="What to do with leads that are already there.")] = "fill_empty",
    source: Annotated[str | None, typer.Option(help="Where the file comes from, for rows that do not say so.")] = None,
    dedupe: Annotated[Dedupe, typer.Option(help="What makes two rows the same lead.")] = "auto",
    country: Country = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header: Header = None,
    preamble: Preamble = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what the import would do; write nothing.")] = False,
    submit: Annotated[bool, typer.Option("--submit", help="Let a worker do it, through the deployment.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import leads from a CSV file: stored, deduplicated, with a report. The same file twice changes nothing."""
    request = request_of(
        path=file,
        map_=map_,
        policy=policy,
        source=source,
        dedupe=dedupe,
        default_country=country,
        encoding=encoding,
        delimiter=delimiter,
        has_header=header,
        preamble_lines=preamble,
        dry_run=dry_run,
    )
    terminal.prepare_prefect()
    if submit:
        from app.submission import submit_import

        report: ImportReport | PreviewReport = asyncio.run(submit_import(request, say=terminal.say))
    else:
        report = _import_here(request, quiet=as_json)
    facts = _plain(report)
    if as_json:
        terminal.print_json(facts)
    else:
        terminal.print_facts(_facts(facts))


def _plain(report: "ImportReport | PreviewReport") -> dict[str, Any]:
    from core.imports import ImportReport

    return report.model_dump(mode="json") if isinstance(report, ImportReport) else report.to_json()


def _import_here(request: "ImportRequest", *, quiet: bool) -> "ImportReport | PreviewReport":
    from flows.import_leads import import_leads
    from tasks.runtime import progress_sink, server_url

    if not quiet:
        where = server_url()
        terminal.say(f"Recorded as a Prefect run at {where}." if where else "No Prefect server: running without it.")
    with terminal.progress_bar(request.path.name, show=not quiet) as advance:
        progress_sink.set(advance)
        return asyncio.run(import_leads(request))


def preview(
    file: File,
    map_: Maps = None,
    country: Country = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header: Header = None,
    preamble: Preamble = None,
    as_json: AsJson = False,
) -> None:
    """Say what an import of a file would do: format, mapping, counts. Writes nothing and needs no database."""
    request = request_of(
        path=file,
        map_=map_,
        default_country=country,
        encoding=encoding,
        delimiter=delimiter,
        has_header=header,
        preamble_lines=preamble,
    )
    from tasks import previews

    report = previews.preview(request)
    if as_json:
        terminal.print_json(report.to_json())
        return
    facts = report.to_json()
    mapping, confidence = facts.pop("mapping"), facts.pop("mapping_confidence")
    terminal.print_facts(_facts(facts))
    from tasks.profiles import profile

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
    from core.imports import UndoRequest

    terminal.prepare_prefect()
    from flows.undo_import import undo_import

    report = asyncio.run(undo_import(UndoRequest(import_id=import_id, force=force)))
    facts = report.model_dump(mode="json")
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
    from tasks.leads import list_imports

    rows = [summary.model_dump(mode="json") for summary in asyncio.run(list_imports(limit))]
    if as_json:
        terminal.print_json(rows)
    elif rows:
        terminal.print_table(rows)
    else:
        terminal.say("No imports yet: `sales-agent import FILE`.")


def request_of(*, map_: list[str] | None, **fields: Any) -> "ImportRequest":  # noqa: ANN401 - checked by the model
    """Make an import request of a command's options; a wrong one is a mistake in how the command was asked for."""
    from pydantic import ValidationError

    from core.columns import parse_override
    from core.csv_rows import open_regular
    from core.imports import ImportRequest

    try:
        request = ImportRequest(mapping=dict(map(parse_override, map_ or [])), **fields)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        raise typer.BadParameter(f"{name}: {problem['msg']}") from error
    open_regular(request.path.expanduser()).close()  # a wrong name is told at once, not after Prefect is loaded
    return request


def _facts(report: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", " "): value for name, value in report.items() if value not in (None, [], {})}
