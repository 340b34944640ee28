"""`sales-agent duplicates`: pairs that may be one; what is decided never asks again."""

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

import typer

from app import terminal
from app.commands import records
from app.commands.approvals import By, person_of
from app.commands.options import AsJson

if TYPE_CHECKING:
    from db.leads.duplicates import PairFilters

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

PairKind = Annotated[Literal["lead", "person"] | None, typer.Option(help="Only pairs of leads, or of people.")]
Import = Annotated[UUID | None, typer.Option("--import", help="Only pairs that this import found.")]
About = Annotated[str | None, typer.Option(help="Only pairs whose reason holds these words.")]
PairNames = Annotated[list[str] | None, typer.Argument(help="PairNames, as `duplicates list` names them.")]
All = Annotated[bool, typer.Option("--all", help="Every undecided pair that --kind, --import and --about leave.")]


@app.command("list")
def list_(
    kind: PairKind = None,
    of_import: Import = None,
    about: About = None,
    after: records.After = None,
    limit: records.PageLimit = 25,
    as_json: AsJson = False,
) -> None:
    """List pairs of leads or people that may be one and that nobody has decided, the oldest first."""
    terminal.prepare_prefect()
    from db.leads.duplicates import PairFilters
    from tasks.leads.records import list_pairs

    page, (count, is_more) = records.run(list_pairs(PairFilters(kind, of_import, about), after=after, limit=limit))
    if as_json:
        more = {"open": count, "open_is_at_least": is_more}
        terminal.print_json({"pairs": page.rows, "next": page.cursor, **more})
        return
    records.print_page(page, None, what="possible duplicates", as_json=False)
    terminal.say(f"{'More than ' if is_more else ''}{count:,} undecided in all.")


@app.command()
def merge(
    pairs: PairNames = None,
    every: All = False,
    kind: PairKind = None,
    of_import: Import = None,
    about: About = None,
    keep: Annotated[UUID | None, typer.Option(help="Of one pair: the lead or contact that stays.")] = None,
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Merge pairs: the one that the CRM knows stays, else the older one."""
    chosen = _chosen(pairs, every=every, kind=kind, of_import=of_import, about=about)
    if keep is not None and len(pairs or ()) != 1:
        raise typer.BadParameter("--keep says which of one pair stays: name that pair")
    _decide("merge", pairs, chosen, by, reason, keep, as_json=as_json)


@app.command()
def apart(
    pairs: PairNames = None,
    every: All = False,
    kind: PairKind = None,
    of_import: Import = None,
    about: About = None,
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Decide that pairs are two each; imports, discovery and the CRM do not ask again."""
    chosen = _chosen(pairs, every=every, kind=kind, of_import=of_import, about=about)
    _decide("apart", pairs, chosen, by, reason, None, as_json=as_json)


@app.command()
def unmerge(
    pairs: Annotated[list[str], typer.Argument(help="Pairs that were merged, as `duplicates list` named them.")],
    by: By = None,
    reason: records.ReasonGiven = None,
    as_json: AsJson = False,
) -> None:
    """Take pairs apart that were merged, and keep them apart."""
    name = person_of(by)
    terminal.prepare_prefect()
    from tasks.imports import merges

    records.tell_apart(records.run(merges.take_pairs_apart(pairs, by=name, reason=reason)), as_json=as_json)


def _chosen(
    pairs: list[str] | None,
    *,
    every: bool,
    kind: Literal["lead", "person"] | None,
    of_import: UUID | None,
    about: str | None,
) -> "PairFilters | None":
    """Return the filters where every pair of them is meant, None where pairs are named."""
    from db.leads.duplicates import PairFilters

    filters = PairFilters(kind, of_import, about)
    if every == bool(pairs) or (pairs and filters != PairFilters()):
        raise typer.BadParameter("name pairs, or say --all with --kind, --import or --about")
    return filters if every else None


def _decide(
    decision: Literal["merge", "apart"],
    pairs: list[str] | None,
    filters: "PairFilters | None",
    by: str | None,
    reason: str | None,
    keep: UUID | None,
    *,
    as_json: bool,
) -> None:
    name = person_of(by)
    terminal.prepare_prefect()
    from tasks.leads.records import decide

    done = records.run(decide(decision, pairs or [], filters, by=name, reason=reason, keep=keep))
    if as_json:
        terminal.print_json({"decided": done.decided, "refused": done.refused})
    else:
        terminal.say(f"{'Merged' if decision == 'merge' else 'Kept apart'}: {done.decided:,} pairs.")
        for each in done.refused:
            terminal.say(f"Not merged, {each['pair']}: {each['why']}")
    if done.refused:
        raise typer.Exit(1)
