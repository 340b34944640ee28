"""Schedules: what writes or spends begins switched off, and what a person set stays through restart and redeploy."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from installation import ROOT, Installation

from app import redeploy, schedules
from app.prefect_api import PrefectAPI
from core.errors import InvalidInput

SAFE = {"sweep"}
"""Deployments that run by themselves from the start: they write nothing outside and spend nothing."""


def test_nothing_that_writes_or_spends_runs_unasked() -> None:
    project = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    on = {
        deployment["name"]
        for deployment in project["deployments"]
        for schedule in deployment.get("schedules", [])
        if schedule.get("active", True)
    }
    assert on == SAFE


@pytest.fixture
def api(running: Installation) -> Iterator[PrefectAPI]:
    """Return the server, and take back what a test set on `refresh-leads`."""
    yield running.api
    found = schedules.deployment(running.api, "refresh-leads")
    for each in found["schedules"]:
        running.api.delete(f"/deployments/{found['id']}/schedules/{each['id']}")
    running.api.patch(f"/deployments/{found['id']}", {"paused": False, "parameters": {"request": {}}})


def rows(api: PrefectAPI) -> list[tuple[str, str, bool]]:
    found = schedules.rows_of(schedules.deployment(api, "refresh-leads"))
    return [(row["when"], row["timezone"], row["runs"]) for row in found]


def test_a_schedule_is_set_switched_and_shown(running: Installation, api: PrefectAPI) -> None:
    with pytest.raises(InvalidInput, match="schedule set refresh-leads --cron"):
        schedules.switch(api, "refresh-leads", active=True)
    schedules.change(api, "refresh-leads", cron="30 3 * * *", timezone=None)
    assert rows(api) == [("30 3 * * *", "UTC", False)]
    schedules.switch(api, "refresh-leads", active=True)
    schedules.change(api, "refresh-leads", cron=None, timezone="Europe/Berlin")
    assert rows(api) == [("30 3 * * *", "Europe/Berlin", True)]
    schedules.change(api, "refresh-leads", cron="0 6 * * 1-5", timezone=None)
    assert rows(api) == [("0 6 * * 1-5", "Europe/Berlin", True)]
    found = schedules.deployment(api, "refresh-leads")
    api.post(f"/deployments/{found['id']}/pause_deployment", {})
    assert rows(api)[0][2] is False
    done = running.run("schedule", "on", "refresh-leads")
    assert (done.returncode, "0 6 * * 1-5" in done.stdout) == (0, True), done.stderr
    assert rows(api)[0][2] is True
    schedules.switch(api, "refresh-leads", active=False)
    listed = json.loads(running.run("schedule", "list", "--json").stdout)
    assert [(row["deployment"], row["runs"]) for row in listed] == [("refresh-leads", False)]


@pytest.mark.parametrize(
    ("name", "cron", "timezone", "says"),
    [
        ("refresh-leads", "every day", None, "no cron line"),
        ("refresh-leads", "0 6 * * *", "Mars/Phobos", "no time zone"),
        ("refresh-leads", None, "UTC", "--cron"),
        ("refresh", "0 6 * * *", None, "refresh-leads"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    api: PrefectAPI, name: str, cron: str | None, timezone: str | None, says: str
) -> None:
    with pytest.raises(InvalidInput, match=says) as refused:
        schedules.change(api, name, cron=cron, timezone=timezone)
    assert "\n" not in str(refused.value)
    assert rows(api) == []


def test_what_is_deployed_again_is_what_is_there(api: PrefectAPI) -> None:
    schedules.change(api, "refresh-leads", cron="5 5 * * *", timezone=None)
    found = schedules.deployment(api, "refresh-leads")
    api.patch(f"/deployments/{found['id']}", {"paused": True, "parameters": {"request": {"limit": 7}}})
    with redeploy.keeping_what_people_set(api, ROOT / "prefect.yaml") as draft:
        deployed = {each["name"]: each for each in yaml.safe_load(draft.read_text())["deployments"]}
        # As a deployment would that fills in or forgets something.
        api.patch(f"/deployments/{found['id']}", {"paused": False, "parameters": {"request": {}, "added": 1}})
    assert deployed["refresh-leads"]["schedules"] == []
    assert deployed["refresh-leads"]["paused"] is True
    assert deployed["refresh-leads"]["parameters"] == {"request": {"limit": 7}}
    after = schedules.deployment(api, "refresh-leads")
    assert (after["paused"], after["parameters"]) == (True, {"request": {"limit": 7}, "added": 1})
    assert rows(api) == [("5 5 * * *", "UTC", False)]


def test_what_is_new_is_deployed_as_the_project_has_it(api: PrefectAPI, tmp_path: Path) -> None:
    project = {"deployments": [{"name": "new", "entrypoint": "f.py:f", "schedules": [{"cron": "0 0 * * *"}]}]}
    file = tmp_path / "prefect.yaml"
    file.write_text(yaml.safe_dump(project))
    with redeploy.keeping_what_people_set(api, file) as draft:
        assert yaml.safe_load(draft.read_text()) == project


def as_set(api: PrefectAPI, *names: str) -> dict[str, Any]:
    """What a person may have set on deployments."""
    found = {}
    for name in names:
        deployment = schedules.deployment(api, name)
        each = [(one["id"], one["active"], one["schedule"], one["parameters"]) for one in deployment["schedules"]]
        found[name] = (sorted(each), deployment["paused"], deployment["parameters"])
    return found


@pytest.mark.installed
def test_schedules_stay_through_restart_and_redeploy(new_installation: Callable[[], Installation]) -> None:
    installation = new_installation()
    (installation.root / "prefect.yaml").write_text((ROOT / "prefect.yaml").read_text())
    up = ("up", "--detach", "--port", str(installation.port))
    assert installation.run(*up).returncode == 0
    api = installation.api
    assert {row["deployment"] for row in schedules.listed(api) if row["runs"]} == SAFE
    login = installation.login

    schedules.switch(api, "sweep", active=False)
    schedules.change(api, "sync-crm", cron="5 7 * * *", timezone="Europe/Berlin")
    schedules.switch(api, "sync-crm", active=True)
    refresh = schedules.deployment(api, "refresh-leads")["id"]
    api.post(f"/deployments/{refresh}/schedules", [{"schedule": {"interval": 86_400}, "parameters": {"request": {}}}])
    api.patch(f"/deployments/{refresh}", {"paused": True, "parameters": {"request": {"limit": 7}}})
    discover = schedules.deployment(api, "discover-contacts")
    api.delete(f"/deployments/{discover['id']}/schedules/{discover['schedules'][0]['id']}")
    names = ("sweep", "sync-crm", "refresh-leads", "discover-contacts")
    before = as_set(api, *names)

    again = installation.run("prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(ROOT / "prefect.yaml"))
    assert again.returncode == 0, again.stdout + again.stderr
    assert as_set(api, *names) == before
    assert installation.run("down").returncode == 0
    assert installation.run(*up).returncode == 0
    assert installation.login == login
    assert as_set(api, *names) == before
