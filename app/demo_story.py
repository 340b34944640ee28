"""The demo's story: one list of companies from a file to messages that were sent, each step a run one can look at.

Every chapter looks at what is there and does only what is left to do, so a demo that was killed anywhere goes on, and
ends the same. Nothing is sent twice: a message is found again by its approval.
"""

import asyncio
import csv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from app import demo_sandbox
from app.demo_sandbox import LIST
from app.narrator import Narrator
from app.submission import submit, submit_pipeline
from core.crm.runs import SyncRequest
from core.errors import Conflict, SalesAgentError
from core.outreach.approval_text import text_of
from core.outreach.approvals import Approval, ApprovalKind, ApprovalStatus, outcome
from core.outreach.booking import ProposeRequest
from core.outreach.campaigns import CampaignRequest, Sender
from core.outreach.decisions import DecisionRequest
from core.pipeline.runs import PipelineRequest
from flows.propose_meeting import propose_meeting
from flows.write_campaign import write_campaign
from tasks.crm.readers import status as crm_status
from tasks.outreach.approvals import apply_decision, start_execution
from tasks.outreach.readers import find_approval, list_approvals
from tasks.reports.exports import best_leads

BY = "the demo"
FAIR = "demo fair"
_FAIR = Path(__file__).parent / "demo" / "leads.csv"
_ALL = 10_000
_SHOWN = ("id", "company_name", "score", "tier", "reason", "sources", "contacts", "contact_email")
_OFFER = (
    "A maintenance log for machines that service teams fill in on the phone and managers read as one page a week. "
    "Teams like yours start with one site and a handful of machines."
)
_SENDER = Sender(name="Ada Brandt", company="Our Company", address="1 Harbour Street, 20457 Hamburg, Germany")
_ENDED = {ApprovalStatus.EXECUTED, ApprovalStatus.FAILED, ApprovalStatus.STALE, ApprovalStatus.EXPIRED}
_DONE_WITHIN_S = 90.0


async def tell_all(tell: Narrator, home: Path) -> None:
    """Tell the story from the file to the mailbox.

    Args:
        tell: its narrator.
        home: of the demo, whose sandbox and servers run.
    """
    await _the_list(tell, home)
    rows = await _leads(demo_sandbox.companies(home))
    _scores(tell, rows)
    _sources(tell, rows)
    _people(tell, rows)
    await _crm(tell)
    reachable = [row for row in rows if row["contact_email"]]
    await _messages(tell, reachable)
    _mailbox(tell, home)
    tell.say("who was written to belongs in the CRM too:")
    await submit("sync-crm", SyncRequest(), say=tell.say)
    await _fair(tell)


async def _the_list(tell: Narrator, home: Path) -> None:
    path = demo_sandbox.companies(home)
    count = sum(1 for _ in path.open(encoding="utf-8")) - 1
    tell.chapter(f"A file of {count} companies goes in, and one run takes it all the way")
    tell.say(f"$ sales-agent run {path.name} --no-model --submit")
    # The rules alone score here: their reasons are what the next chapter shows.
    await submit_pipeline(PipelineRequest(path=path, source=LIST, use_model=False), say=tell.say)


async def _leads(path: Path) -> list[dict[str, Any]]:
    """Return the companies of the list, the best first; those of one score by name, so that it is always the same."""
    with path.open(encoding="utf-8", newline="") as file:
        names = {row["company_name"] for row in csv.DictReader(file)}
    best, _ = await best_leads(_SHOWN, _ALL)
    rows = [row for row in best if row["company_name"] in names]
    return sorted(rows, key=lambda row: (-float(row["score"] or 0), row["company_name"]))


def _scores(tell: Narrator, rows: list[dict[str, Any]]) -> None:
    tell.chapter("Each is scored against the ideal customer (icp.yaml), with the reason")
    tell.table([{name: row[name] for name in ("company_name", "score", "tier", "reason")} for row in rows])


def _sources(tell: Narrator, rows: list[dict[str, Any]]) -> None:
    tell.chapter("What the file did not say was looked up, and every value says where it is from")
    tell.table([{"company": row["company_name"], "from where": row["sources"]} for row in rows if row["sources"]][:5])


def _people(tell: Narrator, rows: list[dict[str, Any]]) -> None:
    tell.chapter("The people who decide were found on the companies' own pages")
    tell.table([{"company": row["company_name"], "who": row["contacts"]} for row in rows if row["contacts"]])


async def _crm(tell: Narrator) -> None:
    tell.chapter("The CRM: what it would get waits for a yes; with it, it is done, and once")
    waiting = [one for one in await list_approvals([ApprovalStatus.PENDING]) if _is(one, ApprovalKind.CRM_CHANGES)]
    for approval in waiting[:1]:
        _show(tell, approval)
        await _approve(tell, approval)
    await submit("sync-crm", SyncRequest(), say=tell.say)
    stands = await crm_status()
    tell.table([{"records": state, "count": count} for state, count in stands.states.items()])


