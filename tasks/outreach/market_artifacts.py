"""What research of a market shows in the Prefect UI."""

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from core.outreach.markets import MarketReport
from tasks.runtime.orchestration import in_flow_run


async def publish_market(report: MarketReport) -> None:
    """Show the findings as a table, each with its source, and the report as a page; nothing outside a flow run."""
    if not in_flow_run():
        return
    rows = [
        {"finding": one.claim, "confidence": one.confidence, "source": one.source, "quote": one.quote}
        for one in report.findings
    ]
    if rows:
        await acreate_table_artifact(key="market-findings", table=rows, description=f"Findings: {report.segment}")
    await acreate_markdown_artifact(key="market-report", markdown=as_markdown(report), description=report.segment)


def as_markdown(report: MarketReport) -> str:
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
