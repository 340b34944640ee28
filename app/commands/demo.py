"""`sales-agent demo`: the main job on made-up files, through the deployments and a worker."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import terminal

if TYPE_CHECKING:
    from pydantic import BaseModel

    from core.imports.runs import ImportRequest

_LEADS = Path(__file__).parent.parent / "demo" / "leads.csv"
_SHOWN = ("company_name", "score", "tier", "reason")
_SOURCED = (*_SHOWN, "company_phone", "sources", "contacts")


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect server and its UI.")] = 4200,
) -> None:
    """Start everything, import made-up leads, score them, fill their gaps from stand-ins, and show the best.

    No key is used and nothing leaves this machine: models, providers and websites are the sandbox's.
    """
    from app import demo_sandbox
    from app import up as ups
    from app.running import Files
    from core.settings import prefect_server
    from core.settings.settings import settings

    home = settings().home
    if Files(home).running() is None:
        if not demo_sandbox.is_running(home):
            demo_sandbox.start(home)
            terminal.say("The sandbox plays all providers, models and websites.")
        ups.detach(settings(), ["--port", str(port)], terminal.say)
    terminal.prepare_prefect()
    asyncio.run(_main_job(demo_sandbox.companies(home) if demo_sandbox.is_running(home) else None))

    from tasks.reports.exports import best_leads
    from tasks.runtime.orchestration import server_url

    best, filled = asyncio.run(best_leads(_SOURCED, 10))
    _print("The ten best leads, and why", [{name: row[name] for name in _SHOWN} for row in best])
    _print("Gaps that were filled, and where from", filled)
    terminal.echo(f"\nThe runs in the Prefect UI: {(server_url() or '').removesuffix('/api')}")
    terminal.echo(f"                            {prefect_server.how_to_sign_in(settings())}")
    terminal.echo("How far everything is:      sales-agent status      as a file: sales-agent export leads.csv")
    terminal.echo(f"The database:               sales-agent db url      (data in {home})")
    terminal.echo("Stop everything:            make demo-stop          (or `sales-agent down` with the same home)")


def _print(title: str, rows: list[dict[str, object]]) -> None:
    if rows:
        terminal.echo(f"\n{title}")
        terminal.print_table(rows)


async def _main_job(companies: Path | None) -> None:
    """Take a few companies all the way, with the sandbox's model and providers, then thousands of leads by rules."""
    from core.enrichment.runs import EnrichRequest
    from core.imports.runs import ImportRequest
    from core.qualification.runs import QualifyRequest

    if companies is not None:
        count = sum(1 for _ in companies.open(encoding="utf-8")) - 1
        await _import(ImportRequest(path=companies, source="demo list"))
        await _run("qualify-leads", QualifyRequest(limit=count))
        await _run("enrich-leads", EnrichRequest(limit=count))
        await _run("qualify-leads", QualifyRequest(limit=count))
    await _import(ImportRequest(path=_LEADS, source="demo fair", default_country="DE"))
    await _run("qualify-leads", QualifyRequest(use_model=False))


async def _import(request: "ImportRequest") -> None:
    from app.submission import submit_import

    report = (await submit_import(request, say=terminal.say)).model_dump(mode="json")
    shown = ("rows", "inserted", "updated", "unchanged", "duplicates", "rejected", "seconds")
    terminal.print_facts({name: report[name] for name in shown})


async def _run(deployment: str, request: "BaseModel") -> None:
    from app.submission import submit

    await submit(deployment, request, say=terminal.say)
