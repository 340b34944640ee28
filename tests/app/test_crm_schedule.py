"""The synchronisation on its schedule: Prefect starts it, a worker runs it, the UI shows it, a pause stops it."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from installation import Installation

from app.prefect_api import PrefectAPI

CONFIG = """
provider: directory
directory: {directory}
leads:
  fields:
    - {{ours: company_name, theirs: name}}
    - {{ours: city, theirs: address.city}}
"""


def wait_for(what: Callable[[], Any], within_s: float = 150.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return found


@pytest.fixture
def api(running: Installation) -> PrefectAPI:
    return running.api


@pytest.fixture
def crm(running: Installation, tmp_path: Path) -> Iterator[Path]:
    """Let the installation keep a directory of JSON files in step."""
    (running.home / "crm.yaml").write_text(CONFIG.format(directory=tmp_path))
    (tmp_path / "moorend.json").write_text(json.dumps({"id": "moorend", "values": {"name": "Moor End Ltd"}}))
    yield tmp_path
    (running.home / "crm.yaml").unlink()


@pytest.fixture
def deployment(api: PrefectAPI) -> Iterator[dict[str, Any]]:
    """Give the deployment a schedule of a few seconds."""
    found = api.get("/deployments/name/sync-crm/sync-crm")
    (added,) = api.post(f"/deployments/{found['id']}/schedules", [{"schedule": {"interval": 5}, "active": True}])
    yield found
    api.delete(f"/deployments/{found['id']}/schedules/{added['id']}")
    api.post(f"/deployments/{found['id']}/resume_deployment", {})


def runs_of(api: PrefectAPI, deployment: dict[str, Any], *states: str) -> list[dict[str, Any]]:
    wanted = {"deployment_id": {"any_": [deployment["id"]]}, "state": {"type": {"any_": list(states)}}}
    found: list[dict[str, Any]] = api.post("/flow_runs/filter", {"flow_runs": wanted, "sort": "START_TIME_ASC"})
    return found


@pytest.mark.installed
def test_a_schedule_starts_it_and_a_pause_stops_it(
    running: Installation, api: PrefectAPI, crm: Path, deployment: dict[str, Any]
) -> None:
    (first, *_) = wait_for(lambda: runs_of(api, deployment, "COMPLETED"))
    api.post(f"/deployments/{deployment['id']}/pause_deployment", {})
    assert first["auto_scheduled"]
    shown = api.post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [first["id"]]}}})
    keys = {artifact["key"] for artifact in shown}
    assert keys >= {"crm-sync-report", "crm-plan", "crm-in-sync", "crm-pending", "crm-excluded", "crm-failing"}
    status = json.loads(running.run("crm", "status", "--state", "in_sync", "--json").stdout)
    assert "Moor End Ltd" in [record["company_name"] for record in status["records"]]

    wait_for(lambda: not runs_of(api, deployment, "RUNNING", "PENDING"))
    assert runs_of(api, deployment, "SCHEDULED") == []
    done = len(runs_of(api, deployment, "COMPLETED"))
    time.sleep(6)
    assert len(runs_of(api, deployment, "COMPLETED")) == done
    api.post(f"/deployments/{deployment['id']}/resume_deployment", {})
    wait_for(lambda: runs_of(api, deployment, "SCHEDULED", "PENDING", "RUNNING"))


@pytest.mark.soak
def test_two_never_run_at_once(running: Installation, api: PrefectAPI, crm: Path, deployment: dict[str, Any]) -> None:
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    finished = wait_for(lambda: (found := runs_of(api, deployment, "COMPLETED"))[3:] and found)
    spans = [(run["start_time"], run["end_time"]) for run in finished]
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans)), spans
