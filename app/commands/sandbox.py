"""`sales-agent sandbox`: the outside world in miniature, on this machine."""

from typing import Annotated

import typer


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65000, help="First port of a range; 0 takes free ones.")] = 8800,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault", help='A fault to script, as JSON: {"provider": "close", "kind": "status", "status": 429}.'
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the addresses as one line of JSON.")] = False,
) -> None:
    """Serve stand-ins of every provider on this machine until Ctrl-C, and print the settings that use them."""
    from sandbox.serving import serve

    serve(port, faults=fault or (), as_json=as_json)
