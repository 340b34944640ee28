"""One command start: database, Prefect server, deployments, worker; then watch them until told to stop."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import psutil

from app import prefect_setup
from app.host_guard import LOOPBACK
from app.ports import refuse_taken_port
from app.prefect_api import PrefectAPI
from app.prefect_environment import (
    SANDBOX_MARK,
    WORK_POOL,
    client_environment,
    encryption_key,
    keep_keys,
    keys_file,
    server_environment,
)
from app.processes import Child, Say, end_leftovers
from app.run_feed import RunFeed
from app.running import Files, held, holder
from app.upload_forms import UploadForms
from app.workers import worker_command
from core.errors import ConfigurationError, Rejected, SalesAgentError
from core.settings import prefect_server
from core.settings.settings import Settings
from db.server import embedded, prefect_backup, processes
from db.server.private_dirs import explained

SERVER_READY_S = 180.0
WORKER_READY_S = 90.0
TICK_S = 0.5
FEED_EVERY_S = 2.0
DATABASE_EVERY_S = 5.0
_STEP = re.compile(r" \(\d+\.\d s\)$")
"""How a line ends that says what is ready."""
ANY = ("0.0.0.0", "::")  # noqa: S104 - compared, never bound


class _Stopped(SalesAgentError):
    """Somebody asked for the end while things were still starting."""


class Up:
    """Everything that runs, from the first step to the last.

    Args:
        settings: Where things are.
        host: Address the Prefect server listens on.
        port: Its port.
        say: Takes one line for people at a time.
    """

    def __init__(self, settings: Settings, *, host: str, port: int, say: Say) -> None:
        self.settings = settings
        self.host = host
        self.port = port
        self.say = say
        self.files = Files(settings.home)
        self.root = prefect_setup.flows_root(settings.root)
        self.stopping = threading.Event()
        self.children: list[Child] = []
        self.began = time.monotonic()
        given = settings.prefect.api_url
        self.own_server = given is None
        self.api_url = given or api_address(host, port)
        self.files.make()
        self.auth = login(settings, host=host, own_server=self.own_server)
        self.api = PrefectAPI(self.api_url, self.auth)

    def run(self) -> None:
        """Start, watch, and end everything.

        Raises:
            ConfigurationError: Something could not start; nothing is left running.
        """
        with explained(self.settings.home), held(self.files), signals_set(self.stopping):
            try:
                self._start()
                self._watch()
            except _Stopped:
                pass
            finally:
                self._end()

    def _start(self) -> None:
        if ended := end_leftovers(self.settings.home):
            self.say(f"ended {ended} processes that an earlier run had left")
        if self.own_server:
            refuse_taken_port(self.host, self.port)
        url = embedded.answering_postgres_url(self.settings)
        self._step("database ready")
        if self.own_server:
            self._start_server(url)
        from db.schema import upgrade as schema

        keep_keys(self.settings.home, os.environ)
        environment = client_environment(
            os.environ,
            home=self.settings.home,
            root=self.root,
            temporary=self.files.temporary(),
            api_url=self.api_url,
            auth=self.auth,
        )
        if not self.own_server:
            self._await_server()
        online_after = datetime.now(UTC) if self.own_server else self._last_heartbeat()
        # These import Prefect while the server starts, and wait for it and for the pool.
        registering = prefect_setup.start_deploying(self.root, environment, self.files.logs / "deploy.log")
        try:
            copy = schema.upgrade_with_copy(url, self.settings.home / "backups", now=datetime.now(UTC))
            if copy is not None:
                self.say(f"the database was of an older version and was migrated; a copy of before is in {copy}")
            self._step("tables up to date")
            worker = self._start_worker(environment)
            if self.own_server:
                self._await_server()
            prefect_setup.ensure_pool(self.api)
            prefect_setup.ensure_watchdogs(self.api)
            self._await_deployments(registering)
        finally:
            if registering is not None:
                registering.kill()
                registering.wait()
        self._await("worker", lambda: self._last_heartbeat() > online_after, worker, WORKER_READY_S)
        self._write_state()

    def _step(self, line: str) -> None:
        self.say(f"{line} ({time.monotonic() - self.began:.1f} s)")
        if self.stopping.is_set():
            raise _Stopped("stopped while starting")

    def _start_server(self, url: str) -> None:
        given = self.settings.prefect
        if given.server_database_connection_url is not None:
            database_url = given.server_database_connection_url.get_secret_value()
        else:
            name = embedded.prefect_database(url)
            embedded.create_database(url, name)
            database_url = embedded.asyncpg_url(url, name)
        self._back_up(database_url)
        key = given.server_encryption_key.get_secret_value() if given.server_encryption_key else None
        environment = server_environment(
            os.environ,
            home=self.settings.home,
            api_url=self.api_url,
            auth=prefect_server.own_login(self.settings),
            database_url=database_url,
            encryption_key=key or encryption_key(self.settings.home),
            host_names=self.settings.host_names,
        )
        command = [sys.executable, "-m", "app.prefect_server", "--host", self.host, "--port", str(self.port)]
        self._add(Child("Prefect server", command, environment, self._log("server"), self.root))

    def _back_up(self, database_url: str) -> None:
        url = prefect_backup.libpq_url(database_url)
        if url is None:
            return
        copy = prefect_backup.before_migration(url, self.settings.home / "backups", now=datetime.now(UTC))
        if copy is not None:
            self._step(f"Prefect's database is of an older version and will be migrated; a copy is in {copy}")

    def _start_worker(self, environment: dict[str, str]) -> Child:
        return self._add(Child("worker", worker_command(), environment, self._log("worker"), self.root))

    def _add(self, child: Child) -> Child:
        child.log.write_bytes(b"")
        child.start()
        self.children.append(child)
        return child

    def _log(self, name: str) -> Path:
        return self.files.logs / f"{name}.log"

    def _await(self, what: str, is_ready: Callable[[], bool], child: Child | None, within_s: float) -> None:
        """Wait for something; give up when its process ended, in time, or when told to stop."""
        deadline = time.monotonic() + within_s
        while not is_ready():
            if self.stopping.wait(0.1):
                raise _Stopped("stopped while starting")
            if child is not None and child.process is not None and child.process.poll() is not None:
                raise ConfigurationError(f"The {child.name} ended at once: {child.last_words()} (log: {child.log})")
            if time.monotonic() > deadline:
                log = f" (log: {child.log})" if child is not None else ""
                raise ConfigurationError(f"{what} was not ready within {within_s:.0f} s{log}")
        self._step(f"{what} ready")

    def _await_server(self) -> None:
        server = self.children[0] if self.own_server else None
        self._await("Prefect server", self.api.is_healthy, server, SERVER_READY_S if self.own_server else 10.0)

    def _await_deployments(self, registering: "subprocess.Popen[bytes] | None") -> None:
        if registering is None:
            self._step("no deployments to register")
            return
        while registering.poll() is None:
            if self.stopping.wait(0.05):
                raise _Stopped("stopped while starting")
        prefect_setup.check_registered(registering.returncode, self.files.logs / "deploy.log")
        count = self.api.post("/deployments/count", {"work_pools": {"name": {"any_": [WORK_POOL]}}})
        self._step(f"deployments registered: {count}")

    def _last_heartbeat(self) -> datetime:
        """Return when the server last heard from a worker of the pool, by the server's clock."""
        try:
            workers = self.api.post(f"/work_pools/{WORK_POOL}/workers/filter", {})
        except Rejected:  # there is no pool yet
            workers = []
        heard = [datetime.fromisoformat(worker["last_heartbeat_time"]) for worker in workers]
        return max(heard, default=datetime.min.replace(tzinfo=UTC))

    def _write_state(self) -> None:
        ui_url = self.api_url.removesuffix("/api")
        state = {
            "api_url": self.api_url,
            "ui_url": ui_url,
            "pids": {"up": os.getpid(), **{child.name: child.pid for child in self.children}},
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.files.write(state)
        if self.own_server:
            self.say(prefect_server.how_to_sign_in(self.settings))
        self.say(f"ready: {ui_url} (stop with Ctrl-C or `sales-agent down`)")

    def _watch(self) -> None:
        feed = RunFeed(self.api, since=datetime.now(UTC))
        forms = UploadForms(self.api, self.settings.upload_dir)
        feed_at = database_at = time.monotonic()
        while not self.stopping.wait(TICK_S):
            now = time.monotonic()
            for child in self.children:
                if line := child.tend(now):
                    self.say(line)
                    self._write_pids()
            if now >= database_at:
                database_at = now + DATABASE_EVERY_S
                self._tend_database()
                forms.refresh()
            if now >= feed_at:
                feed_at = now + FEED_EVERY_S
                for line in feed.news():
                    self.say(line)

    def _write_pids(self) -> None:
        state = self.files.running()
        if state is not None:
            state["pids"] = {"up": os.getpid(), **{child.name: child.pid for child in self.children}}
            self.files.write(state)

    def _tend_database(self) -> None:
        if self.settings.postgres.url is None and embedded.status(self.settings.home)["postgres"] is None:
            self.say("database has ended, starting it again")
            embedded.postgres_url(self.settings)

    def _end(self) -> None:
        """End everything in the order that loses least: worker, flow runs, server, then the private servers."""
        self.files.state.unlink(missing_ok=True)
        server = [child for child in self.children if child.name == "Prefect server"]
        for child in self.children:
            if child not in server:
                child.end()
        keep = {child.pid for child in server}
        end_leftovers(self.settings.home, keep=keep)
        for child in server:
            child.end()
        end_leftovers(self.settings.home)
        stop_private_servers(self.settings.home)
        shutil.rmtree(self.files.temporary())
        keys_file(self.settings.home).unlink(missing_ok=True)
        if self.children:
            self.say("stopped")


def api_address(host: str, port: int) -> str:
    """Return the URL at which this machine reaches a server that listens on `host`."""
    reached = "127.0.0.1" if host in ANY else f"[{host}]" if ":" in host else host
    return f"http://{reached}:{port}/api"


def login(settings: Settings, *, host: str, own_server: bool) -> str | None:
    """Return `user:password` for the Prefect server; None for a named one that asks for none.

    Raises:
        ConfigurationError: A server of ours would be reachable from other machines with a password nobody chose.
    """
    given = settings.prefect
    if not own_server:
        return given.api_auth_string.get_secret_value() if given.api_auth_string is not None else None
    if host not in LOOPBACK and given.server_api_auth_string is None and given.api_auth_string is None:
        message = f"On {host} everyone who reaches this machine could run flows and read secrets"
        raise ConfigurationError(f"{message}: set PREFECT_SERVER_API_AUTH_STRING=user:password first.")
    return prefect_server.own_login(settings)


@contextmanager
def signals_set(event: threading.Event) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a closed terminal set `event` instead of ending the process."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        event.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_private_servers(home: Path) -> list[str]:
    """Stop the private PostgreSQL and Valkey; return the names of those that ran."""
    stopped = {"PostgreSQL": embedded.stop_postgres(home), "Valkey": embedded.stop_redis(home)}
    return [name for name, ran in stopped.items() if ran]


def down(settings: Settings, say: Say) -> None:
    """Stop a running `up`, what a killed one left, and the private servers."""
    home = settings.home
    pid = holder(Files(home))
    if pid is not None and psutil.pid_exists(pid):
        process = psutil.Process(pid)
        if processes.end([process], ((signal.SIGTERM, 120.0), (signal.SIGKILL, 5.0))):
            raise ConfigurationError(f"Process {pid} does not end: end it yourself.")
        say(f"stopped (process {pid})")
    if ended := end_leftovers(home):
        say(f"ended {ended} processes that an earlier run had left")
    keys_file(home).unlink(missing_ok=True)
    if end_leftovers(home, mark=SANDBOX_MARK):
        say("stopped the demo's sandbox")
    Files(home).state.unlink(missing_ok=True)
    names = stop_private_servers(home)
    if names:
        say(f"stopped {' and '.join(names)}")
    if pid is None and not ended and not names:
        say("nothing was running")


def await_ready(settings: Settings) -> bool:
    """Wait for an `up` that somebody has started until it is ready; return whether there is one."""
    files = Files(settings.home)
    while (is_there := holder(files) is not None) and files.running() is None:
        time.sleep(0.1)  # another process: only its files tell
    return is_there


def detach(settings: Settings, arguments: list[str], say: Say) -> None:
    """Start `up` in the background, saying each step that it takes, and return when everything is ready.

    Raises:
        ConfigurationError: It ended before that; with its last words.
    """
    files = Files(settings.home)
    files.make()
    command = [sys.executable, "-m", "app", "up", *arguments]
    child = Child("up", command, os.environ, files.logs / "up.log", Path.cwd())
    child.log.write_bytes(b"")
    child.start()
    assert child.process is not None
    told = 0
    while True:
        lines = child.log.read_text(encoding="utf-8", errors="replace").splitlines()
        steps = [line for line in lines if _STEP.search(line)]
        for line in steps[told:]:
            say(f"  {line}")
        told = len(steps)
        state = files.running()
        if state is not None and state["pids"]["up"] == child.pid:
            if "Prefect server" in state["pids"]:
                say(prefect_server.how_to_sign_in(settings))
            say(f"ready: {state['ui_url']} (stop with `sales-agent down`; log: {child.log})")
            child.process = None
            return
        if child.process.poll() is not None:
            raise ConfigurationError(child.last_words().removeprefix("sales-agent: "))
        time.sleep(0.1)  # a process of its own: only its files tell
