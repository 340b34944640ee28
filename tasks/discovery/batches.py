"""All batches of a run of discovery, side by side."""

from core.discovery.runs import DiscoveryRun
from core.settings.settings import settings
from tasks.discovery.steps import discover_batch
from tasks.runtime.batch_runs import work_on_batches


async def visit_sites(begun: DiscoveryRun) -> None:
    """Visit the sites of all batches of a run, a few batches side by side, each as a task of its own."""
    width = settings().discovery.batches_at_once
    await work_on_batches(begun, discover_batch, of=len(begun.sites), title="Sites visited", width=width)
