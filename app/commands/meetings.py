"""`sales-agent meetings`: propose one, take up the prospect's reply, list them."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app import terminal
from app.commands.approvals import Id
from app.commands.options import AsJson

if TYPE_CHECKING:
    from core.outreach.booking import BookingReport, ProposalReport

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def propose(
    lead_id: Annotated[
        UUID | None, typer.Argument(help="The lead, whose best contact is asked; `sales-agent export` shows ids.")
    ] = None,
    contact: Annotated[UUID | None, typer.Option(help="The contact who is asked.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a proposal with slots for a lead's contact; it waits for your approval."""
    if lead_id is None and contact is None:
        raise typer.BadParameter("name a lead, or a contact with --contact")
    terminal.prepare_prefect()
    from core.outreach.booking import ProposalReport, ProposeRequest
    from flows.propose_meeting import propose_meeting

    found = asyncio.run(propose_meeting(ProposeRequest(lead_id=lead_id, contact_id=contact)))
    report = found if isinstance(found, ProposalReport) else asyncio.run(_result(found))
    if as_json:
        terminal.print_json(report.to_json())
    elif report.approval_id is None:
        terminal.say(f"No meeting is proposed: {report.reason}.")
    else:
        terminal.say(f"Waiting for approval: sales-agent approvals show {str(report.approval_id)[:8]}")


async def _result(state: object) -> "ProposalReport":
    return await state.aresult()  # type: ignore[attr-defined, no-any-return]  # a Prefect state


@app.command()
def reply(
    approval_id: Id,
    text: Annotated[str, typer.Option(help="What the prospect answered; - reads it from standard input.")] = "-",
    sender: Annotated[
        str | None, typer.Option(help="Whom it came from; refused where that is not the prospect.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take up the prospect's reply: book the slot it chooses, or stop writing where it asks for that."""
    terminal.prepare_prefect()
    from core.outreach.booking import BookRequest
    from flows.book_meeting import book_meeting
    from tasks.outreach.readers import find_approval

    words = sys.stdin.read() if text == "-" else text

    async def take_up() -> "BookingReport":
        approval = await find_approval(approval_id)
        return await book_meeting(BookRequest(approval_id=approval.id, reply=words, sender=sender))

    report = asyncio.run(take_up())
    if as_json:
        terminal.print_json(report.to_json())
        return
    terminal.say(f"{report.outcome}{'' if report.slot is None else f': slot {report.slot}'}.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List meetings: proposed, booked, cancelled; with the times that are held or booked."""
    terminal.prepare_prefect()
    from tasks.outreach.readers import list_meetings

    rows = [
        {**row, "approval_id": str(row["approval_id"]), "starts_at": [at.isoformat() for at in row["starts_at"] or []]}
        for row in asyncio.run(list_meetings())
    ]
    if as_json:
        terminal.print_json(rows)
    elif rows:
        terminal.print_table(rows)
    else:
        terminal.say("No meetings yet.")
