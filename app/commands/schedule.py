"""`sales-agent schedule`: when deployments run by themselves."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app import terminal
from app.commands.options import AsJson

if TYPE_CHECKING:
    from app.prefect_api import PrefectAPI

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="The deployment, e.g. sync-crm.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every schedule: when, and whether it starts runs."""
    from app import schedules

    _print(schedules.listed(_server()), as_json=as_json)


@app.command()
def on(name: Name, as_json: AsJson = False) -> None:
    """Let a deployment run on its schedule; it stays so until somebody switches it off."""
    from app import schedules

    _print(schedules.rows_of(schedules.switch(_server(), name, active=True)), as_json=as_json)


@app.command()
def off(name: Name, as_json: AsJson = False) -> None:
    """Let a deployment no longer run by itself; it stays so until somebody switches it on."""
    from app import schedules

    _print(schedules.rows_of(schedules.switch(_server(), name, active=False)), as_json=as_json)


@app.command("set")
def set_(
    name: Name,
    cron: Annotated[
        str | None, typer.Option(help='Minute, hour, day, month, weekday: "0 6 * * 1-5" is six on weekdays.')
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Time zone, as Europe/Berlin.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change when a deployment runs. On or off stays as it is."""
    if cron is None and timezone is None:
        raise typer.BadParameter("say what to change with --cron or --timezone")
    from app import schedules

    changed = schedules.change(_server(), name, cron=cron, timezone=timezone)
    _print(schedules.rows_of(changed), as_json=as_json)


def _server() -> "PrefectAPI":
    from app.running import find_server
    from core.errors import ConfigurationError
    from core.settings.settings import settings

    api = find_server(settings())
    if api is None:
        raise ConfigurationError(
            "schedules are kept by the Prefect server, and none runs: start it with `sales-agent up`"
        )
    return api


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(rows)
    elif rows:
        shown = [
            {
                "deployment": row["deployment"],
                "runs": "on" if row["runs"] else "deployment paused" if row["active"] else "off",
                "when": row["when"],
                "time zone": row["timezone"],
            }
            for row in rows
        ]
        terminal.print_table(shown)
    else:
        terminal.say("There are no schedules.")
