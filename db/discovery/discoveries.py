"""Looks for the people of a site: who is due, who visits it now, what came of it, and for which leads.

A site is visited by whoever holds its claim, a lease that its holder renews; a holder that dies loses it by time.
Leads with the same site share its last look while that is fresh.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from core.discovery.company_contacts import SiteDiscovery, SourceAttempt, as_json, from_json
from core.discovery.runs import DiscoveryRequest, Site, SiteBatch
from core.discovery.site_report import PageNote
from core.text.cell_text import storable
from db.discovery import contacts
from db.server.engine import Connection
from db.server.statements import change, change_each, select, select_dict, select_one

_ADDRESS = "concat_ws(' ', l.company_website, l.company_domain)"

_DUE = f"""
SELECT l.id, l.company_website, l.company_domain, l.company_linkedin_url, {_ADDRESS} AS address
FROM leads l LEFT JOIN lead_discoveries d ON d.lead_id = l.id
WHERE (%(after)s::uuid IS NULL OR l.id > %(after)s)
    AND (%(is_everybody)s OR l.id = ANY (%(lead_ids)s::uuid[]))
    AND (d.fresh_until IS NULL OR d.fresh_until <= now() OR d.address <> {_ADDRESS}
        OR (%(again_failed)s AND d.outcome IN ('failed', 'unknown')))
ORDER BY l.id LIMIT %(limit)s
"""

_ADD_SITE = """
INSERT INTO discoveries AS d (site, website, domain, linkedin_url)
VALUES (%(site)s, %(website)s, %(domain)s, %(linkedin_url)s)
ON CONFLICT (site) DO UPDATE SET website = excluded.website, domain = coalesce(d.domain, excluded.domain),
    linkedin_url = coalesce(d.linkedin_url, excluded.linkedin_url)
WHERE (d.website, d.domain, d.linkedin_url) IS DISTINCT FROM
    (excluded.website, coalesce(d.domain, excluded.domain), coalesce(d.linkedin_url, excluded.linkedin_url))
"""

_PLAN_LEAD = """
INSERT INTO lead_discoveries AS d (lead_id, site, address, run_id)
VALUES (%(lead_id)s, %(site)s, %(address)s, %(run_id)s)
ON CONFLICT (lead_id) DO UPDATE SET site = excluded.site, address = excluded.address, run_id = excluded.run_id,
    planned_at = now(),
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

_CLAIM = """
UPDATE discoveries SET claimed_by = %(holder)s, run_id = %(run_id)s, started_at = now(),
    lease_until = now() + make_interval(secs => %(lease_s)s)
WHERE site IN (
    SELECT site FROM discoveries
    WHERE site = %(site)s AND (lease_until IS NULL OR lease_until <= now())
        AND (fresh_until IS NULL OR fresh_until <= now()
            OR (%(again_failed)s AND outcome IN ('failed', 'unknown') AND finished_at < %(planned_at)s))
    FOR UPDATE SKIP LOCKED
)
RETURNING site, website, domain, linkedin_url
"""

_RENEW = "UPDATE discoveries SET lease_until = now() + make_interval(secs => %(lease_s)s) WHERE claimed_by = %(holder)s"

_GIVE_BACK = "UPDATE discoveries SET claimed_by = NULL, lease_until = NULL WHERE claimed_by = %(holder)s"

_FINISH = """
UPDATE discoveries SET claimed_by = NULL, lease_until = NULL, outcome = %(outcome)s, reason = %(reason)s,
    contacts = %(contacts)s, pages = %(pages)s, sources = %(sources)s, finished_at = now(),
    fresh_until = now() + make_interval(secs => %(fresh_for_s)s)
WHERE site = %(site)s AND claimed_by = %(holder)s
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
    fresh_until = d.fresh_until
FROM discoveries d WHERE d.site = %(site)s AND l.lead_id = ANY (%(lead_ids)s::uuid[])
"""

_TALLY = """
SELECT CASE WHEN discovered_at >= %(planned_at)s THEN outcome ELSE 'left' END AS outcome, count(*) AS leads
FROM lead_discoveries
WHERE site = ANY (%(sites)s) AND (discovered_at >= %(planned_at)s OR fresh_until IS NULL OR fresh_until <= now()
    OR (%(again_failed)s AND outcome IN ('failed', 'unknown')))
GROUP BY 1
"""

_OF_RUN = """
SELECT d.site, d.website, d.outcome, d.reason, d.contacts, d.pages, d.sources, d.finished_at,
    (SELECT count(*) FROM lead_discoveries l WHERE l.site = d.site) AS leads
FROM discoveries d WHERE d.run_id = %(run_id)s AND d.finished_at >= d.started_at
ORDER BY d.outcome, d.site LIMIT %(limit)s
"""

