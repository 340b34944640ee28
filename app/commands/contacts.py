"""`sales-agent contacts`: people at companies, looked up and changed."""

from typing import Annotated
from uuid import UUID

import typer

from app import terminal
from app.commands import records
from app.commands.approvals import By, Yes, person_of
from app.commands.options import AsJson

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    query: records.Query = None, after: records.After = None, limit: records.PageLimit = 25, as_json: AsJson = False
) -> None:
    """List contacts, the newest first. A domain, or a lead's id, finds the people there."""
    terminal.prepare_prefect()
    from tasks.leads.records import list_contacts

    page, count = records.run(list_contacts(query, after=after, limit=limit))
    records.print_page(page, count, what="contacts", as_json=as_json)


@app.command()
def show(contact: records.RecordId, as_json: AsJson = False) -> None:
    """Show a contact: where each value comes from, where else the person is, and what happened."""
    terminal.prepare_prefect()
    from tasks.leads.records import show

    records.print_record(records.run(show("contact", contact)), as_json=as_json)


@app.command()
def edit(
    contact: records.RecordId,
    changes: records.Set,
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Change fields of a contact, or `state` (active, former), under your name; no file, no provider replaces them."""
    name = person_of(by)
    terminal.prepare_prefect()
    records.edit("contact", contact, changes, name, reason, as_json=as_json)


@app.command()
def move(
    contact: records.RecordId,
    lead: Annotated[UUID, typer.Argument(help="The lead where the contact is from now on.")],
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Move a contact to another lead, with all that hangs on it."""
    name = person_of(by)
    terminal.prepare_prefect()
    from tasks.leads.records import move

    records.run(move(contact, lead, by=name, reason=reason))
    records.told("Moved.", {"id": str(contact), "lead_id": str(lead)}, as_json=as_json)


@app.command()
def merge(
    kept: Annotated[UUID, typer.Argument(help="The contact whose person stays.")],
    gone: Annotated[list[UUID], typer.Argument(help="Contacts that are the same person.")],
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Let contacts be one person: at one lead they become one contact, at others they stay, as this person's."""
    name = person_of(by)
    terminal.prepare_prefect()
    records.merge("contact", kept, gone, name, reason, as_json=as_json)


@app.command()
def unmerge(
    gone: Annotated[list[UUID], typer.Argument(help="Contacts that were merged away, or whose person was.")],
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Take merged people apart, each with their own contacts; what was written since stays where it is."""
    name = person_of(by)
    terminal.prepare_prefect()
    records.unmerge("contact", gone, name, reason, as_json=as_json)


@app.command()
def delete(
    contact: records.RecordId,
    by: By = None,
    reason: records.ReasonGiven = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete a contact. A file that names it brings it back; `erase` removes a person for good."""
    name = person_of(by)
    records.confirm("Delete the contact?", yes=yes)
    terminal.prepare_prefect()
    records.delete("contact", contact, name, reason, as_json=as_json)
