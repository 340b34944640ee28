"""The compose file: valid, without secrets, and its processes work with its commands and settings."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from installation import ROOT, Installation

from app.prefect_api import PrefectAPI
from db.server import embedded, embedded_valkey

COMPOSE = ROOT / "docker-compose.yml"
SECRETS = {
    "POSTGRES_PASSWORD": "made-up",
    "REDIS_PASSWORD": "made-up-too",
    "PREFECT_AUTH": "ada:made-up",
    "PREFECT_SERVER_ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}


def services() -> dict[str, dict[str, Any]]:
    """The file's services, their variables filled in."""
    text = COMPOSE.read_text()
    filled = re.sub(r"\$\{(\w+):[?-][^}]*\}", lambda found: SECRETS.get(found[1], ""), text)
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(filled)["services"]
    return loaded


def test_file_keeps_to_the_compose_schema() -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run([program, "--builtin-schema", "vendor.compose-spec", COMPOSE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_secret_is_in_the_file() -> None:
    text = COMPOSE.read_text()
    for name, value in re.findall(r"(\w*(?:PASSWORD|SECRET|KEY|AUTH\w*)): (.*)", text):
        assert value.startswith("${"), name
    assert {name for name in SECRETS if f"${{{name}:?" in text} == SECRETS.keys()


def test_redis_asks_for_a_password_that_is_in_no_argument(tmp_path: Path) -> None:
    service = services()["redis"]
    assert not [part for part in service["command"] if SECRETS["REDIS_PASSWORD"] in part]
    shell, flag, script = service["command"]
    (tmp_path / "redis-server").write_text("#!/bin/sh\ncat\n")
    (tmp_path / "redis-server").chmod(0o755)
    given = {"PATH": f"{tmp_path}:{os.environ['PATH']}", **service["environment"]}
    said = subprocess.run([shell, flag, script.replace("$$", "$")], env=given, capture_output=True, text=True)
    assert said.stdout == 'save ""\nrequirepass made-up-too\n'
    assert services()["worker"]["environment"]["REDIS_URL"] == "redis://:made-up-too@redis:6379/0"


def test_every_service_is_watched_and_closed_to_the_network() -> None:
    for name, service in services().items():
        assert name == "migrate" or "healthcheck" in service, name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
    assert services()["pgadmin"]["profiles"] == ["admin"]


def test_image_holds_every_package_and_does_not_run_as_root() -> None:
    import tomllib

    lines = (ROOT / "Dockerfile").read_text().splitlines()
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in wheel["packages"]:
        assert f"COPY {package} {package}" in lines
        assert f"!{package}" in (ROOT / ".dockerignore").read_text().splitlines()
    assert any(line.startswith("USER ") and "root" not in line for line in lines)
    assert any("--require-hashes" in line for line in lines)


class Composed:
    """The file's own processes on this machine, with the containers' names and paths put in terms of it."""

    def __init__(self, installation: Installation, postgres: str, redis: str) -> None:
        self.home, self.root, self.port = installation.home, installation.root, installation.port
        self.postgres, self.redis = postgres, redis
        self.services = services()
        self.programs = self.home / "bin"
        self.programs.mkdir(parents=True)
        for name, meant in {"python": "", "sales-agent": "-m app "}.items():
            program = self.programs / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable} {meant}"$@"\n')
            program.chmod(0o755)

    def local(self, value: str) -> str:
        """Put a command's or setting's part in terms of this machine."""
        prefix = "postgresql+asyncpg://sales_agent:made-up@postgres:5432/"
        if value.startswith(prefix):
            return embedded.asyncpg_url(self.postgres, value.removeprefix(prefix))
        if value == "postgresql://sales_agent:made-up@postgres:5432/sales_agent":
            return self.postgres
        value = {"/data": str(self.home), "/app": str(self.root), "redis://:made-up-too@redis:6379/0": self.redis}.get(
            value, value
        )
        return (
            value.replace("prefect-server:", "127.0.0.1:")
            .replace("0.0.0.0", "127.0.0.1")
            .replace("4200", str(self.port))
        )

    def start(self, service: str, command: list[str] | None = None) -> "subprocess.Popen[bytes]":
        """Start a service's command, or another one in its place."""
        parts = [self.local(part) for part in command or self.services[service]["command"]]
        environment = {name: self.local(value) for name, value in self.services[service]["environment"].items()}
        inherited = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(self.home),
        }
        with (self.home / f"{service}.log").open("ab") as log:
            return subprocess.Popen(
                [str(shutil.which(parts[0], path=str(self.programs))), *parts[1:]],
                env={**inherited, **environment},
                cwd=self.root,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_healthy(self, service: str, within_s: float = 90.0) -> None:
        """Wait until the service's own health check passes."""
        check = self.services[service]["healthcheck"]["test"]
        assert check[0] == "CMD"
        deadline = time.monotonic() + within_s
        while self.start(service, check[1:]).wait() != 0:
            assert time.monotonic() < deadline, (self.home / f"{service}.log").read_text()
            time.sleep(2)


@pytest.mark.installed
def test_processes_work_with_the_files_own_commands(
    new_installation: Callable[[], Installation], postgres_url: str, home: Path
) -> None:
    postgres = embedded.create_database(postgres_url, "composed")
    composed = Composed(new_installation(), postgres, embedded_valkey.ensure_running(home))
    # The migration makes the database that the server's address names.
    address = composed.services["prefect-server"]["environment"]["PREFECT_SERVER_DATABASE_CONNECTION_URL"]
    assert embedded.database_name(address) == embedded.prefect_database("postgresql://h/sales_agent")
    composed.services["prefect-server"]["environment"]["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = address.replace(
        "sales_agent_prefect", "composed_prefect"
    )
    assert composed.start("migrate").wait() == 0, (composed.home / "migrate.log").read_text()
    server = composed.start("prefect-server")
    worker = None
    try:
        composed.await_healthy("prefect-server")
        worker = composed.start("worker")
        composed.await_healthy("worker")
        api = PrefectAPI(f"http://127.0.0.1:{composed.port}/api", SECRETS["PREFECT_AUTH"])
        deployment = api.get("/deployments/name/say-hello/say-hello")
        run = api.post(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"name": "compose"}})
        deadline = time.monotonic() + 60
        while api.get(f"/flow_runs/{run['id']}")["state_type"] != "COMPLETED":
            assert time.monotonic() < deadline, (composed.home / "worker.log").read_text()
            time.sleep(0.2)
    finally:
        for process in (worker, server):
            if process is not None:
                process.terminate()
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    # Compose does so too, after ten seconds: Prefect's worker does not always end on a busy machine.
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(60)
