"""How many leads, contacts and pairs there are: exact up to ten thousand, estimated beyond, and said so."""

from typing import Any

from db.leads import listing
from db.server.engine import Connection
from db.server.statements import select, select_value

_LOOKS = "SELECT coalesce(outcome, 'due') AS outcome, count(*) AS leads FROM lead_discoveries GROUP BY 1 ORDER BY 1"
_LEADS = "SELECT count(DISTINCT lead_id) FROM contacts"
_SHARE = """
    SELECT avg((EXISTS (SELECT FROM contacts c WHERE c.lead_id = l.id))::int)::float8
    FROM leads l TABLESAMPLE SYSTEM (%(percent)s) REPEATABLE (0)
"""
_SAMPLED = 5_000


async def people(connection: Connection) -> dict[str, Any]:
    """Count what looks for people came to, `contacts`, `leads_with_contacts`; tell whether they are estimated."""
    outcomes = {row.outcome: row.leads for row in await select(connection, _LOOKS)}
    found = await listing.count(connection, "contact")
    share = None
    if found.is_estimated:
        companies = await listing.count(connection, "lead")
        percent = min(100.0, 100.0 * _SAMPLED / companies.number)
        share = await select_value(connection, _SHARE, {"percent": percent})
        leads = int(companies.number * (share or 0))
    if share is None:
        leads = int(await select_value(connection, _LEADS))
    return {
        "outcomes": outcomes,
        "contacts": found.number,
        "leads_with_contacts": leads,
        "is_estimated": found.is_estimated,
    }
