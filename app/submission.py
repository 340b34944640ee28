"""Handing work to a worker: the run to its deployment, an import's file to the upload directory."""

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.sorting import LogSort
from prefect.deployments import arun_deployment
from pydantic import BaseModel

from core.discovery.runs import DiscoveryReport, DiscoveryRequest
from core.errors import ConfigurationError, InvalidFile, InvalidInput, SalesAgentError
from core.imports.runs import ImportReport, ImportRequest
from core.pipeline.runs import PipelineRequest
from core.settings.settings import settings
from tasks.discovery import readers as discovery
from tasks.imports import readers as imports
from tasks.pipeline.artifacts import STEPS_KEY
from tasks.runtime.orchestration import REFUSED, checked_server, connected, server_url
from tasks.runtime.telling import TOLD

_POLL_S = 0.5
_LAST_LOOKS = 3
_SILENT_S = 3.0
"""So long a wait is left without a word; then it is said that the run is still at it."""


async def submit_import(request: ImportRequest, *, say: Callable[[str], None]) -> ImportReport:
    """Start the deployment for a file and wait for its report.

    Args:
        request: its file may be anywhere; it is copied to the upload directory.
        say: told where the run can be watched, and each state it comes to.

    Raises:
        ConfigurationError: there is no Prefect server.
        SalesAgentError: the run did not complete; names it and its last words.
    """
    uploaded = await asyncio.to_thread(_upload, request.path.expanduser())
    run_id = await submit("import-leads", request.model_copy(update={"path": Path(uploaded.name)}), say=say)
    return await imports.report_of_run(str(run_id))


async def submit(deployment: str, request: BaseModel, *, say: Callable[[str], None]) -> UUID:
    """Start a deployment of ours and wait until its run has completed.

    Args:
        deployment: its name, which is its flow's too.
        request: the flow's parameter.
        say: told where the run can be watched, and each state it comes to.

    Returns:
        The run's id.

    Raises:
        ConfigurationError: there is no Prefect server.
        SalesAgentError: the run did not complete; names it and its last words.
    """
    url = checked_server(_server())
    with connected(url):
        parameters = {"request": request.model_dump(mode="json")}
        run = await arun_deployment(f"{deployment}/{deployment}", parameters=parameters, timeout=0)
        say(f"Run {run.name}: {url.removesuffix('/api')}/runs/flow-run/{run.id}")
        await _wait(run.id, say)
    return run.id


def _server() -> str:
    url = server_url()
    if url is None:
        raise ConfigurationError("there is no Prefect server to submit to: start one with `sales-agent up`")
    return url


def _upload(path: Path) -> Path:
    """Copy a file to the upload directory under a name that stands for its bytes."""
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidFile(f"cannot be read: {error.strerror}", path=str(path)) from error
    uploads = settings().upload_dir
    uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = uploads / f"{path.stem}-{digest[:8]}{path.suffix}"
    if not target.exists():
        draft = target.with_suffix(".part")
        shutil.copyfile(path, draft)
        draft.replace(target)
    return target


async def submit_discovery(request: DiscoveryRequest, *, say: Callable[[str], None]) -> DiscoveryReport:
    """Let a worker discover contacts; return its report. Raises like `submit`."""
    return await discovery.report_of_run(str(await submit("discover-contacts", request, say=say)))


async def submit_pipeline(request: PipelineRequest, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Let a worker take a file all the way; return the run's id and its steps. Raises like `submit`.

    Args:
        request: its file may be anywhere; a profile is one in the data directory.
        say: told where the run can be watched, and what each step came to.
    """
    uploaded = await asyncio.to_thread(_upload, request.path.expanduser())
    run_id = await submit("run-pipeline", request.model_copy(update={"path": Path(uploaded.name)}), say=say)
    with connected(_server()):
        async with get_client() as client:
            found = await client.read_artifacts(
                artifact_filter=ArtifactFilter(
                    flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]), key=ArtifactFilterKey(any_=[STEPS_KEY])
                )
            )
    steps = found[0].data if found else []
    return {"run_id": str(run_id), "stages": json.loads(steps) if isinstance(steps, str) else steps}


async def _wait(run_id: UUID, say: Callable[[str], None]) -> None:
    """Wait for a run's end, saying its states and what it says itself, and at times that it is still at it."""
    known = None
    began = said = time.monotonic()
    lines = 0
    async with get_client() as client:
        while True:
            state = (await client.read_flow_run(run_id)).state
            told = await _told(client, run_id, lines)
            lines += len(told)
            news = [f"  {line}" for line in told]
            if state is not None and state.name != known:
                known = state.name
                news.append(f"  {state.name}")
            elif time.monotonic() - said > _SILENT_S:
                news.append(f"  … {known} for {time.monotonic() - began:.0f} s")
            for line in news:
                say(line)
                said = time.monotonic()
            if state is not None and state.is_final():
                break
            await asyncio.sleep(_POLL_S)
        for _ in range(_LAST_LOOKS):  # a run's process sends its last lines at its end, after its state
            await asyncio.sleep(_POLL_S)
            for line in await _told(client, run_id, lines):
                say(f"  {line}")
                lines += 1
    if state.name == REFUSED:
        raise InvalidInput(state.message or f"run {run_id} was refused")
    if not state.is_completed():
        raise SalesAgentError(f"run {run_id} ended as {state.name}: {state.message or 'no message'}")


async def _told(client: PrefectClient, run_id: UUID, known: int) -> list[str]:
    """Return the lines that a run has said since; its steps' runs say theirs in their own logs."""
    logs = await client.read_logs(
        log_filter=LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id])), sort=LogSort.TIMESTAMP_ASC
    )
    return [log.message for log in logs if log.name.endswith(TOLD)][known:]
