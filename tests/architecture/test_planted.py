"""The watch for planted secrets sees what it is there for."""

import subprocess
import sys
from pathlib import Path

import pytest
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


def outcome(place: Path, line: str) -> "subprocess.CompletedProcess[str]":
    (place / "conftest.py").write_text(CONFTEST)
    (place / "test_it.py").write_text(f"import logging\nimport pytest\n\ndef test_it():\n    {line}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", str(place)]
    environment = {"PYTHONPATH": str(SUPPORT), "PATH": ""}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_fails_the_session(leak: str, tmp_path: Path) -> None:
    done = outcome(tmp_path, LEAKS[leak])
    assert done.returncode == 1
    assert "a planted secret showed" in done.stdout


def test_every_key_of_the_sandbox_is_planted(serving) -> None:
    keys = {name: value for name, value in serving.environment.items() if name.endswith("_API_KEY")}
    assert len(keys) >= 8
    assert [name for name, value in keys.items() if not PLANTED.search(value)] == []


def test_a_clean_test_passes(tmp_path: Path) -> None:
    assert outcome(tmp_path, CLEAN).returncode == 0
