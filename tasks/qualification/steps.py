"""Steps of qualifying leads: plan a run, assess its batches, report."""

import asyncio
import logging
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pandas as pd
from prefect import runtime

from core.agents.executions import Execution
from core.batches import LeadRange
from core.errors import ConfigurationError
from core.qualification.criteria import MICRO
from core.qualification.icp import Profile
from core.qualification.icp_columns import in_leads
from core.qualification.profiles import current_profile
from core.qualification.runs import (
    Assessment,
    BestLead,
    JudgeLead,
    LeadFacts,
    QualificationPlan,
    QualificationReport,
    QualifyRequest,
    SpendLine,
    by_rules,
    is_put_before_a_model,
    tiers_of_tens,
    unasked,
    with_answer,
)
from core.qualification.scoring import CONFIDENCE_UNIT, TIERS, Scorer, reason_of
from core.settings.settings import settings
from db.agents import executions
from db.ledger import spend
from db.qualification import assessments
from db.qualification.assessments import AssessmentLease
from db.server.engine import own_connection
from tasks.ledger.spending import spend_lines
from tasks.qualification.model_assessment import judging, model_state
from tasks.qualification.scoring import FrameScorer
from tasks.runtime.batches import bounded_gather
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.progress import Progress
from tasks.runtime.resources import database, database_url

log = logging.getLogger(__name__)

_BATCHES_AT_ONCE = 2


@task(name="plan-qualification", **STEP)
async def plan(request: QualifyRequest) -> QualificationPlan:
    """Read the profile, note the run, and cut the leads that are due into batches.

    Raises:
        InvalidConfig: the profile cannot be read or is none; nothing was written.
    """
    profile = current_profile(_allowed(request.icp), settings())
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
        )
    facts = {"run_id": begun.run_id, "leads": begun.leads, "icp": profile.version, "models": list(model.names)}
    log.info("qualification_planned", extra=facts)
    return begun


def _allowed(path: Path | None) -> Path | None:
    """Resolve what a form names: only files in the data directory. Python and the command line may name any file."""
    if path is None or runtime.deployment.id is None:
        return path
    home = settings().home.resolve()
    resolved = (home / path).resolve()
    if not resolved.is_relative_to(home) or resolved.suffix not in {".yaml", ".yml"}:
        raise ConfigurationError(f"a form can only name YAML files in the data directory, not {path}")
    return resolved


async def qualify_batches(begun: QualificationPlan) -> None:
    """Assess all batches of a run, a few side by side, each as a task of its own."""
    progress = Progress(begun.leads, "leads qualified")
    await progress.advance_to(0)
    gate = asyncio.Semaphore(_BATCHES_AT_ONCE)
    done = 0

    async def one(batch: LeadRange) -> None:
        nonlocal done
        async with gate:
            done += await qualify_batch(begun, batch)
            await progress.advance_to(min(done, begun.leads))

    async with asyncio.TaskGroup() as group:
        for batch in begun.ranges:
            group.create_task(one(batch))


@task(name="qualify-batch", task_run_name="qualify-batch-{batch.number}", **STEP)
async def qualify_batch(begun: QualificationPlan, batch: LeadRange) -> int:
    """Assess the leads of a batch that are due and that nobody else works on; give how many.

    Safe to run again at any point: what is recorded is no longer due.
    """
    async with (
        assessments.leased(database_url(), begun, batch) as lease,
        judging(begun) as judge,
    ):
        return await assess(lease, begun, judge=judge)


async def assess(lease: AssessmentLease, begun: QualificationPlan, *, judge: JudgeLead | None) -> int:
    """Claim leads, assess them and record what came of it.

    Args:
        lease: held.
        begun: the run.
        judge: asks a language model; None: the rules decide, and the batch is recorded as a whole.

    Returns:
        How many leads were assessed.
    """
    leads = await lease.claim()
    if not leads:
        return 0
    by_rule = await asyncio.to_thread(rules_of, begun.profile, begun.sources_names, leads)
    if judge is None:
        why = begun.model.why_not
        await lease.record([unasked(each, why) if why else each for each in by_rule])
    else:
        await _judge_all(lease, begun.profile, list(zip(leads, by_rule, strict=True)), judge)
    return len(leads)


def rules_of(profile: Profile, names: list[str], leads: list[LeadFacts]) -> list[Assessment]:
    """Assess leads by the rules alone, in their order."""
    frame = pd.DataFrame([lead.values for lead in leads], columns=names, dtype=object)
    scored = FrameScorer(Scorer(profile)).score(frame)
    return [
        by_rules(lead, Decimal(score) / MICRO, TIERS[tier], Decimal(confidence) / CONFIDENCE_UNIT, breakdown)
        for lead, score, tier, confidence, breakdown in zip(
            leads,
            scored.score.tolist(),
            scored.tier.tolist(),
            scored.confidence.tolist(),
            scored.breakdowns(),
            strict=True,
        )
    ]


async def _judge_all(
    lease: AssessmentLease, profile: Profile, leads: list[tuple[LeadFacts, Assessment]], judge: JudgeLead
) -> None:
    """Put each lead before a model; each outcome is committed as it comes, with those that came meanwhile."""
    writing = asyncio.Lock()
    waiting: list[tuple[Assessment, tuple[Execution, ...]]] = []

    async def store() -> None:
        async with writing:
            if waiting:
                ready = waiting.copy()
                waiting.clear()
                ran = [execution for _, executions in ready for execution in executions]
                await lease.record([assessment for assessment, _ in ready], ran)

    async def one(pair: tuple[LeadFacts, Assessment]) -> None:
        waiting.append(await judged(*pair, profile, judge))
        await store()

    try:
        await bounded_gather(one, leads, width=settings().qualification.model_calls_at_once)
    finally:
        # A run that was cancelled leaves answers behind that waited for the one before them to be written.
        await store()


async def judged(
    lead: LeadFacts, rules: Assessment, profile: Profile, judge: JudgeLead
) -> tuple[Assessment, tuple[Execution, ...]]:
    """Ask a model about one lead where that is of use; give what becomes of it, and what was run for it."""
    if not is_put_before_a_model(rules):
        return unasked(rules), ()
    verdict = await judge(lead, rules)
    return with_answer(rules, verdict.answer, profile), verdict.executions


@task(name="finish-qualification", **STEP)
async def finish(begun: QualificationPlan) -> QualificationReport:
    """Add up what a run did, and close it."""
    async with own_connection(database_url()) as connection:
        counts = await assessments.counts_of(connection, begun.run_id)
        best = [
            BestLead(reason=row.pop("reasoning") or reason_of(row["breakdown"]), **_without_breakdown(row))
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
            spend=await _spent(begun.run_id),
            **await assessments.RUNS.figures(connection, begun.run_id, counts, due),
        )
        await assessments.RUNS.finish(connection, begun.run_id, report.model_dump(mode="json", exclude={"best"}))
    log.info("qualification_finished", extra=report.model_dump(mode="json", exclude={"best", "reasons"}))
    return report


async def _spent(run_id: UUID) -> list[SpendLine]:
    async with database() as connection:
        by_provider = await spend.by_provider(connection, run_id)
    return spend_lines(by_provider)


def _without_breakdown(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in {"breakdown", "reasoning"}}
