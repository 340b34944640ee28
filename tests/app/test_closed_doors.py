"""No other account of this machine and no web page gets in: not at the Prefect API, not at a socket, not by a file."""

import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
import stranger
from installation import KEYS, Installation
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from app.prefect_environment import MARK, keys_file
from core.settings.prefect_server import LOGIN_FILE
from db.server import embedded, embedded_valkey
from tasks.runtime.readers import secrecy

Headers = dict[str, str | None]


def signed_in(running: Installation, **more: str | None) -> Headers:
    """Headers with the password, as a browser that has signed in sends them."""
    return {"Authorization": "Basic " + base64.b64encode(running.login.encode()).decode(), **more}


def with_token(running: Installation) -> Headers:
    """Headers with the password and a token against cross-site requests."""
    [(status, body, _)] = stranger.calls(running.port, ("GET", "/api/csrf-token?client=test", signed_in(running), None))
    assert status == 200, body
    return signed_in(running, **{"Prefect-Csrf-Token": json.loads(body)["token"], "Prefect-Csrf-Client": "test"})


def flows(running: Installation) -> int:
    return int(running.api.post("/flows/count", {}))


def test_without_the_password_nobody_reads_or_writes(running: Installation) -> None:
    before = flows(running)
    token = {"Prefect-Csrf-Token": "x", "Prefect-Csrf-Client": "x"}
    wrong = {"Authorization": "Basic " + base64.b64encode(b"sales-agent:guessed").decode()}
    answers = stranger.calls(
        running.port,
        *(("GET", path, {}, None) for path in ("/api/admin/version", "/api/csrf-token?client=x", "/api/docs")),
        ("GET", "/api/admin/settings", wrong, None),
        *(("POST", "/api/flow_runs/filter", headers, {}) for headers in ({}, token, wrong, {**token, **wrong})),
        ("POST", "/api/flows/", {}, {"name": "strange"}),
        ("POST", "/api/deployments/", {}, {"name": "strange", "flow_id": "x"}),
    )
    assert {status for status, _, _ in answers} <= {401, 403}
    assert flows(running) == before


@pytest.mark.parametrize("path", ["/api/events/out", "/api/events/in", "/api/logs/out"])
def test_without_the_password_nobody_listens(running: Installation, path: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://127.0.0.1:{running.port}{path}")
    with connect(f"ws://127.0.0.1:{running.port}{path}", subprotocols=["prefect"]) as socket:  # type: ignore[list-item]
        socket.send(json.dumps({"type": "auth", "token": "sales-agent:guessed"}))
        with pytest.raises(ConnectionClosed):
            socket.recv(30)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:4200", "10.1.2.3", "", None]
)
def test_a_foreign_name_is_not_answered(running: Installation, host: str | None) -> None:
    [(status, body, _)] = stranger.calls(running.port, ("GET", "/api/health", signed_in(running, Host=host), None))
    assert status == 400, body


def test_own_names_are_answered(running: Installation) -> None:
    names = ("localhost", f"LOCALHOST:{running.port}", "127.0.0.1", f"[::1]:{running.port}", "127.8.8.8")
    calls = [("GET", "/api/health", {"Host": name}, None) for name in names]
    assert {status for status, _, _ in stranger.calls(running.port, *calls)} == {200}


def test_a_foreign_page_changes_nothing_even_of_somebody_who_is_signed_in(running: Installation) -> None:
    before = flows(running)
    headers = with_token(running)
    origins = ("http://evil.example", "null", "http://127.0.0.1:1", f"http://127.0.0.1.evil.example:{running.port}")
    answers = stranger.calls(
        running.port,
        *(("POST", "/api/flows/", {**headers, "Origin": origin}, {"name": "strange"}) for origin in origins),
        ("POST", "/api/flows/", signed_in(running), {"name": "strange"}),
    )
    assert {status for status, _, _ in answers} == {403}
    assert "CSRF" in answers[-1][1]
    assert flows(running) == before
    own = {**headers, "Origin": f"http://127.0.0.1:{running.port}"}
    [(status, _, _)] = stranger.calls(running.port, ("POST", "/api/flows/count", own, {}))
    assert status == 200


