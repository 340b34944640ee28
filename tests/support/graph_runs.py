"""Flows that run small graphs in a process of their own, against the Prefect server of `PREFECT_API_URL`."""

import asyncio
import json
import sys
from decimal import Decimal
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import RetryPolicy
from langgraph_prefect_graphs import Echo, Passing, ask, fan, flaky, loop
from prefect import flow, runtime

from langgraph_prefect.running import RunOptions, as_flow_result, resume_graph, run_graph


class Dime:
    """Says that a node has cost ten cents."""

    cost_usd = Decimal("0.10")

    def __enter__(self) -> "Dime":
        return self

    def __exit__(self, *_: object) -> None:
        return None


SAVER = InMemorySaver()
POLICY = RetryPolicy(max_attempts=2, initial_interval=0.01, jitter=False, retry_on=Passing)
WITHIN = RunOptions(checkpointer=SAVER, meter=Dime, retry=POLICY)
IDS: dict[str, str] = {}


@flow(name="graph-shapes")
async def shapes() -> None:
    """Run a loop, parallel branches and a node that fails once."""
    IDS["shapes"] = str(runtime.flow_run.id)
    for name, graph in {"loop": loop(2, Echo()), "fan": fan(12, Echo()), "flaky": flaky(1, Passing)}.items():
        await run_graph(graph, {"notes": []}, thread_id=name, options=WITHIN)


@flow(name="graph-asks")
async def asks() -> Any:
    """Run to a question."""
    IDS["asks"] = str(runtime.flow_run.id)
    return as_flow_result(await run_graph(ask(), {"notes": []}, thread_id="a", options=WITHIN), "asked")


@flow(name="graph-answers")
async def answers() -> Any:
    """Go on from it."""
    IDS["answers"] = str(runtime.flow_run.id)
    return as_flow_result(await resume_graph(ask(), "yes", thread_id="a", options=WITHIN), "done")


async def main() -> None:
    """Run all; print the ids of the runs and what they gave."""
    await shapes()
    given = [await asks(), await answers()]
    sys.stdout.write(json.dumps({"ids": IDS, "given": given}) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
