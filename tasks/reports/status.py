"""How far everything is: what `sales-agent status` says."""

from datetime import UTC, datetime

from core.qualification.icp import Profile
from core.qualification.icp_columns import in_leads
from core.qualification.runs import QualificationStatus, RunSummary
from core.reports.status import ContactsStatus, SpendStatus, StatusReport, starts
from db.discovery import runs as discovery_runs
from db.imports import history as imports
from db.leads import duplicates, listing
from db.ledger import spend
from db.qualification import assessments
from db.reports import counts
from db.server.engine import own_connection
from tasks.enrichment.readers import enrichment_status
from tasks.ledger.spending import spend_lines
from tasks.runtime.resources import database, database_url

_LAST_IMPORTS = 5


async def status() -> StatusReport:
    """Count leads, what became of them in each stage, and what was spent; list the last imports and runs."""
    day, month = starts(datetime.now(UTC))
    async with database() as connection:
        count = await listing.count(connection, "lead")
        last = await imports.select_summaries(connection, _LAST_IMPORTS)
        found = ContactsStatus(
            **await counts.people(connection),
            due=await discovery_runs.count_due(connection),
            runs=await discovery_runs.select_runs(connection),
        )
        pairs, is_more = await duplicates.count_open(connection)
        spent = SpendStatus(
            today=spend_lines(await spend.since(connection, day)),
            month=spend_lines(await spend.since(connection, month)),
        )
    return StatusReport(
        leads=count.number,
        leads_are_estimated=count.is_estimated,
        possible_duplicates=pairs,
        possible_duplicates_is_at_least=is_more,
        imports=last,
        qualification=await qualification_status(),
        enrichment=await enrichment_status(),
        contacts=found,
        spend=spent,
    )


async def qualification_status() -> QualificationStatus:
    """Return how far qualification is, by the profile that was used last."""
    async with own_connection(database_url()) as connection:
        counted = await assessments.counts_of(connection)
        noted = await assessments.find_last_profile(connection)
        profile = None if noted is None else Profile.model_validate(noted)
        due = 0
        if profile is not None:
            sources = in_leads(profile.columns, await assessments.mappings_of_imports(connection))
            due = await assessments.count_due(connection, profile.version, sources)
        return QualificationStatus(
            icp=profile.name if profile else None,
            icp_version=profile.version if profile else None,
            outcomes=counted.by("outcome"),
            tiers=counted.by("tier"),
            due=due,
            runs=[RunSummary(**row) for row in await assessments.select_runs(connection)],
        )
