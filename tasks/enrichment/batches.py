"""All batches of a run of enrichment, side by side."""

from functools import partial

from core.enrichment.runs import EnrichmentRun
from core.settings.settings import settings
from tasks.enrichment.steps import enrich_batch
from tasks.runtime.batch_runs import work_on_batches


async def enrich_batches(begun: EnrichmentRun) -> None:
    """Enrich all batches of a run, a few side by side, each as a task of its own."""
    width = settings().enrichment.batches_at_once
    work = partial(enrich_batch, begun)
    await work_on_batches(begun, work, of=begun.leads, title="leads enriched", width=width)
