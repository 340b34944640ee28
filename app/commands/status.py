"""`sales-agent status`: how far everything is."""

import asyncio
from typing import Annotated

import typer

from app import terminal


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a stable interface, and nothing else.")] = False,
) -> None:
    """Say how far everything is: leads, what became of them in each stage, what was spent, the last runs."""
    terminal.prepare_prefect()
    from tasks.reports.status import status as read_status

    found = asyncio.run(read_status())
    if as_json:
        terminal.print_json(found.to_json())
        return
    stage, people = found.qualification, found.contacts
    more = "more than " if found.possible_duplicates_is_at_least else ""
    about = "about " if people.is_estimated else ""
    terminal.print_facts(
        {
            "leads": f"{'about ' if found.leads_are_estimated else ''}{found.leads:,}",
            "contacts": f"{about}{people.contacts:,} at {people.leads_with_contacts:,} leads",
            "possible duplicates": f"{more}{found.possible_duplicates:,}",
            "profile": f"{stage.icp} ({stage.icp_version})" if stage.icp else "none was used yet",
            "qualified": stage.outcomes or "none",
            "tiers": stage.tiers or "none",
            "due": stage.due if stage.icp else found.leads,
            "enriched": found.enrichment.outcomes or "none",
            "values with a source": found.enrichment.values,
            "sites visited": found.contacts.outcomes or "none",
            "spent today": terminal.money(found.spend.today),
            "spent this month": terminal.money(found.spend.month),
        }
    )
    for title, rows in (
        ("Last imports", [row.model_dump(mode="json") for row in found.imports]),
        ("Last qualification runs", [row.model_dump(mode="json") for row in stage.runs]),
        ("Last enrichment runs", found.enrichment.runs),
        ("Last discovery runs", [row.model_dump(mode="json") for row in found.contacts.runs]),
    ):
        if rows:
            terminal.echo(f"\n{title}")
            terminal.print_table(rows)
