"""What runs of outreach show in the Prefect UI: the approval a run waits for, a campaign, the findings of a market.

Of an approval the exact words and how to decide; of a campaign its variants and counts, never a person's message.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed

from core.outreach.approval_text import text_of
from core.outreach.approvals import Approval, ApprovalStatus, outcome
from core.outreach.campaigns import CampaignReport
from core.outreach.decisions import DIGEST_CHARS
from core.outreach.markets import MarketReport
from tasks.runtime.artifacts import cell
from tasks.runtime.orchestration import in_flow_run


async def show_approval(approval: Approval, preamble: Sequence[str] = ()) -> None:
    """Show an approval as it stands: while it waits with its exact text and how to decide, then what became of it."""
    if not in_flow_run():
        return
    waits = approval.status is ApprovalStatus.PENDING
    await acreate_markdown_artifact(
        "\n".join(approval_lines(approval, preamble)),
        key=f"approval-{approval.id}",
        description="Waiting for a decision" if waits else f"Decided: {outcome(approval)}",
    )
    if not waits:
        await _end_waiting_run(approval)


async def show_pending(pending: Sequence[tuple[Approval, Sequence[str]]]) -> None:
    """Show all that waits, each with what must be known before it is read, its text, and how to decide."""
    parts = ["\n".join(approval_lines(approval, preamble)) for approval, preamble in pending]
    await acreate_markdown_artifact(
        "\n\n---\n\n".join(parts) or "Nothing waits for a decision.",
        key="pending-approvals",
        description=f"{len(pending)} wait for a decision" if pending else "Nothing waits for a decision",
    )


def approval_lines(approval: Approval, preamble: Sequence[str]) -> list[str]:
    """Return the lines of an approval in Markdown."""
    fence = "~~~~~~"
    text = text_of(approval.content).replace(fence, "~ ~ ~")
    short, digest = str(approval.id)[:8], approval.digest[:DIGEST_CHARS]
    lines = [f"**{line.replace('*', ' ').replace('`', ' ')}**\n" for line in preamble]
    if approval.status is ApprovalStatus.PENDING:
        lines += [f"# Waiting for a decision: {approval.proposal.kind}", ""]
        lines += [f"Approval `{short}`, digest `{digest}`, until {approval.expires_at:%Y-%m-%d %H:%M} UTC.", ""]
    else:
        lines += [f"# {approval.proposal.kind}: {cell(outcome(approval))}", "", f"Approval `{short}`.", ""]
    lines += [fence + "text", text, fence, ""]
    if approval.status is ApprovalStatus.PENDING:
        lines += [
            f"`sales-agent approvals approve {short} --by NAME`, or a run of the deployment `decide-approval` with "
            f"approval `{short}` and digest `{digest}`."
        ]
    return lines


async def _end_waiting_run(approval: Approval) -> None:
    """Let the run that asked no longer look as if it waited; nothing where there is none, or it has ended otherwise."""
    asked_by = approval.proposal.flow_run_id
    if asked_by is None:
        return
    async with get_client() as client:
        try:
            run = await client.read_flow_run(UUID(asked_by))
        except ObjectNotFound:  # asked without Prefect, or its history is gone
            return
        if run.state is not None and run.state.name == "Waiting":
            decided: State[Any] = Completed(message=outcome(approval), data=run.state.data)
            await client.set_flow_run_state(run.id, decided, force=True)


async def show_campaign(report: CampaignReport) -> None:
    """Show the variants as a page and the counts as a table; nothing outside a flow run."""
    if not in_flow_run():
        return
    rows = [{"what": "messages that wait for approval", "contacts": report.messages}]
    rows += [{"what": f"no message: {reason}", "contacts": count} for reason, count in report.skipped.items()]
    await acreate_table_artifact(
        key="campaign-messages", table=rows, description=f"Who gets a message: {report.segment}"
    )
    if report.variants:
        await acreate_markdown_artifact(
            key="campaign-variants", markdown=campaign_text(report), description=f"Variants for {report.segment}"
        )


def campaign_text(report: CampaignReport) -> str:
    """Write the variants for people."""
    lines = [f"# {report.segment}", ""]
    for variant in report.variants:
        lines += [f"## {variant.persona}, {variant.tone}", "", f"*by {variant.by}*"]
        lines += [f"- the model's text did not pass: {problem}" for problem in variant.problems]
        lines += ["", f"**{variant.subject}**", "", *(f"> {line}" for line in variant.body.splitlines()), ""]
    return "\n".join(lines)


async def show_market(report: MarketReport) -> None:
    """Show the findings as a table, each with its source, and the report as a page; nothing outside a flow run."""
    if not in_flow_run():
        return
    rows = [
        {"finding": one.claim, "confidence": one.confidence, "source": one.source, "quote": one.quote}
        for one in report.findings
    ]
    if rows:
        await acreate_table_artifact(key="market-findings", table=rows, description=f"Findings: {report.segment}")
    await acreate_markdown_artifact(key="market-report", markdown=market_text(report), description=report.segment)


def market_text(report: MarketReport) -> str:
    """Write the report for people."""
    head = {
        "findings": f"Enough evidence, confidence {report.confidence:g}.",
        "not_enough_evidence": f"**Not enough evidence**: {report.reason}.",
        "stopped": f"**Stopped**: {report.reason}.",
    }[report.status]
    by = "a model, checked against its sources" if report.by == "model" else "rules: statistics and quotes, no model"
    lines = [f"# {report.segment}", "", report.question, "", head, ""]
    lines += [f"- {one.claim} *({one.source}, {one.confidence:g})*" for one in report.findings]
    lines += ["", f"{report.leads:,} leads, {report.pages_read} pages, {report.rounds} rounds, by {by}."]
    lines += [f"- not read: {url}: {why}" for url, why in report.unreadable.items()]
    lines += [f"- left out: {count} claims, {fault.replace('_', ' ')}" for fault, count in report.rejected.items()]
    return "\n".join(lines)
