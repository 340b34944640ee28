"""`sales-agent status`: how far everything is."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from app import terminal

if TYPE_CHECKING:
    from core.qualification import SpendLine


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a stable interface, and nothing else.")] = False,
) -> None:
    """Say how far everything is: leads, what became of them in each stage, what was spent, the last runs."""
    terminal.prepare_prefect()
    from tasks.status import status as read_status

    found = asyncio.run(read_status())
    if as_json:
        terminal.print_json(found.model_dump(mode="json"))
        return
    stage = found.qualification
    terminal.print_facts(
        {
            "leads": found.leads,
            "profile": f"{stage.icp} ({stage.icp_version})" if stage.icp else "none was used yet",
            "qualified": stage.outcomes or "none",
            "tiers": stage.tiers or "none",
            "due": stage.due if stage.icp else found.leads,
            "enriched": found.enrichment.outcomes or "none",
            "values with a source": found.enrichment.values,
            "contacts": f"{found.contacts.contacts:,} of {found.contacts.leads_with_contacts:,} leads",
            "sites visited": found.contacts.outcomes or "none",
            "spent today": _money(found.spend.today),
            "spent this month": _money(found.spend.month),
        }
    )
    for title, rows in (
        ("Last imports", [row.model_dump(mode="json") for row in found.imports]),
        ("Last qualification runs", [row.model_dump(mode="json") for row in stage.runs]),
        ("Last enrichment runs", found.enrichment.runs),
    ):
        if rows:
            typer.echo(f"\n{title}")
            terminal.print_table(rows)


def _money(lines: "Sequence[SpendLine]") -> str:
    """Put spending into a line: provider, dollars and credits."""
    said = []
    for line in lines:
        amounts = [f"{line.usd.normalize():f} $"] if line.usd or not line.credits else []
        amounts += [f"{line.credits.normalize():f} credits"] if line.credits else []
        said.append(f"{line.provider} {' and '.join(amounts)}")
    return ", ".join(said) or "nothing"
