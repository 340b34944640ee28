"""`sales-agent outbox`: messages of which nobody knows whether they went out."""

import asyncio
from typing import Annotated, Literal

import typer

from app import terminal
from app.commands.approvals import By, Id, person_of
from app.commands.options import AsJson

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List messages that are on their way or unknown. An unknown one is never sent again by itself."""
    terminal.prepare_prefect()
    from tasks.outreach.readers import list_unresolved

    rows = [
        {
            "approval": str(send.approval_id),
            "purpose": send.purpose,
            "status": str(send.status),
            "message_id": send.message_id,
            "recipient": send.recipient,
            "since": send.intended_at.isoformat(timespec="seconds"),
            "detail": send.detail,
        }
        for send in asyncio.run(list_unresolved())
    ]
    if as_json:
        terminal.print_json(rows)
    elif rows:
        terminal.print_table(rows)
        terminal.say("Look for the message id in the sender's mailbox, then: sales-agent outbox resolve APPROVAL ...")
    else:
        terminal.say("Nothing is unknown.")


@app.command()
def resolve(
    approval_id: Id,
    became: Annotated[Literal["sent", "not-sent"], typer.Argument(help="What you found out.")],
    by: By = None,
    purpose: Annotated[str, typer.Option(help="Which of its messages, as listed.")] = "letter",
    as_json: AsJson = False,
) -> None:
    """Say whether an unknown message went out. What did not is not sent now either: propose it again."""
    name = person_of(by)
    terminal.prepare_prefect()
    from tasks.outreach.readers import find_approval, resolve_message

    async def resolve_it() -> dict[str, str]:
        approval = await find_approval(approval_id)
        send = await resolve_message(approval.id, purpose, was_sent=became == "sent", by=name)
        return {"approval": str(send.approval_id), "purpose": send.purpose, "status": str(send.status)}

    facts = asyncio.run(resolve_it())
    if as_json:
        terminal.print_json(facts)
        return
    terminal.print_facts(facts)
