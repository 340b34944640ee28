"""Runs of discovery: begun over the leads that are due, counted and closed; what they came to.

A lead is due when it was never looked at, or named another website then, or longer ago than its outcome stays fresh. A
run notes which site each lead waits for and works on these sites (`db.discovery.lease`); an outcome of a lead is
counted by the run it came from, whoever noted that the lead waits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from core.discovery.company_contacts import SiteDiscovery
from core.discovery.runs import (
    DiscoveryReport,
    DiscoveryRequest,
    DiscoveryRun,
    DiscoveryRunSummary,
    DueLead,
    SiteBatch,
    choose_sites,
)
from db.discovery import discoveries
from db.due import within
from db.runs import Counts, RunKind
from db.server.engine import Connection
from db.server.statements import select, select_dict, select_value

RUNS = RunKind("discovery_runs", "lead_discoveries")

_ADDRESS = "concat_ws(' ', l.company_website, l.company_domain)"
_JOINED = "leads l LEFT JOIN lead_discoveries d ON d.lead_id = l.id"
_IS_DUE = f"(d.fresh_until IS NULL OR d.fresh_until <= now() OR d.address <> {_ADDRESS})"

_DUE = f"""
SELECT l.id, l.company_website, l.company_domain, l.company_linkedin_url, {_ADDRESS} AS address
FROM {_JOINED}
WHERE (%(after)s::uuid IS NULL OR l.id > %(after)s)
    AND (%(is_everybody)s OR l.id = ANY (%(lead_ids)s::uuid[])) AND {{scope}}
    AND ({_IS_DUE} OR (%(again_failed)s AND d.outcome IN ('failed', 'unknown')))
ORDER BY l.id LIMIT %(limit)s
"""

_LEFT = """
SELECT count(*) FROM lead_discoveries
WHERE site = ANY (%(sites)s) AND (discovered_at IS NULL OR discovered_at < %(started_at)s)
    AND (fresh_until IS NULL OR fresh_until <= now() OR (%(again_failed)s AND outcome IN ('failed', 'unknown')))
"""

_OF_RUN = """
SELECT d.site, d.website, d.outcome, d.reason, d.contacts, d.pages, d.sources, d.finished_at,
    (SELECT count(*) FROM lead_discoveries l WHERE l.site = d.site) AS leads
FROM discoveries d WHERE d.run_id = %(run_id)s
ORDER BY d.outcome, d.site LIMIT %(limit)s
"""

_SUM_OF_RUN = """
SELECT count(*) AS visited,
    coalesce(sum((SELECT count(*) FROM jsonb_array_elements(contacts) c WHERE c ->> 'role' IS NOT NULL)), 0)
        AS people,
    coalesce(sum((SELECT count(*) FROM jsonb_array_elements(pages) p WHERE p ->> 'status' = 'ok')), 0) AS pages
