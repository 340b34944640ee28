"""Steps of enriching leads: plan, begin a run, work on its batches, report."""

import logging
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from prefect import runtime

from core.agents.executions import Execution
from core.batches import LeadRange
from core.enrichment.config import EnrichmentConfig, current_config
from core.enrichment.questions import ACCOUNTS, PROVIDERS, Provider
from core.enrichment.runs import (
    EnrichmentPlan,
    EnrichmentReport,
    EnrichmentRun,
    EnrichmentStatus,
    EnrichRequest,
    Planner,
    ProviderReport,
    in_usd,
)
from core.errors import ConfigurationError
from core.ledger.spend import Cost
from core.settings.settings import settings
from db.agents import executions
from db.enrichment import leads as enrichment
from db.enrichment import lease as enrichment_lease
from db.enrichment import questions as enrichment_questions
from db.ledger import spend
from db.runs import moment
from db.server.engine import Engine, own_connection, transaction
from db.server.keeping import until_stored
from tasks.enrichment.batch import BatchWork
from tasks.enrichment.sources import configured, opened_sources
from tasks.runtime.batches import bounded_gather
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.progress import Progress
from tasks.runtime.resources import database_engine, database_url

log = logging.getLogger(__name__)


def _chosen(request: EnrichRequest) -> tuple[EnrichmentConfig, dict[Provider, str], str]:
    """Give the configuration, who is off, and the version of both: a new key makes leads due."""
    chosen = settings()
    config = current_config(_allowed(request.config), chosen.enrichment.config, chosen.home)
    off = configured(chosen, config)
    on = ",".join(provider for provider in PROVIDERS if provider not in off)
    return config, off, sha256(f"{config.version} {on}".encode()).hexdigest()[:16]


def _allowed(path: Path | None) -> Path | None:
    """Resolve what a form names: only files in the data directory. Python and the command line may name any file."""
    if path is None or runtime.deployment.id is None:
        return path
    home = settings().home.resolve()
    resolved = (home / path).resolve()
    if not resolved.is_relative_to(home) or resolved.suffix not in {".yaml", ".yml"}:
        raise ConfigurationError(f"a form can only name YAML files in the data directory, not {path}")
    return resolved


@task(name="plan-enrichment", **STEP)
async def plan(request: EnrichRequest) -> EnrichmentPlan:
    """Say how many questions a run would put to whom, and what they may cost at most. Writes nothing, asks nobody.

    Raises:
        InvalidConfig: the configuration cannot be read, or says something that cannot be meant.
    """
    config, off, version = _chosen(request)
    fresh: dict[Provider, int] = {}
    waiting: dict[Provider, int] = {}
    async with own_connection(database_url()) as connection:
        now = await moment(connection)
        planner = Planner(config, now)
        async for lead in enrichment.select_due(connection, request, version, now=now):
            planner.add(lead)
        for provider, hashes in planner.questions.items():
            fresh[provider], waiting[provider] = await enrichment_questions.count_known(
                connection, provider, sorted(hashes), is_failed_again=request.selection == "failed"
            )
    budgets = (*settings().providers.budget.budgets(), *request.budgets())
    return planner.plan(fresh, waiting, off, budgets)


@task(name="begin-enrichment", **STEP)
async def begin(request: EnrichRequest) -> EnrichmentRun:
    """Read the configuration, note the run, and cut the leads that are due into batches.

    Raises:
        InvalidConfig: the configuration cannot be read, or says something that cannot be meant; nothing was written.
    """
    config, off, version = _chosen(request)
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


async def enrich_batches(begun: EnrichmentRun) -> None:
    """Enrich all batches of a run, a few side by side, each as a task of its own."""
    progress = Progress(begun.leads, "leads enriched")
    await progress.advance_to(0)
    done = 0

    async def one(batch: LeadRange) -> None:
        nonlocal done
        done += await enrich_batch(begun, batch)
        await progress.advance_to(min(done, begun.leads))

    await bounded_gather(one, begun.ranges, width=settings().enrichment.batches_at_once)


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
            opened_sources(settings(), begun.config, begun.run_id, begun.request.budgets(), record) as sources,
        ):
            done = await BatchWork(lease, sources).run()
    log.info("batch_enriched", extra={"batch": batch.number, "leads": done})
    return done


@task(name="finish-enrichment", **STEP)
async def finish(begun: EnrichmentRun) -> EnrichmentReport:
    """Add up what a run did, and close it."""
    async with database_engine() as engine:
        spent = await _spent(engine, begun)
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
            providers=[_provider_report(begun.config, row) for row in attempts],
            spend=spent,
            usd_per_enriched_lead=_each(sum((one["usd"] for one in spent.values()), Decimal(0)), enriched),
            credits_per_enriched_lead={
                name: _each(one["credits"], enriched) for name, one in spent.items() if one["credits"]
            },
            asked_again=asked_again,
            **await enrichment.RUNS.figures(connection, begun.run_id, counts, due),
        )
        await enrichment.RUNS.finish(connection, begun.run_id, report.model_dump(mode="json"))
    log.info(
        "enrichment_finished",
        extra={"run_id": report.run_id, "leads": report.leads, "outcomes": report.outcomes, "seconds": report.seconds},
    )
    return report


def _each(amount: Decimal, leads: int) -> Decimal:
    return (amount / leads).quantize(Decimal("0.000001")) if leads else Decimal(0)


def _provider_report(config: EnrichmentConfig, row: Mapping[str, object]) -> ProviderReport:
    provider: Provider = row["provider"]  # type: ignore[assignment]  # as it was written
    cost = Cost(Decimal(str(row["usd"])), Decimal(str(row["credits"])))
    return ProviderReport(
        provider=provider,
        outcomes=row["outcomes"],
        reused=row["reused"],
        credits=cost.credits,
        usd=in_usd(config, ACCOUNTS.get(provider), cost),
        median_latency_ms=row["median_latency_ms"],
    )


async def _spent(engine: Engine, begun: EnrichmentRun) -> dict[str, dict[str, Decimal]]:
    """Give what the cost book holds of a run, by account."""
    async with transaction(engine) as connection:
        spent = await spend.by_provider(connection, begun.run_id)
    return {
        name: {
            "usd": in_usd(begun.config, name, one.cost),
            "credits": one.cost.credits,
            "assumed_usd": one.assumed.usd,
            "assumed_credits": one.assumed.credits,
            "assumed_calls": Decimal(one.assumed_calls),
        }
        for name, one in spent.items()
    }


async def enrichment_status() -> EnrichmentStatus:
    """Say how far enrichment is, over all leads."""
    async with own_connection(database_url()) as connection:
        counts = await enrichment.counts_of(connection)
        values = await enrichment.values_of(connection)
        runs = await enrichment.select_runs(connection)
    shown = [{name: value if isinstance(value, int) else value and str(value) for name, value in run.items()}
             for run in runs]  # fmt: skip
    return EnrichmentStatus(outcomes=counts.by("outcome"), values=sum(values.values()), runs=shown)
