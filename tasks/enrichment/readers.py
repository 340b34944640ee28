"""What people and doors read of enrichment. Imports no Prefect."""

from core.enrichment.runs import EnrichmentStatus
from db.enrichment import leads as enrichment
from db.server.engine import own_connection
from tasks.runtime.resources import database_url


async def enrichment_status() -> EnrichmentStatus:
    """Return how far enrichment is, over all leads."""
    async with own_connection(database_url()) as connection:
        counts = await enrichment.counts_of(connection)
        values = await enrichment.values_of(connection)
        runs = await enrichment.select_runs(connection)
    shown = [{name: value if isinstance(value, int) else value and str(value) for name, value in run.items()}
             for run in runs]  # fmt: skip
    return EnrichmentStatus(outcomes=counts.by("outcome"), values=sum(values.values()), runs=shown)
