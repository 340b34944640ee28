"""What a discovery run is asked for, what it works on and what it answers; which site is a lead's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field

from core.batches import BatchRun, Scope, about, leads_in_words
from core.discovery.company_contacts import DiscoveryOutcome
from core.forms import Form, Frozen, Report
from core.text.shared_hosts import shared_hosts
from core.text.titles import ROLES, Role
from core.text.web_addresses import canonical, registrable_domain, site_of
from core.tiers import Tier


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
    import_id: UUID | None = Field(
        default=None, title="Only of this import", description="Leads that this import brought or named; empty: all"
    )
    tiers: tuple[Tier, ...] = Field(
        default=(), title="Only of these tiers", description="As qualification put them; empty: all", max_length=4
    )

    @property
    def scope(self) -> Scope:
        """Which leads it may take."""
        return Scope(self.import_id, self.tiers)

    @property
    def label(self) -> str:
        """What a run of it is called."""
        named = f"{len(self.lead_ids)} named leads" if self.lead_ids else about("due", self.scope)
        return f"find who decides at {named}"


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
    """Sites that one task visits; `started_at` (aware UTC) of their run tells its failures from earlier ones."""

    label: str
    run_id: UUID
    sites: tuple[str, ...]
    started_at: datetime
    again_failed: bool = False
    roles: tuple[Role, ...] = ROLES


@dataclass(frozen=True)
class DiscoveryRun(BatchRun[SiteBatch]):
    """A run that has begun; its batches are of the sites of the leads that are due."""

    request: DiscoveryRequest

    @property
    def sites(self) -> list[str]:
        """The sites of all batches."""
        return [site for batch in self.batches for site in batch.sites]


class DiscoveryReport(Report):
    """What a run did; the JSON of `sales-agent discover --json` without a website, a stable interface.

    `leads = found + nobody + unknown + failed + skipped + left`, in leads; `outcomes` are the same without `left`, and
    a lead is counted by the run that its outcome came from. `left` were being visited by another run, or their result
    came too late; they stay due. `due` are all leads that are due now. `people` are contacts with an ATL role, `pages`
    those read, both over the sites this run visited.
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
    due: int = 0
    outcomes: dict[DiscoveryOutcome, int] = Field(default={})
    reasons: dict[str, int] = Field(default={}, description="Why leads have nobody, the most frequent first")
    seconds: float = 0.0
    leads_per_s: float = 0.0

    @property
    def in_words(self) -> str:
        """What was found, in a line: "31 leads, 29 sites: 40 people who decide at 24, nobody at 5, 2 not readable"."""
        if not self.leads:
            return "no lead was due to be looked at"
        said = [f"{self.people:,} people who decide at {self.found:,}"]
        for count, word in (
            (self.nobody, "with nobody"),
            (self.unknown, "not readable"),
            (self.failed, "failed"),
            (self.skipped, "without a site"),
            (self.left, "left for later"),
        ):
            said += [f"{count:,} {word}"] if count else []
        return f"{leads_in_words(self.leads)}, {self.sites:,} sites: {', '.join(said)}"

    def facts(self) -> dict[str, object]:
        """Return what people are shown in a few lines: what stands elsewhere, or in other words, is left out."""
        return self.to_json(without=("outcomes", "reasons"))


class DiscoveryRunSummary(Report):
    """One line of what `sales-agent status` says of the last runs; counts are None of one that has not finished."""

    run_id: UUID
    again_failed: bool
    started_at: datetime
    finished_at: datetime | None
    leads: int | None
    people: int | None


class DueLead(NamedTuple):
    """A lead whose contacts are to be looked for, and what it names of its company."""

    id: UUID
    website: str | None
    domain: str | None
    linkedin_url: str | None
    address: str


def choose_sites(due: Iterable[DueLead]) -> tuple[dict[DueLead, Site], dict[DueLead, str]]:
    """Return the leads that have a site of their own with it, and the others with why they have none."""
    with_site: dict[DueLead, Site] = {}
    without: dict[DueLead, str] = {}
    for lead in due:
        found = choose_site(lead.website, lead.domain, lead.linkedin_url)
        if isinstance(found, str):
            without[lead] = found
        else:
            with_site[lead] = found
    return with_site, without


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
