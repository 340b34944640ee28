"""Steps of enriching leads: plan, begin a run, work on its batches, report."""

import logging
from decimal import Decimal

from prefect import runtime

from core.agents.executions import Execution
from core.batches import LeadRange
from core.enrichment.questions import Provider
from core.enrichment.runs import (
    EnrichmentPlan,
    EnrichmentReport,
    EnrichmentRun,
    EnrichRequest,
    Planner,
)
from core.settings.settings import settings
from db.agents import executions
from db.enrichment import leads as enrichment
from db.enrichment import lease as enrichment_lease
from db.enrichment import questions as enrichment_questions
from db.runs import moment
from db.server.engine import own_connection, transaction
from db.server.keeping import until_stored
from integrations import plugs
from tasks.enrichment import artifacts
from tasks.enrichment.batch import BatchWork
from tasks.enrichment.configuration import chosen_config, paid_in
from tasks.enrichment.reporting import each_of, provider_report, spent_by_account
from tasks.enrichment.wiring import opened_sources
from tasks.runtime.orchestration import in_flow_run, task
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database_engine, database_url
from tasks.runtime.telling import tell

log = logging.getLogger(__name__)


@task(name="plan-enrichment", **STEP)
async def plan(request: EnrichRequest) -> EnrichmentPlan:
    """Return how many questions a run would put to whom, and what they may cost at most. Writes nothing, asks nobody.

    Raises:
        InvalidConfig: the configuration cannot be read, or says something that cannot be meant.
    """
    config, off, version = chosen_config(request)
    fresh: dict[Provider, int] = {}
    waiting: dict[Provider, int] = {}
    async with own_connection(database_url()) as connection:
        now = await moment(connection)
        planner = Planner(config, now)
        async for lead in enrichment.select_due(connection, request, config, version, now=now):
            planner.add(lead)
        for provider, hashes in planner.questions.items():
            fresh[provider], waiting[provider] = await enrichment_questions.count_known(
                connection, provider, sorted(hashes), is_failed_again=request.selection == "failed"
            )
    budgets = (*plugs.budgets(settings()), *request.budgets(paid_in))
    return planner.plan(fresh, waiting, off, budgets)


@task(name="begin-enrichment", **STEP)
async def begin(request: EnrichRequest) -> EnrichmentRun:
    """Read the configuration, note the run, and cut the leads that are due into batches.

    Raises:
        InvalidConfig: the configuration cannot be read, or says something that cannot be meant; nothing was written.
    """
    config, off, version = chosen_config(request)
    async with own_connection(database_url()) as connection:
        begun = await enrichment.begin(
            connection,
            request,
            config,
            version,
            batch_leads=settings().enrichment.batch_leads,
            flow_run_id=runtime.flow_run.id,
        )
    log.info(
        "enrichment_planned",
        extra={"run_id": begun.run_id, "leads": begun.leads, "version": version, "off": sorted(off)},
    )
    return begun


@task(name="enrich-batch", task_run_name="enrich-batch-{batch.number}", **STEP)
async def enrich_batch(begun: EnrichmentRun, batch: LeadRange) -> int:
    """Enrich the leads of a batch that are due and that nobody else works on; give how many.

    Safe to run again at any point: a lead that was closed is no longer due, an answer that came is used again.
    """
    async with database_engine() as engine:

        async def record(execution: Execution) -> None:
            async def write() -> None:
                async with transaction(engine) as connection:
                    await executions.record(connection, [execution])

            await until_stored(write, "a model's reading")

        async with (
            enrichment_lease.leased(database_url(), begun, batch) as lease,
            opened_sources(settings(), begun.config, begun.run_id, begun.request.budgets(paid_in), record) as sources,
        ):
            done = await BatchWork(lease, sources).run()
    log.info("batch_enriched", extra={"batch": batch.number, "leads": done})
    return done


@task(name="finish-enrichment", **STEP)
async def finish(begun: EnrichmentRun) -> EnrichmentReport:
    """Add up what a run did, and close it."""
    async with database_engine() as engine:
        spent = await spent_by_account(engine, begun)
    async with own_connection(database_url()) as connection:
        counts = await enrichment.counts_of(connection, begun.run_id)
        values = await enrichment.values_of(connection, begun.run_id)
        attempts = await enrichment.attempts_of(connection, begun.run_id)
        due = await enrichment.count_due(connection, begun.version)
        asked_again = await enrichment_questions.count_asked_again(connection, begun.run_id)
        enriched = counts.by("has_values").get(True, 0)
        report = EnrichmentReport(
            run_id=begun.run_id,
            config=begun.config.name,
            config_version=begun.config.version,
            selection=begun.request.selection,
            values=values,
            enriched_leads=enriched,
            providers=[provider_report(begun.config, row) for row in attempts],
            spend=spent,
            usd_per_enriched_lead=each_of(sum((one["usd"] for one in spent.values()), Decimal(0)), enriched),
            credits_per_enriched_lead={
                name: each_of(one["credits"], enriched) for name, one in spent.items() if one["credits"]
            },
            asked_again=asked_again,
            **await enrichment.RUNS.figures(connection, begun.run_id, counts, due),
        )
        await enrichment.RUNS.finish(connection, begun.run_id, report.to_json())
    log.info(
        "enrichment_finished",
        extra={"run_id": report.run_id, "leads": report.leads, "outcomes": report.outcomes, "seconds": report.seconds},
    )
    return report


@task(name="publish-enrichment", **STEP)
async def publish_enrichment(report: EnrichmentReport) -> EnrichmentReport:
    """Show what became of the leads, what each provider answered, and what was spent."""
    if in_flow_run():
        await artifacts.show_enrichment(report)
    tell(report.in_words)
    return report


@task(name="publish-enrichment-plan", **STEP)
async def publish_plan(planned: EnrichmentPlan) -> EnrichmentPlan:
    """Show what a run would ask and cost at most."""
    if in_flow_run():
        await artifacts.show_plan(planned)
    return planned