FROM discoveries WHERE run_id = %(run_id)s
"""

_LEADS_A_PAGE = 2_000


async def begin(
    connection: Connection,
    request: DiscoveryRequest,
    *,
    batch_sites: int,
    fresh_for_s: float,
    flow_run_id: str | None = None,
) -> DiscoveryRun:
    """Note a run, which site each lead that is due waits for, and which leads have none; cut the sites into batches.

    Args:
        connection: one's own.
        request: which leads.
        batch_sites: sites a batch.
        fresh_for_s: seconds until a lead without a site is looked at again.
        flow_run_id: of the Prefect run, if there is one.
    """
    noted = {"request": Jsonb(request.model_dump(mode="json")), "flow_run_id": flow_run_id}
    run_id, started_at = await RUNS.note(connection, noted)
    planned = _Planned()
    while request.limit is None or planned.leads < request.limit:
        page = _LEADS_A_PAGE if request.limit is None else min(_LEADS_A_PAGE, request.limit - planned.leads)
        async with connection.transaction():
            due = await select_due(connection, request, after=planned.upto, limit=page)
            with_site, without = choose_sites(due)
            await discoveries.plan(connection, with_site)
            await discoveries.skip(connection, run_id, without, fresh_for_s=fresh_for_s)
        planned.add(due, [site.site for site in with_site.values()])
        if len(due) < page:
            break
    batches = tuple(
        SiteBatch(
            label=f"{number}",
            run_id=run_id,
            sites=sites,
            started_at=started_at,
            again_failed=request.again_failed,
            roles=request.roles,
        )
        for number, sites in enumerate(planned.in_batches(batch_sites), 1)
    )
    return DiscoveryRun(run_id, started_at, planned.leads, batches, request)


@dataclass
class _Planned:
    """The leads of a run that were noted until now, and their sites in the order in which they were met."""

    leads: int = 0
    upto: UUID | None = None
    sites: dict[str, None] = field(default_factory=dict)

    def add(self, due: Sequence[DueLead], sites: Sequence[str]) -> None:
        self.leads += len(due)
        self.upto = due[-1].id if due else self.upto
        self.sites |= dict.fromkeys(sites)

    def in_batches(self, size: int) -> Iterator[tuple[str, ...]]:
        names = tuple(self.sites)
        return (names[start : start + size] for start in range(0, len(names), size))


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
    scope, names = within(request.scope)
    return [DueLead(*row) for row in await select(connection, _DUE.format(scope=scope), asked | names)]


async def count_due(connection: Connection) -> int:
    """Count the leads that are due now."""
    return int(await select_value(connection, f"SELECT count(*) FROM {_JOINED} WHERE {_IS_DUE}"))


async def count_left(connection: Connection, run: DiscoveryRun) -> int:
    """Count the leads of a run's sites that wait for a look since before it began."""
    asked = {"sites": run.sites, "started_at": run.started_at, "again_failed": run.request.again_failed}
    return int(await select_value(connection, _LEFT, asked))


async def counts_of(connection: Connection, run_id: UUID) -> Counts:
    """Count leads whose outcome came from a run, by outcome and reason."""
    return await RUNS.counts(connection, run_id)


async def finish(connection: Connection, run: DiscoveryRun) -> DiscoveryReport:
    """Add up what a run did, and close it with the report."""
    counts = await counts_of(connection, run.run_id)
    left = await count_left(connection, run)
    figures = await RUNS.figures(connection, run.run_id, counts, await count_due(connection))
    report = DiscoveryReport(
        run_id=run.run_id,
        sites=len(run.sites),
        left=left,
        **await sum_of_run(connection, run.run_id),
        **counts.by("outcome"),
        **figures | {"leads": counts.leads + left},
    )
    await RUNS.finish(connection, run.run_id, report.to_json())
    return report


async def get_report(connection: Connection, flow_run_id: str) -> DiscoveryReport:
    """Return the report of the run that a Prefect run was. Raises RunNotFound where it finished none."""
    return DiscoveryReport.model_validate(await RUNS.get_report(connection, flow_run_id))


async def select_runs(connection: Connection) -> list[DiscoveryRunSummary]:
    """List the last runs, newest first."""
    last = await RUNS.select_last(connection, ("request",), ("leads", "people"))
    return [_summary(**row) for row in last]


def _summary(request: dict[str, Any], **row: Any) -> DiscoveryRunSummary:
    return DiscoveryRunSummary(again_failed=request["again_failed"], **row)


class VisitedSite(NamedTuple):
    """A site as a run left it, with the number of leads that share it."""

    site: str
    website: str
    leads: int
    look: SiteDiscovery


async def select_visited(connection: Connection, run_id: UUID, *, limit: int) -> Sequence[VisitedSite]:
    """List the sites that a run visited, by outcome."""
    rows = await select(connection, _OF_RUN, {"run_id": run_id, "limit": limit})
    return [VisitedSite(row.site, row.website, row.leads, discoveries.look_of(row)) for row in rows]


async def sum_of_run(connection: Connection, run_id: UUID) -> dict[str, int]:
    """Add up what a run's visits came to: `visited` sites, `people` with an ATL role, `pages` read."""
    row = await select_dict(connection, _SUM_OF_RUN, {"run_id": run_id})
    return {name: int(value) for name, value in (row or {}).items()}
