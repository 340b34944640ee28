"""`sales-agent discover`: the people who decide, at the leads that are due or on one website.

With `--website` it needs no database and no server.
"""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from app import terminal

if TYPE_CHECKING:
    from core.discovery.runs import DiscoveryReport, DiscoveryRequest
    from core.discovery.site_report import SiteReport


def discover(
    website: Annotated[
        str | None,
        typer.Option("--website", "-w", help="Address or domain of one company's website. Empty: all leads due"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Leads at most; without --website")] = None,
    again_failed: Annotated[
        bool, typer.Option("--again-failed", help="Also leads whose last look failed; without --website")
    ] = False,
    submit: Annotated[
        bool, typer.Option("--submit", help="Let a worker do it, through the deployment; without --website")
    ] = False,
    pages: Annotated[
        int | None, typer.Option(min=1, max=100, help="Pages read at most; default WEBSITES_PAGE_BUDGET")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, max=3600, help="Time budget; default WEBSITES_TIME_BUDGET_S")
    ] = None,
) -> None:
    """Find the people who decide (CEO, COO, CFO, CTO, VP Finance, VP Operations) at all leads due, or on one website.

    Exit code with --website: 0 somebody was found, or the site was read and names nobody; 3 it could not be read.
    """
    if website is None:
        if pages or seconds:
            raise typer.BadParameter("--pages and --seconds go with --website; see WEBSITES_PAGE_BUDGET")
        _discover_leads(limit, again_failed=again_failed, submit=submit, as_json=as_json)
        return
    if limit or again_failed or submit:
        raise typer.BadParameter("--limit, --again-failed and --submit are for leads; they do not go with --website")
    report = asyncio.run(_discover(website, pages, seconds))
    if as_json:
        terminal.print_json(report.as_json())
    else:
        _show(report)
    if report.outcome == "error":
        raise typer.Exit(3)


def _discover_leads(limit: int | None, *, again_failed: bool, submit: bool, as_json: bool) -> None:
    from core.discovery.runs import DiscoveryRequest

    terminal.prepare_prefect()
    request = DiscoveryRequest(limit=limit, again_failed=again_failed)
    if submit:
        from app.submission import submit_discovery

        report = asyncio.run(submit_discovery(request, say=terminal.say))
    else:
        report = _run_flow(request, quiet=as_json)
    if as_json:
        terminal.print_json(report.to_json())
    else:
        terminal.print_facts({name.replace("_", " "): value for name, value in report.facts().items()})


def _run_flow(request: "DiscoveryRequest", *, quiet: bool) -> "DiscoveryReport":
    from flows.discover_contacts import discover_contacts
    from tasks.runtime.orchestration import progress_sink, server_url

    if not quiet:
        where = server_url()
        terminal.say(f"Recorded as a Prefect run at {where}." if where else "No Prefect server: running without it.")
    with terminal.progress_bar("sites", show=not quiet) as advance:
        progress_sink.set(advance)
        report: DiscoveryReport = asyncio.run(discover_contacts(request))
    return report


async def _discover(website: str, pages: int | None, seconds: float | None) -> "SiteReport":
    from core.settings.settings import settings
    from tasks.discovery.visits import discover_site
    from tasks.runtime.websites import page_renderer, website_fetcher, website_settings

    chosen = settings()
    websites = website_settings(chosen)
    async with website_fetcher(chosen) as fetcher, page_renderer(chosen, fetcher) as renderer:
        return await discover_site(
            website,
            fetcher,
            page_budget=pages or websites.page_budget,
            time_budget_s=seconds or websites.time_budget_s,
            renderer=renderer,
            reading_s=websites.reading_s,
        )


def _show(report: "SiteReport") -> None:
    if report.people:
        terminal.print_table(
            [
                {
                    "name": person.name,
                    "title": person.title,
                    "role": person.role,
                    "linkedin_url": person.linkedin_url,
                    "e_mail": person.email,
                    "page": person.source_url,
                    "confidence": f"{person.confidence:.2f}",
                }
                for person in report.people
            ]
        )
    else:
        terminal.echo(f"Nobody found: {report.reason}")
    owners = [f"{person.name} ({person.title})" for person in report.other_people if person.is_owner_like]
    if owners:
        terminal.echo(f"Owners and founders: {', '.join(owners)}")
    terminal.echo(f"{sum(page.status == 'ok' for page in report.pages)} pages read")
