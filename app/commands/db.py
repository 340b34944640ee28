"""`sales-agent db`: the database's address, migrations, backup and restore."""

from pathlib import Path
from typing import Annotated

import typer

from app import terminal

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def url() -> None:
    """Print the database's URL, starting the private PostgreSQL where no other server is named."""
    from core.settings.settings import settings
    from db.server import embedded

    terminal.echo(embedded.postgres_url(settings()))


@app.command()
def upgrade(
    with_prefect: Annotated[
        bool, typer.Option("--with-prefect", help="Also make the database that a Prefect server of its own will use.")
    ] = False,
) -> None:
    """Bring the database's tables to this version; of older ones a copy is kept first."""
    from datetime import UTC, datetime

    from core.settings.settings import settings
    from db.schema import upgrade as schema
    from db.server import embedded

    url = embedded.answering_postgres_url(settings())
    copy = schema.upgrade_with_copy(url, settings().home / "backups", now=datetime.now(UTC))
    if copy is not None:
        terminal.echo(f"The database was of an older version and was migrated; a copy of before is in {copy}")
    if with_prefect:
        from db.server import prefect_backup

        of_prefect = embedded.create_database(url, embedded.prefect_database(url))
        copy = prefect_backup.before_migration(of_prefect, settings().home / "backups", now=datetime.now(UTC))
        if copy is not None:
            terminal.echo(f"Prefect's database is of an older version and will be migrated; a copy is in {copy}")


OfPrefect = Annotated[
    bool, typer.Option("--prefect", help="The database that the Prefect server of `up` keeps beside ours.")
]


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write (PostgreSQL's custom format).")],
    prefect: OfPrefect = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Write the whole database to one file, which is complete or absent."""
    from db.server import backup as backups

    written = backups.backup(_address(prefect=prefect), file, overwrite=force)
    terminal.echo(f"{file}: {written:,} bytes")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `sales-agent db backup` wrote.")],
    prefect: OfPrefect = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the data that is there.")] = False,
) -> None:
    """Bring back the database of a backup; refuse to replace data unless forced."""
    from db.server import backup as backups

    backups.restore(_address(prefect=prefect), file, overwrite=force)
    terminal.echo(f"{file}: restored")


def _address(*, prefect: bool) -> str:
    from core.settings.settings import settings
    from db.server import embedded

    url = embedded.answering_postgres_url(settings())
    return embedded.create_database(url, embedded.prefect_database(url)) if prefect else url
