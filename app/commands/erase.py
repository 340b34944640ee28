"""`sales-agent erase`: a person's right to be forgotten."""

import asyncio
import sys
from typing import Annotated

import typer

from app import terminal
from app.commands.approvals import By, person_of
from app.commands.options import AsJson


def erase(
    who: Annotated[str, typer.Argument(help="The person: an e-mail address, a LinkedIn profile, or a contact's id.")],
    by: By = None,
    delete_uploads: Annotated[
        bool, typer.Option("--delete-uploads", help="Also delete uploaded files that name the address, whole.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Also while somebody else may be the same person.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a person everywhere, and leave keyed tombstones that stop imports from bringing them back.

    Their companies and colleagues stay. Who may be the same person is shown first. The receipt says what was removed,
    what is left, and what lies outside; it names nobody.
    """
    name = person_of(by)
    terminal.prepare_prefect()
    from tasks.upkeep.erasure import erase_person

    if not yes:
        _show_namesakes(who)
    receipt = asyncio.run(erase_person(who, by=name, delete_uploads=delete_uploads)).as_json()
    if as_json:
        terminal.print_json(receipt)
        return
    terminal.print_facts(receipt.pop("erased") or {"removed": "nothing was stored of this person"})
    for name_, lines in (("Left", receipt["left"]), ("Not covered", receipt["not_covered"])):
        for line in lines:
            terminal.say(f"{name_}: {line}")
    terminal.say(f"Erased by {receipt['erased_by']} at {receipt['erased_at']}; a tombstone stands in their place.")


def _show_namesakes(who: str) -> None:
    """Show who may be the same person, and ask; without a terminal to ask on, end."""
    from core.errors import Conflict
    from tasks.upkeep.erasure import namesakes

    found = asyncio.run(namesakes(who))
    if not found:
        return
    for other in found:
        about = ", ".join(filter(None, (other.name, other.email, other.company)))
        terminal.say(f"May be the same person, and stays: {about} (contact {other.contact_id}): {other.reason}")
    if not sys.stdin.isatty():
        raise Conflict(
            f"{len(found)} may be the same person: merge them (sales-agent duplicates merge) or erase each as well, "
            "or say --yes to leave them"
        )
    typer.confirm("Erase, and leave these?", abort=True, err=True)
