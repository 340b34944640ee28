"""The outside world of the demo: a sandbox of its own, and the settings that point everything at it.

It outlives the command, like what `up` starts; `sales-agent down` finds it by the mark in its environment.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from app.prefect_environment import SANDBOX_MARK
from app.processes import leftovers
from core.errors import ConfigurationError
from tasks.runtime.readers import default_model, prefix_of, prefixes_of

_START_S = 30
_SETTINGS = {"WEBSITES_ALLOW_PRIVATE_HOSTS": "true", "WEBSITES_DELAY_S": "0"}


def is_running(home: Path) -> bool:
    """Return whether this data directory's demo has its sandbox."""
    return bool(leftovers(home, SANDBOX_MARK))


def start(home: Path) -> None:
    """Start the sandbox, and point this process and all that it starts at it.

    Raises:
        ConfigurationError: it does not start.
    """
    log = home / "logs" / "sandbox.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", "0", "--json"],
            env=os.environ | {SANDBOX_MARK: str(home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    environment: dict[str, str] = _announced(process, log)["environment"]
    model = default_model()
    played = (prefix_of(model.partition(":")[0]), *prefixes_of("enrichment"))
    models = {"MODELS_QUALIFICATION": model, "MODELS_ENRICHMENT": model}
    os.environ.update({name: value for name, value in environment.items() if name.startswith(played)})
    os.environ.update(_SETTINGS | models)


def _announced(process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text(encoding="utf-8")
        if text.endswith("\n"):
            facts: dict[str, Any] = json.loads(text.splitlines()[0])
            return facts
        time.sleep(0.1)  # a process of its own: only its log tells
    raise ConfigurationError(f"the sandbox does not start; its log: {log}")


def companies(home: Path) -> Path | None:
    """Write the sandbox's own companies, whose websites answer, to a file; None where there is no such sandbox."""
    try:
        announced = json.loads((home / "logs" / "sandbox.log").read_text(encoding="utf-8").splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    answer = httpx.get(f"{announced['control_url']}/_sandbox/leads.csv", timeout=10, trust_env=False)
    target = home / "sandbox-companies.csv"
    target.write_bytes(answer.content)
    return target
