"""`sales-agent run`: a file all the way, in one run, up to a plan for the CRM that waits for a yes."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app import terminal
from app.commands.enrich import budgets_of
from app.commands.options import AsJson, Icp, RequestOf, reads_a_file

if TYPE_CHECKING:
    from core.pipeline.runs import PipelineReport, PipelineRequest

Until = Literal["import", "score", "enrich", "discover", "plan"]


@reads_a_file
def run(
    request_of: RequestOf,
    until: Annotated[Until, typer.Option(help="How far; each takes all before it.")] = "plan",
    icp: Icp = None,
    tiers: Annotated[
        list[str] | None,
        typer.Option(
            "--tier", help="Enrich and look at these only; may be repeated. Default: hot and warm. All four: everybody."
        ),
    ] = None,
    budget: Annotated[
        list[str] | None, typer.Option(help='The most that enriching may spend: "5 usd", "100 credits", "100 calls".')
    ] = None,
    no_model: Annotated[bool, typer.Option("--no-model", help="Score by the rules alone.")] = False,
    source: Annotated[str | None, typer.Option(help="Where the file comes from, for rows that do not say so.")] = None,
    submit: Annotated[bool, typer.Option("--submit", help="Let a worker do it, through the deployment.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a file all the way: import, score, enrich, find who decides, plan the CRM, which waits for your yes.

    The same file again goes on where it stopped, and asks and buys nothing twice.
    """
    from core.pipeline.runs import PipelineRequest

    wanted = _wanted(tiers)
    money = budgets_of(budget or [])
    given = {"until": until, "icp": _absolute(icp), "use_model": not no_model, **wanted, **money}
    request = PipelineRequest(**request_of(source=source).model_dump(exclude={"dry_run", "and_go_on"}), **given)
    terminal.prepare_prefect()
    if submit:
        from app.submission import submit_pipeline

        facts = asyncio.run(submit_pipeline(request, say=terminal.say))
    else:
        report = run_here(request, quiet=as_json)
        facts = report.to_json()
    if as_json:
        terminal.print_json(facts)
    elif not submit:
        show(report)


def _wanted(tiers: list[str] | None) -> dict[str, Any]:
    """Return the request's tiers: none where all are named, which is everybody, scored or not."""
    from core.tiers import TIERS

    if not tiers:
        return {}
    if unknown := [tier for tier in tiers if tier not in TIERS]:
        raise typer.BadParameter(f"{unknown[0]} is no tier: there are {', '.join(TIERS)}", param_hint="--tier")
    return {"tiers": () if set(tiers) == set(TIERS) else tuple(dict.fromkeys(tiers))}


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.expanduser().absolute()


def run_here(request: "PipelineRequest", *, quiet: bool) -> "PipelineReport":
    """Run it in this process, saying what each step came to."""
    from flows.run_pipeline import run_pipeline
    from tasks.runtime.orchestration import progress_sink, server_url
    from tasks.runtime.telling import listener

    if not quiet:
        where = server_url()
        terminal.say(f"Recorded as a Prefect run at {where}." if where else "No Prefect server: running without it.")
        listener.set(terminal.say)
    with terminal.progress_bar(request.path.name, show=not quiet) as advance:
        progress_sink.set(advance)
        return asyncio.run(run_pipeline(request))


def show(report: "PipelineReport") -> None:
    """Print what became of each step, the best leads, and what to do now."""
    terminal.print_table(
        [{"step": stage.step, "outcome": stage.outcome, "what": stage.sentence} for stage in report.stages]
    )
    if report.best:
        terminal.echo("\nThe best, and why")
        terminal.print_table(
            [
                {
                    "company": lead.company,
                    "person": lead.contact or lead.title,
                    "tier": lead.tier,
                    "score": round(lead.score),
                    "why": lead.reason,
                }
                for lead in report.best
            ]
        )
    if report.next_step:
        terminal.say(f"\nWhat next: {report.next_step}.")
