"""`sales-agent worker`: what `up` starts beside the server, alone, for a server that runs elsewhere."""

from typing import Annotated

import typer

from app import terminal


def worker(
    check: Annotated[bool, typer.Option("--check", help="Only tell whether this machine's worker answers.")] = False,
) -> None:
    """Register the deployments at the Prefect server of PREFECT_API_URL and run flows until stopped."""
    from app import workers
    from core.settings.settings import settings

    if check:
        workers.check(settings())
        terminal.echo("online")
        return
    workers.run(settings(), terminal.echo)
