"""The outside world of the demo: a sandbox of its own, and the settings that point everything at it.

It outlives the command, like what `up` starts; `sales-agent down` finds it by the mark in its environment. A demo that
is started again finds it by what it wrote down, and points itself at it anew.
"""

import json
import os
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx

from app.prefect_environment import SANDBOX_MARK
from app.processes import leftovers
from core.errors import ConfigurationError
from tasks.runtime.readers import default_model, prefix_of, prefixes_of

_START_S = 30
_SETTINGS = {"WEBSITES_ALLOW_PRIVATE_HOSTS": "true", "WEBSITES_DELAY_S": "0"}
LIST = "demo list"
"""The source of the companies that the demo takes all the way."""
_PLAYED = ("enrichment", "crm", "mail")


def is_running(home: Path) -> bool:
    """Return whether this data directory's demo has its sandbox."""
    return bool(leftovers(home, SANDBOX_MARK))


def start(home: Path) -> None:
    """Start the sandbox unless it runs, and point this process and all that it starts at it.

    Raises:
        ConfigurationError: it does not start.
    """
    log = _log(home)
    if not is_running(home):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            subprocess.Popen(
                [sys.executable, "-m", "sandbox", "--port", "0", "--json"],
                env=os.environ | {SANDBOX_MARK: str(home)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    environment: dict[str, str] = _announced(home)["environment"]
    model = default_model()
    played = (prefix_of(model.partition(":")[0]), *prefixes_of(*_PLAYED))
    models = {"MODELS_QUALIFICATION": model, "MODELS_ENRICHMENT": model}
    os.environ.update({name: value for name, value in environment.items() if name.startswith(played)})
    os.environ.update(_SETTINGS | models)


def _log(home: Path) -> Path:
    return home / "logs" / "sandbox.log"


def _announced(home: Path) -> dict[str, Any]:
    """Return what the sandbox says of itself, once it says it."""
    log, deadline = _log(home), time.monotonic() + _START_S
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8")
        if text.endswith("\n"):
            facts: dict[str, Any] = json.loads(text.splitlines()[0])
            return facts
        time.sleep(0.1)  # a process of its own: only its log tells
    raise ConfigurationError(f"the sandbox does not start; its log: {log}")


def companies(home: Path) -> Path:
    """Write the sandbox's own companies, whose websites answer, to a file."""
    answer = httpx.get(f"{_announced(home)['control_url']}/_sandbox/leads.csv", timeout=10, trust_env=False)
    target = home / "sandbox-companies.csv"
    target.write_bytes(answer.content)
    return target


def mailbox(home: Path) -> list[dict[str, Any]]:
    """Return the messages that the sandbox's mail server took, oldest first."""
    address = f"{_announced(home)['control_url']}/_sandbox/state/smtp"
    messages: list[dict[str, Any]] = httpx.get(address, timeout=10, trust_env=False).json()["messages"]
    return messages


def crm_config() -> str:
    """Return the demo's crm.yaml: the example, with only the companies of the list taking part."""
    example = files("core.crm").joinpath("crm_example.yaml").read_text(encoding="utf-8")
    named = "    - {field: company_name, is_set: true, reason: a company needs a name}\n"
    only = f"    - {{field: source, one_of: [{LIST}], reason: not of the demo's list}}\n"
    assert named in example
    return example.replace(named, named + only)
