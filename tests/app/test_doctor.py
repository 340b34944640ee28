"""`sales-agent doctor` as a person, or a script, runs it."""

import json
import subprocess
from pathlib import Path

from forked import sales_agent

from sandbox.server import SandboxControl

KEYS = {
    "name",
    "state",
    "configured",
    "reachable",
    "key_accepted",
    "limits",
    "models",
    "detail",
    "advice",
    "seconds",
}


def doctor(home: Path, *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return sales_agent("doctor", *options, home=home, **environment)


def test_nothing_configured_is_one_screen_and_exit_code_0(tmp_path: Path) -> None:
    done = doctor(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert all(line.startswith("off ") for line in lines)
    assert len(lines) < 24


def test_a_mail_server_that_lets_nobody_in_is_told(sandbox: SandboxControl, tmp_path: Path) -> None:
    sandbox.settings("smtp", keys=["maud:right"])
    smtp = {name: value for name, value in sandbox.environment.items() if name.startswith("SMTP_")}
    done = doctor(tmp_path, **smtp, SMTP_USERNAME="maud", SMTP_PASSWORD="wrong")
    assert done.returncode == 1
    assert ["failed", "smtp"] in [line.split()[:2] for line in done.stdout.splitlines()]
    assert "SMTP_PASSWORD" in done.stdout
    assert "ok" in doctor(tmp_path, **smtp, SMTP_USERNAME="maud", SMTP_PASSWORD="right").stdout


def test_findings_are_json_of_one_shape(sandbox: SandboxControl, tmp_path: Path) -> None:
    done = doctor(tmp_path, "--json", **sandbox.environment)
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    assert found["ok"] is True
    assert all(set(check) == KEYS for check in found["checks"])
    assert {check["name"] for check in found["checks"] if check["key_accepted"]} >= {"close", "cerebras", "cartesia"}


def test_what_does_not_work_says_what_to_do_and_is_exit_code_1(sandbox: SandboxControl, tmp_path: Path) -> None:
    given = sandbox.environment | {"CLOSE_API_KEY": "wrong-key-secret", "APOLLO_BASE_URL": "http://127.0.0.1:9"}
    done = doctor(tmp_path, **given)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    failed = [place for place, line in enumerate(lines) if line.startswith("failed")]
    assert [lines[place].split()[1] for place in failed] == ["close", "apollo"]
    assert all(lines[place + 1].strip().startswith("-> ") for place in failed)
    said = done.stdout + done.stderr
    assert not any(value in said for name, value in given.items() if name.endswith("_KEY"))
