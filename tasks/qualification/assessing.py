"""The leads of a batch assessed: by the rules, and by a model where one is of use."""

import asyncio
from decimal import Decimal

import pandas as pd

from core.agents.executions import Execution
from core.qualification.criteria import MICRO
from core.qualification.icp import Profile
from core.qualification.runs import (
    AssessByModel,
    Assessment,
    LeadFacts,
    QualificationPlan,
    by_rules,
    is_put_before_a_model,
    unasked,
    with_answer,
)
from core.qualification.scoring import CONFIDENCE_UNIT, Scorer
from core.settings.settings import settings
from core.tiers import TIERS
from db.qualification.assessments import AssessmentLease
from tasks.qualification.scoring import FrameScorer
from tasks.runtime.batches import bounded_gather


async def assess(lease: AssessmentLease, begun: QualificationPlan, *, by_model: AssessByModel | None) -> int:
    """Claim leads, assess them and record what came of it.

    Args:
        lease: held.
        begun: the run.
        by_model: asks a language model; None: the rules decide, and the batch is recorded as a whole.

    Returns:
        How many leads were assessed.
    """
    claimed = await lease.claim()
    unchanged = [lead for lead in claimed if lead.is_unchanged]
    if unchanged:
        await lease.confirm(unchanged)
    leads = [lead for lead in claimed if not lead.is_unchanged]
    if not leads:
        return len(claimed)
    by_rule = await asyncio.to_thread(rules_of, begun.profile, begun.sources_names, leads)
    if by_model is None:
        why = begun.model.why_not
        await lease.record([unasked(each, why) if why else each for each in by_rule])
    else:
        await _assess_by_model(lease, begun.profile, list(zip(leads, by_rule, strict=True)), by_model)
    return len(claimed)


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


async def _assess_by_model(
    lease: AssessmentLease, profile: Profile, leads: list[tuple[LeadFacts, Assessment]], by_model: AssessByModel
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
        waiting.append(await assess_lead(*pair, profile, by_model))
        await store()

    try:
        await bounded_gather(one, leads, width=settings().qualification.model_calls_at_once)
    finally:
        # A run that was cancelled leaves answers behind that waited for the one before them to be written.
        await store()


async def assess_lead(
    lead: LeadFacts, rules: Assessment, profile: Profile, by_model: AssessByModel
) -> tuple[Assessment, tuple[Execution, ...]]:
    """Ask a model about one lead where that is of use; give what becomes of it, and what was run for it."""
    if not is_put_before_a_model(rules):
        return unasked(rules), ()
    assessed = await by_model(lead, rules)
    return with_answer(rules, assessed.answer, profile), assessed.executions
