"""`sales-agent demo`: the main job on a made-up file, through the deployment and a worker."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app import terminal

_LEADS = Path(__file__).parent.parent / "demo" / "leads.csv"
_SHOWN = ("company_name", "contact_name", "contact_title", "contact_email", "contact_phone", "city", "company_size")


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect server and its UI.")] = 4200,
) -> None:
    """Start everything, import a made-up file of 5,000 messy rows, and show what came of it."""
    from app import up as ups
    from app.running import Files
    from core.settings import settings

    if Files(settings().home).running() is None:
        ups.detach(settings(), ["--port", str(port)], terminal.say)
    terminal.prepare_prefect()
    report, leads = asyncio.run(_import())

    typer.echo()
    terminal.print_facts({name.replace("_", " "): value for name, value in report.items()})
    typer.echo("\nThe first ten leads:")
    terminal.print_table(leads)
    from tasks.runtime import server_url

    typer.echo(f"\nThe run in the Prefect UI:  {(server_url() or '').removesuffix('/api')}")
    typer.echo(f"The database:               sales-agent db url   (data in {settings().home})")
    typer.echo("Stop everything:            make demo-stop   (or `sales-agent down` with the same SALES_AGENT_HOME)")


async def _import() -> tuple[dict[str, object], list[dict[str, object]]]:
    from app.submission import submit_import
    from core.imports import ImportRequest
    from tasks.leads import first_leads

    request = ImportRequest(path=_LEADS, source="demo fair", default_country="DE")
    report = await submit_import(request, say=terminal.say)
    rows = await first_leads(10)
    return report.model_dump(mode="json"), [{name: row[name] for name in _SHOWN} for row in rows]
