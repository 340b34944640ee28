"""A worker of its own, on any machine, for a Prefect server that runs elsewhere."""

import os
import socket
import sys

from app import prefect_setup
from app.prefect_api import PrefectAPI
from app.prefect_environment import WORK_POOL, client_environment, keep_keys
from app.processes import Say
from app.running import Files
from core.errors import ConfigurationError
from core.settings import prefect_server
from core.settings.settings import Settings


def worker_name() -> str:
    """Return the name under which this machine's worker is known to the server."""
    return f"sales-agent on {socket.gethostname()}"


def worker_command() -> list[str]:
    """Return the command that runs a worker of our pool."""
    pool = ("--pool", WORK_POOL, "--type", "process", "--name", worker_name())
    return [sys.executable, "-m", "app.prefect_cli", "worker", "start", *pool]


def run(settings: Settings, say: Say) -> None:
    """Register what is to be run, then become the worker.

    Raises:
        ConfigurationError: No server is named, or registering failed.
    """
    api = named_server(settings)
    root = prefect_setup.flows_root(settings.root)
    files = Files(settings.home)
    files.make()
    keep_keys(settings.home, os.environ)
    environment = client_environment(
        os.environ,
        home=settings.home,
        root=root,
        temporary=files.temporary(),
        api_url=api.url,
        auth=prefect_server.login(settings, api.url),
    )
    prefect_setup.ensure_pool(api)
    prefect_setup.ensure_watchdogs(api)
    registering = prefect_setup.start_deploying(root, environment, files.logs / "deploy.log")
    if registering is not None:
        registering.wait()
        prefect_setup.check_registered(registering.returncode, files.logs / "deploy.log")
    say(f"deployments registered at {api.url}")
    os.chdir(root)
    os.execve(sys.executable, worker_command(), environment)  # noqa: S606 - our own program


def check(settings: Settings) -> None:
    """Raise a `ConfigurationError` unless the server has lately heard from this machine's worker."""
    found = named_server(settings).post(f"/work_pools/{WORK_POOL}/workers/filter", {})
    if not any(worker["name"] == worker_name() and worker["status"] == "ONLINE" for worker in found):
        raise ConfigurationError(f"The server has not lately heard from the worker {worker_name()}.")


def named_server(settings: Settings) -> PrefectAPI:
    """Return the server of PREFECT_API_URL."""
    given = settings.prefect
    if given.api_url is None:
        raise ConfigurationError(
            "No server is named: set PREFECT_API_URL=http://host:4200/api, or use `sales-agent up`."
        )
    return PrefectAPI(given.api_url, prefect_server.login(settings, given.api_url))
