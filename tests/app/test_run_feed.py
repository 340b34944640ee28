"""What people are told of flow runs: each start and each end once."""

from datetime import UTC, datetime

import pytest

from app.prefect_api import PrefectAPI
from app.run_feed import RunFeed
from core.errors import Unavailable


def run(state: str, name: str = "leads.csv", run_id: str = "1") -> dict[str, object]:
    return {"id": run_id, "name": name, "state_type": state, "state_name": state.title(), "total_run_time": 3.21}


def test_each_change_is_told_once() -> None:
    feed = RunFeed(PrefectAPI("http://127.0.0.1:1/api"), since=datetime.now(UTC))
    assert feed.lines(run("PENDING")) == []
    assert feed.lines(run("RUNNING")) == ["run leads.csv started"]
    assert feed.lines(run("RUNNING")) == []
    assert feed.lines(run("FAILED")) == ["run leads.csv failed after 3.2 s"]
    assert feed.lines(run("FAILED")) == []
    assert feed.lines(run("RUNNING")) == ["run leads.csv started"]
    assert feed.lines(run("COMPLETED", run_id="2")) == ["run leads.csv started", "run leads.csv completed after 3.2 s"]


def test_server_that_is_away_is_no_news() -> None:
    api = PrefectAPI("http://127.0.0.1:1/api")
    assert RunFeed(api, since=datetime.now(UTC)).news() == []
    assert not api.is_healthy()
    with pytest.raises(Unavailable):
        api.get("/health")
