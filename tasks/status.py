"""How far everything is: what `sales-agent status` says."""

from pydantic import BaseModel

from core.enrichment_plan import EnrichmentStatus
from core.icp import Profile
from core.icp_columns import in_leads
from core.imports import ImportSummary
from core.qualification import QualificationStatus, RunSummary
from db import assessments, imports, leads
from db.engine import own_connection
from tasks.enrichment import enrichment_status
from tasks.resources import database, database_url

_LAST_IMPORTS = 5


class Status(BaseModel):
    """Counts a stage; the JSON of `sales-agent status --json`, a stable interface."""

    leads: int
    imports: list[ImportSummary]
    qualification: QualificationStatus
    enrichment: EnrichmentStatus


async def status() -> Status:
    """Count leads, and what became of them in each stage; list the last imports and runs."""
    async with database() as connection:
        count = await leads.count(connection)
        last = await imports.select_summaries(connection, _LAST_IMPORTS)
    return Status(
        leads=count, imports=last, qualification=await qualification_status(), enrichment=await enrichment_status()
    )


async def qualification_status() -> QualificationStatus:
    """Say how far qualification is, by the profile that was used last."""
    async with own_connection(database_url()) as connection:
        counts = await assessments.counts_of(connection)
        noted = await assessments.find_last_profile(connection)
        profile = None if noted is None else Profile.model_validate(noted)
        due = 0
        if profile is not None:
            sources = in_leads(profile.columns, await assessments.mappings_of_imports(connection))
            due = await assessments.count_due(connection, profile.version, sources)
        return QualificationStatus(
            icp=profile.name if profile else None,
            icp_version=profile.version if profile else None,
            outcomes=counts["outcomes"],
            tiers=counts["tiers"],
            due=due,
            runs=[RunSummary(**row) for row in await assessments.select_runs(connection)],
        )
