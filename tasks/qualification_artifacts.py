"""What a qualification run shows in the Prefect UI."""

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from core.qualification import OUTCOMES, QualificationReport
from core.scoring import TIERS
from tasks.policies import STEP
from tasks.runtime import in_flow_run, task

_BAR_CHARS = 40


@task(name="publish-qualification", **STEP)
async def publish_qualification(report: QualificationReport) -> QualificationReport:
    """Show the outcomes, the best leads with their reasons, and how the scores are spread."""
    if in_flow_run():
        await acreate_table_artifact(
            key="qualification-outcomes", table=_outcomes(report), description="What became of the leads"
        )
        await acreate_table_artifact(
            key="best-leads",
            table=[lead.model_dump(mode="json") for lead in report.best],
            description=f"The best leads by {report.icp} ({report.icp_version}), and why",
        )
        await acreate_markdown_artifact(
            key="score-histogram", markdown=histogram(report.histogram), description="Leads by score"
        )
    return report


def _outcomes(report: QualificationReport) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"what": outcome.replace("_", " "), "leads": report.outcomes.get(outcome, 0)}
        for outcome in OUTCOMES
        if outcome != "due"
    ]
    rows += [{"what": f"tier {tier}", "leads": report.tiers.get(tier, 0)} for tier in TIERS]
    rows += [{"what": f"because {reason}", "leads": count} for reason, count in report.reasons.items()]
    rows.append({"what": "still due", "leads": report.due})
    return rows


def histogram(counts: list[int]) -> str:
    """Draw how scores are spread, as a Markdown table with bars.

    Args:
        counts: leads by score: 0-9, 10-19, … 90-100.
    """
    most = max(counts, default=0) or 1
    lines = ["| score | leads | |", "|---:|---:|:---|"]
    for ten, count in reversed(list(enumerate(counts))):
        bar = "█" * round(_BAR_CHARS * count / most) or ("▏" if count else "")
        lines.append(f"| {10 * ten}-{10 * ten + 9 if ten < 9 else 100} | {count:,} | {bar} |")
    return "\n".join(lines)
