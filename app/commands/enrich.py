"""`sales-agent enrich`: fill the gaps of the stored leads; `sales-agent enrichment`: its configuration."""

import asyncio
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app import terminal

if TYPE_CHECKING:
    from core.enrichment.runs import EnrichmentPlan, EnrichmentReport, EnrichRequest

app = typer.Typer(no_args_is_help=True)

_BUDGET = re.compile(r"(\d{1,12}(?:\.\d{1,10})?)\s*([a-z]{1,40})", re.IGNORECASE)


def enrich(
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what would be asked and cost at most; ask and write nothing.")
    ] = False,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            help='The most this run may spend: "5 usd", "100 credits" (of each provider that is paid in them), '
            '"3 sessions" or what else providers are paid in, "100 calls". Repeatable.'
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Which providers fill which fields; default: enrichment.yaml in the data directory."),
    ] = None,
    only_failed: Annotated[bool, typer.Option("--only-failed", help="Only the leads that failed last time.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Every lead; fresh answers are used again.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Leads at most.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a stable interface, and nothing else.")] = False,
) -> None:
    """Fill the gaps of stored leads from their websites and from providers; every value keeps its source.

    Takes only what is due: run it again. What a budget or a limit puts off stays due.
    """
    if only_failed and all_:
        raise typer.BadParameter("--only-failed and --all exclude each other")
    terminal.prepare_prefect()
    from core.enrichment.runs import EnrichRequest

    selection: Literal["due", "failed", "all"] = "failed" if only_failed else "all" if all_ else "due"
    request = EnrichRequest(selection=selection, config=config, limit=limit, plan_only=plan, **budgets_of(budget or []))
    if plan:
        _show_plan(_planned(request), as_json=as_json)
        return
    report = _enrich_here(request, quiet=as_json)
    if as_json:
        terminal.print_json(report.to_json())
    else:
        _show(report)


def budgets_of(texts: list[str]) -> dict[str, Any]:
    """Return the fields of a request that budgets, as people write them, stand for."""
    from core.enrichment.runs import EnrichRequest
    from tasks.runtime.readers import own_units

    found: dict[str, Any] = {}
    for text in texts:
        match = _BUDGET.fullmatch(text.strip())
        unit = _unit(match[2].lower()) if match else None
        if match is None or unit is None:
            known = " or ".join(f'"100 {word}"' for word in (*own_units(), "calls"))
            raise typer.BadParameter(f'{text!r} is no budget: write "5 usd", {known}')
        amount = Decimal(match[1])
        if unit == "calls" and amount != int(amount):
            raise typer.BadParameter("a budget in calls is a whole number")
        if f"budget_{unit}" in EnrichRequest.model_fields:
            found[f"budget_{unit}"] = amount
        else:
            found.setdefault("budget_units", {})[unit] = amount
    return found


def _unit(written: str) -> str | None:
    """Return the unit that is meant, in one of its numbers ("search" of "searches"), or None."""
    from tasks.runtime.readers import own_units

    known = ("usd", "calls", *own_units())
    return next((word for word in known if written in {word, word.removesuffix("s"), word.removesuffix("es")}), None)


def _planned(request: "EnrichRequest") -> "EnrichmentPlan":
    from tasks.enrichment.steps import plan

    found: EnrichmentPlan = asyncio.run(plan(request))
    return found


def _show_plan(plan: "EnrichmentPlan", *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(plan.to_json())
        return
    rows = [
        {
            "provider": one.provider,
            "leads": one.leads,
            "questions": one.questions,
            "fresh": one.fresh,
            "open": one.open,
            "calls": one.calls,
            "credits": _plain(one.credits),
            "usd": _plain(one.usd),
            "off": one.off or "",
        }
        for one in plan.providers
    ]
    if rows:
        terminal.print_table(rows)
    terminal.print_facts(
        {
            "leads due": plan.leads,
            "calls at most": plan.calls,
            "credits at most": {name: _plain(amount) for name, amount in plan.credits.items()} or "none",
            "usd at most": _plain(plan.usd),
            "budgets": plan.budgets or "none",
        }
    )


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _enrich_here(request: "EnrichRequest", *, quiet: bool) -> "EnrichmentReport":
    from flows.enrich_leads import enrich_leads
    from tasks.runtime.orchestration import progress_sink, server_url

    if not quiet:
        where = server_url()
        terminal.say(f"Recorded as a Prefect run at {where}." if where else "No Prefect server: running without it.")
    with terminal.progress_bar("leads", show=not quiet) as advance:
        progress_sink.set(advance)
        report: EnrichmentReport = asyncio.run(enrich_leads(request))  # type: ignore[assignment]  # Prefect types a call as its function's result
    return report


def _show(report: "EnrichmentReport") -> None:
    from tasks.enrichment import artifacts as enrichment_artifacts

    facts = report.to_json(without={"providers", "spend", "plan"})
    terminal.print_facts({name.replace("_", " "): value for name, value in facts.items() if value not in (None, {})})
    for title, rows in (
        ("Providers, in leads", enrichment_artifacts.providers(report)),
        ("Spend", enrichment_artifacts.spend(report) if report.spend else []),
    ):
        if rows:
            terminal.echo(f"\n{title}")
            terminal.print_table(_even(rows))


def _even(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name, "") for name in names} for row in rows]


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The configuration.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a stable interface, and nothing else.")] = False,
) -> None:
    """Check a configuration: name every mistake by line and key, or say what it asks for."""
    from core.config_files import read_config
    from core.enrichment.config import EnrichmentConfig
    from core.errors import InvalidConfig
    from tasks.enrichment.offers import OFFERS

    try:
        found = read_config(file, EnrichmentConfig, context=OFFERS)
    except InvalidConfig as error:
        if as_json:
            terminal.print_json({"valid": False, "problems": [problem._asdict() for problem in error.problems]})
        else:
            for problem in error.problems:
                terminal.echo(f"{file}, {problem}")
        raise typer.Exit(1) from None
    fields = {name: [step.ask for step in found.steps(name)] for name in found.fields}
    if as_json:
        terminal.print_json({"valid": True, "name": found.name, "version": found.version, "fields": fields})
        return
    terminal.print_facts({"configuration": found.name, "version": found.version, **fields})


@app.command()
def example() -> None:
    """Print the configuration that ships, to be changed: `sales-agent enrichment example > enrichment.yaml`."""
    from core.enrichment.config import example_text

    terminal.echo(example_text(), nl=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a configuration, for editors."""
    from core.enrichment.config import json_schema
    from tasks.enrichment.offers import OFFERS

    terminal.print_json(json_schema(OFFERS))
