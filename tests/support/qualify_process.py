"""A qualification in a process of its own, which a test may kill. Forked from a server that has everything loaded."""

import asyncio
import json
import multiprocessing
import os
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

context: ForkServerContext = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["flows.import_leads", "flows.qualify_leads"])


def _run(environment: dict[str, str], request: str, report: Path) -> None:
    os.environ.update(environment)
    from core.qualification import QualifyRequest
    from flows.qualify_leads import qualify_leads

    result = asyncio.run(qualify_leads(QualifyRequest.model_validate_json(request)))
    report.write_text(result.model_dump_json())


def start(environment: dict[str, str], report: Path, **request: Any) -> ForkServerProcess:
    """Start a qualification; `request` as for `QualifyRequest`."""
    report.unlink(missing_ok=True)
    process = context.Process(target=_run, args=(environment, json.dumps(request, default=str), report))
    process.start()
    return process


def finish(environment: dict[str, str], report: Path, *, within_s: float = 120, **request: Any) -> dict[str, Any]:
    """Run a qualification to its end; give its report."""
    process = start(environment, report, **request)
    process.join(within_s)
    assert process.exitcode == 0
    result: dict[str, Any] = json.loads(report.read_text())
    return result
