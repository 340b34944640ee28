"""What a Prefect server must hold before work can start: the pool, the watchdogs, the deployments.

Everything here may run again at any time: what is there is brought up to date, never doubled.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.prefect_api import PrefectAPI
from app.prefect_environment import HEARTBEAT_S, WORK_POOL
from app.processes import last_line
from core.errors import ConfigurationError, Rejected

PENDING_LIMIT_S = 600
ENDED = [
    f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Crashed", "Cancelled", "Cancelling", "TimedOut")
]
WAITING = [f"prefect.flow-run.{name}" for name in ("Paused", "Suspended", "AwaitingRetry", "Scheduled", "Pending")]


def _watchdog(
    name: str, description: str, after: str, expect: list[str], within_s: int, message: str
) -> dict[str, Any]:
    return {
        "name": name,
        "description": description,
        "enabled": True,
        "trigger": {
            "type": "event",
            "posture": "Proactive",
            "match": {"prefect.resource.id": ["prefect.flow-run.*"]},
            "for_each": ["prefect.resource.id"],
            "after": [after],
            "expect": expect,
            "threshold": 1,
            "within": within_s,
        },
        "actions": [{"type": "change-flow-run-state", "state": "CRASHED", "message": message}],
    }


# Source: Prefect documentation, "Detect and respond to zombie flows" (checked November 2026). A run that waits
# (paused, suspended, between retries) sends no heartbeats and is not dead.
WATCHDOGS = [
    _watchdog(
        "sales-agent: runs that stopped answering",
        "Marks a run as Crashed whose process died without a word.",
        "prefect.flow-run.heartbeat",
        ["prefect.flow-run.heartbeat", *ENDED, *WAITING],
        3 * HEARTBEAT_S,
        "No heartbeat for 90 s: the process or its machine died. Run it again; it continues where it stopped.",
    ),
    _watchdog(
        "sales-agent: runs that never started",
        "Marks a run as Crashed that a worker took and did not start.",
        "prefect.flow-run.Pending",
        ["prefect.flow-run.Running", *ENDED, *[state for state in WAITING if not state.endswith("Pending")]],
        PENDING_LIMIT_S,
        "Taken by a worker that did not start it within 10 minutes. Run it again.",
    ),
]


def ensure_pool(api: PrefectAPI) -> None:
    """Make the work pool unless it is there; the worker fills in its job template."""
    try:
        api.post("/work_pools/", {"name": WORK_POOL, "type": "process", "description": "Runs flows on this machine."})
    except Rejected as error:
        if error.status != 409:
            raise


def ensure_watchdogs(api: PrefectAPI) -> None:
    """Make the watchdogs, or bring them up to date; one that a person paused stays paused."""
    for wanted in WATCHDOGS:
        found = api.post("/automations/filter", {"automations": {"name": {"any_": [wanted["name"]]}}})
        if not found:
            api.post("/automations/", wanted)
        for automation in found:
            api.put(f"/automations/{automation['id']}", {**wanted, "enabled": automation["enabled"]})


def flows_root(root: Path | None) -> Path:
    """Return the directory that entrypoints in `prefect.yaml` are relative to.

    Args:
        root: The setting; without it, the checkout or the directory this program is installed in.
    """
    if root is not None:
        return root.expanduser().absolute()
    spec = importlib.util.find_spec("flows")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError("The flows are not installed beside this program: install it again.")
    return Path(next(iter(spec.submodule_search_locations))).resolve().parent


def deployments_file(root: Path) -> Path:
    """Return `prefect.yaml`: at the root of a checkout, or among the package data of `app` when installed."""
    for file in (root / "prefect.yaml", root / "app" / "prefect.yaml"):
        if file.is_file():
            return file
    raise ConfigurationError(f"There is no prefect.yaml in {root}: set SALES_AGENT_ROOT to the directory that has it.")


def deploy_command(file: Path) -> list[str]:
    """Return the command that registers every deployment of a `prefect.yaml`."""
    return [sys.executable, "-m", "app.prefect_cli", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)]


def has_deployments(file: Path) -> bool:
    """Return whether a `prefect.yaml` names any deployment; Prefect refuses a file without."""
    import yaml

    return bool((yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("deployments"))


def start_deploying(root: Path, environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes] | None":
    """Start registering the deployments; return the process, or None when there is nothing to register."""
    file = deployments_file(root)
    if not has_deployments(file):
        return None
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own program
            deploy_command(file),
            cwd=root,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def check_registered(code: int, log: Path) -> None:
    """Raise a `ConfigurationError` when registering the deployments ended with an exit code other than 0."""
    if code != 0:
        raise ConfigurationError(f"The deployments could not be registered: {last_line(log)} (log: {log})")
