"""An import in a process of its own, which a test may kill."""

import asyncio
import json
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import forked


def _run(path: Path, report: Path) -> None:
    from core.imports.runs import ImportRequest
    from flows.import_leads import import_leads

    result = asyncio.run(import_leads(ImportRequest(path=path)))
    report.write_text(result.model_dump_json())


def start(environment: dict[str, str], path: Path) -> ForkServerProcess:
    """Start an import."""
    report = path.with_suffix(".report")
    report.unlink(missing_ok=True)
    return forked.start(environment, _run, path, report)


def finish(environment: dict[str, str], path: Path) -> dict[str, Any]:
    """Run an import to its end; give its report."""
    process = start(environment, path)
    process.join(900)
    assert process.exitcode == 0
    result: dict[str, Any] = json.loads(path.with_suffix(".report").read_text())
    return result
