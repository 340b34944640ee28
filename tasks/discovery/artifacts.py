"""What a run of discovery shows in the Prefect UI."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from prefect.artifacts import acreate_markdown_artifact

from core.discovery.company_contacts import Contact, SourceAttempt
from core.discovery.runs import DiscoveryReport
from core.outcomes import OPEN
from core.text.web_addresses import canonical
from db.discovery import runs
from db.discovery.runs import VisitedSite
from tasks.runtime.artifacts import cell, markdown_table, show_facts
from tasks.runtime.resources import database

_SITES_SHOWN = 500
_CELL = 200
_NO_LABEL = re.compile(r"[^\w.:\- ]")
"""Left out of a link's label, where not every renderer undoes escapes."""


async def show_discovery(report: DiscoveryReport) -> None:
    """Show the report, the people with the pages they stand on, and every site with its sources and reason."""
    await show_facts("discovery-report", report.facts(), "What became of the leads")
    async with database() as connection:
        visited = await runs.select_visited(connection, report.run_id, limit=_SITES_SHOWN)
    more = f"\n\nThe first {len(visited)} of {report.visited} sites." if report.visited > len(visited) else ""
    await acreate_markdown_artifact(
        markdown=people_table(visited) + more, key="discovered-people", description="Who was found, and on which page"
    )
    await acreate_markdown_artifact(
        markdown=sites_table(visited) + more,
        key="discovered-sites",
        description="Every site this run visited: outcome, sources, reason, pages",
    )


def people_table(visited: Sequence[VisitedSite]) -> str:
    """Write the people of all sites as a Markdown table."""
    rows = [_person_row(site, contact) for site in visited for contact in site.look.contacts]
    return markdown_table(
        ("site", "name", "title", "role", "source", "confidence", "LinkedIn profile", "e-mail"), rows, "Nobody."
    )


def _person_row(site: VisitedSite, contact: Contact) -> list[str]:
    best = contact.best
    sources = ", ".join(_link(found.source_url, found.source) for found in contact.provenance)
    sure = "" if best.confidence is None else f"{best.confidence:.2f}"
    role = contact.role or ("owner" if contact.is_owner_like else "")
    profile = _link(contact.linkedin_url, "profile") if contact.linkedin_url else ""
    return [
        _link(site.website, site.site),
        plain(contact.name),
        plain(contact.title),
        role,
        sources,
        sure,
        profile,
        plain(contact.email or ""),
    ]


def sites_table(visited: Sequence[VisitedSite]) -> str:
    """Write the sites as a Markdown table."""
    rows = [
        [
            _link(site.website, site.site),
            site.look.outcome,
            str(sum(contact.role is not None for contact in site.look.contacts)),
            plain(site.look.reason or ""),
            ", ".join(_source(attempt, says_why=site.look.reason is None) for attempt in site.look.attempts),
            ", ".join(_link(page.url, page.status) for page in site.look.pages),
            str(site.leads),
        ]
        for site in visited
    ]
    return markdown_table(
        ("site", "outcome", "people", "reason", "sources", "pages", "leads"), rows, "No site was visited."
    )


def _source(attempt: SourceAttempt, *, says_why: bool) -> str:
    """Name a source and its outcome, with what is open about it unless the site's reason says so already."""
    is_open = says_why and attempt.outcome in OPEN
    return f"{attempt.source}: {attempt.outcome}" + (
        f" ({plain(attempt.reason)})" if is_open and attempt.reason else ""
    )


def plain(text: str) -> str:
    """Return text of a page as a Markdown cell that shows it and does nothing else."""
    line = " ".join(text.split())
    return cell(line if len(line) <= _CELL else line[: _CELL - 1] + "…")


def _link(url: str | None, label: str) -> str:
    """Write a link; only to web addresses, and none that could end the link early."""
    text = (url or "").strip()
    target = canonical(text if "://" in text else f"http://{text}") if text else None
    if target is None:
        return plain(label)
    return f"[{_NO_LABEL.sub('', label)}](<{quote(target, safe=':/?#@!$&*+,;=%~-._')}>)"
