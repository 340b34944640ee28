"""`sales-agent export`: leads with their scores, as a file."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app import terminal


class RowOf(StrEnum):
    """What is a row; `core.reports.exports.Per`."""

    CONTACT = "contact"
    LEAD = "lead"


class TierName(StrEnum):
    """Which leads; `core.qualification.scoring.TIERS`."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"
    DISQUALIFIED = "disqualified"


def export(
    file: Annotated[Path, typer.Argument(help="The file to write: .csv, .parquet or .xlsx.")],
    per: Annotated[
        RowOf,
        typer.Option(
            help="A row a contact, with its company, and one for a company without; or a row a lead, with its best "
            "contact in the fields and all of them in one cell."
        ),
    ] = RowOf.CONTACT,
    tier: Annotated[
        list[TierName] | None,
        typer.Option(help="Only leads of this tier. May be repeated."),
    ] = None,
    min_score: Annotated[float | None, typer.Option(min=0, max=100, help="Only leads with this score or more.")] = None,
    extra: Annotated[bool, typer.Option("--extra", help="Also the imported columns that are no field.")] = False,
    owners: Annotated[
        bool, typer.Option("--owners", help="Give owners and founders without a title that decides the role Owner.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Leads at most, the best first.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Write leads with scores, tiers and reasons to a file, the best first.

    In CSV, cells that a spreadsheet would run as a formula are neutralised with an apostrophe; an import takes it off.
    """
    from decimal import Decimal

    terminal.prepare_prefect()
    from core.reports.exports import ExportRequest
    from tasks.reports.exports import export_leads

    lowest = None if min_score is None else Decimal(str(min_score))
    request = ExportRequest(
        path=file,
        per=per.value,
        tiers=tuple(each.value for each in tier or ()),
        min_score=lowest,
        with_extra=extra,
        with_owners=owners,
        limit=limit,
    )
    report = asyncio.run(export_leads(request)).model_dump(mode="json")
    if as_json:
        terminal.print_json(report)
    else:
        terminal.print_facts({name.replace("_", " "): value for name, value in report.items()})
