"""`sales-agent leads`: the companies that may buy, looked up and changed."""

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
    query: records.Query = None,
    tag: Annotated[str | None, typer.Option(help="Only leads with this tag.")] = None,
    assigned_to: Annotated[str | None, typer.Option(help="Only leads of this user.")] = None,
    after: records.After = None,
    limit: records.PageLimit = 25,
    as_json: AsJson = False,
) -> None:
    """List leads, the newest first. An e-mail address finds its companies."""
    terminal.prepare_prefect()
    from db.leads.listing import Filters
    from tasks.leads.records import list_leads

    page, count = records.run(list_leads(query, Filters(tag, assigned_to), after=after, limit=limit))
    records.print_page(page, count, what="leads", as_json=as_json)


@app.command()
def show(lead: records.RecordId, as_json: AsJson = False) -> None:
    """Show a lead: why this score, where each value comes from, its contacts, and what happened to it."""
    terminal.prepare_prefect()
    from tasks.leads.records import show

    records.print_record(records.run(show("lead", lead)), as_json=as_json)


@app.command()
def edit(
    lead: records.RecordId,
    changes: records.Set,
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Change fields of a lead, `tags` or `assigned_to` under your name; no file and no provider replaces them."""
    name = person_of(by)
    terminal.prepare_prefect()
    records.edit("lead", lead, changes, name, reason, as_json=as_json)


@app.command()
def merge(
    kept: Annotated[UUID, typer.Argument(help="The lead that stays.")],
    gone: Annotated[list[UUID], typer.Argument(help="Those that become a part of it.")],
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Merge leads into one: its people, sources and links are all kept, the old ids answer with the new one."""
    name = person_of(by)
    terminal.prepare_prefect()
    records.merge("lead", kept, gone, name, reason, as_json=as_json)


@app.command()
def unmerge(
    gone: Annotated[list[UUID], typer.Argument(help="Leads that were merged away, by their old ids.")],
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Take merged leads apart: each stands as it did, with what was its own; what was written since stays."""
    name = person_of(by)
    terminal.prepare_prefect()
    records.unmerge("lead", gone, name, reason, as_json=as_json)


@app.command()
def delete(
    lead: records.RecordId,
    by: By = None,
    reason: records.ReasonGiven = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete a lead with its contacts. A file that names it brings it back; `erase` removes a person for good."""
    name = person_of(by)
    records.confirm("Delete the lead with all its contacts?", yes=yes)
    terminal.prepare_prefect()
    records.delete("lead", lead, name, reason, as_json=as_json)
