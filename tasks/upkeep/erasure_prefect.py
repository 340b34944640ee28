"""Erasing a person from what Prefect keeps: artifacts that show them, and runs whose parameters name them."""

import json
from collections.abc import AsyncIterator
from typing import Any

from prefect.client.orchestration import PrefectClient, get_client

from core.upkeep.erasure import Subject
from db.server import prefect_events
from tasks.runtime.orchestration import connected, server_url
from tasks.runtime.resources import database_url

_PAGE = 200
_EMPTIED = {"data": "(erased)", "description": "(erased)"}


async def erase_from_prefect(subject: Subject) -> tuple[dict[str, int], list[str]]:
    """Delete artifacts, and runs with their results, that name the person.

    An artifact is emptied first: Prefect writes what a deleted one held into an event.

    Returns:
        Place -> how many; and what is left to do.
    """
    url = server_url()
    if url is None:
        return {}, ["the Prefect server does not run: start it and erase again, for artifacts and runs that name them"]
    with connected(url):
        async with get_client() as client:
            artifacts = await _erase(client, "artifacts", ("data", "description"), subject)
            runs = await _erase(client, "flow_runs", ("parameters", "name"), subject)
    events = await prefect_events.erase(database_url(), _words(subject))
    counts = {"artifacts": artifacts, "flow runs": runs}
    if events is None:
        return counts, [
            "the Prefect server's own events may show them until it forgets events, by default after 7 days"
        ]
    return counts | {"the Prefect server's events": events}, []


async def _erase(client: PrefectClient, kind: str, fields: tuple[str, ...], subject: Subject) -> int:
    wanted = [found["id"] async for found in _all(client, kind) if _names(found, fields, subject)]
    path: Any = f"/{kind}/{{id}}"
    for entry in wanted:
        if kind == "artifacts":
            emptied = await client.request("PATCH", path, path_params={"id": entry}, json=_EMPTIED)
            emptied.raise_for_status()
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
    # Marks of Markdown are escaped in artifacts: maud\\@brightwell.example.
    written = json.dumps([entry.get(field) for field in fields], ensure_ascii=False).lower().replace("\\", "")
    return any(word in written for word in _words(subject))


def _words(subject: Subject) -> list[str]:
    """Return what names the person, in lower case: a single name could be anybody's."""
    ids = (*subject.contact_ids, *subject.own_lead_ids, *subject.approval_ids, *subject.thread_ids)
    return [*subject.addresses, *subject.profiles, *subject.full_names, *map(str, ids)]
