"""What an enrichment run shows in the Prefect UI."""

from prefect.artifacts import acreate_table_artifact

from core.enrichment.questions import LEAD_OUTCOMES
from core.enrichment.runs import EnrichmentPlan, EnrichmentReport
from core.outcomes import OUTCOMES


async def show_enrichment(report: EnrichmentReport) -> None:
    """Show what became of the leads, what each provider answered, which fields were filled, and what was spent."""
    tables = (
        ("enrichment-outcomes", outcomes(report), "What became of the leads"),
        ("enrichment-providers", providers(report), "What each provider answered, in leads"),
        ("enrichment-spend", spend(report), "Spend by account, and by enriched lead"),
    )
    for key, rows, description in tables:
        await acreate_table_artifact(key=key, table=rows, description=description)


async def show_plan(plan: EnrichmentPlan) -> None:
    """Show what a run would ask and cost at most."""
    await acreate_table_artifact(
        key="enrichment-plan",
        table=plan.to_json()["providers"],
        description=f"{plan.leads} leads due; at most. {'; '.join(plan.budgets) or 'no budget is set'}",
    )


def outcomes(report: EnrichmentReport) -> list[dict[str, object]]:
    """Return the lines of the table of outcomes."""
    rows: list[dict[str, object]] = [
        {"what": outcome.replace("_", " "), "leads": report.outcomes.get(outcome, 0)} for outcome in LEAD_OUTCOMES
    ]
    rows.append({"what": "got a value", "leads": report.enriched_leads})
    rows += [{"what": f"value: {field}", "leads": count} for field, count in report.values.items()]
    rows += [{"what": f"because {reason}", "leads": count} for reason, count in report.reasons.items()]
    rows.append({"what": "still due", "leads": report.due})
    return rows


def providers(report: EnrichmentReport) -> list[dict[str, object]]:
    """Return a line a provider."""
    return [
        {
            "provider": one.provider,
            **{outcome: one.outcomes.get(outcome, 0) for outcome in OUTCOMES},
            "reused": one.reused,
            "credits": f"{one.credits.normalize():f}",
            "usd": f"{one.usd.normalize():f}",
            "median ms": one.median_latency_ms,
        }
        for one in report.providers
    ]


def spend(report: EnrichmentReport) -> list[dict[str, object]]:
    """Return a line an account, and one an enriched lead."""
    rows: list[dict[str, object]] = [
        {"account": name, **{unit: f"{amount.normalize():f}" for unit, amount in amounts.items()}}
        for name, amounts in report.spend.items()
    ]
    each = {"usd": f"{report.usd_per_enriched_lead.normalize():f}"}
    for name, amount in report.credits_per_enriched_lead.items():
        each |= {"credits": f"{amount.normalize():f} of {name}"}
    rows.append({"account": "an enriched lead", **each})
    return rows
