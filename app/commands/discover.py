"""`sales-agent discover`: the executives that one company's website names. Needs no database and no server."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from app import terminal

if TYPE_CHECKING:
    from core.people.report import SiteReport


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
        terminal.print_json(report.as_json())
    else:
        _show(report)
    if report.outcome == "unknown":
        raise typer.Exit(3)


async def _discover(website: str, pages: int | None, seconds: float | None) -> "SiteReport":
    from core.settings import settings
    from tasks.contacts import discover_site, website_fetcher

    chosen = settings()
    async with website_fetcher(chosen) as fetcher:
        return await discover_site(
            website,
            fetcher,
            page_budget=pages or chosen.websites.page_budget,
            time_budget_s=seconds or chosen.websites.time_budget_s,
        )


def _show(report: "SiteReport") -> None:
    if report.people:
        terminal.print_table(
            [
                {
                    "name": person.name,
                    "title": person.title,
                    "role": person.role,
                    "linkedin": person.linkedin_url,
                    "e_mail": person.email,
                    "page": person.source_url,
                    "confidence": f"{person.confidence:.2f}",
                }
                for person in report.people
            ]
        )
    else:
        typer.echo(f"Nobody found: {report.reason}")
    owners = [f"{person.name} ({person.title})" for person in report.other_people if person.is_owner_like]
    if owners:
        typer.echo(f"Owners and founders: {', '.join(owners)}")
    typer.echo(f"{sum(page.status == 'ok' for page in report.pages)} pages read")


def main() -> None:
    """Run the command by itself: `python -m app.commands.discover --website example.com --json`."""
    typer.run(discover)


if __name__ == "__main__":
    main()
