"""Erasing a person from what Prefect keeps: artifacts that show them, and runs whose parameters name them."""

import json
from collections.abc import AsyncIterator
from typing import Any

from prefect.client.orchestration import PrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from core.erasure import Subject
from tasks.runtime import server_url

_PAGE = 200


async def erase_from_prefect(subject: Subject) -> tuple[dict[str, int], list[str]]:
    """Delete artifacts, and runs with their results, that name the person.

    Returns:
        Place -> how many; and what is left to do.
    """
    url = server_url()
    if url is None:
        return {}, ["the Prefect server does not run: start it and erase again, for artifacts and runs that name them"]
    with temporary_settings({PREFECT_API_URL: url}):
        async with get_client() as client:
            artifacts = await _erase(client, "artifacts", ("data", "description"), subject)
            runs = await _erase(client, "flow_runs", ("parameters", "name"), subject)
    return {"artifacts": artifacts, "flow runs": runs}, []


async def _erase(client: PrefectClient, kind: str, fields: tuple[str, ...], subject: Subject) -> int:
    wanted = [found["id"] async for found in _all(client, kind) if _names(found, fields, subject)]
    path: Any = f"/{kind}/{{id}}"
    for entry in wanted:
        answer = await client.request("DELETE", path, path_params={"id": entry})
        answer.raise_for_status()
    return len(wanted)


async def _all(client: PrefectClient, kind: str) -> AsyncIterator[dict[str, Any]]:
    """Read all first: what is deleted meanwhile would move the pages."""
    found: list[dict[str, Any]] = []
    path: Any = f"/{kind}/filter"
    while True:
        body = {"limit": _PAGE, "offset": len(found), "sort": "ID_DESC"}
        page: list[dict[str, Any]] = (await client.request("POST", path, json=body)).json()
        found += page
        if len(page) < _PAGE:
            break
    for entry in found:
        yield entry


def _names(entry: dict[str, Any], fields: tuple[str, ...], subject: Subject) -> bool:
    written = json.dumps([entry.get(field) for field in fields], ensure_ascii=False).lower()
    names = [name.lower() for name in subject.names if " " in name.strip()]
    ids = [*map(str, subject.approval_ids), *map(str, subject.thread_ids)]
    return any(each in written for each in (subject.address, *names, *ids))
