"""`sales-agent person`: what is held of a person."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app import terminal

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keep `sales-agent person export` the form even while there is a single command."""


@app.command()
def export(
    who: Annotated[str, typer.Argument(help="The person: an e-mail address, a LinkedIn profile, or a contact's id.")],
    file: Annotated[Path | None, typer.Argument(help="The JSON file to write; without one it is printed.")] = None,
) -> None:
    """Say everything that is held of a person, with where it came from, as JSON: what `erase` would remove.

    It leaves out colleagues and what lies outside the database; `erase` says where else to look.
    """
    terminal.prepare_prefect()
    from core.errors import InvalidFile
    from core.text.plain_text import exact_json
    from tasks.upkeep.person_data import export_person

    found = asyncio.run(export_person(who))
    if file is None:
        terminal.print_json(found)
        return
    try:
        file.expanduser().write_text(exact_json(found, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidFile(f"cannot be written: {error.strerror}", path=str(file)) from error
    terminal.say(f"Wrote {file}.")
