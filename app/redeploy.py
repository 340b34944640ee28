"""Registering deployments again without taking back what a person has set on them.

`prefect.yaml` says with which schedules, parameters and pause a deployment begins. From then on they are the server's:
whoever changed them in Prefect or with `sales-agent schedule` finds them so after a restart, an upgrade, a worker
more. Only what belongs to the program is brought up to date: entrypoint, form, work pool, tags, limits.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from app.prefect_api import PrefectAPI

_KEPT = ("parameters", "paused")


@contextmanager
def keeping_what_people_set(api: PrefectAPI, file: Path) -> Iterator[Path]:
    """Yield a `prefect.yaml` to deploy in the place of `file`; afterwards, see that nothing was lost.

    Args:
        api: Where the deployments may be already.
        file: The project's own `prefect.yaml`.
    """
    project: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    names = [wanted["name"] for wanted in project["deployments"]]
    known = api.pages("/deployments/filter", {"deployments": {"name": {"any_": names}}, "sort": "NAME_ASC"})
    before = {}
    for wanted in project["deployments"]:
        found = _same(wanted, known)
        if found is None:
            continue
        before[found["id"]] = found
        # An empty list is Prefect's word for leaving the schedules as they are.
        wanted["schedules"] = []
        wanted["parameters"] = {**(wanted.get("parameters") or {}), **found["parameters"]}
        wanted["paused"] = found["paused"]
    with tempfile.TemporaryDirectory() as directory:
        draft = Path(directory) / "prefect.yaml"
        draft.write_text(yaml.safe_dump(project), encoding="utf-8")
        yield draft
    for deployment_id, found in before.items():
        _restore(api, deployment_id, found)


def _same(wanted: Mapping[str, Any], known: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the deployment that this one will replace: names are unique within a flow only."""
    named = [found for found in known if found["name"] == wanted["name"]]
    same = [found for found in named if found["entrypoint"] == wanted.get("entrypoint")] or named
    return same[0] if len(same) == 1 else None


def _restore(api: PrefectAPI, deployment_id: str, before: Mapping[str, Any]) -> None:
    """Put back what deploying has changed: Prefect fills in what looks like a placeholder in a parameter."""
    now = api.get(f"/deployments/{deployment_id}")
    lost = {name: before[name] for name in _KEPT if now[name] != before[name]}
    if "parameters" in lost:
        lost["parameters"] = {**now["parameters"], **before["parameters"]}
    if any(now[name] != value for name, value in lost.items()):
        api.patch(f"/deployments/{deployment_id}", lost)
