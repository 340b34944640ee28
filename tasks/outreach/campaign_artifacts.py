"""What a campaign shows in the Prefect UI: its variants and counts, never a person's letter."""

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from core.outreach.campaigns import CampaignReport
from tasks.runtime.orchestration import in_flow_run


async def publish_campaign(report: CampaignReport) -> None:
    """Show the variants as a page and the counts as a table; nothing outside a flow run."""
    if not in_flow_run():
        return
    rows = [{"what": "letters that wait for approval", "leads": report.letters}]
    rows += [{"what": f"no letter: {reason}", "leads": count} for reason, count in report.skipped.items()]
    await acreate_table_artifact(key="campaign-letters", table=rows, description=f"Who gets a letter: {report.segment}")
    if report.variants:
        await acreate_markdown_artifact(
            key="campaign-variants", markdown=as_markdown(report), description=f"Variants for {report.segment}"
        )


def as_markdown(report: CampaignReport) -> str:
    """Write the variants for people."""
    lines = [f"# {report.segment}", ""]
    for variant in report.variants:
        lines += [f"## {variant.persona}, {variant.tone}", "", f"*by {variant.by}*"]
        lines += [f"- the model's text did not pass: {problem}" for problem in variant.problems]
        lines += ["", f"**{variant.subject}**", "", *(f"> {line}" for line in variant.body.splitlines()), ""]
    return "\n".join(lines)
