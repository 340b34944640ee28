"""Looks for the people of a site: which leads wait for one, what came of it, and for which leads.

A site is visited by whoever holds its claim (`db.discovery.lease`). Leads with the same site share its last look while
that is fresh.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from core.discovery.company_contacts import SiteDiscovery, SourceAttempt, as_json, from_json
from core.discovery.runs import DueLead, Site
from core.discovery.site_report import PageNote
from core.outreach.suppression import TombstoneKey
from core.text.cell_text import storable
from db.discovery import contacts
from db.server.engine import Connection
from db.server.statements import change, change_each, select, select_one

_ADD_SITE = """
INSERT INTO discoveries AS d (site, website, domain, linkedin_url)
VALUES (%(site)s, %(website)s, %(domain)s, %(linkedin_url)s)
ON CONFLICT (site) DO UPDATE SET website = excluded.website, domain = coalesce(d.domain, excluded.domain),
    linkedin_url = coalesce(d.linkedin_url, excluded.linkedin_url)
WHERE (d.website, d.domain, d.linkedin_url) IS DISTINCT FROM
    (excluded.website, coalesce(d.domain, excluded.domain), coalesce(d.linkedin_url, excluded.linkedin_url))
"""

_PLAN_LEAD = """
INSERT INTO lead_discoveries AS d (lead_id, site, address)
VALUES (%(lead_id)s, %(site)s, %(address)s)
ON CONFLICT (lead_id) DO UPDATE SET site = excluded.site, address = excluded.address, planned_at = now(),
    run_id = CASE WHEN d.address = excluded.address THEN d.run_id END,
    outcome = CASE WHEN d.address = excluded.address THEN d.outcome END,
    reason = CASE WHEN d.address = excluded.address THEN d.reason END,
    discovered_at = CASE WHEN d.address = excluded.address THEN d.discovered_at END,
    fresh_until = CASE WHEN d.address = excluded.address THEN d.fresh_until END
"""

_SKIP_LEAD = """
INSERT INTO lead_discoveries (lead_id, address, run_id, outcome, reason, discovered_at, fresh_until)
VALUES (%(lead_id)s, %(address)s, %(run_id)s, 'skipped', %(reason)s, now(),
    now() + make_interval(secs => %(fresh_for_s)s))
ON CONFLICT (lead_id) DO UPDATE SET site = NULL, address = excluded.address, run_id = excluded.run_id,
    planned_at = now(), outcome = excluded.outcome, reason = excluded.reason, discovered_at = now(),
    fresh_until = excluded.fresh_until
"""

_FINISH = """
WITH released AS (DELETE FROM discovery_claims WHERE site = %(site)s AND token = %(token)s RETURNING site)
UPDATE discoveries d SET run_id = %(run_id)s, outcome = %(outcome)s, reason = %(reason)s,
    contacts = %(contacts)s, pages = %(pages)s, sources = %(sources)s, finished_at = now(),
    fresh_until = now() + make_interval(secs => %(fresh_for_s)s)
FROM released r WHERE d.site = r.site
"""

_LAST = """
SELECT outcome, reason, contacts, pages, sources, finished_at FROM discoveries
WHERE site = %(site)s AND finished_at IS NOT NULL AND (fresh_until > now() OR finished_at >= %(since)s)
"""

_WAITING = """
SELECT lead_id FROM lead_discoveries
WHERE site = %(site)s AND (discovered_at IS NULL OR discovered_at < %(finished_at)s)
ORDER BY lead_id LIMIT %(limit)s FOR UPDATE
"""

_CLOSE_LEADS = """
UPDATE lead_discoveries l SET outcome = d.outcome, reason = d.reason, discovered_at = now(),
    fresh_until = d.fresh_until, run_id = %(run_id)s
FROM discoveries d WHERE d.site = %(site)s AND l.lead_id = ANY (%(lead_ids)s::uuid[])
"""

LEADS_AT_ONCE = 500
"""Leads that take a look in one transaction."""


async def plan(connection: Connection, chosen: Mapping[DueLead, Site]) -> None:
    """Note which site each lead waits for."""
    sites = {site.site: site for site in chosen.values()}
    if not chosen:
        return
    await change_each(connection, _ADD_SITE, [sites[name].model_dump() for name in sorted(sites)])
    leads = sorted(chosen, key=lambda lead: lead.id)
    await change_each(
        connection,
        _PLAN_LEAD,
        [{"lead_id": lead.id, "site": chosen[lead].site, "address": lead.address} for lead in leads],
    )


async def skip(connection: Connection, run_id: UUID, reasons: Mapping[DueLead, str], *, fresh_for_s: float) -> None:
    """Note which leads have no site to visit, and why."""
    rows = [
        {
            "lead_id": lead.id,
            "address": lead.address,
            "run_id": run_id,
            "reason": reasons[lead],
            "fresh_for_s": fresh_for_s,
        }
        for lead in sorted(reasons, key=lambda lead: lead.id)
    ]
    await change_each(connection, _SKIP_LEAD, rows)


async def finish(
    connection: Connection, site: str, look: SiteDiscovery, *, run_id: UUID, token: int, fresh_for_s: float
) -> bool:
    """Record what a visit came to and release its claim; False, and nothing is written, where that was lost."""
    written = await change(
        connection,
        _FINISH,
        {
            "site": site,
            "token": token,
            "run_id": run_id,
            "outcome": look.outcome,
            "reason": None if look.reason is None else storable(look.reason),
            "contacts": Jsonb(_storable([as_json(contact) for contact in look.contacts])),
            "pages": Jsonb(_storable([asdict(page) for page in look.pages])),
            "sources": Jsonb(_storable([attempt.as_json() for attempt in look.attempts])),
            "fresh_for_s": fresh_for_s,
        },
    )
    return written == 1


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return {key: _storable(item) for key, item in value.items()} if isinstance(value, dict) else value


async def share(
    connection: Connection, site: str, *, run_id: UUID, since: datetime, key: Callable[[], TombstoneKey]
) -> int | None:
    """Return a site's last look to leads that wait for it, as many as fit one transaction.

    Args:
        connection: in a transaction that holds `lock_who_is_who`.
        site: whose look.
        run_id: of the run that gives it to them.
        since: a look that ended later counts as fresh, however short its time is set.
        key: gives the key of the tombstones of erased persons; asked only where there are any.

    Returns:
        How many leads took it: fewer than `LEADS_AT_ONCE` when none waits any more. None where the site has no fresh
        look.
    """
    row = await select_one(connection, _LAST, {"site": site, "since": since})
    if row is None:
        return None
    waiting = {"site": site, "finished_at": row.finished_at, "limit": LEADS_AT_ONCE}
    lead_ids = [row.lead_id for row in await select(connection, _WAITING, waiting)]
    if lead_ids:
        look = await contacts.without_erased(connection, look_of(row), key)
        await contacts.record(connection, site, lead_ids, look, row.finished_at)
        await connection.execute(_CLOSE_LEADS, {"site": site, "lead_ids": lead_ids, "run_id": run_id})
    return len(lead_ids)


def look_of(row: Any) -> SiteDiscovery:
    """Return the look that a row of `discoveries` holds."""
    return SiteDiscovery(
        outcome=row.outcome,
        reason=row.reason,
        contacts=tuple(from_json(found) for found in row.contacts),
        attempts=tuple(SourceAttempt.from_json(tried) for tried in row.sources),
        pages=tuple(PageNote(**page) for page in row.pages),
    )
