"""Nodes as Prefect task runs: a copy of a compiled graph whose nodes report each visit.

Only public shapes of LangGraph 1.2 are used: `Pregel.copy`, `PregelNode.copy` and its `bound`, and the metadata that
the runtime puts into every node's config (`langgraph_step`, `langgraph_path`). The agents know nothing of it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import merge_configs, set_config_context
from langgraph.constants import TAG_HIDDEN
from langgraph.errors import GraphBubbleUp, GraphInterrupt
from langgraph.graph import START
from langgraph.pregel import Pregel
from langgraph.runtime import Runtime
from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext, TaskRunContext
from prefect.states import Completed

from langgraph_prefect.usage import UsageListener
from langgraph_prefect.values import Charge, NodeRun, NodeVisit, Usage

log = logging.getLogger(__name__)

Graph = Pregel[Any, Any, Any, Any]
Meter = Callable[[], AbstractContextManager[Charge | None]]
"""Opens a measurement around a node."""
AfterNode = Callable[[NodeRun], Awaitable[None]]
"""Told of every visit when it has ended, before its result is used."""


@dataclass(slots=True)
class Watch:
    """Sees the nodes of one run.

    Attributes:
        after_node: see there.
        meter: measures what a node costs; None: nobody knows.
        runs: what has been seen, in order of the ends.
    """

    after_node: AfterNode
    meter: Meter | None = None
    runs: list[NodeRun] = field(default_factory=list)

    @property
    def usage(self) -> Usage:
        """What all nodes seen used together."""
        return sum((run.usage for run in self.runs), Usage())


def watched(graph: Graph, watch: Watch, *, within: str = "") -> Graph:
    """Return a copy of a compiled graph whose visible nodes tell `watch`, those of subgraphs too."""
    nodes = {}
    for name, node in graph.nodes.items():
        if name == START or TAG_HIDDEN in (node.tags or ()):
            nodes[name] = node
        elif isinstance(node.bound, Pregel):
            nodes[name] = node.copy({"bound": watched(node.bound, watch, within=f"{within}{name}/")})
        else:
            nodes[name] = node.copy({"bound": WatchedNode(f"{within}{name}", node.bound, watch)})
    return graph.copy({"nodes": nodes})


class WatchedNode(Runnable[Any, Any]):
    """A node's own runnable, each call of which is a task run where there is a Prefect run around it."""

    def __init__(self, node: str, bound: Runnable[Any, Any], watch: Watch) -> None:
        self._node = node
        self._bound = bound
        self._watch = watch

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Refuse: Prefect runs and model calls are asynchronous."""
        raise TypeError("a watched graph is asynchronous: use run_graph")

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002 - theirs
        """Run the node."""
        visit = _visit(self._node, config or {})
        attempt = _Attempt(self._bound, visit, self._watch, input, config or {}, kwargs)
        if FlowRunContext.get() is None and TaskRunContext.get() is None:
            await attempt.run()
        else:
            await _as_task_run(attempt)
        if attempt.bubble is not None:
            raise attempt.bubble
        return attempt.output


def _visit(node: str, config: RunnableConfig) -> NodeVisit:
    metadata = config.get("metadata") or {}
    path: tuple[Any, ...] = metadata.get("langgraph_path") or ()
    is_sent = len(path) > 1 and path[0] == "__pregel_push" and isinstance(path[1], int)
    runtime = (config.get("configurable") or {}).get("__pregel_runtime")
    info = runtime.execution_info if isinstance(runtime, Runtime) else None
    return NodeVisit(
        node,
        int(metadata.get("langgraph_step", 0)),
        path[1] + 1 if is_sent else None,
        info.node_attempt if info is not None else 1,
    )


@dataclass(slots=True)
class _Attempt:
    """One call of a node, measured. What it gave stays here, so that Prefect stores no state of a graph."""

    bound: Runnable[Any, Any]
    visit: NodeVisit
    watch: Watch
    input: Any
    config: RunnableConfig
    options: dict[str, Any]
    output: Any = None
    bubble: GraphBubbleUp | None = None
    seen: NodeRun | None = None

    async def run(self) -> None:
        listener, begun, started_at = UsageListener(), time.perf_counter(), datetime.now(UTC)
        meter: AbstractContextManager[Charge | None] = self.watch.meter() if self.watch.meter else nullcontext()
        with meter as charge:

            async def tell(**outcome: Any) -> None:
                cost = charge.cost_usd if charge is not None else None if listener.usage.calls else Usage().cost_usd
                self.seen = NodeRun(
                    self.visit,
                    started_at=started_at,
                    seconds=time.perf_counter() - begun,
                    usage=replace(listener.usage, cost_usd=cost),
                    models=tuple(listener.models),
                    charge=charge,
                    **outcome,
                )
                self.watch.runs.append(self.seen)
                await self.watch.after_node(self.seen)

            try:
                config = merge_configs(self.config, {"callbacks": [listener]})
                # Models that are called without a config find this one in the context.
                with set_config_context(config) as context:
                    call = self.bound.ainvoke(self.input, config, **self.options)
                    self.output = await asyncio.create_task(call, context=context)
            except GraphBubbleUp as bubble:
                self.bubble = bubble
                await tell(outcome="waiting" if isinstance(bubble, GraphInterrupt) else "finished")
            except Exception as error:  # noted and raised
                await tell(outcome="failed", error=type(error).__name__)
                raise
            else:
                await tell(outcome="finished")


async def _as_task_run(attempt: _Attempt) -> None:
    visit = attempt.visit

    async def node() -> State[None]:
        try:
            await attempt.run()
        finally:
            # The last event of a task run carries its name: what it used becomes part of it.
            around, summary = TaskRunContext.get(), attempt.seen.summary if attempt.seen else ""
            if around is not None and summary:
                around.task_run.name = f"{visit.label}: {summary}"
        seen = attempt.seen
        assert seen is not None
        if seen.outcome == "waiting":
            return Completed(name="Waiting", message="asks a person")
        return Completed(message=seen.summary or None)

    task: Task[[], Any] = Task(
        node,
        name=visit.node,
        task_run_name=visit.label,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=0,
        tags=["graph-node"],
    )
    await task()
