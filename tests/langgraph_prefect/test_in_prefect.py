"""In a Prefect run every visit of a node is a task run that says what it used; questions are a state of their own."""

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest
from installation import ROOT, Installation

USED = "echo-1, 6 tokens, $0.10"


class Recorded:
    """The runs of `graph_runs`, as the server knows them."""

    def __init__(self, running: Installation) -> None:
        url = json.loads((running.home / "up.json").read_text())["api_url"]
        support = ROOT / "tests" / "support"
        paths = os.pathsep.join((str(ROOT), str(support), str(support / "processes")))
        signed_in = {"PREFECT_API_URL": url, "PREFECT_API_AUTH_STRING": running.login}
        environment = {**running.environment, **signed_in, "PYTHONPATH": paths}
        done = subprocess.run(
            [sys.executable, "-m", "graph_runs"],
            env={**environment, "PREFECT_HOME": str(running.home / "prefect"), "DO_NOT_TRACK": "1"},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        self.api, self.ids, self.given = running.api, told["ids"], told["given"]

    def flow_state(self, flow: str) -> str:
        """Give the name of a run's state."""
        return str(self.api.get(f"/flow_runs/{self.ids[flow]}")["state_name"])

    def nodes(self, flow: str, count: int) -> list[tuple[str, str]]:
        """Wait until so many task runs of a run have ended; give name and state in the order of their starts."""
        deadline = time.monotonic() + 60
        while True:
            wanted = {"flow_runs": {"id": {"any_": [self.ids[flow]]}}, "limit": 100}
            runs: list[dict[str, Any]] = self.api.post("/task_runs/filter", wanted)
            if sum(run["state_type"] in ("COMPLETED", "FAILED") for run in runs) == count:
                return [(run["name"], run["state_name"]) for run in sorted(runs, key=lambda run: run["start_time"])]
            assert time.monotonic() < deadline, [run["name"] for run in runs]
            time.sleep(0.2)

    def artifact(self, key: str, flow: str) -> list[dict[str, Any]]:
        """Give the rows of a table that a run has published."""
        wanted = {"artifacts": {"key": {"any_": [key]}}, "flow_runs": {"id": {"any_": [self.ids[flow]]}}}
        rows: list[dict[str, Any]] = json.loads(self.api.post("/artifacts/filter", wanted)[0]["data"])
        return rows


@pytest.fixture(scope="module")
def recorded(running: Installation) -> Recorded:
    return Recorded(running)


def test_every_visit_is_a_task_run_that_says_what_it_used(recorded: Recorded) -> None:
    assert sorted(recorded.nodes("shapes", 21)) == sorted(
        [
            *((f"work-{step}: {USED}", "Completed") for step in (1, 3)),
            *((f"check-{step}", "Completed") for step in (2, 4)),
            *((f"{node}", "Completed") for node in ("begin-1", "beside-2", "join-3")),
            *((f"each-2.{number}: {USED}", "Completed") for number in range(1, 13)),
            *(("work-1", "Failed"), ("work-1 (attempt 2)", "Completed")),
        ]
    )


def test_a_table_sums_up_what_the_nodes_used(recorded: Recorded) -> None:
    rows = recorded.artifact("loop-nodes", "shapes")
    assert [row["node"] for row in rows] == ["work-1", "check-2", "work-3", "check-4", "all"]
    assert rows[-1]["input tokens"] == rows[-1]["output tokens"] == 6
    assert rows[0]["model"] == "echo-1"


def test_a_question_is_a_state_of_the_run_and_the_answer_another_run(recorded: Recorded) -> None:
    assert recorded.given == ["asked", "done"]
    assert recorded.flow_state("asks") == "Waiting"
    assert recorded.nodes("asks", 2) == [("prepare-1", "Completed"), ("person-2", "Waiting")]
    assert recorded.flow_state("answers") == "Completed"
    assert [name for name, _ in recorded.nodes("answers", 2)] == ["person-2", "act-3"]
