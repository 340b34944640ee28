"""`sales-agent doctor`: one screen about everything the installation works with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from app.terminal import echo, prepare_prefect, print_json
from core.text.plain_text import plain

if TYPE_CHECKING:
    from core.upkeep.health_checks import HealthCheck


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Say what is set up, what works, and what to do about the rest.

    Exit code 1: something that is set up does not work. What is not set up is fine.
    """
    import asyncio

    from core.settings.settings import settings
    from core.upkeep.health_checks import HealthState

    prepare_prefect()
    from tasks.upkeep.health_checks import examine

    found = asyncio.run(examine(settings()))
    is_well = all(one.state is not HealthState.FAILED for one in found)
    if as_json:
        print_json({"ok": is_well, "checks": [one.as_json() for one in found]})
    else:
        _show(found)
    if not is_well:
        raise typer.Exit(1)


def _show(found: Sequence["HealthCheck"]) -> None:
    for one in found:
        colour = {"ok": typer.colors.GREEN, "failed": typer.colors.RED}.get(one.state.value)
        limits = "".join(f"; {name}: {left} left" for name, left in one.limits.items())
        models = "".join(
            f"; {model}: {'offered' if is_offered else 'unknown'}" for model, is_offered in one.models.items()
        )
        said = plain(f"{one.name:<13}{one.detail}{limits}{models}")
        typer.echo(typer.style(f"{one.state.value:<8}", fg=colour) + said)
        if one.advice:
            echo(f"{'':<21}-> {one.advice}")
