"""What a person decides where the CRM holds one company twice: which of the two a lead is. Imports no Prefect."""

from datetime import UTC, datetime
from uuid import UUID

from core.crm.records import RecordKind
from core.crm.units import RecordLink
from core.errors import InvalidInput, LeadNotFound
from core.settings.settings import settings
from db.crm import links as crm_links
from db.crm import records as crm_records
from db.crm import staging as crm_staging
from db.crm.links import SavedLink
from db.leads.matching import current_id
from db.server.engine import own_connection
from tasks.crm.twins import linked_to
from tasks.runtime.crm_offers import crm_config
from tasks.runtime.resources import database_url


async def link_lead(lead_id: UUID, remote_id: str) -> UUID:
    """Say which company of the CRM a lead is; the next run merges the two. Return the lead's id.

    Raises:
        LeadNotFound: no lead has this id.
        InvalidInput: one of the two is linked already.
        SyncBusy: a run is at it.
    """
    config = crm_config(settings())
    name = config.provider
    async with own_connection(database_url()) as connection, crm_links.only_run(connection, name):
        lead_id = await current_id(connection, lead_id)
        if not await crm_records.load(connection, name, config, [lead_id]):
            raise LeadNotFound(f"no lead {lead_id}")
        known = await crm_links.find_own(connection, name, RecordKind.LEAD, lead_id)
        taken = await crm_links.find_by_remote(connection, name, RecordKind.LEAD, remote_id)
        if known is not None and known.remote_id not in (None, remote_id) and not known.is_gone:
            raise InvalidInput(f"the lead is {known.remote_id} in {name} already: merge the two there instead")
        if taken is not None and taken.own_id != lead_id and not taken.is_gone:
            raise InvalidInput(f"{remote_id} is lead {taken.own_id} here already: see `sales-agent duplicates`")
        link = linked_to(known or RecordLink(RecordKind.LEAD, lead_id, lead_id), remote_id)
        async with connection.transaction():
            await crm_links.save(connection, name, [SavedLink(link)], now=datetime.now(UTC))
            await crm_staging.stage(connection, name, [remote_id])
    return lead_id
