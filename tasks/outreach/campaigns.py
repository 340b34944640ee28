"""A campaign written by the agent: variants for each persona and tone."""

from agents import marketing
from agents.models import Job
from core.outreach.campaigns import CampaignPlan, CampaignReport, Variant
from langgraph_prefect.values import Finished, Stopped
from tasks.agents.graphs import as_result, model_for, run_thread


async def write(begun: CampaignPlan) -> CampaignReport:
    """Run the agent for the variants; its nodes are the steps. Safe to run again."""
    request = begun.request
    base = CampaignReport(campaign_id=begun.campaign_id, segment=request.segment.name, status="nobody")
    if not begun.personas:
        return base.model_copy(update={"reason": "nobody in the segment has an e-mail address"})
    async with model_for(Job.WRITING, begun.campaign_id, wanted=request.use_model) as model:
        outcome = await run_thread(
            marketing.build(model),
            _input(begun),
            agent=marketing.NAME,
            thread_id=begun.campaign_id,
            request=request.model_dump(mode="json", exclude={"lead_ids"}),
            prompt_version=marketing.PROMPT_VERSION,
            stream=request.stream,
        )
    if isinstance(outcome, Stopped):
        return base.model_copy(update={"status": "stopped", "reason": outcome.reason})
    assert isinstance(outcome, Finished)
    variants = [Variant(**one) for one in outcome.values["variants"]]
    writers = {variant.by for variant in variants}
    by = next(iter(writers)) if len(writers) == 1 else "mixed"
    return base.model_copy(update={"status": "drafted", "variants": variants, "by": by})


def _input(begun: CampaignPlan) -> marketing.MarketingInput:
    request = begun.request
    return marketing.MarketingInput(
        segment=request.segment.name,
        statistics=list(begun.statistics),
        offer=request.offer,
        personas=list(begun.personas),
        tones=list(dict.fromkeys(request.tones)),
    )


def concluded(report: CampaignReport) -> CampaignReport:
    """Return what the flow returns; of a stopped thread Prefect's state that holds it."""
    result: CampaignReport = as_result(report)
    return result
