"""`sales-agent suppress`: whom we never write to."""

import asyncio
from typing import Annotated, Literal
from uuid import UUID

import typer

from app import terminal
from app.commands.approvals import By, person_of
from app.commands.options import AsJson

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Whom = Annotated[str, typer.Argument(help="An e-mail address, or a domain with all its subdomains.")]
Why = Literal["opt_out", "bounce", "complaint", "do_not_call", "other"]


@app.command()
def add(
    whom: Annotated[str | None, typer.Argument(help="An e-mail address, or a domain with all its subdomains.")] = None,
    by: By = None,
    contact: Annotated[UUID | None, typer.Option(help="A contact, as a person: by address, name and id.")] = None,
    lead: Annotated[UUID | None, typer.Option(help="A lead, with all its contacts.")] = None,
    reason: Annotated[Why, typer.Option(help="Why.")] = "opt_out",
    note: Annotated[str | None, typer.Option(help="Anything to remember; no person's data.")] = None,
    as_json: AsJson = False,
) -> None:
    """Never write to somebody again, from this moment: an address, a domain, a contact, or a lead with all of its."""
    if sum(each is not None for each in (whom, contact, lead)) != 1:
        raise typer.BadParameter("name one: an address or domain, --contact ID or --lead ID")
    name = person_of(by)
    terminal.prepare_prefect()
    from core.outreach.suppression import Reason
    from tasks.outreach.suppressions import suppress, suppress_record

    why = Reason(reason)
    if whom is not None:
        is_new = asyncio.run(suppress(whom, reason=why, by=name, note=note))
    else:
        is_new = asyncio.run(suppress_record(contact_id=contact, lead_id=lead, reason=why, by=name, note=note))
    if as_json:
        terminal.print_json({"suppressed": True, "is_new": is_new})
        return
    terminal.say("Suppressed." if is_new else "It was suppressed already.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List what is suppressed. Erased persons are not in it: of them there is nothing left to list."""
    terminal.prepare_prefect()
    from tasks.outreach.suppressions import list_suppressions

    rows = [
        {
            "kind": entry.target.kind,
            "value": entry.target.value,
            "reason": entry.reason,
            "note": entry.note,
            "added_by": entry.added_by,
            "added_at": entry.added_at.isoformat(timespec="seconds"),
        }
        for entry in asyncio.run(list_suppressions())
    ]
    if as_json:
        terminal.print_json(rows)
    elif rows:
        terminal.print_table(rows)
    else:
        terminal.say("Nobody is suppressed.")


@app.command()
def remove(whom: Whom, by: By = None, as_json: AsJson = False) -> None:
    """Lift a suppression, under your name. An erased person stays erased."""
    name = person_of(by)
    terminal.prepare_prefect()
    from tasks.outreach.suppressions import unsuppress

    was_there = asyncio.run(unsuppress(whom, by=name))
    if as_json:
        terminal.print_json({"suppressed": False, "was_there": was_there})
        return
    terminal.say("Lifted." if was_there else "It was not suppressed.")
