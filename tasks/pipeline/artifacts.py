"""What a run of the whole pipeline shows in the Prefect UI: one page."""

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from core.pipeline.runs import PipelineReport
from tasks.qualification.artifacts import best_table
from tasks.runtime.artifacts import cell, markdown_table

STEPS_KEY = "pipeline-steps"
"""The table of steps, which `sales-agent run --submit` reads."""


async def show_pipeline(report: PipelineReport) -> None:
    """Show the page of a run, and its steps as a table."""
    rows = [stage.model_dump(mode="json", exclude={"numbers"}) for stage in report.stages]
    await acreate_table_artifact(key=STEPS_KEY, table=rows, description=f"{report.file}, step by step")
    await acreate_markdown_artifact(
        key="pipeline-summary", markdown=page_of(report), description=f"{report.file}: from the file to the plan"
    )


def page_of(report: PipelineReport) -> str:
    """Write the page: the steps with their sentences, what to do next, the best leads with their reasons."""
    steps = [
        [stage.step, f"**{stage.outcome}**", cell(stage.sentence), f"{stage.seconds:.1f} s"] for stage in report.stages
    ]
    lines = [f"# {cell(report.file)}", "", markdown_table(("step", "outcome", "what", "took"), steps)]
    if report.next_step:
        lines += ["", f"**Next:** {report.next_step}."]
    if report.best:
        lines += ["", "## The best", "", best_table(report.best)]
    lines += ["", f"Import `{report.import_id}`: `sales-agent undo {report.import_id}` takes it back."]
    return "\n".join(lines)
