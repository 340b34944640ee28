"""`sales-agent sync`, `plan`, `crm ...`, `dead-letters ...`: keep leads in step with a CRM, and look how they stand."""

import asyncio
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app import terminal
from app.commands.crm_conformance import conformance
from app.commands.options import AsJson

if TYPE_CHECKING:
    from core.crm.config import CrmConfig
    from core.crm.runs import SyncReport, SyncRequest

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Rows at most.")]

_GLANCE = 10
"""Records of a plan that a run which waits for an approval shows."""

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The CRM: how both sides stand, conflicts, configuration."
)
app.command("conformance")(conformance)
letters = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What the CRM refused.")


def sync(
    full: Annotated[bool, typer.Option("--full", help="Compare every record, not only what changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring leads and the CRM in step, both ways, as crm.yaml says. Changes above its limits ask a person first."""
    terminal.prepare_prefect()
    from core.crm.runs import SyncRequest

    _show(_run(SyncRequest(full=full), quiet=as_json), as_json=as_json)


def plan(
    full: Annotated[bool, typer.Option("--full", help="Compare every record, not only what changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what `sync` would create, update and delete on either side, with every difference; change nothing."""
    terminal.prepare_prefect()
    from core.crm.runs import SyncRequest

    report = _run(SyncRequest(plan_only=True, full=full), quiet=as_json)
    if as_json:
        terminal.print_json(report.to_json())
        return
    _show_plan(report)


def _run(request: "SyncRequest", *, quiet: bool) -> "SyncReport":
    from flows.sync_crm import sync_crm
    from tasks.runtime.orchestration import progress_sink, server_url

    if not quiet:
        where = server_url()
        terminal.say(f"Recorded as a Prefect run at {where}." if where else "No Prefect server: running without it.")
    with terminal.progress_bar("records", show=not quiet) as advance:
        progress_sink.set(advance)
        report: SyncReport = asyncio.run(sync_crm(request))
        return report


def _show(report: "SyncReport", *, as_json: bool) -> None:
    facts = report.to_json(without=() if as_json else {"plan", "next_step"})
    if as_json:
        terminal.print_json(facts)
        return
    if report.outcome == "waiting":
        _show_changes(report, _GLANCE)
        terminal.say(f"Nothing was changed. {report.waiting_for}.")
    terminal.print_facts(
        {name.replace("_", " "): value for name, value in facts.items() if value not in (None, {}, [])}
    )
    if report.next_step:
        terminal.say(f"What next: {report.next_step}.")


def _show_plan(report: "SyncReport") -> None:
    if report.standing:
        terminal.say(report.standing)
    if not report.plan.counts:
        return
    _show_changes(report, len(report.plan.changes))
    if report.waiting_for:
        terminal.say(f"`sync` will ask for an approval: {report.waiting_for}.")


def _show_changes(report: "SyncReport", shown: int) -> None:
    """Show a plan: counts, and the differences of the first so many records."""
    terminal.print_facts(report.plan.counts)
    terminal.say(report.plan.in_words)
    rows = [
        {
            "side": change.side,
            "action": change.action,
            "kind": change.kind,
            "record": change.name or change.record,
            "field": name,
            "from": pair[0],
            "to": pair[1],
        }
        for change in report.plan.changes[:shown]
        for name, pair in (change.changes or {"": (None, None)}).items()
    ]
    terminal.print_table(rows)
    total = sum(report.plan.counts.values())
    if total > shown:
        terminal.say(f"The first {shown} of {total}; `sales-agent plan` lists more.")


@app.command("status")
def status(
    state: Annotated[
        str | None, typer.Option(help="List the records in a state: in_sync, pending, excluded, failing.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Say how both sides stand: records by state with reasons, who stays outside, lag, last cursor, dead letters."""
    from core.crm.states import SyncState

    if state is not None and state not in [str(each) for each in SyncState]:
        raise typer.BadParameter(f"{state} is no state; states are {', '.join(SyncState)}", param_hint="--state")
    terminal.prepare_prefect()
    from tasks.crm.readers import status

    facts = asyncio.run(status()).model_dump(
        mode="json",
        include={"provider", "states", "reasons", "outside", "duplicates", "dead_letters", "cursor", "lag_s"},
    )
    records = asyncio.run(_records(facts["provider"], SyncState(state), limit)) if state else None
    if as_json:
        terminal.print_json(facts | ({"records": records} if records is not None else {}))
    elif records is None:
        terminal.print_facts(
            {name.replace("_", " "): value for name, value in facts.items() if value not in (None, {})}
        )
    else:
        _print(records, as_json=False)


async def _records(provider: str, state: Any, limit: int) -> list[dict[str, Any]]:
    from db.crm import links as crm_links
    from db.server.engine import own_connection
    from tasks.runtime.resources import database_url

    async with own_connection(database_url()) as connection:
        return _plain(await crm_links.select_by_state(connection, provider, state, limit=limit))


@app.command("conflicts")
def conflicts(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List what both sides wanted differently, the last first: both values, who won and by which rule."""
    terminal.prepare_prefect()
    _print(asyncio.run(_conflicts(limit)), as_json=as_json)


async def _conflicts(limit: int) -> list[dict[str, Any]]:
    from db.crm import sync_log
    from db.server.engine import own_connection
    from tasks.runtime.resources import database_url

    async with own_connection(database_url()) as connection:
        return _plain(await sync_log.select_conflicts(connection, _config().provider, limit=limit))


@app.command("history")
def history(
    record: Annotated[UUID, typer.Argument(help="Our id of a lead or contact.")],
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List what the synchronisation did with one record, the last first."""
    terminal.prepare_prefect()
    _print(asyncio.run(_history(record, limit)), as_json=as_json)


async def _history(record: UUID, limit: int) -> list[dict[str, Any]]:
    from db.crm import sync_log
    from db.server.engine import own_connection
    from tasks.runtime.resources import database_url

    async with own_connection(database_url()) as connection:
        return _plain(await sync_log.select_of_record(connection, record, limit=limit))


def _config() -> "CrmConfig":
    from core.settings.settings import settings
    from tasks.runtime.crm_offers import crm_config

    return crm_config(settings())


@app.command("link")
def link(
    lead: Annotated[UUID, typer.Argument(help="Our id of a lead.")],
    record: Annotated[str, typer.Argument(help="The CRM's id of the company that it is.")],
    as_json: AsJson = False,
) -> None:
    """Decide which company of the CRM a lead is, where it holds that twice; the next `sync` merges the two."""
    terminal.prepare_prefect()
    from tasks.crm.deciding import link_lead

    facts = {"lead": str(asyncio.run(link_lead(lead, record))), "record": record}
    if as_json:
        terminal.print_json(facts)
    else:
        terminal.print_facts(facts)


@app.command("example")
def example() -> None:
    """Print the example crm.yaml."""
    from core.crm.config import example_text

    terminal.echo(example_text(), nl=False)


@app.command("check")
def check(
    path: Annotated[Path | None, typer.Argument(help="A file; default: the one that counts.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a crm.yaml: what is wrong, by line and key. Whether the CRM has its fields, `sync` and `plan` ask."""
    from core.config_files import read_config
    from core.crm.config import CrmConfig
    from tasks.runtime.crm_offers import CRMS

    config = read_config(path, CrmConfig, context=CRMS) if path else _config()
    facts = {
        "provider": config.provider,
        "lead_fields": len(config.leads.fields),
        "contact_fields": len(config.contacts.fields) if config.contacts else 0,
        "digest": config.digest,
    }
    if as_json:
        terminal.print_json(facts)
    else:
        terminal.print_facts(facts)


@app.command("listen")
def listen(
    host: Annotated[str, typer.Option(help="Address to listen on; put a proxy with TLS in front.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 4280,
) -> None:
    """Receive the CRM's webhooks: a delivery with its signature starts the deployment sync-crm at once.

    Runs until stopped. Nothing of a delivery is believed: without any, the schedule brings the same.
    """
    terminal.prepare_prefect()
    import uvicorn

    from app.crm_listener import Bell, build
    from app.running import find_server
    from core.errors import ConfigurationError
    from core.settings.settings import settings
    from tasks.crm.webhooks import receiver

    webhooks = receiver(_config().provider)  # says at once when there is no key
    api = find_server(settings())
    if api is None:
        raise ConfigurationError("there is no Prefect server to start runs on: start one with `sales-agent up`")

    async def start_run() -> None:
        deployment = await asyncio.to_thread(api.get, "/deployments/name/sync-crm/sync-crm")
        await asyncio.to_thread(api.post, f"/deployments/{deployment['id']}/create_flow_run", {})

    terminal.say(f"Listening on http://{host}:{port}{webhooks.path}")
    uvicorn.run(build(webhooks.path, webhooks.is_genuine, Bell(start_run)), host=host, port=port, log_level="warning")


@letters.command("list")
def list_letters(
    all_: Annotated[bool, typer.Option("--all", help="Also those that were replayed or dropped.")] = False,
    limit: Limit = 200,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the oldest first."""
    terminal.prepare_prefect()
    _print(asyncio.run(_letters(all_=all_, limit=limit)), as_json=as_json)


async def _letters(*, all_: bool, limit: int) -> list[dict[str, Any]]:
    from db.crm import dead_letters
    from db.server.engine import own_connection
    from tasks.runtime.resources import database_url

    async with own_connection(database_url()) as connection:
        return _plain(await dead_letters.select_all(connection, status="all" if all_ else "open", limit=limit))


@letters.command("show")
def show_letter(letter: Annotated[int, typer.Argument(help="Its id.")], as_json: AsJson = False) -> None:
    """Show one dead letter with its payload and reason."""
    terminal.prepare_prefect()
    facts = _plain([asyncio.run(_letter(letter))])[0]
    if as_json:
        terminal.print_json(facts)
    else:
        terminal.print_facts({name.replace("_", " "): value for name, value in facts.items() if value is not None})


async def _letter(letter: int) -> dict[str, Any]:
    from db.crm import dead_letters
    from db.server.engine import own_connection
    from tasks.runtime.resources import database_url

    async with own_connection(database_url()) as connection:
        return await dead_letters.get(connection, letter)


@letters.command("replay")
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="Their ids; none: all that are open.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try dead letters again now: their records are released, then both sides are synchronised."""
    terminal.prepare_prefect()
    from core.crm.runs import ReplayRequest
    from flows.replay_dead_letters import replay_dead_letters

    report = asyncio.run(replay_dead_letters(ReplayRequest(ids=tuple(ids or ()))))
    _show(report, as_json=as_json)


@letters.command("drop")
def drop(
    ids: Annotated[list[int], typer.Argument(help="Their ids.")],
    by: Annotated[str | None, typer.Option(help="Who drops them; default: the user name here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give dead letters up: their records take no part until something of them changes."""
    terminal.prepare_prefect()
    dropped = asyncio.run(_drop(ids, by or getpass.getuser()))
    if as_json:
        terminal.print_json({"dropped": dropped})
    else:
        terminal.print_facts({"dropped": dropped})
    if dropped < len(set(ids)):
        terminal.say("Not all of them are open dead letters: see `sales-agent dead-letters list --all`.")
        raise typer.Exit(1)


async def _drop(ids: list[int], by: str) -> int:
    from db.crm import dead_letters
    from db.server.engine import own_connection
    from tasks.runtime.resources import database_url

    async with own_connection(database_url()) as connection:
        return await dead_letters.drop(connection, ids, by=by)


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as JSON has them."""
    import json

    plain: list[dict[str, Any]] = json.loads(json.dumps(rows, default=str))
    return plain


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(rows)
    elif rows:
        terminal.print_table(rows)
    else:
        terminal.say("None.")
