"""A qualification in a process of its own, which a test may kill."""

import asyncio
import json
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import forked


def _run(request: str, report: Path) -> None:
    from core.qualification.runs import QualifyRequest
    from flows.qualify_leads import qualify_leads

    result = asyncio.run(qualify_leads(QualifyRequest.model_validate_json(request)))
    report.write_text(result.model_dump_json())


def start(environment: dict[str, str], report: Path, **request: Any) -> ForkServerProcess:
    """Start a qualification; `request` as for `QualifyRequest`."""
    report.unlink(missing_ok=True)
    return forked.start(environment, _run, json.dumps(request, default=str), report)


def finish(environment: dict[str, str], report: Path, *, within_s: float = 120, **request: Any) -> dict[str, Any]:
    """Run a qualification to its end; give its report."""
    process = start(environment, report, **request)
    process.join(within_s)
    assert process.exitcode == 0
    result: dict[str, Any] = json.loads(report.read_text())
    return result
