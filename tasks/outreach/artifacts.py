"""What runs of outreach show in the Prefect UI: the approval a run waits for, a campaign, the findings of a market.

Of an approval the exact words and how to decide; of a campaign its variants and counts, never a person's message.
"""

from collections.abc import Sequence

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from core.outreach.approval_text import text_of
from core.outreach.approvals import Approval, ApprovalStatus
from core.outreach.campaigns import CampaignReport
from core.outreach.decisions import DIGEST_CHARS
from core.outreach.markets import MarketReport
from tasks.runtime.orchestration import in_flow_run


async def show_waiting(approval: Approval, preamble: Sequence[str] = ()) -> None:
    """Show a pending approval with its exact text, and before it what must be known."""
    if not in_flow_run() or approval.status is not ApprovalStatus.PENDING:
        return
    fence = "~~~~~~"
    text = text_of(approval.content).replace(fence, "~ ~ ~")
    short = str(approval.id)[:8]
    markdown = "\n".join(
        [
            *[f"**{line.replace('*', ' ').replace('`', ' ')}**\n" for line in preamble],
            f"# Waiting for a decision: {approval.proposal.kind}",
            "",
            f"Approval `{approval.id}`, digest `{approval.digest[:DIGEST_CHARS]}`, "
            f"until {approval.expires_at:%Y-%m-%d %H:%M} UTC.",
            "",
            fence + "text",
            text,
            fence,
            "",
            f"`sales-agent approvals approve {short} --by NAME`, or run the deployment `decide-approval`.",
        ]
    )
    await acreate_markdown_artifact(markdown, key=f"approval-{approval.id}", description="Waiting for a decision")


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
