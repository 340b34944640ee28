"""The whole pipeline over the sandbox: with everybody, with nobody, with one who fails; killed and run again."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pipeline_process import finish, seed, start

if TYPE_CHECKING:
    from sandbox.server import SandboxControl


@pytest.fixture
def place(database: str, home: Path, tmp_path: Path) -> dict[str, str]:
    """Return the settings of a run that has no provider."""
    return {
        "POSTGRES_URL": database,
        "SALES_AGENT_HOME": str(home),
        "WEBSITES_ALLOW_PRIVATE_HOSTS": "true",
        "WEBSITES_DELAY_S": "0",
        "WEBSITES_CACHE_DIR": str(tmp_path / "cache"),
    }


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {stage["step"]: stage["outcome"] for stage in report["stages"]}


def test_with_every_provider_off_it_ends_with_a_report_that_tells(
    place: dict[str, str], sandbox: "SandboxControl", tmp_path: Path
) -> None:
    file = seed(sandbox, tmp_path)
    report = finish(start(place, tmp_path, file))
    assert outcomes(report) == {
        "import": "done", "score": "done", "enrich": "done", "discover": "done", "score again": "done", "plan": "off",
    }  # fmt: skip
    told = {stage["step"]: stage["sentence"] for stage in report["stages"]}
    assert told["import"].startswith("8 rows: 8 new companies")
    assert "by the rules alone (no model is configured)" in told["score"]
    assert "CLOSE_API_KEY is not set" in told["plan"]
    assert "not set up: " in told["enrich"]
