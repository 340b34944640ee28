"""`sales-agent approvals`: what waits for a person's word, and saying it."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app import terminal
from app.commands.options import AsJson

if TYPE_CHECKING:
    from core.outreach.approvals import Approval

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Id = Annotated[str, typer.Argument(help="The approval's id, or its first characters.")]
By = Annotated[str | None, typer.Option("--by", help="Your name; default APPROVALS_BY.")]
Digest = Annotated[
    str | None, typer.Option(help="First 12 or more characters of the digest you read; anything else is refused.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again.")]
Shown = Literal["open", "pending", "approved", "rejected", "expired", "stale", "executing", "executed", "failed", "all"]


@app.command("list")
def list_(
    status: Annotated[Shown, typer.Option(help="Which.")] = "open",
    as_json: AsJson = False,
) -> None:
    """List approvals, those asked for last first."""
    terminal.prepare_prefect()
    from core.outreach.approvals import OPEN, ApprovalStatus
    from core.outreach.decisions import as_json as facts_of
    from core.outreach.decisions import summary
    from tasks.outreach.readers import list_approvals

    wanted = OPEN if status == "open" else () if status == "all" else (ApprovalStatus(status),)
    found = asyncio.run(list_approvals(wanted))
    if as_json:
        terminal.print_json([facts_of(approval) for approval in found])
    elif found:
        terminal.print_table([summary(approval) for approval in found])
    else:
        terminal.say("Nothing is waiting." if status in ("open", "pending") else "There are none.")


@app.command()
def show(approval_id: Id, as_json: AsJson = False) -> None:
    """Show an approval: the exact text, the facts behind it, what an edit changed."""
    approval = _find(approval_id)
    if as_json:
        _print(approval)
        return
    _show(approval)


@app.command()
def approve(
    approval_id: Id,
    by: By = None,
    digest: Digest = None,
    yes: Yes = False,
    no_run: Annotated[bool, typer.Option("--no-run", help="Do not carry it out now; a sweep will.")] = False,
    as_json: AsJson = False,
) -> None:
    """Approve exactly the text that is shown, and have it carried out."""
    name = person_of(by)
    approval = _find(approval_id)
    if not as_json:
        _show(approval)
    if digest is None:
        _confirm("Approve this text?", yes=yes)
    _decide(approval, "approve", name, digest, run=not no_run, as_json=as_json)


@app.command()
def reject(
    approval_id: Id,
    by: By = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Reject; nothing will be done."""
    name = person_of(by)
    _decide(_find(approval_id), "reject", name, None, run=False, as_json=as_json, reason=reason)


@app.command()
def edit(
    approval_id: Id,
    by: By = None,
    subject: Annotated[str | None, typer.Option(help="The new subject.")] = None,
    body: Annotated[str | None, typer.Option(help="The new body; - reads it from standard input.")] = None,
    body_file: Annotated[Path | None, typer.Option(help="A file with the new body.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change subject or body. It gets a new digest and still has to be approved, by you or somebody else."""
    name = person_of(by)
    if body is not None and body_file is not None:
        raise typer.BadParameter("--body and --body-file exclude each other")
    text = sys.stdin.read() if body == "-" else body if body_file is None else body_file.read_text(encoding="utf-8")
    approval = _find(approval_id)
    from tasks.outreach.approvals import edit_approval

    changed = asyncio.run(edit_approval(approval.id, subject=subject, body=text, by=name, digest=approval.digest))
    if as_json:
        _print(changed)
        return
    _show(changed)


def person_of(by: str | None) -> str:
    """Return the name of who decides; exit where there is none."""
    from core.errors import InvalidInput
    from core.outreach.approvals import person
    from core.settings.settings import settings

    try:
        return person(by if by is not None else settings().outreach.approvals.by)
    except InvalidInput as error:
        raise typer.BadParameter("give your name with --by, or set APPROVALS_BY") from error


def _find(text: str) -> "Approval":
    terminal.prepare_prefect()
    from tasks.outreach.readers import find_approval

    return asyncio.run(find_approval(text))


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("without a terminal give --digest of the text you read, or --yes")
    typer.confirm(question, abort=True, err=True)


def _decide(
    approval: "Approval",
    decision: Literal["approve", "reject"],
    by: str,
    digest: str | None,
    *,
    run: bool,
    as_json: bool,
    reason: str = "",
) -> None:
    from core.outreach.decisions import DecisionRequest
    from tasks.outreach.approvals import apply_decision

    seen = digest if digest is not None else approval.digest
    if len(seen) < 12:
        raise typer.BadParameter("--digest: 12 characters or more")
    request = DecisionRequest(
        approval_id=approval.id, decision=decision, decided_by=by, digest=seen.lower(), reason=reason
    )
    decided = asyncio.run(apply_decision(request))
    if run:
        decided = asyncio.run(_carry_out(decided))
    if as_json:
        _print(decided)
        return
    from core.outreach.approvals import outcome

    terminal.say(f"{decided.id}: {outcome(decided)}.")


async def _carry_out(approval: "Approval") -> "Approval":
    """Have a worker do it where there is one, else do it here."""
    from core.outreach.approvals import ApprovalKind
    from tasks.outreach.approvals import start_execution
    from tasks.outreach.readers import find_approval
    from tasks.runtime.orchestration import server_url

    if server_url() is not None:
        terminal.say(f"Run: {await start_execution(approval)}")
        return approval
    if approval.proposal.kind is ApprovalKind.CRM_CHANGES:
        terminal.say("No Prefect server: `sales-agent sync` carries it out.")
        return approval
    terminal.say("No Prefect server: carrying it out here.")
    if approval.proposal.kind is ApprovalKind.EMAIL:
        from flows.send_message import send_message

        report = await send_message(approval.id)
        terminal.say(report.outcome)
    else:
        from core.outreach.booking import BookRequest
        from flows.book_meeting import book_meeting

        booked = await book_meeting(BookRequest(approval_id=approval.id))
        terminal.say(booked.outcome)
    return await find_approval(str(approval.id))


def _print(approval: "Approval") -> None:
    from core.outreach.decisions import as_json
    from tasks.outreach.readers import preamble

    terminal.print_json(as_json(approval, asyncio.run(preamble(approval))))


def _show(approval: "Approval") -> None:
    from core.outreach.approval_text import text_of
    from core.outreach.approvals import outcome
    from core.outreach.decisions import DIGEST_CHARS, decider_of, diff_of
    from tasks.outreach.readers import preamble

    for line in asyncio.run(preamble(approval)):
        typer.echo(line)
    proposal = approval.proposal
    terminal.print_facts(
        {
            "approval": str(approval.id),
            "kind": str(proposal.kind),
            "status": outcome(approval),
            "proposed by": proposal.proposed_by or "-",
            "until": f"{approval.expires_at:%Y-%m-%d %H:%M} UTC",
            "digest": approval.digest[:DIGEST_CHARS],
            **decider_of(approval),
        }
    )
    terminal.echo(f"\n{text_of(proposal.content)}\n")
    if diff := diff_of(approval):
        terminal.echo(f"Edited by {approval.edited_by}:\n\n{diff}\n")
    if proposal.facts:
        terminal.echo("Facts:")
        terminal.print_facts({f"  {name}": "-" if value is None else value for name, value in proposal.facts.items()})
