"""`sales-agent discover`: the executives that one company's website names. Needs no database and no server."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.people.report import SiteReport
from core.settings import settings
from tasks.contacts import discover_site, website_fetcher


def discover(
    website: Annotated[str, typer.Option("--website", "-w", help="Address or domain of the company's website")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON")] = False,
    pages: Annotated[
        int | None, typer.Option(min=1, max=100, help="Pages read at most; default WEBSITES_PAGE_BUDGET")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, max=3600, help="Time budget; default WEBSITES_TIME_BUDGET_S")
    ] = None,
) -> None:
    """Find the people who decide (CEO, COO, CFO, CTO, VP Finance, VP Operations) on one company's website.

    Exit code 0: somebody was found, or the site was read and names nobody; 3: the site could not be read.
    """
    report = asyncio.run(_discover(website, pages, seconds))
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _show(report)
    if report.outcome == "unknown":
        raise typer.Exit(3)


async def _discover(website: str, pages: int | None, seconds: float | None) -> SiteReport:
    chosen = settings()
    async with website_fetcher(chosen) as fetcher:
        return await discover_site(
            website,
            fetcher,
            page_budget=pages or chosen.websites.page_budget,
            time_budget_s=seconds or chosen.websites.time_budget_s,
        )


def _show(report: SiteReport) -> None:
    console = Console()
    if report.people:
        table = Table("Name", "Title", "Role", "LinkedIn", "E-mail", "Page", "Confidence")
        for person in report.people:
            table.add_row(
                person.name,
                person.title,
                person.role,
                person.linkedin_url,
                person.email,
                person.source_url,
                f"{person.confidence:.2f}",
            )
        console.print(table)
    else:
        console.print(f"Nobody found: {report.reason}", markup=False)
    owners = [person for person in report.other_people if person.is_owner_like]
    if owners:
        console.print(
            "Owners and founders: " + ", ".join(f"{person.name} ({person.title})" for person in owners), markup=False
        )
    console.print(f"{sum(page.status == 'ok' for page in report.pages)} pages read", markup=False)


def main() -> None:
    """Run the command by itself: `python -m app.commands.discover --website example.com --json`."""
    typer.run(discover)


if __name__ == "__main__":
    main()