_SUM_OF_RUN = """
SELECT count(*) AS visited,
    coalesce(sum((SELECT count(*) FROM jsonb_array_elements(contacts) c WHERE c ->> 'role' IS NOT NULL)), 0)
        AS people,
    coalesce(sum((SELECT count(*) FROM jsonb_array_elements(pages) p WHERE p ->> 'status' = 'ok')), 0) AS pages
FROM discoveries WHERE run_id = %(run_id)s AND finished_at >= started_at
"""

LEADS_AT_ONCE = 500
"""Leads that take a look in one transaction."""


class DueLead(NamedTuple):
    """A lead whose contacts are to be looked for, and what it names of its company."""

    id: UUID
    website: str | None
    domain: str | None
    linkedin_url: str | None
    address: str


async def select_due(
    connection: Connection, request: DiscoveryRequest, *, after: UUID | None, limit: int
) -> list[DueLead]:
    """List leads that are due, by id.

    Args:
        connection: any.
        request: which leads; its own limit is the caller's affair.
        after: the id to go on after.
        limit: leads at most.
    """
    asked = {
        "after": after,
        "is_everybody": not request.lead_ids,
        "lead_ids": list(request.lead_ids),
        "again_failed": request.again_failed,
        "limit": limit,
    }
    return [DueLead(*row) for row in await select(connection, _DUE, asked)]


async def plan(connection: Connection, run_id: UUID, chosen: Mapping[DueLead, Site]) -> None:
    """Note which site each lead waits for."""
    sites = {site.site: site for site in chosen.values()}
    if not chosen:
        return
    await change_each(connection, _ADD_SITE, [sites[name].model_dump() for name in sorted(sites)])
    leads = sorted(chosen, key=lambda lead: lead.id)
    await change_each(
        connection,
        _PLAN_LEAD,
        [{"lead_id": lead.id, "site": chosen[lead].site, "address": lead.address, "run_id": run_id} for lead in leads],
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


async def claim(connection: Connection, site: str, batch: SiteBatch, *, holder: UUID, lease_s: float) -> Site | None:
    """Claim a site that is due; None where it is fresh, or somebody else has it."""
    asked = {
        "site": site,
        "holder": holder,
        "run_id": batch.run_id,
        "lease_s": lease_s,
        "again_failed": batch.again_failed,
        "planned_at": batch.planned_at,
    }
    row = await select_dict(connection, _CLAIM, asked)
    return None if row is None else Site(**row)


async def renew(connection: Connection, holder: UUID, *, lease_s: float) -> None:
    """Renew all claims of a holder."""
    await connection.execute(_RENEW, {"holder": holder, "lease_s": lease_s})


async def give_back(connection: Connection, holder: UUID) -> None:
    """Release all claims of a holder: what it did not finish is due for anybody."""
    await connection.execute(_GIVE_BACK, {"holder": holder})


async def finish(connection: Connection, site: str, look: SiteDiscovery, *, holder: UUID, fresh_for_s: float) -> bool:
    """Record what a visit came to; False, and nothing is written, where the claim was lost meanwhile."""
    written = await change(
        connection,
        _FINISH,
        {
            "site": site,
            "holder": holder,
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


async def share(connection: Connection, site: str, *, since: datetime) -> int | None:
    """Return a site's last look to leads that wait for it, as many as fit one transaction.

    Args:
        connection: in a transaction.
        site: whose look.
        since: a look that ended later counts as fresh, however short its time is set.

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
        await contacts.record(connection, lead_ids, _look(row), row.finished_at)
        await connection.execute(_CLOSE_LEADS, {"site": site, "lead_ids": lead_ids})
    return len(lead_ids)


def _look(row: Any) -> SiteDiscovery:
    return SiteDiscovery(
        outcome=row.outcome,
        reason=row.reason,
        contacts=tuple(from_json(found) for found in row.contacts),
        attempts=tuple(SourceAttempt.from_json(tried) for tried in row.sources),
        pages=tuple(PageNote(**page) for page in row.pages),
    )


async def tally(connection: Connection, batch: SiteBatch) -> dict[str, int]:
    """Count the leads of a batch's sites by outcome; those still without one since it was planned are `left`."""
    asked = {"sites": list(batch.sites), "planned_at": batch.planned_at, "again_failed": batch.again_failed}
    return {row.outcome: row.leads for row in await select(connection, _TALLY, asked)}


class VisitedSite(NamedTuple):
    """A site as a run left it, with the number of leads that share it."""

    site: str
    website: str
    leads: int
    look: SiteDiscovery


async def select_visited(connection: Connection, run_id: UUID, *, limit: int) -> Sequence[VisitedSite]:
    """List the sites that a run visited, by outcome."""
    rows = await select(connection, _OF_RUN, {"run_id": run_id, "limit": limit})
    return [VisitedSite(row.site, row.website, row.leads, _look(row)) for row in rows]


async def sum_of_run(connection: Connection, run_id: UUID) -> dict[str, int]:
    """Add up what a run's visits came to: `visited` sites, `people` with an ATL role, `pages` read."""
    row = await select_dict(connection, _SUM_OF_RUN, {"run_id": run_id})
    return {name: int(value) for name, value in (row or {}).items()}
