"""Who runs `up` for a data directory, and where everything answers.

<home>/up.lock   held, and naming its process, while `up` runs, so that there is one
<home>/up.json   api_url, ui_url, pids, started_at; there only while everything is ready
<home>/logs/     output of the server, the worker, the registration, and of a detached `up`
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.prefect_api import PrefectAPI
from core.errors import ConfigurationError
from core.settings import prefect_server
from core.settings.settings import Settings
from db.server import processes
from db.server.private_dirs import RunUser, explained, socket_dir


@dataclass(frozen=True)
class Files:
    """What `up` keeps in the data directory."""

    home: Path

    @property
    def lock(self) -> Path:
        """Held while `up` runs."""
        return self.home / "up.lock"

    @property
    def state(self) -> Path:
        """Where everything answers."""
        return self.home / prefect_server.STATE_FILE

    @property
    def logs(self) -> Path:
        """Output of what `up` starts."""
        return self.home / "logs"

    def make(self) -> None:
        """Make the data directory and the place for logs."""
        with explained(self.home):
            self.home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            self.logs.mkdir(exist_ok=True, mode=0o700)

    def temporary(self) -> Path:
        """Return a private directory for temporary files, with a path short enough for sockets in it."""
        return socket_dir(self.home / "tmp", RunUser(), "pymp-00000000/listener-00000000")

    def write(self, state: dict[str, Any]) -> None:
        """Write `up.json`, whole or not at all."""
        part = self.state.with_suffix(".part")
        part.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        part.rename(self.state)

    def running(self) -> dict[str, Any] | None:
        """Return what `up.json` says, or None while nothing is ready."""
        return prefect_server.state(self.home)


@contextmanager
def held(files: Files) -> Iterator[None]:
    """Hold the right to be the only `up` of this data directory."""
    with files.lock.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            state = files.running()
            where = f" at {state['ui_url']}" if state else ""
            message = f"It is running already{where} (process {holder(files)}): `sales-agent down` stops it."
            raise ConfigurationError(message) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)


def holder(files: Files) -> int | None:
    """Return the process that runs `up`, or None."""
    try:
        with files.lock.open("r+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                said = lock.read().strip()
                return int(said) if said.isdigit() else None
    except (FileNotFoundError, NotADirectoryError):
        pass
    return None


def find_server(settings: Settings) -> PrefectAPI | None:
    """Return the Prefect server that work should go to: the one that is named, else that of a running `up`.

    None when neither is there. A named one is returned without asking whether it answers: if it does not, that is
    for the operator to know, never a reason to work elsewhere.
    """
    url = settings.prefect.api_url
    if url is not None:
        return PrefectAPI(url, prefect_server.login(settings, url))
    files = Files(settings.home)
    state = files.running()
    # A killed `up` leaves its note behind, and whoever takes its port would be told the password.
    if state is None or not processes.is_owners(prefect_server.pid_of(state), files.state):
        return None
    api = PrefectAPI(state["api_url"], prefect_server.login(settings, state["api_url"]))
    return api if api.is_healthy() else None
