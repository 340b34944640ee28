"""A site with one person on it, and looks for people there stored as a run stores them."""

from uuid import UUID

from core.discovery.company_contacts import Contact, Provenance, SiteDiscovery, SourceAttempt
from core.discovery.runs import DiscoveryRequest, Site, SiteBatch
from core.discovery.site_report import PageNote
from db.discovery import runs
from db.discovery.lease import leased
from db.server.engine import own_connection

SITE = Site(site="acme.example", website="https://acme.example", domain="acme.example")
TEAM = "https://acme.example/team"
JANE = Contact(
    name="Jane Smith",
    title="CEO",
    role="CEO",
    is_owner_like=False,
    linkedin_url=None,
    email="jane@acme.example",
    phone=None,
    provenance=(Provenance("website", TEAM, "CEO", "Jane Smith, CEO", 0.9),),
)
LOOK = SiteDiscovery("found", None, (JANE,), (SourceAttempt("website", "hit", None, 1),), (PageNote(TEAM, "ok", "x"),))


async def planned(url: str, *lead_ids: UUID, again_failed: bool = False, site: str = SITE.site) -> SiteBatch:
    """Begin a run for leads of the site; return its batch."""
    request = DiscoveryRequest(lead_ids=lead_ids, again_failed=again_failed)
    async with own_connection(url) as connection:
        run = await runs.begin(connection, request, batch_sites=10, fresh_for_s=60)
    assert run.sites == [site]
    return run.batches[0]


async def visited(
    url: str, look: SiteDiscovery, *lead_ids: UUID, fresh_for_s: float = 0.0, site: str = SITE.site
) -> None:
    """Begin, claim, finish and share."""
    async with leased(url, await planned(url, *lead_ids, site=site)) as lease:
        assert [one.site for one in await lease.claim()] == [site]
        assert await lease.finish(site, look, fresh_for_s=fresh_for_s)
