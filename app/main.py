"""The command line `sales-agent`.

A new command: write `app/commands/<name>.py` with a function (or a `typer.Typer` for a group), and add its line to
`COMMANDS`. Only the module of the command that is asked for is imported, and it imports what is heavy (pandas,
Prefect, settings, SQL) inside its functions, so that `--help` stays quick.
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import typer

from core.errors import InvalidSetting, SalesAgentError
from core.text.plain_text import plain


class Command(NamedTuple):
    """Where a command lives (`module:object`) and the line that the overview shows."""

    target: str
    help: str


COMMANDS: dict[str, Command] = {
    "demo": Command("app.commands.demo:demo", "The whole chain on made-up companies, file to mailbox."),
    "init": Command("app.commands.init:init", "Write a team's own files: icp.yaml, crm.yaml, .env."),
    "next": Command("app.commands.init:next_", "Say in a sentence what is due."),
    "run": Command("app.commands.pipeline:run", "Take a file all the way, up to a plan for the CRM."),
    "import": Command("app.commands.imports:import_", "Import leads from a CSV file."),
    "preview": Command("app.commands.imports:preview", "Say what an import of a file would do."),
    "undo": Command("app.commands.imports:undo", "Undo an import."),
    "imports": Command("app.commands.imports:imports", "List imports."),
    "leads": Command("app.commands.leads:app", "Leads: look up, edit, merge, delete; why this score, which source."),
    "contacts": Command("app.commands.contacts:app", "People at leads: look up, edit, move, merge, delete."),
    "duplicates": Command("app.commands.duplicates:app", "Pairs that may be one: list, merge, keep apart."),
    "score": Command("app.commands.scoring:score", "Score the rows of a CSV file by a profile; stores nothing."),
    "icp": Command("app.commands.scoring:app", "The ideal customer profile: check one, print an example."),
    "qualify": Command("app.commands.qualify:qualify", "Score the stored leads by a profile, with reasons."),
    "enrich": Command("app.commands.enrich:enrich", "Fill the gaps of the stored leads, with sources."),
    "enrichment": Command("app.commands.enrich:app", "Which providers fill which fields: check, example, schema."),
    "export": Command("app.commands.export:export", "Write leads with scores, tiers and reasons to a file."),
    "status": Command("app.commands.status:status", "Say how far everything is: leads, imports, qualification."),
    "discover": Command("app.commands.discover:discover", "Find the people who decide on a company's website."),
    "agent": Command("app.commands.agent:app", "Agents: research a market, write a campaign."),
    "approvals": Command("app.commands.approvals:app", "What waits for a person's word: show, approve, edit, reject."),
    "meetings": Command("app.commands.meetings:app", "Propose meetings, take replies, list them."),
    "suppress": Command("app.commands.suppress:app", "Whom we never write to: add, list, remove."),
    "outbox": Command("app.commands.outbox:app", "Messages nobody knows the fate of: list, resolve."),
    "erase": Command("app.commands.erase:erase", "Remove a person everywhere, with a receipt."),
    "person": Command("app.commands.person:app", "What is held of a person: export it, with sources."),
    "sync": Command("app.commands.crm:sync", "Bring leads and the CRM in step, both ways."),
    "plan": Command("app.commands.crm:plan", "Say what `sync` would do on either side; change nothing."),
    "crm": Command("app.commands.crm:app", "The CRM: how both sides stand, conflicts, configuration."),
    "dead-letters": Command("app.commands.crm:letters", "What the CRM refused: list, show, replay, drop."),
    "sandbox": Command("app.commands.sandbox:sandbox", "Serve stand-ins of every provider, to try without keys."),
    "doctor": Command("app.commands.doctor:doctor", "Say what works, and what to do about the rest."),
    "prices": Command("app.commands.prices:prices", "What language models cost, and how old that is."),
    "up": Command("app.commands.up:up", "Start everything: database, Prefect, a worker."),
    "down": Command("app.commands.up:down", "Stop what `up` started, and the private database."),
    "schedule": Command("app.commands.schedule:app", "When deployments run by themselves: list, on, off, set."),
    "prefect": Command("app.commands.prefect:prefect", "Prefect's own command line, signed in to the server of `up`."),
    "worker": Command("app.commands.worker:worker", "Run flows for a Prefect server that runs elsewhere."),
    "config": Command("app.commands.config:app", "Every setting with its value and where it came from."),
    "db": Command("app.commands.db:app", "The database: its address, migrations, backup and restore."),
}

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
"""For a command whose arguments are another program's."""


def build(asked_for: str | None) -> typer.Typer:
    """Return the command line with the command `asked_for` loaded and the others named only."""
    cli = typer.Typer(
        name="sales-agent",
        help="A self-hosted sales-development pipeline: leads in, decision makers found, CRM in step.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    cli.callback()(_top)
    for name, command in COMMANDS.items():
        if name != asked_for:
            cli.command(name, help=command.help)(_named_only)
            continue
        target = _load(command.target)
        if isinstance(target, typer.Typer):
            cli.add_typer(target, name=name, help=command.help)
        else:
            passed_on = _PASSED_ON if name == "prefect" else {}
            cli.command(name, help=target.__doc__, context_settings=passed_on)(target)
    return cli


def _top() -> None:
    """Keep `sales-agent COMMAND` the form even while there is a single command."""


def _named_only() -> None:
    """Stand for a command in the overview."""


def _load(target: str) -> Callable[..., Any] | typer.Typer:
    module, _, name = target.partition(":")
    loaded: Callable[..., Any] | typer.Typer = getattr(importlib.import_module(module), name)
    return loaded


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 done, 1 it could not be done (one line says why), 2 it was asked for wrongly."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked_for = next((argument for argument in given if not argument.startswith("-")), None)
    try:
        build(asked_for)(given, prog_name="sales-agent")
    except InvalidSetting as error:
        typer.echo(f"sales-agent: {error}", err=True)
        sys.exit(2)
    except SalesAgentError as error:
        typer.echo(plain(f"sales-agent: {error}"), err=True)
        sys.exit(1)
    sys.exit(0)
