"""How many leads, contacts and pairs there are: exact up to ten thousand, estimated beyond, and said so."""

from typing import Any

from core.reports.status import ContactsStatus
from db.leads import listing
from db.server.engine import Connection
from db.server.statements import select, select_value

_LOOKS = "SELECT coalesce(outcome, 'due') AS outcome, count(*) AS leads FROM lead_discoveries GROUP BY 1 ORDER BY 1"
_LEADS = "SELECT count(DISTINCT lead_id) FROM contacts"
_LEADS_ESTIMATED = """
    SELECT CASE WHEN n_distinct < 0 THEN -n_distinct * %(contacts)s ELSE n_distinct END FROM pg_stats
    WHERE schemaname = current_schema() AND tablename = 'contacts' AND attname = 'lead_id'
"""


async def people(connection: Connection) -> ContactsStatus:
    """Count contacts and the leads that have any, and what the looks for people came to."""
    outcomes = {row.outcome: row.leads for row in await select(connection, _LOOKS)}
    found = await listing.count(connection, "contact")
    leads: Any = None
    if found.is_estimated:
        leads = await select_value(connection, _LEADS_ESTIMATED, {"contacts": found.number})
    if leads is None:
        leads = await select_value(connection, _LEADS)
    return ContactsStatus(
        outcomes=outcomes, contacts=found.number, leads_with_contacts=int(leads), is_estimated=found.is_estimated
    )
