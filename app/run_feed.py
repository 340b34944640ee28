"""One line for each flow run that starts or ends, from Prefect's REST API."""

from datetime import datetime
from typing import Any

from app.prefect_api import PrefectAPI
from core.errors import ProviderError

ENDED = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
RUNS_A_LOOK = 100


class RunFeed:
    """What happened to flow runs since the last look.

    Args:
        api: The Prefect server.
        since: Runs that started earlier are not told of, aware UTC.
    """

    def __init__(self, api: PrefectAPI, *, since: datetime) -> None:
        self.api = api
        self.since = since
        self.told: dict[str, str] = {}

    def news(self) -> list[str]:
        """Return lines for people, oldest first; none while the server does not answer."""
        try:
            runs = self.api.post(
                "/flow_runs/filter",
                {
                    "sort": "START_TIME_DESC",
                    "limit": RUNS_A_LOOK,
                    "flow_runs": {"start_time": {"after_": self.since.isoformat()}},
                },
            )
        except ProviderError:
            return []  # the server is being restarted, of which its supervisor tells
        return [line for run in reversed(runs) for line in self.lines(run)]

    def lines(self, run: dict[str, Any]) -> list[str]:
        """Return what has not been told of one run yet."""
        state = str(run["state_type"])
        before = self.told.get(run["id"])
        if state == before or (state != "RUNNING" and state not in ENDED):
            return []
        self.told[run["id"]] = state
        name = f"run {run['name']}"
        lines = [f"{name} started"] if before != "RUNNING" else []
        if state in ENDED:
            lines.append(f"{name} {str(run['state_name']).lower()} after {float(run['total_run_time']):.1f} s")
        return lines
