"""All batches of a run of enrichment, side by side."""

from core.batches import LeadRange
from core.enrichment.runs import EnrichmentRun
from core.settings.settings import settings
from tasks.enrichment.steps import enrich_batch
from tasks.runtime.batches import bounded_gather
from tasks.runtime.progress import Progress


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
