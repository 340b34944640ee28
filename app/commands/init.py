"""`sales-agent init`: a team's own files in the data directory; `next`: what is due."""

import asyncio
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import terminal
from app.commands.options import AsJson

if TYPE_CHECKING:
    from core.pipeline.next_steps import WhatStands

_SIZES = re.compile(r"(\d{1,7})\s*(?:-|–|to)\s*(\d{1,7})")


def init(
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: write the defaults.")] = False,
    industries: Annotated[str | None, typer.Option(help='Industries you sell to: "machinery, logistics".')] = None,
    regions: Annotated[str | None, typer.Option(help='Countries or groups of them: "DACH, France".')] = None,
    employees: Annotated[str | None, typer.Option(help='Companies of this size: "50-500".')] = None,
    name: Annotated[str | None, typer.Option(help="Your name, under which you approve.")] = None,
    country: Annotated[str | None, typer.Option(help="Country of phone numbers without a code: DE.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write icp.yaml, crm.yaml and .env into the data directory, from a few answers. Never overwrites a file."""
    from core.settings.settings import settings

    home = settings().home
    asks = not yes and not as_json and sys.stdin.isatty()
    ask = _asked if asks else _given
    answers = {
        "industries": ask("Industries you sell to (empty: the example's)", industries),
        "regions": ask("Countries or regions, as DACH, France (empty: the example's)", regions),
        "employees": ask("Employees, as 50-500 (empty: the example's)", employees),
        "name": ask("Your name, under which you approve", name),
        "country": ask("Country of phone numbers without a code, as DE", country),
    }
    texts = _texts(answers)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = {file: _write(home / file, text) for file, text in texts.items()}
    if as_json:
        terminal.print_json({"home": str(home), "written": [file for file, is_new in written.items() if is_new]})
        return
    for file, is_new in written.items():
        terminal.echo(f"{'wrote' if is_new else 'kept '}  {home / file}{'' if is_new else ' (it was there)'}")
    terminal.say("Look through icp.yaml, then: sales-agent run FILE")


def _asked(question: str, given: str | None) -> str:
    return given if given is not None else str(typer.prompt(question, default="", show_default=False, err=True))


def _given(_question: str, given: str | None) -> str:
    return given or ""


def _texts(answers: dict[str, str]) -> dict[str, str]:
    """Return the files by name, each one that its own command would take. Raises BadParameter for what it would not."""
    from core.config_files import parse_config
    from core.crm.config import example_text
    from core.errors import InvalidConfig
    from core.qualification.icp import Profile
    from core.qualification.starting_profiles import starting_profile
    from core.text.country_readings import known_code

    profile = starting_profile(
        name="Our customers",
        industries=_words(answers["industries"]),
        regions=_words(answers["regions"]),
        employees=_sizes(answers["employees"]),
    )
    try:
        parse_config(profile, Profile, path="icp.yaml")
        code = known_code(answers["country"]) if answers["country"] else ""
    except (InvalidConfig, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    return {"icp.yaml": profile, "crm.yaml": example_text(), ".env": _variables(answers["name"], code)}


def _words(answer: str) -> list[str]:
    return [word.strip() for word in answer.split(",") if word.strip()]


def _sizes(answer: str) -> tuple[int, int] | None:
    if not answer.strip():
        return None
    match = _SIZES.fullmatch(answer.strip())
    if match is None or int(match[1]) > int(match[2]):
        raise typer.BadParameter(f"{answer!r} is no range of employees: write 50-500")
    return int(match[1]), int(match[2])


def _variables(name: str, country: str) -> str:
    """Return a `.env`: what was answered, and what most set next, each with where it is described."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        "# Settings of this data directory. What else there is: .env.example; what holds now: sales-agent config show",
        f'APPROVALS_BY="{quoted}"' if name else "# APPROVALS_BY=your name",
        f"IMPORT_DEFAULT_COUNTRY={country}" if country else "# IMPORT_DEFAULT_COUNTRY=DE",
        "# Keys of providers; each is off without its own: docs/providers.md, `sales-agent doctor`",
    ]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> bool:
    """Write a file for its owner alone, unless there is one; return whether it was written."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def next_(as_json: AsJson = False) -> None:
    """Say in a sentence what is due, and the command for it."""
    terminal.prepare_prefect()
    from core.pipeline.next_steps import next_step

    due = next_step(asyncio.run(_standing()))
    if as_json:
        terminal.print_json(due.to_json())
    else:
        terminal.echo(due.what if due.command is None else f"{due.what}  {due.command}")


async def _standing() -> "WhatStands":
    from tasks.pipeline.readers import standing

    return await standing(is_sync_off=_is_sync_off())


def _is_sync_off() -> bool | None:
    """Return whether the CRM's schedule is off; None where no server tells."""
    from app.running import find_server
    from app.schedules import deployment, rows_of
    from core.errors import InvalidInput, ProviderError
    from core.settings.settings import settings

    server = find_server(settings())
    if server is None:
        return None
    try:
        return not any(row["runs"] for row in rows_of(deployment(server, "sync-crm")))
    except (ProviderError, InvalidInput):
        return None
