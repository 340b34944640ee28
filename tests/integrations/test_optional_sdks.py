"""Without an SDK its provider is off, everything imports, and everything else works."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import importlib, pkgutil, sys

blocked = sys.argv[1].split(",")

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name in blocked or name.startswith(tuple(item + "." for item in blocked)):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
for package in ("flows", "tasks", "agents", "db", "integrations", "app"):
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(module.__path__, package + "."):
        if not found.name.endswith(("__main__", ".env", "versions")) and ".versions." not in found.name:
            importlib.import_module(found.name)

from core.errors import ProviderNotConfigured
exec(sys.argv[2])
"""
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
CASES = {
    "cerebras": ("cerebras", CEREBRAS, "cerebras is off"),
    "cartesia": ("cartesia", CARTESIA, "cartesia is off"),
    "playwright": ("playwright", PLAYWRIGHT, "extra 'browser'"),
    "anthropic": ("anthropic,langchain_anthropic", INNER.format("anthropic"), "extra 'models'"),
    "openai": ("openai,langchain_openai", INNER.format("deepseek"), "extra 'models'"),
    "all": ("cerebras,cartesia,playwright,anthropic,langchain_anthropic,openai,langchain_openai", CEREBRAS, "off"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_missing_sdk_turns_its_provider_off(case: str) -> None:
    blocked, use, says = CASES[case]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, blocked, use], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert says in done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["doctor"]])
def test_the_command_line_works_without_any_of_them(arguments: list[str], tmp_path: Path) -> None:
    use = f"from app.main import main\nmain({arguments!r})"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, CASES["all"][0], use],
        env={**os.environ, "SALES_AGENT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ("Usage: sales-agent" if arguments == ["--help"] else "off     close") in done.stdout