def test_a_foreign_page_does_not_listen(running: Installation) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://127.0.0.1:{running.port}/api/logs/out", origin="http://evil.example")  # type: ignore[arg-type]


def test_what_is_secret_is_for_its_owner_alone(running: Installation) -> None:
    files = [running.home / LOGIN_FILE, running.home / "prefect-encryption.key", keys_file(running.home)]
    assert stranger.is_shut_out(*files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    secrets = [running.login.partition(":")[2], *KEYS.values()]
    assert len(secrets[0]) >= 32
    told = [file.read_text(errors="replace") for file in (running.home / "logs").iterdir()]
    told += [(running.home / "up.json").read_text()]
    for process in psutil.process_iter():
        try:
            told += process.cmdline() if process.environ().get(MARK) == str(running.home) else []
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    assert not [text for text in told for secret in secrets if secret in text]
    assert str(running.home / LOGIN_FILE) in (running.home / "logs" / "up.log").read_text()


def test_private_servers_have_no_port_and_a_socket_for_us_alone(home: Path, postgres_url: str) -> None:
    [directory] = parse_qs(urlsplit(postgres_url).query)["host"]
    valkey = Path(urlsplit(embedded_valkey.ensure_running(home)).path)
    assert stranger.is_shut_out(Path(directory) / ".s.PGSQL.5432", valkey, as_socket=True)
    server = embedded.embedded_postgres.find(home)
    assert server is not None
    pids = {server.pid, embedded_valkey._process_id(valkey)}
    assert [found for found in psutil.net_connections("inet") if found.pid in pids] == []


def test_a_run_finds_its_keys_and_nobody_elses_program_does(running: Installation, tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    api = running.api
    deployment = api.get("/deployments/name/show-environment/show-environment")
    run = api.post(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"target": str(target)}})
    deadline = time.monotonic() + 120
    while (state := api.get(f"/flow_runs/{run['id']}")["state_type"]) != "COMPLETED":
        assert state not in ("FAILED", "CRASHED")
        assert time.monotonic() < deadline
        time.sleep(0.1)
    found: dict[str, Any] = json.loads(target.read_text())
    assert found["cartesia"] == KEYS["CARTESIA_API_KEY"]
    environment = found["environment"]
    assert not {*KEYS.values()} & {*environment.values()}
    secret = {name for name, is_secret in secrecy() if is_secret}
    assert {name for name in environment if name.upper() in secret} == {"PREFECT_API_AUTH_STRING"}
    assert not {name for name in environment if name.startswith("PREFECT_SERVER_API")}


def test_the_server_is_told_nothing_of_ours(running: Installation) -> None:
    pids = json.loads((running.home / "up.json").read_text())["pids"]
    environment = psutil.Process(pids["Prefect server"]).environ()
    ours = {name for name, _ in secrecy() if not name.startswith("PREFECT_")}
    assert {name for name in environment if name in ours} == {"SALES_AGENT_HOST_NAMES"}
    assert "SOMEBODYS_TOKEN" not in environment


def test_the_password_is_kept_and_one_that_is_set_goes_before_it(tmp_path: Path) -> None:
    import forked

    from core.settings import prefect_server

    first = forked.run({"SALES_AGENT_HOME": str(tmp_path)}, _login)
    assert forked.run({"SALES_AGENT_HOME": str(tmp_path)}, _login) == first
    assert (tmp_path / prefect_server.LOGIN_FILE).read_text() == first
    chosen = {"SALES_AGENT_HOME": str(tmp_path), "PREFECT_SERVER_API_AUTH_STRING": "ada:made-up"}
    assert forked.run(chosen, _login) == "ada:made-up"


def _login() -> str:
    from core.settings.prefect_server import own_login
    from core.settings.settings import settings

    return own_login(settings())
