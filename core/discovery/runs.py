"""What a discovery run is asked for, what it plans and what it answers; which site is a lead's."""

from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field

from core.discovery.company_contacts import DiscoveryOutcome
from core.forms import Form, Frozen, Report
from core.text.shared_hosts import shared_hosts
from core.text.titles import ROLES, Role
from core.text.web_addresses import canonical, registrable_domain, site_of


class DiscoveryRequest(Form):
    """Which leads to discover contacts for."""

    limit: int | None = Field(
        default=None, ge=1, title="Leads at most", description="Empty: all that are due, oldest leads first"
    )
    again_failed: bool = Field(
        default=False,
        title="Again those that failed",
        description="Also leads whose last discovery failed or could not read the site, however fresh",
    )
    lead_ids: tuple[UUID, ...] = Field(
        default=(), title="Only these leads", description="Empty: every lead that is due", max_length=10_000
    )
    roles: tuple[Role, ...] = Field(
        default=ROLES,
        title="Roles wanted",
        description="Sources beside the website are asked only while one of these is missing",
    )


class Site(Frozen):
    """A company's site as leads name it.

    Attributes:
        site: `core.text.web_addresses.site_of`; leads with the same site share one visit.
        website: the address to start from.
        domain: the company's domain for other sources, or None.
        linkedin_url: its company page on LinkedIn, or None.
    """

    site: str
    website: str
    domain: str | None = None
    linkedin_url: str | None = None


class SiteBatch(Frozen):
    """Sites that one task visits; `planned_at` (aware UTC) tells this run's failures from earlier ones."""

    label: str
    run_id: UUID
    sites: tuple[str, ...]
    planned_at: datetime
    again_failed: bool = False
    roles: tuple[Role, ...] = ROLES


class DiscoveryPlan(Report):
    """Who is due: `leads` in all, of which `skipped` name no website of their own; `sites` to visit for the others."""

    run_id: UUID
    leads: int
    sites: int
    skipped: int
    batches: tuple[SiteBatch, ...]


class DiscoveryReport(Report):
    """What a run did; the JSON of `sales-agent discover --json` without a website, a stable interface.

    `leads = found + nobody + unknown + failed + skipped + left`, in leads. `left` were being visited by another run, or
    their result came too late; they stay due. `people` are contacts with an ATL role, `pages` those read, both over
    the sites this run visited.
    """

    run_id: UUID
    leads: int
    sites: int
    found: int = 0
    nobody: int = 0
    unknown: int = 0
    failed: int = 0
    skipped: int = 0
    left: int = 0
    visited: int = 0
    people: int = 0
    pages: int = 0
    seconds: float = 0.0


VisitEnd = Literal["visited", "shared", "left"]
"""What became of a site in a batch: visited; a fresh result was there and its leads share it; somebody else has it."""


class BatchReport(Report):
    """What a batch did: leads by outcome, `left` included, whichever attempt of the batch brought it about."""

    sites: int
    visited: int
    leads: dict[str, int]


def choose_site(website: str | None, domain: str | None, linkedin_url: str | None = None) -> Site | str:
    """Choose the site that is a company's own, or say why there is none.

    Args:
        website: as the lead has it, with or without a scheme.
        domain: the company's domain, taken where the website is none of its own.
        linkedin_url: kept for other sources.
    """
    refused = ""
    for text in (website, domain):
        address = (text or "").strip()
        if not address:
            continue
        url = canonical(address if "://" in address else f"http://{address}")
        host = urlsplit(url).hostname if url else None
        if url is None or host is None or ("." not in host and ":" not in host):
            refused = refused or f"{address[:80]!r} is no web address"
        elif (shared := shared_host(host)) is not None:
            refused = refused or f"{shared} is shared by many companies, not this one's website"
        else:
            own = _own_domain(domain) or _named_host(host)
            return Site(site=site_of(url), website=address, domain=own, linkedin_url=linkedin_url)
    return refused or "the lead names no website"


def _own_domain(domain: str | None) -> str | None:
    return domain if domain and shared_host(domain.strip().lower()) is None else None


def _named_host(host: str) -> str | None:
    """A host that is a name and no number."""
    return host if any(char.isalpha() for char in host) and ":" not in host else None


def shared_host(host: str) -> str | None:
    """Return the listed host that many share, from a host up to its registrable domain, or None.

    A customer's own name below a site builder's domain ("acme.wixsite.com") is that customer's site.
    """
    end = registrable_domain(host)
    while host:
        if host in shared_hosts():
            return host
        if host == end or "." not in host:
            return None
        host = host.partition(".")[2]
    return None


def fresh_for(outcome: DiscoveryOutcome, *, fresh_for_s: float, retry_after_s: float) -> float:
    """Return after how many seconds to look again: what could not be read is tried again sooner."""
    return retry_after_s if outcome in ("unknown", "failed") else fresh_for_s
