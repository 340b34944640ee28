"""What the nodes of a run used, as a table in the Prefect UI."""

import re
from collections.abc import Sequence

from prefect.artifacts import acreate_table_artifact
from prefect.context import FlowRunContext

from langgraph_prefect.values import NodeRun, Usage


async def publish_nodes(graph: str, runs: Sequence[NodeRun]) -> None:
    """Show every visit of a run with its time, model, tokens and cost; nothing outside a flow run."""
    if FlowRunContext.get() is None or not runs:
        return
    name = re.sub(r"[^a-z0-9]+", "-", graph.lower()).strip("-") or "graph"
    await acreate_table_artifact(
        key=f"{name}-nodes", table=rows(runs), description=f"The nodes of {graph}, in the order in which they ended"
    )


def rows(runs: Sequence[NodeRun]) -> list[dict[str, str | int | float | None]]:
    """Return a row for each visit, and one for their sum."""
    table: list[dict[str, str | int | float | None]] = [
        {
            "node": run.visit.label,
            "outcome": run.error or run.outcome,
            "attempt": run.visit.attempt,
            "seconds": round(run.seconds, 3),
            "model": ", ".join(run.models),
            **_used(run.usage),
        }
        for run in runs
    ]
    total = sum((run.usage for run in runs), Usage())
    seconds = round(sum(run.seconds for run in runs), 3)
    table.append({"node": "all", "outcome": "", "attempt": None, "seconds": seconds, "model": "", **_used(total)})
    return table


def _used(usage: Usage) -> dict[str, str | int | float | None]:
    return {
        "input tokens": usage.input_tokens,
        "output tokens": usage.output_tokens,
        "cost": "unknown" if usage.cost_usd is None else f"${usage.cost_usd:f}",
    }
