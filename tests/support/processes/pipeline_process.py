"""Runs of the whole pipeline in processes of their own, which a test may kill, against the sandbox."""

import asyncio
import json
import signal
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import forked
import httpx
import psycopg

if TYPE_CHECKING:
    from sandbox.server import SandboxControl

ROUNDS = {"minute": None, "hourly": None, "24-hour": None}


class PipelineProcess(NamedTuple):
    """A run on its way, and where it writes its report."""

    process: ForkServerProcess
    report: Path


def environment(database: str, home: Path, cache: Path) -> dict[str, str]:
    """Give the settings of a run against made-up websites on loopback, without any key."""
    return {
        "POSTGRES_URL": database,
        "SALES_AGENT_HOME": str(home),
        "WEBSITES_ALLOW_PRIVATE_HOSTS": "true",
        "WEBSITES_DELAY_S": "0",
        "WEBSITES_CACHE_DIR": str(cache),
    }


def many(path: Path, count: int) -> Path:
    """Write a file of companies without websites, each with one person, that the example profile wants."""
    lines = ["company_name,industry,company_size,country,contact_name,contact_title,contact_email"]
    lines += [
        f"Works {number},Machinery,120,Germany,Ana Sample{number},CEO,ana@works{number}.example"
        for number in range(count)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def seed(sandbox: "SandboxControl", directory: Path) -> Path:
    """Write the sandbox's companies, whose websites answer, to a file."""
    answer = httpx.get(f"{sandbox.control_url}/_sandbox/leads.csv", timeout=10, trust_env=False)
    path = directory / "companies.csv"
    path.write_bytes(answer.content)
    return path


def to_sandbox(sandbox: "SandboxControl", *, redis: str) -> dict[str, str]:
    """Give the settings that point a run at the sandbox's Apollo and Close."""
    sandbox.settings("apollo", limits=ROUNDS, credits=1_000_000)
    played = ("APOLLO_", "CLOSE_")
    return {name: value for name, value in sandbox.environment.items() if name.startswith(played)} | {
        "APOLLO_RATE_LIMITS": "minute=100000/60",
        "REDIS_URL": redis,
    }


def _run(request: str, report: Path, stop_before: str) -> None:
    from core.pipeline.runs import PipelineRequest
    from flows.run_pipeline import run_pipeline
    from tasks.runtime.telling import listener

    def heard(line: str) -> None:
        if stop_before and line.startswith(stop_before):
            signal.raise_signal(signal.SIGKILL)

    listener.set(heard)
    result: Any = asyncio.run(run_pipeline(PipelineRequest.model_validate_json(request)))
    report.write_text(result.model_dump_json())


def start(
    variables: dict[str, str], directory: Path, file: Path, *, kill_at: str = "", **asked: Any
) -> PipelineProcess:
    """Start a run of a file; `kill_at`: it kills itself when it says a line that begins so."""
    report = directory / "report.json"
    report.unlink(missing_ok=True)
    request = json.dumps({"path": str(file), **asked}, default=str)
    return PipelineProcess(forked.start(variables, _run, request, report, kill_at), report)


def finish(run: PipelineProcess, *, within_s: float = 600) -> dict[str, Any]:
    """Wait for a run's end; give its report."""
    run.process.join(within_s)
    assert run.process.exitcode == 0
    result: dict[str, Any] = json.loads(run.report.read_text())
    return result


def rows(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Read rows."""
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()  # type: ignore[arg-type]


def was_killed(run: PipelineProcess, *, within_s: float = 600) -> None:
    """Wait for the end of a run that kills itself."""
    run.process.join(within_s)
    assert run.process.exitcode == -signal.SIGKILL


async def _approve_and_sync() -> str:
    from core.crm.runs import SyncRequest
    from core.outreach.approvals import ApprovalStatus
    from core.outreach.decisions import DecisionRequest
    from flows.sync_crm import sync_crm
    from tasks.outreach.approvals import apply_decision
    from tasks.outreach.readers import find_approval, list_approvals

    (pending,) = await list_approvals([ApprovalStatus.PENDING])
    short = str(pending.id)[:8]
    asked = DecisionRequest(approval_id=short, decision="approve", decided_by="Maud", digest=pending.digest)
    await apply_decision(asked)
    await sync_crm(SyncRequest())
    return str((await find_approval(short)).status)


def approve_and_sync(variables: dict[str, str]) -> str:
    """Approve the one plan that waits, by the first characters of its id, and synchronise; return how it stands."""
    status: str = forked.run(variables, _approve_and_sync)
    return status
