"""What a qualification run shows in the Prefect UI."""

from collections.abc import Sequence

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from core.qualification.histograms import data_uri, svg
from core.qualification.runs import OUTCOMES, BestLead, QualificationReport
from core.tiers import TIERS
from tasks.runtime.artifacts import cell, markdown_table

_COLOURS = {"hot": "#dc2626", "warm": "#f59e0b", "cold": "#3b82f6", "disqualified": "#94a3b8"}


async def show_qualification(report: QualificationReport) -> None:
    """Show the outcomes, the best leads with their reasons, how the scores are spread, and what was spent."""
    by = f"{report.icp} ({report.icp_version})"
    tables = (
        ("qualification-outcomes", _outcomes(report), "What became of the leads"),
        ("qualification-spend", _spending(report), "What was spent, by provider and model"),
    )
    for key, rows, description in tables:
        await acreate_table_artifact(key=key, table=rows, description=description)
    await acreate_markdown_artifact(
        key="best-leads", markdown=best_table(report.best), description=f"The best leads by {by}, and why"
    )
    # As Markdown: an image artifact shows its whole address beneath, which here holds the picture.
    await acreate_markdown_artifact(
        key="score-histogram",
        markdown=f"![{', '.join(map(str, report.histogram))}]({data_uri(histogram(report))})",
        description=f"Leads by score, {report.icp}",
    )


def best_table(best: Sequence[BestLead]) -> str:
    """Write the best leads as a table that cuts nothing: who, how good and why; ids last."""
    rows = [
        [
            cell(lead.company or ""),
            cell(lead.contact or lead.title or ""),
            lead.tier,
            cell(lead.reason),
            f"{lead.score:.0f}",
            f"{lead.confidence:.0%}",
            f"`{lead.lead_id}`",
        ]
        for lead in best
    ]
    return markdown_table(("company", "person", "tier", "why", "score", "sure", "lead"), rows)


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


def _spending(report: QualificationReport) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"who": line.provider, "usd": f"{line.usd:f}", "credits": f"{line.credits:f}"}
        | ({"assumed calls": line.assumed_calls, "assumed usd": f"{line.assumed_usd:f}"} if line.assumed_calls else {})
        for line in report.spend
    ]
    rows += [
        {
            "who": used.model,
            "usd": f"{used.cost_usd:f}",
            "questions": used.executions,
            "answered": used.answered,
            "tokens in": used.input_tokens,
            "tokens out": used.output_tokens,
        }
        for used in report.models
    ]
    return rows or [{"who": "nobody", "usd": "0", "why": report.why_no_model or "no model is configured"}]


def histogram(report: QualificationReport) -> str:
    """Draw how the scores are spread, in the colours of the tiers, as SVG."""
    labels = [f"{10 * ten}–{10 * ten + 9 if ten < 9 else 100}" for ten in range(len(report.histogram))]
    colours = [_COLOURS[tier] for tier in report.tier_of_ten]
    return svg(report.histogram, labels, colours, title=f"{sum(report.histogram):,} leads by score")