async def _messages(tell: Narrator, reachable: list[dict[str, Any]]) -> None:
    tell.chapter("A message and a meeting are written; nothing leaves before a person has read and approved it")
    message = await _found(ApprovalKind.EMAIL)
    meeting = await _found(ApprovalKind.MEETING)
    if message is None:
        message = await _written(tell, reachable)
    if meeting is None:
        meeting = await _proposed(tell, reachable, beside=message)
    tell.chapter("Both are approved by name, and a worker sends each exactly once")
    for approval in (message, meeting):
        if approval is not None and approval.status is ApprovalStatus.PENDING:
            _show(tell, approval)
            await _approve(tell, approval)
    for approval in (message, meeting):
        if approval is not None:
            ended = await _until_ended(approval)
            tell.say(f"{ended.proposal.kind}: {outcome(ended)}")


async def _found(kind: ApprovalKind) -> Approval | None:
    """Return what an earlier start of the demo has asked for, if it is still good."""
    gone = {ApprovalStatus.STALE, ApprovalStatus.EXPIRED, ApprovalStatus.REJECTED, ApprovalStatus.FAILED}
    known = [one for one in await list_approvals() if _is(one, kind) and one.status not in gone]
    return known[0] if known else None


def _is(approval: Approval, kind: ApprovalKind) -> bool:
    return approval.proposal.kind is kind


async def _written(tell: Narrator, reachable: list[dict[str, Any]]) -> Approval | None:
    async def write(row: dict[str, Any]) -> None:
        request = CampaignRequest(lead_ids=[row["id"]], offer=_OFFER, sender=_SENDER, limit=1, use_model=False)
        await write_campaign(request)

    return await _first(tell, reachable, ApprovalKind.EMAIL, "a first message", write)


async def _proposed(tell: Narrator, reachable: list[dict[str, Any]], *, beside: Approval | None) -> Approval | None:
    async def propose(row: dict[str, Any]) -> None:
        await propose_meeting(ProposeRequest(lead_id=row["id"]))

    taken = None if beside is None else str(beside.proposal.lead_id)
    others = [row for row in reachable if str(row["id"]) != taken]
    return await _first(tell, others, ApprovalKind.MEETING, "a meeting with slots", propose)


async def _first(
    tell: Narrator,
    rows: list[dict[str, Any]],
    kind: ApprovalKind,
    what: str,
    ask: Callable[[dict[str, Any]], Awaitable[None]],
) -> Approval | None:
    """Ask for the first of these leads for which it can be; a lead whose contact may not be written to is passed by."""
    for row in rows:
        tell.say(f"writing {what} for {row['company_name']}")
        try:
            await ask(row)
        except Conflict as refused:
            tell.say(f"not to them: {refused}")
        if (asked := await _found(kind)) is not None:
            return asked
    tell.say(f"nobody could be written {what}")
    return None


def _show(tell: Narrator, approval: Approval) -> None:
    short = str(approval.id)[:8]
    tell.say(f"$ sales-agent approvals show {short}")
    lines = text_of(approval.content).splitlines()
    for line in lines[:_LINES]:
        tell.say(f"| {line}")
    if len(lines) > _LINES:
        tell.say(f"| … and {len(lines) - _LINES} lines more")


_LINES = 24


async def _approve(tell: Narrator, approval: Approval) -> None:
    tell.say(f'$ sales-agent approvals approve {str(approval.id)[:8]} --by "{BY}"')
    request = DecisionRequest(approval_id=approval.id, decision="approve", decided_by=BY, digest=approval.digest)
    decided = await apply_decision(request)
    if decided.proposal.kind is not ApprovalKind.CRM_CHANGES:
        await start_execution(decided)


async def _until_ended(approval: Approval) -> Approval:
    """Wait until a worker has carried an approval out; one that was approved and not begun is begun again."""
    known = await find_approval(str(approval.id))
    if known.status is ApprovalStatus.APPROVED:
        await start_execution(known)  # no second run of it is made
    for _ in range(int(_DONE_WITHIN_S / 0.5)):
        known = await find_approval(str(approval.id))
        if known.status in _ENDED:
            return known
        await asyncio.sleep(0.5)
    raise SalesAgentError(f"approval {approval.id} was not carried out in time: see its run in the Prefect UI")


async def _fair(tell: Narrator) -> None:
    tell.chapter("A real-life file: 5,000 rows of a trade fair, messy, scored by the rules alone")
    tell.say(f"$ sales-agent run {_FAIR.name} --until score --no-model --submit")
    request = PipelineRequest(path=_FAIR, source=FAIR, default_country="DE", until="score", use_model=False)
    await submit_pipeline(request, say=tell.say)


def _mailbox(tell: Narrator, home: Path) -> None:
    tell.say("in the mailbox:")
    tell.table(
        [
            {"to": ", ".join(message["to"]), "from": message["from"], "subject": message["subject"]}
            for message in demo_sandbox.mailbox(home)
        ]
    )
