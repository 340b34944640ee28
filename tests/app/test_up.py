"""`up` and `down` with real processes: ready, watched, and gone without a trace after every kind of end."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from installation import Installation

from app.prefect_api import PrefectAPI
from app.prefect_environment import MARK
from app.prefect_setup import PENDING_LIMIT_S, WATCHDOGS
from core.errors import Rejected
from db.server import embedded, prefect_backup


def wait_for(what: Callable[[], Any], within_s: float = 60.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def processes_of(home: Path) -> list[psutil.Process]:
    """All processes that know this data directory: by their mark, their arguments or their working directory."""
    found = []
    for process in psutil.process_iter():
        try:
            knows = [process.environ().get(MARK, ""), *process.cmdline(), process.cwd()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.status() != psutil.STATUS_ZOMBIE and any(str(home) in known for known in knows):
            found.append(process)
    return found


def run_hello(api: PrefectAPI, **parameters: object) -> str:
    deployment = api.get("/deployments/name/say-hello/say-hello")
    run = api.post(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
    return str(run["id"])


def state_of(api: PrefectAPI, run: str) -> str:
    return str(api.get(f"/flow_runs/{run}")["state_type"])


@pytest.fixture
def api(running: Installation) -> PrefectAPI:
    return running.api


def test_state_says_where_everything_is(running: Installation) -> None:
    state = json.loads((running.home / "up.json").read_text())
    assert state["ui_url"] == f"http://127.0.0.1:{running.port}"
    assert all(psutil.pid_exists(pid) for pid in state["pids"].values())
    assert {"api_url", "ui_url", "pids", "started_at"} == state.keys()


def test_nothing_listens_beyond_loopback(running: Installation) -> None:
    ours = {process.pid for process in processes_of(running.home)}
    listening = [c for c in psutil.net_connections("inet") if c.status == psutil.CONN_LISTEN and c.pid in ours]
    assert {c.laddr.ip for c in listening} == {"127.0.0.1"}


def test_server_keeps_its_tables_in_its_own_database(running: Installation) -> None:
    url = running.run("db", "url").stdout.strip()
    with psycopg.connect(url) as connection:
        names = {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}
        ours = {name for (name,) in connection.execute("SELECT tablename FROM pg_tables").fetchall()}
    assert "sales_agent_prefect" in names
    assert "flow_run" not in ours
    of_prefect = embedded.with_database(url, embedded.prefect_database(url))
    assert prefect_backup.revision_of(of_prefect) == prefect_backup.newest_revision()
    assert not (running.home / "backups").exists()


def test_watchdogs_are_there_once(api: PrefectAPI) -> None:
    found = api.post("/automations/filter", {})
    assert sorted(automation["name"] for automation in found) == sorted(watchdog["name"] for watchdog in WATCHDOGS)
    assert all(automation["enabled"] for automation in found)


def test_other_web_pages_may_not_call_the_api(running: Installation) -> None:
    import urllib.request

    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/api/health", headers={"Origin": "http://evil.example"}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.headers.get("Access-Control-Allow-Origin") is None


def test_worker_runs_the_deployment_in_the_checkout(running: Installation, api: PrefectAPI) -> None:
    run = run_hello(api, name="ada")
    wait_for(lambda: state_of(api, run) == "COMPLETED")
    assert api.get(f"/flow_runs/{run}")["name"] == "hello-ada"
    wait_for(lambda: "run hello-ada completed" in (running.home / "logs" / "up.log").read_text())


def test_second_up_says_where_the_first_is(running: Installation) -> None:
    done = running.run("up", "--port", str(running.port))
    assert done.returncode == 1
    assert f"running already at http://127.0.0.1:{running.port}" in done.stderr


@pytest.mark.installed
def test_killed_worker_is_started_again(running: Installation, api: PrefectAPI) -> None:
    def worker() -> int | None:
        pid: int | None = json.loads((running.home / "up.json").read_text())["pids"]["worker"]
        return pid

    before = worker()
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: worker() not in (before, None))
    run = run_hello(api, name="bob")
    wait_for(lambda: state_of(api, run) == "COMPLETED")


def test_taken_port_is_named_and_nothing_is_left(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        done = installation.run("up", "--port", str(installation.port))
    assert done.returncode == 1
    assert f"Port {installation.port} is taken by process {os.getpid()}" in done.stderr
    assert "--port" in done.stderr
    assert processes_of(installation.home) == []


def test_beyond_this_machine_a_password_is_needed(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    done = installation.run("up", "--host", "0.0.0.0", "--port", str(installation.port))
    assert done.returncode == 1
    assert "PREFECT_SERVER_API_AUTH_STRING" in done.stderr
    assert processes_of(installation.home) == []


def test_down_without_up_says_so(new_installation: Callable[[], Installation]) -> None:
    done = new_installation().run("down")
    assert (done.returncode, done.stdout) == (0, "nothing was running\n")


@pytest.mark.installed
def test_stop_while_starting_leaves_nothing(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    process = installation.start("up", "--port", str(installation.port))
    wait_for(lambda: (installation.home / "logs" / "server.log").exists())
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    assert out.splitlines()[-1].endswith("stopped")
    assert processes_of(installation.home) == []


@pytest.mark.soak
@pytest.mark.parametrize("end", ["SIGINT", "SIGTERM", "down", "SIGKILL then down", "SIGKILL then up"])
def test_nothing_is_left_after_every_kind_of_end(end: str, new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    process = installation.start("up", "--port", str(installation.port))
    wait_for((installation.home / "up.json").exists, 900)
    api = installation.api
    run = run_hello(api, name="slow", seconds=300)
    wait_for(lambda: state_of(api, run) == "RUNNING")
    if end.startswith("SIGKILL"):
        process.kill()
        process.communicate()
    elif end != "down":
        process.send_signal(signal.Signals[end])
    if end == "SIGKILL then up":
        done = installation.run("up", "--detach", "--port", str(installation.port))
        assert done.returncode == 0, done.stderr
        assert "that an earlier run had left" in (installation.home / "logs" / "up.log").read_text()
    if end.endswith(("down", "up")):
        assert installation.run("down").returncode == 0
    if not end.startswith("SIGKILL"):
        process.communicate(timeout=900)
        assert process.returncode == 0
    assert processes_of(installation.home) == []
    assert not (installation.home / "up.json").exists()


@pytest.mark.soak
def test_run_whose_process_vanished_is_marked_as_crashed(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    assert installation.run("up", "--detach", "--port", str(installation.port)).returncode == 0
    api = installation.api
    run = run_hello(api, name="lost", seconds=600)
    wait_for(lambda: state_of(api, run) == "RUNNING")
    # A first heartbeat is what the watchdog counts from.
    heartbeat = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}}}
    wait_for(lambda: api.post("/events/filter", heartbeat)["total"], 900)
    worker = psutil.Process(json.loads((installation.home / "up.json").read_text())["pids"]["worker"])
    for process in (worker, *worker.children(recursive=True)):
        process.kill()
    wait_for(lambda: state_of(api, run) == "CRASHED", 900)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_run_that_never_started_is_marked_as_crashed(api: PrefectAPI) -> None:
    flow = api.post("/flows/", {"name": "taken-and-dropped"})
    run = api.post("/flow_runs/", {"flow_id": flow["id"], "state": {"type": "PENDING"}})["id"]
    wait_for(lambda: state_of(api, run) == "CRASHED", PENDING_LIMIT_S + 60)


@pytest.mark.soak
def test_password_is_asked_of_everyone_when_it_is_set(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    secret = {"PREFECT_SERVER_API_AUTH_STRING": "ada:made-up"}
    done = installation.run("up", "--detach", "--host", "0.0.0.0", "--port", str(installation.port), **secret)
    assert done.returncode == 0, done.stderr
    url = json.loads((installation.home / "up.json").read_text())["api_url"]
    with pytest.raises(Rejected, match="401"):
        PrefectAPI(url).post("/flows/count", {})
    api = PrefectAPI(url, "ada:made-up")
    run = run_hello(api, name="known")
    wait_for(lambda: state_of(api, run) == "COMPLETED")
    assert "made-up" not in (installation.home / "up.json").read_text()


@pytest.mark.soak
def test_named_server_is_used_in_place_of_a_new_one(
    running: Installation, new_installation: Callable[[], Installation]
) -> None:
    second = new_installation()
    url = f"http://127.0.0.1:{running.port}/api"
    process = second.start("up", PREFECT_API_URL=url, PREFECT_API_AUTH_STRING=running.login)
    wait_for((second.home / "up.json").exists, 900)
    state = json.loads((second.home / "up.json").read_text())
    assert state["api_url"] == url
    assert state["pids"].keys() == {"up", "worker"}
    process.terminate()
    process.communicate()
    assert PrefectAPI(url).is_healthy()
    assert processes_of(second.home) == []
