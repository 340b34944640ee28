"""Without an SDK its provider is off, everything imports, and everything else works."""

import json
import os
import subprocess
import sys
from pathlib import Path

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
import asyncio
from pydantic import SecretStr
from integrations import plugs
from integrations.model_endpoint import Endpoint
endpoint = Endpoint("{0}", "http://127.0.0.1:9", SecretStr("k"), None)
try:
    asyncio.run(plugs.find("{0}").chat.open(endpoint, "m", 64, None))
except ProviderNotConfigured as error:
    print(error)
"""
COMMAND = "from app.main import main\nmain({0!r})"
SDKS = {
    "cerebras": (["cerebras"], CEREBRAS, "cerebras is off"),
    "cartesia": (["cartesia"], CARTESIA, "cartesia is off"),
    "playwright": (["playwright"], PLAYWRIGHT, "extra 'browser'"),
    "anthropic": (["anthropic", "langchain_anthropic"], INNER.format("anthropic"), "extra 'models'"),
    "openai": (["openai", "langchain_openai"], INNER.format("deepseek"), "extra 'models'"),
}
COMMANDS = {"--help": "Usage: sales-agent", "doctor": "off     close"}


def said_without(packages: list[str], cases: dict[str, str], home: Path) -> dict[str, tuple[int, str]]:
    """Import everything where some packages are not installed, then run cases; return exit codes and output."""
    codes = {case: f"from core.errors import ProviderNotConfigured\n{code}" for case, code in cases.items()}
    done = subprocess.run(
        [sys.executable, without_sdks.__file__],
        env={**os.environ, "SALES_AGENT_HOME": str(home), "PYTHONPATH": str(ROOT)},
        input=json.dumps([packages, codes]),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results: dict[str, tuple[int, str]] = json.loads(done.stdout)
    return results


def test_without_any_everything_else_works(tmp_path: Path) -> None:
    packages = [package for blocked, _, _ in SDKS.values() for package in blocked]
    wanted = {**{case: says for case, (_, _, says) in SDKS.items()}, **COMMANDS}
    cases = {case: code for case, (_, code, _) in SDKS.items()}
    said = said_without(packages, cases | {name: COMMAND.format([name]) for name in COMMANDS}, tmp_path)
    assert said.keys() == wanted.keys()
    for case, says in wanted.items():
        code, output = said[case]
        assert code == 0, output
        assert says in output


@pytest.mark.soak
@pytest.mark.parametrize("sdk", SDKS)
def test_without_one_everything_else_works(sdk: str, tmp_path: Path) -> None:
    packages, code, says = SDKS[sdk]
    exit_code, output = said_without(packages, {sdk: code}, tmp_path)[sdk]
    assert exit_code == 0, output
    assert says in output
