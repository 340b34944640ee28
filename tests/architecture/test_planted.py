"""The watch for planted secrets sees what it is there for."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from planted import PLANTED

SUPPORT = Path(__file__).parents[1] / "support"
CONFTEST = """
from planted import PlantedSecrets

def pytest_configure(config):
    config.pluginmanager.register(PlantedSecrets())
"""
LEAKS = {
    "log message": "logging.getLogger('db.spend').debug('key is %s', 'csk-sandbox')",
    "log facts": "logging.getLogger('db.spend').info('asked', extra={'who': 'maud@brackwater-pumps.example'})",
    "other loggers": "logging.getLogger('httpx').warning('GET /?signingKey=1')",
    "raised text": "with pytest.raises(ValueError):\n        raise ValueError('sk-ant-sandbox')",
    "its cause": "with pytest.raises(ValueError):\n        raise ValueError('no') from KeyError('top-secret')",
    "output": "print('api_sandbox')",
}
CLEAN = (
    "logging.getLogger('db.spend').info('fine')\n    with pytest.raises(ValueError):\n        raise ValueError('no')"
)


def outcome(place: Path, lines: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a session of a test for each of these lines."""
    (place / "conftest.py").write_text(CONFTEST)
    tests = [f"def test_{name.replace(' ', '_')}():\n    {line}\n" for name, line in lines.items()]
    (place / "test_it.py").write_text("\n\n".join(["import logging\nimport pytest", *tests]))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", str(place)]
    environment = {"PYTHONPATH": str(SUPPORT), "PATH": ""}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=900, check=False)


def test_a_leak_fails_the_session_and_nothing_else_does(tmp_path: Path) -> None:
    done = outcome(tmp_path, {**LEAKS, "clean": CLEAN})
    assert done.returncode == 1
    assert done.stdout.count("a planted secret showed") >= len(LEAKS)
    failed = {
        line.split("::")[1].split()[0] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))
    }
    assert failed == {f"test_{name.replace(' ', '_')}" for name in LEAKS}, done.stdout


def test_every_key_of_the_sandbox_is_planted(serving) -> None:
    keys = {name: value for name, value in serving.environment.items() if name.endswith("_API_KEY")}
    assert len(keys) >= 8
    assert [name for name, value in keys.items() if not PLANTED.search(value)] == []
