"""Prefect's command line, held back until its server and our pool are there: `python -m app.prefect_cli deploy ...`.

Importing Prefect takes seconds, about as many as its server needs to start. So both go on at once, and a worker that
is restarted together with the server waits for it rather than ending again.
"""

import importlib
import os
import sys
import time
from pathlib import Path
from typing import NoReturn

from app import redeploy
from app.prefect_api import PrefectAPI
from app.prefect_environment import WORK_POOL
from core.errors import ProviderError

IMPORTS = {
    "deploy": ("prefect.main", "prefect.cli.deploy", "prefect.deployments.runner", "prefect.deployments.steps"),
    "worker": ("prefect.main", "prefect.cli.worker", "prefect.workers.process"),
}
WAIT_S = 300.0
FILE = "--prefect-file"


def main() -> NoReturn:
    """Import what the command will need, wait for the server, then be Prefect's command line."""
    command = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    for module in IMPORTS.get(command, ()):
        importlib.import_module(module)
    api = PrefectAPI(os.environ["PREFECT_API_URL"], os.environ.get("PREFECT_API_AUTH_STRING"))
    deadline = time.monotonic() + WAIT_S
    while command in IMPORTS and not has_pool(api) and time.monotonic() < deadline:
        time.sleep(0.1)  # the server is a process of its own: it can only be asked
    if command != "deploy":
        sys.exit(run())
    if FILE not in sys.argv:
        sys.argv += [FILE, "prefect.yaml"]
    place = sys.argv.index(FILE) + 1
    with redeploy.keeping_what_people_set(api, Path(sys.argv[place])) as file:
        sys.argv[place] = str(file)
        code = run()
    sys.exit(code)


def run() -> int:
    """Be Prefect's command line; return its exit code."""
    from prefect.cli import app

    try:
        app()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def has_pool(api: PrefectAPI) -> bool:
    """Return whether the server answers and has our work pool."""
    try:
        api.get(f"/work_pools/{WORK_POOL}")
    except ProviderError:
        return False
    return True


if __name__ == "__main__":
    main()
