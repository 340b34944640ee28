"""`sales-agent config`: every setting, its value and where it came from."""

from typing import Annotated

import typer

from app.terminal import print_json, print_table, say

app = typer.Typer(help="Settings: what each is, and who said so.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `config show` the form even while there is a single command."""


@app.command()
def show(
    everything: Annotated[
        bool, typer.Option("--all", help="Those for tuning too; without it, only where somebody set one.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show settings with their values (a secret's is not shown) and where each came from; connects to nothing."""
    from core.settings.shown import shown_settings
    from tasks.runtime.readers import sections

    settings, notices = shown_settings(sections())
    rows = [row for row in settings if everything or not row["tuning"] or row["from"] != "default"]
    if as_json:
        print_json(rows)
    else:
        print_table([{key: row[key] for key in ("setting", "value", "from")} for row in rows])
    for notice in notices:
        say(f"sales-agent: {notice}")
