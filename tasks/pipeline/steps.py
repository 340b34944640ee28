"""Steps of a pipeline that are its own: look before the first, and show what all of it came to."""

from core.pipeline.runs import PipelineReport, PipelineRequest
from tasks.pipeline import artifacts
from tasks.pipeline.readiness import check_files
from tasks.runtime.orchestration import in_flow_run, task
from tasks.runtime.policies import STEP
from tasks.runtime.telling import tell


@task(name="check-pipeline", **STEP)
async def check(request: PipelineRequest) -> PipelineRequest:
    """Read every configuration that the run goes by, while nothing is done.

    Raises:
        InvalidConfig: one says something that cannot be meant; names file, line and key.
    """
    check_files(request)
    return request


@task(name="publish-pipeline", **STEP)
async def publish(report: PipelineReport) -> PipelineReport:
    """Show one page of what was done, what waits, and what to do next."""
    if in_flow_run():
        await artifacts.show_pipeline(report)
    tell(report.in_words)
    return report
