"""`sales-agent demo`: the whole chain on made-up companies, through the deployments and a worker."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import terminal

if TYPE_CHECKING:
    from app.narrator import Narrator

_MARK = "demo.txt"
_CHAPTERS = 9


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Prefect server and its UI.")] = 4200,
) -> None:
    """Start everything, and take made-up companies from a file to messages that were approved and sent.

    No key is used and nothing leaves this machine: models, providers, CRM, mail and websites are the sandbox's. Started
    again after it was stopped anywhere, it goes on and ends the same.
    """
    from app.narrator import Narrator
    from core.settings.settings import settings

    home = settings().home
    _claim(home)
    narrator = Narrator(_CHAPTERS)
    with narrator.telling():
        _start(narrator, home, port)
        _tell(narrator, home)
    _where(home)


def _claim(home: Path) -> None:
    """Make the data directory the demo's own. Raises ConfigurationError where it, or a database, is somebody's."""
    from core.errors import ConfigurationError
    from core.settings.settings import settings

    chosen = settings()
    for name, is_set in (("POSTGRES_URL", chosen.postgres.url), ("PREFECT_API_URL", chosen.prefect.api_url)):
        if is_set:
            raise ConfigurationError(f"the demo fills a database of its own: unset {name} for it")
    if home.exists() and any(home.iterdir()) and not (home / _MARK).exists():
        raise ConfigurationError(
            f"{home} holds data that is not the demo's: name another directory, as "
            f"`SALES_AGENT_HOME={home}-demo sales-agent demo`"
        )
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / _MARK).write_text("This directory is the demo's: nothing in it is of anybody.\n", encoding="utf-8")


def _start(narrator: "Narrator", home: Path, port: int) -> None:
    from app import demo_sandbox
    from app import up as ups
    from core.settings.settings import settings

    narrator.chapter("Everything starts: stand-ins of all providers, a database, Prefect, a worker")
    is_up = ups.await_ready(settings())
    if is_up and not demo_sandbox.is_running(home):
        narrator.say("the stand-ins have ended: everything is started anew")
        ups.down(settings(), narrator.say)
        is_up = False
    demo_sandbox.start(home)
    narrator.say("the sandbox plays all providers, models, websites, the CRM and the mail server")
    config = home / "crm.yaml"
    if not config.exists():
        config.write_text(demo_sandbox.crm_config(), encoding="utf-8")
    os.environ["CRM_CONFIG"] = str(config)
    settings.cache_clear()
    if not is_up:
        ups.detach(settings(), ["--port", str(port)], narrator.say)


def _tell(narrator: "Narrator", home: Path) -> None:
    terminal.prepare_prefect()
    from app.demo_story import tell_all

    asyncio.run(tell_all(narrator, home))


def _where(home: Path) -> None:
    from core.settings import prefect_server
    from core.settings.settings import settings
    from tasks.runtime.orchestration import server_url

    terminal.echo(f"\nThe runs in the Prefect UI: {(server_url() or '').removesuffix('/api')}")
    terminal.echo(f"                            {prefect_server.how_to_sign_in(settings())}")
    terminal.echo("How far everything is:      sales-agent status      as a file: sales-agent export leads.csv")
    terminal.echo(f"The database:               sales-agent db url      (data in {home})")
    terminal.echo("Stop everything:            make demo-stop          (or `sales-agent down` with the same home)")
