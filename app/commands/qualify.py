"""`sales-agent qualify`: score the stored leads."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app import terminal
from app.commands.options import AsJson, Icp

if TYPE_CHECKING:
    from core.agents.executions import ModelTotals
    from core.qualification.runs import QualificationReport, QualifyRequest


def qualify(
    icp: Icp = None,
    failed: Annotated[
        bool, typer.Option("--only-failed", "--failed", help="Only the leads whose last assessment failed.")
    ] = False,
    all_: Annotated[bool, typer.Option("--all", help="Every lead again, also those that are not due.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Leads at most.")] = None,
    model: Annotated[
        bool, typer.Option("--model/--no-model", help="Whether a language model assesses too, where one is configured.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Score the stored leads by a profile: 0-100, tier, confidence, reason. Takes only what is due: run it again.

    A lead is due when it has no assessment yet, or when its facts or the profile changed since.
    """
    if failed and all_:
        raise typer.BadParameter("--only-failed and --all exclude each other")
    terminal.prepare_prefect()
    from core.qualification.runs import QualifyRequest

    selection: Literal["due", "failed", "all"] = "failed" if failed else "all" if all_ else "due"
    report = _qualify_here(QualifyRequest(selection=selection, icp=icp, limit=limit, use_model=model), quiet=as_json)
    facts = report.to_json()
    if as_json:
        terminal.print_json(facts)
        return
    best = facts.pop("best")
    for name in ("histogram", "tier_of_ten"):
        facts.pop(name)
    facts |= {"models": [_said(model) for model in report.models], "spend": terminal.money(report.spend)}
    terminal.print_facts(
        {name.replace("_", " "): value for name, value in facts.items() if value not in (None, {}, [])}
    )
    if best:
        terminal.print_table(best)


def _said(model: "ModelTotals") -> str:
    tokens = f"{model.input_tokens:,} tokens in, {model.output_tokens:,} out"
    return f"{model.model} answered {model.answered:,} of {model.executions:,} ({tokens})"


def _qualify_here(request: "QualifyRequest", *, quiet: bool) -> "QualificationReport":
    from flows.qualify_leads import qualify_leads
    from tasks.runtime.orchestration import progress_sink, server_url

    if not quiet:
        where = server_url()
        terminal.say(f"Recorded as a Prefect run at {where}." if where else "No Prefect server: running without it.")
    with terminal.progress_bar("leads", show=not quiet) as advance:
        progress_sink.set(advance)
        return asyncio.run(qualify_leads(request))
