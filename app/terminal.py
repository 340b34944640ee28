"""What the commands share on a terminal: lines, tables, progress bars, JSON.

Results go to standard output, all else to standard error. Every text passes here on its way to the person and loses
what would act on the terminal (`core.text.plain_text`); JSON keeps it, escaped.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from core.text.plain_text import exact_json, plain, plain_line

if TYPE_CHECKING:
    from core.qualification.runs import SpendLine


def say(line: str) -> None:
    """Tell the person something that is not the result."""
    typer.echo(plain(line), err=True)


def echo(text: str, *, nl: bool = True) -> None:
    """Print a result, or part of one, as text."""
    typer.echo(plain(text), nl=nl)


def print_json(value: Any) -> None:
    """Print a result as JSON."""
    typer.echo(exact_json(value, indent=2))


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print names and values, one a line."""
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        echo(f"{plain_line(name):<{width}}  {_readable(value)}")


def _readable(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{plain_line(str(key))}: {_readable(item)}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(plain_line(str(item)) for item in value)
    return "tab" if value == "\t" else plain(str(value))


def money(lines: "Sequence[SpendLine]") -> str:
    """Put spending into a line: provider, dollars and credits."""
    said = []
    for line in lines:
        amounts = [f"{line.usd.normalize():f} $"] if line.usd or not line.credits else []
        amounts += [f"{line.credits.normalize():f} credits"] if line.credits else []
        assumed = [f"{line.assumed_usd.normalize():f} $"] if line.assumed_usd or not line.assumed_credits else []
        assumed += [f"{line.assumed_credits.normalize():f} credits"] if line.assumed_credits else []
        lost = f" ({' and '.join(assumed)} of it assumed, for {line.assumed_calls} calls whose answers were lost)"
        said.append(f"{line.provider} {' and '.join(amounts)}" + (lost if line.assumed_calls else ""))
    return ", ".join(said) or "nothing"


def print_table(rows: Sequence[Mapping[Any, Any]], *, most: int = 10_000) -> None:
    """Print rows with the same keys as a table as wide as the terminal; on a pipe nothing is cut.

    Args:
        rows: of the table.
        most: characters a line at most, on a pipe; cells are folded.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in rows[0]:
        table.add_column(Text(plain_line(str(name)).replace("_", " ")), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else _readable(cell)) for cell in row.values()))
    Console(width=None if sys.stdout.isatty() else most, highlight=False).print(table)


@contextmanager
def progress_bar(title: str, *, show: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that takes (done, total); draws a bar where standard error is a terminal."""
    if not (show and sys.stderr.isatty()):
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(plain_line(title), total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def prepare_prefect() -> None:
    """Set Prefect up before it is imported: our preferences, its files in our data directory, a quiet console."""
    from app.prefect_environment import PREFERENCES
    from core.settings.settings import settings
    from db.server.private_dirs import explained
    from tasks.runtime.readers import check_settings

    check_settings()
    home = settings().home / "prefect"
    with explained(settings().home):
        home.mkdir(parents=True, exist_ok=True)
    quiet = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL", "PREFECT_HOME": str(home)}
    for name, value in {**PREFERENCES, **quiet}.items():
        os.environ.setdefault(name, value)
