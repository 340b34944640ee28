"""When deployments run by themselves: reading and changing their schedules on the Prefect server."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.prefect_api import PrefectAPI
from app.prefect_environment import WORK_POOL
from core.errors import InvalidInput, Rejected


def listed(api: PrefectAPI) -> list[dict[str, Any]]:
    """Return each deployment's schedules, a row each; `runs` is whether it starts runs by itself as things are."""
    return [row for deployment in _deployments(api) for row in rows_of(deployment)]


def rows_of(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a deployment's schedules, a row each."""
    return [
        {
            "deployment": deployment["name"],
            "runs": each["active"] and not deployment["paused"],
            "when": _words(each["schedule"]),
            "timezone": each["schedule"].get("timezone") or "UTC",
            "active": each["active"],
            "deployment_paused": deployment["paused"],
        }
        for each in deployment["schedules"]
    ]


def switch(api: PrefectAPI, name: str, *, active: bool) -> dict[str, Any]:
    """Switch all schedules of a deployment on or off; return the deployment. On, it is no longer paused either.

    Raises:
        InvalidInput: there is no such deployment, or it has no schedule.
    """
    found = deployment(api, name)
    if not found["schedules"]:
        raise InvalidInput(
            f'{name} has no schedule: give it one with `sales-agent schedule set {name} --cron "0 6 * * *"`'
        )
    for each in found["schedules"]:
        api.patch(f"/deployments/{found['id']}/schedules/{each['id']}", {"active": active})
    if active and found["paused"]:
        api.post(f"/deployments/{found['id']}/resume_deployment", {})
    return deployment(api, name)


def change(api: PrefectAPI, name: str, *, cron: str | None, timezone: str | None) -> dict[str, Any]:
    """Change when a deployment runs; return it. A schedule that is new is off until it is switched on.

    Raises:
        InvalidInput: there is no such deployment or time zone, it is no cron line, or there are several schedules.
    """
    _check_timezone(timezone)
    found = deployment(api, name)
    schedules = found["schedules"]
    if len(schedules) > 1:
        raise InvalidInput(f"{name} has {len(schedules)} schedules: change them in the Prefect UI")
    before = schedules[0]["schedule"] if schedules else {}
    if cron is None and not before:
        raise InvalidInput(f"{name} has no schedule: say when it shall run with --cron")
    wanted = {**before, "timezone": timezone or before.get("timezone") or "UTC"}
    if cron is not None:
        wanted = {"cron": cron, "timezone": wanted["timezone"]}
    try:
        if schedules:
            api.patch(f"/deployments/{found['id']}/schedules/{schedules[0]['id']}", {"schedule": wanted})
        else:
            api.post(f"/deployments/{found['id']}/schedules", [{"schedule": wanted, "active": False}])
    except Rejected as error:
        if error.status != 422:
            raise
        raise InvalidInput(
            f'{cron!r} is no cron line: write minute, hour, day, month, weekday, as "0 6 * * 1-5"'
        ) from None
    return deployment(api, name)


def deployment(api: PrefectAPI, name: str) -> dict[str, Any]:
    """Return a deployment of ours by its name. Raises InvalidInput, naming those that there are."""
    known = _deployments(api)
    for found in known:
        if found["name"] == name:
            return found
    raise InvalidInput(f"there is no deployment {name!r}: {', '.join(found['name'] for found in known)}")


def _deployments(api: PrefectAPI) -> list[dict[str, Any]]:
    ours = {"work_pools": {"name": {"any_": [WORK_POOL]}}, "sort": "NAME_ASC"}
    return api.pages("/deployments/filter", ours)


def _words(schedule: dict[str, Any]) -> str:
    if "cron" in schedule:
        return str(schedule["cron"])
    return f"every {schedule['interval']:g} s" if "interval" in schedule else str(schedule.get("rrule", schedule))


def _check_timezone(name: str | None) -> None:
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(f"{name!r} is no time zone: write one as Europe/Berlin") from None
