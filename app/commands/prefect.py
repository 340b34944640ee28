"""`sales-agent prefect`: Prefect's own command line, signed in to the server that is used here."""

import os
import sys

import typer


def prefect(context: typer.Context) -> None:
    """Run a command of Prefect's own (`sales-agent prefect deployment ls`), signed in to the server of `up`."""
    from app.prefect_environment import PREFERENCES
    from app.running import find_server
    from core.errors import ConfigurationError
    from core.settings import prefect_server
    from core.settings.settings import settings

    chosen = settings()
    api = find_server(chosen)
    if api is None:
        raise ConfigurationError("there is no Prefect server: start one with `sales-agent up`")
    login = prefect_server.login(chosen, api.url)
    environment = {
        **PREFERENCES,
        **os.environ,
        "PREFECT_HOME": str(chosen.home / "prefect"),
        "PREFECT_API_URL": api.url,
        **({"PREFECT_API_AUTH_STRING": login} if login else {}),
    }
    command = [sys.executable, "-m", "app.prefect_cli", *context.args]
    os.execve(command[0], command, environment)  # noqa: S606 - our own program
