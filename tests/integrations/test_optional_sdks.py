"""Without an SDK its provider is off, everything imports, and everything else works."""

import json
import os
import subprocess
import sys

import pytest
import without_sdks
from installation import ROOT

CEREBRAS = """
from integrations.cerebras.client import CerebrasClient
try:
    CerebrasClient("http://127.0.0.1:9", "k", None)
except ProviderNotConfigured as error:
    print(error)
"""
CARTESIA = """
from integrations.cartesia.client import CartesiaClient
try:
    CartesiaClient("http://127.0.0.1:9", "k", None, slots=None)
except ProviderNotConfigured as error:
    print(error)
"""
PLAYWRIGHT = """
import asyncio
from integrations.browserbase.linkedin import fetch_with_playwright
try:
    asyncio.run(fetch_with_playwright("ws://127.0.0.1:9", "http://127.0.0.1:9"))
except ProviderNotConfigured as error:
    print(error)
"""
INNER = """
from pydantic import SecretStr
from agents import models
endpoint = models.Endpoint("{0}", "http://127.0.0.1:9", SecretStr("k"), None)
try:
    models._inner(models.ModelChoice("{0}", "m"), endpoint, endpoint.api_key, 64)
except ProviderNotConfigured as error:
    print(error)
"""
EVERY = "cerebras,cartesia,playwright,anthropic,langchain_anthropic,openai,langchain_openai"
COMMAND = "from app.main import main\nmain({0!r})"
CASES = {
    "cerebras": ("cerebras", CEREBRAS, "cerebras is off"),
    "cartesia": ("cartesia", CARTESIA, "cartesia is off"),
    "playwright": ("playwright", PLAYWRIGHT, "extra 'browser'"),
    "anthropic": ("anthropic,langchain_anthropic", INNER.format("anthropic"), "extra 'models'"),
    "openai": ("openai,langchain_openai", INNER.format("deepseek"), "extra 'models'"),
    "all": (EVERY, CEREBRAS, "off"),
    "--help without any": (EVERY, COMMAND.format(["--help"]), "Usage: sales-agent"),
    "doctor without any": (EVERY, COMMAND.format(["doctor"]), "off     close"),
}


@pytest.fixture(scope="module", params=["shared-forks"])
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Run every case, each in a process where its SDKs are not installed; return exit codes and output."""
    given = {
        case: (blocked.split(","), f"from core.errors import ProviderNotConfigured\n{code}")
        for case, (blocked, code, _) in CASES.items()
    }
    done = subprocess.run(
        [sys.executable, without_sdks.__file__],
        env={**os.environ, "SALES_AGENT_HOME": str(tmp_path_factory.mktemp("home")), "PYTHONPATH": str(ROOT)},
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results: dict[str, tuple[int, str]] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize("case", CASES)
def test_everything_else_works_without(case: str, said: dict[str, tuple[int, str]]) -> None:
    code, output = said[case]
    assert code == 0, output
    assert CASES[case][2] in output
