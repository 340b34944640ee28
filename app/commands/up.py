"""`sales-agent up` and `sales-agent down`."""

from datetime import datetime
from typing import Annotated

import typer

from app import terminal


def up(
    host: Annotated[
        str, typer.Option(help="Address to listen on. Beyond this machine a password is needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect server and its UI.")] = 4200,
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything is ready.")] = False,
) -> None:
    """Start everything: database, Prefect server, deployments, a worker."""
    from app import up as ups
    from core.settings.settings import settings

    if detach:
        ups.detach(settings(), ["--host", host, "--port", str(port)], terminal.echo)
        return
    ups.Up(settings(), host=host, port=port, say=_say).run()


def down() -> None:
    """Stop what `up` started, and the private database."""
    from app import up as ups
    from core.settings.settings import settings

    ups.down(settings(), terminal.echo)


def _say(line: str) -> None:
    terminal.echo(f"{datetime.now().astimezone():%H:%M:%S} {line}")
