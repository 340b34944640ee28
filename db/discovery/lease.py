"""The sites of a batch that are being visited: claimed, and closed with what was found.

What is claimed is the site, not a lead: leads with the same site share one visit.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from core.agents.executions import Execution
from core.discovery.company_contacts import SiteDiscovery
from core.discovery.runs import Site, SiteBatch
from core.outreach.suppression import TombstoneKey
from db.agents import executions
from db.discovery import contacts, discoveries
from db.due import Due
from db.leads.matching import lock_who_is_who
from db.outreach import tombstones
from db.runs import Lease
from db.server.engine import Connection
from db.server.keeping import OwnLine, own_line
from db.server.statements import select_dicts

_IS_DUE = """(s.finished_at IS NULL OR s.finished_at < %(started_at)s)
    AND (s.fresh_until IS NULL OR s.fresh_until <= now()
        OR (%(again_failed)s AND s.outcome IN ('failed', 'unknown')))"""


class SiteLease(Lease[Site]):
    """The sites of a batch that this process visits. Use `leased()`.

    All it does is done again while the database is away: what was found may have been paid for.
    """

    def __init__(self, line: OwnLine, batch: SiteBatch, key: Callable[[], TombstoneKey]) -> None:
        names = {"started_at": batch.started_at, "again_failed": batch.again_failed}
        due = Due("discovery_claims", "discoveries s", _IS_DUE, names, key="s.site", column="site")
        super().__init__(line, due, "{0} = ANY (%(sites)s)", {"sites": list(batch.sites)})
        self._run_id, self._started_at, self._tombstone_key = batch.run_id, batch.started_at, key

    def _key(self, one: Site) -> str:
        return one.site

    async def _read(self, connection: Connection) -> list[Site]:
        columns = "s.site, s.website, s.domain, s.linkedin_url"
        statement = f"SELECT {columns} FROM {self.source} WHERE {self.mine} ORDER BY s.site"
        return [Site(**row) for row in await select_dicts(connection, statement, self.names)]

    async def finish(
        self, site: str, look: SiteDiscovery, ran: Sequence[Execution] = (), *, fresh_for_s: float
    ) -> bool:
        """Record a visit, and give its claim back and its look to the leads that wait for it; nobody who was erased.

        Args:
            site: that was claimed.
            look: what the visit came to.
            ran: models that were asked; written in the same commit.
            fresh_for_s: seconds until the site is due again.

        Returns:
            Whether the look was taken: not where the claim was lost meanwhile.
        """

        async def write(connection: Connection) -> tuple[bool, int | None]:
            async with connection.transaction():
                # Before any row: whoever imports or erases holds it when they come to rows that are locked here.
                await lock_who_is_who(connection)
                await executions.record(connection, ran)
                left = await contacts.without_erased(connection, look, self._tombstone_key)
                is_ours = await discoveries.finish(
                    connection, site, left, run_id=self._run_id, token=self.token, fresh_for_s=fresh_for_s
                )
                return is_ours, await self._share(connection, site)

        is_ours, taken = await self.keep(write, "what was found on a site")
        self._recorded([site])
        if taken == discoveries.LEADS_AT_ONCE:
            await self.share(site)
        return is_ours

    async def share(self, site: str) -> None:
        """Give a site's fresh look to all leads that wait for it; nothing where there is none."""

        async def write(connection: Connection) -> int | None:
            async with connection.transaction():
                await lock_who_is_who(connection)
                return await self._share(connection, site)

        while await self.keep(write, "what was found on a site") == discoveries.LEADS_AT_ONCE:
            pass

    async def _share(self, connection: Connection, site: str) -> int | None:
        return await discoveries.share(
            connection, site, run_id=self._run_id, since=self._started_at, key=self._tombstone_key
        )


@asynccontextmanager
async def leased(
    url: str, batch: SiteBatch, key: Callable[[], TombstoneKey] = tombstones.no_key
) -> AsyncIterator[SiteLease]:
    """Work on a batch, on a connection of its own; what is left at the end is given back.

    Args:
        url: of the database.
        batch: the sites.
        key: gives the key of the tombstones of erased persons; asked only where there are any.

    Raises:
        DatabaseUnavailable: the database cannot be reached at the start; later it is waited for.
    """
    async with own_line(url) as line:
        lease = SiteLease(line, batch, key)
        async with lease.held():
            yield lease
