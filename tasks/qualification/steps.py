"""Steps of qualifying leads: plan a run, assess its batches, report."""

import logging

from prefect import runtime

from core.batches import LeadRange, Scope
from core.qualification.icp_columns import in_leads
from core.qualification.profiles import current_profile
from core.qualification.runs import (
    BestLead,
    QualificationPlan,
    QualificationReport,
    QualifyRequest,
    tiers_of_tens,
)
from core.qualification.scoring import reason_of
from core.settings.settings import settings
from db.agents import executions
from db.qualification import assessments
from db.server.engine import own_connection
from tasks.qualification import artifacts
from tasks.qualification.assessing import assess
from tasks.qualification.model_assessment import model_state, open_assessor
from tasks.qualification.reporting import spending_of, without_breakdown
from tasks.runtime.named_files import allowed_config
from tasks.runtime.orchestration import in_flow_run, task
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database_url
from tasks.runtime.telling import tell

log = logging.getLogger(__name__)


@task(name="plan-qualification", **STEP)
async def plan(request: QualifyRequest) -> QualificationPlan:
    """Read the profile, note the run, and cut the leads that are due into batches.

    Raises:
        InvalidConfig: the profile cannot be read or is none; nothing was written.
    """
    profile = current_profile(allowed_config(request.icp), settings())
    model = await model_state(use=request.use_model)
    async with own_connection(database_url()) as connection:
        sources = in_leads(profile.columns, await assessments.mappings_of_imports(connection))
        batches = settings().qualification
        begun = await assessments.begin(
            connection,
            profile,
            sources,
            request.selection,
            batch_leads=batches.model_batch_leads if model.names else batches.batch_leads,
            limit=request.limit,
            flow_run_id=runtime.flow_run.id,
            model=model,
            scope=Scope(request.import_id),
        )
    facts = {"run_id": begun.run_id, "leads": begun.leads, "icp": profile.version, "models": list(model.names)}
    log.info("qualification_planned", extra=facts)
    return begun


@task(name="qualify-batch", task_run_name="qualify-batch-{batch.number}", **STEP)
async def qualify_batch(begun: QualificationPlan, batch: LeadRange) -> int:
    """Assess the leads of a batch that are due and that nobody else works on; give how many.

    Safe to run again at any point: what is recorded is no longer due.
    """
    async with (
        assessments.leased(database_url(), begun, batch) as lease,
        open_assessor(begun) as by_model,
    ):
        return await assess(lease, begun, by_model=by_model)


@task(name="finish-qualification", **STEP)
async def finish(begun: QualificationPlan) -> QualificationReport:
    """Add up what a run did, and close it."""
    async with own_connection(database_url()) as connection:
        counts = await assessments.counts_of(connection, begun.run_id)
        best = [
            BestLead(reason=row.pop("reasoning") or reason_of(row["breakdown"]), **without_breakdown(row))
            for row in await assessments.select_best(connection, begun.run_id)
        ]
        due = await assessments.count_due(connection, begun.profile.version, begun.sources)
        report = QualificationReport(
            run_id=begun.run_id,
            icp=begun.profile.name,
            icp_version=begun.profile.version,
            selection=begun.selection,
            tiers=counts.by("tier"),
            histogram=assessments.histogram(counts),
            best=best,
            tier_of_ten=tiers_of_tens(begun.profile),
            models=await executions.by_model(connection, begun.run_id),
            why_no_model=begun.model.why_not,
            spend=await spending_of(begun.run_id),
            **await assessments.RUNS.figures(connection, begun.run_id, counts, due),
        )
        await assessments.RUNS.finish(connection, begun.run_id, report.to_json(without={"best"}))
    log.info("qualification_finished", extra=report.to_json(without={"best", "reasons"}))
    return report


@task(name="publish-qualification", **STEP)
async def publish_qualification(report: QualificationReport) -> QualificationReport:
    """Show the outcomes, the best leads with their reasons, how the scores are spread, and what was spent."""
    if in_flow_run():
        await artifacts.show_qualification(report)
    tell(report.in_words)
    return report
