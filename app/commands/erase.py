"""`sales-agent erase`: a person's right to be forgotten."""

import asyncio
from typing import Annotated

import typer

from app import terminal
from app.commands.approvals import By, person_of
from app.commands.options import AsJson


def erase(
    email: Annotated[str, typer.Argument(help="The person's e-mail address.")],
    by: By = None,
    delete_uploads: Annotated[
        bool, typer.Option("--delete-uploads", help="Also delete uploaded files that name the address, whole.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a person everywhere, and leave a keyed tombstone that stops imports from bringing them back.

    Their companies stay. The receipt says what was removed, what is left, and what lies outside; it names nobody.
    """
    name = person_of(by)
    terminal.prepare_prefect()
    from tasks.upkeep.erasure import erase_person

    receipt = asyncio.run(erase_person(email, by=name, delete_uploads=delete_uploads)).as_json()
    if as_json:
        terminal.print_json(receipt)
        return
    terminal.print_facts(receipt.pop("erased") or {"removed": "nothing was stored of this person"})
    for name_, lines in (("Left", receipt["left"]), ("Not covered", receipt["not_covered"])):
        for line in lines:
            terminal.say(f"{name_}: {line}")
    terminal.say(f"Erased by {receipt['erased_by']} at {receipt['erased_at']}; a tombstone stands in their place.")
