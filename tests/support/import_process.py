"""An import in a process of its own, which a test may kill. Forked from a server that has everything loaded."""

import asyncio
import json
import multiprocessing
import os
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

context: ForkServerContext = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["flows.import_leads"])


def _run(environment: dict[str, str], path: Path, report: Path) -> None:
    os.environ.update(environment)
    from core.imports import ImportRequest
    from flows.import_leads import import_leads

    result = asyncio.run(import_leads(ImportRequest(path=path)))
    report.write_text(result.model_dump_json())


def start(environment: dict[str, str], path: Path) -> ForkServerProcess:
    """Start an import."""
    report = path.with_suffix(".report")
    report.unlink(missing_ok=True)
    process = context.Process(target=_run, args=(environment, path, report))
    process.start()
    return process


def finish(environment: dict[str, str], path: Path) -> dict[str, Any]:
    """Run an import to its end; give its report."""
    process = start(environment, path)
    process.join(120)
    assert process.exitcode == 0
    result: dict[str, Any] = json.loads(path.with_suffix(".report").read_text())
    return result
