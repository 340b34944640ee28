"""Running a compiled LangGraph graph inside a Prefect flow or task, or in neither.

A thread is run to its next stop: its end, a question to a person, a limit. Calling again with the same thread goes on
from the last finished node, whatever ended the earlier call; a finished thread is not run again.
"""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import GraphDrained, GraphRecursionError
from langgraph.runtime import RunControl
from langgraph.types import Command, RetryPolicy, StateSnapshot
from prefect.context import FlowRunContext
from prefect.states import Completed

from langgraph_prefect.artifacts import publish_nodes
from langgraph_prefect.nodes import Graph, Meter, Watch, watched
from langgraph_prefect.stream import MessageStream, Publish
from langgraph_prefect.values import (
    Finished,
    GraphOutcome,
    Limits,
    NodeRun,
    PendingInterrupt,
    StopKind,
    Stopped,
    Usage,
    Waiting,
)

log = logging.getLogger(__name__)

Checkpointer = BaseCheckpointSaver[Any]
UNLIMITED = Limits()
NOTHING = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a graph is run; every part may be left out.

    Attributes:
        checkpointer: where threads are kept; None: in memory only as long as the call lasts, no questions, no resume.
        retry: for nodes without a policy of their own. Its `retry_on` tells which errors may pass.
        limits: see there.
        used_before: what earlier runs of the thread used, which counts towards its limits.
        is_cancelled: asked after each node.
        meter: measures what a node costs.
        on_node: told of every visit that has ended, failed ones too.
        publish: where tokens and state changes go; None: models are not asked to stream.
    """

    checkpointer: Checkpointer | None = None
    retry: RetryPolicy | None = None
    limits: Limits = UNLIMITED
    used_before: Usage = NOTHING
    is_cancelled: Callable[[], Awaitable[bool]] | None = None
    meter: Meter | None = None
    on_node: Callable[[NodeRun], Awaitable[None]] | None = None
    publish: Publish | None = None


async def run_graph(
    graph: Graph,
    input: Any,  # noqa: A002 - LangGraph's word
    *,
    thread_id: str,
    options: RunOptions | None = None,
) -> GraphOutcome:
    """Run a thread of a graph to its next stop.

    Args:
        graph: compiled; with or without a checkpointer of its own.
        input: for a thread that has not begun; a thread that has begun goes on with what it knows.
        thread_id: names the thread; running it twice at once is the caller's to prevent.
        options: see there.

    Returns:
        Finished, also where the thread had finished before; Waiting, also where it was waiting already; Stopped.

    Raises:
        Whatever a node raises that its retry policy gives up on. The thread goes on from there when run again.
    """
    return await _Run(graph, thread_id, options or RunOptions()).start(input)


async def resume_graph(
    graph: Graph,
    answer: Any,
    *,
    thread_id: str,
    options: RunOptions,
) -> GraphOutcome:
    """Return a waiting thread its answer and run it to its next stop.

    Args:
        graph: as it was run before.
        answer: what `interrupt` returns; for several questions at once a mapping from their ids.
        thread_id: names the thread.
        options: with the checkpointer that holds it.

    Returns:
        As `run_graph`. A thread that is no longer waiting goes on, or has finished: an answer is taken once.
    """
    return await _Run(graph, thread_id, options).start(None, answer=answer, has_answer=True)


def as_flow_result(outcome: GraphOutcome, result: Any) -> Any:
    """Return what a flow returns for an outcome.

    Inside a flow run a state named after the outcome (`Waiting`, `Stopped`) that holds `result`; else `result` itself.
    """
    if isinstance(outcome, Finished) or FlowRunContext.get() is None:
        return result
    if isinstance(outcome, Waiting):
        return Completed(name="Waiting", message="waits for an answer", data=result)
    return Completed(name="Stopped", message=outcome.reason, data=result)


class _Run:
    """One call of `run_graph` or `resume_graph`."""

    def __init__(self, graph: Graph, thread_id: str, options: RunOptions) -> None:
        self._thread_id = thread_id
        self._within = options
        self._control = RunControl()
        self._stop: tuple[StopKind, str] | None = None
        self._begun = time.monotonic()
        self._stream: MessageStream | None = None
        self._watch = Watch(self._after_node, options.meter)
        changes: dict[str, Any] = {}
        if options.checkpointer is not None:
            changes["checkpointer"] = options.checkpointer
        if options.retry is not None and not graph.retry_policy:
            changes["retry_policy"] = (options.retry,)
        self._name = graph.get_name()
        self._graph = watched(graph.copy(changes), self._watch)
        self._has_memory = isinstance(self._graph.checkpointer, BaseCheckpointSaver)

    async def start(self, given: Any, *, answer: Any = None, has_answer: bool = False) -> GraphOutcome:
        """Run to the next stop; a stream ends with `complete` or `error` also where there is nothing to run."""
        async with AsyncExitStack() as stack:
            if self._within.publish is not None:
                self._stream = await stack.enter_async_context(MessageStream(self._within.publish))
                self._stream.tokens_used = self._within.used_before.tokens
            try:
                outcome = await self._to_next_stop(given, answer, has_answer=has_answer)
            except BaseException as error:  # told and raised
                if self._stream is not None:
                    self._stream.error(error)
                raise
            if self._stream is not None:
                self._stream.complete({"outcome": type(outcome).__name__.lower(), "thread_id": self._thread_id})
            return outcome

    async def _to_next_stop(self, given: Any, answer: Any, *, has_answer: bool) -> GraphOutcome:
        state = await self._graph.aget_state(self._config()) if self._has_memory else None
        has_begun = state is not None and state.metadata is not None
        if has_begun:
            assert state is not None
            questions = _questions(state)
            if questions and not has_answer:
                return Waiting(self._thread_id, questions)
            if not state.next:
                return Finished(self._thread_id, self._output(state.values))
            given = Command(resume=answer) if questions else None
        elif has_answer:
            raise LookupError(f"thread {self._thread_id} has not begun, nothing to answer")
        done = _steps(state)
        if await self._look() or self._out_of_steps(done):
            return self._stopped()
        try:
            return await self._stream_graph(given, self._within.limits.steps - done)
        except GraphDrained:
            return self._stopped()
        except GraphRecursionError:
            self._stop = self._steps_used_up()
            return self._stopped()
        finally:
            await publish_nodes(self._name, self._watch.runs)

    async def _stream_graph(self, given: Any, steps: int) -> GraphOutcome:
        values: Any = {}
        questions: tuple[PendingInterrupt, ...] = ()
        modes: list[Any] = ["values", "updates", *(["messages"] if self._stream is not None else [])]
        pieces: AsyncIterator[Any] = self._graph.astream(
            given,
            self._config(recursion_limit=steps),
            stream_mode=modes,
            durability="sync" if self._has_memory else None,
            control=self._control,
        )
        async for mode, data in pieces:
            if mode == "values":
                values = data
            elif mode == "messages":
                self._token(*data)
            elif "__interrupt__" in data:
                questions = tuple(PendingInterrupt(asked.id, asked.value) for asked in data["__interrupt__"])
            else:
                self._updates(data)
        if questions:
            return Waiting(self._thread_id, questions, self._watch.usage)
        return Finished(self._thread_id, self._output(values), self._watch.usage)

    def _output(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        keys = self._graph.output_channels
        names = [keys] if isinstance(keys, str) else list(keys)
        return {name: value for name, value in values.items() if name in names and not name.startswith("__")}

    def _config(self, **options: Any) -> RunnableConfig:
        config: RunnableConfig = {"configurable": {"thread_id": self._thread_id}}
        return {**config, **options}  # type: ignore[typeddict-item]  # options of a config, by name

    def _token(self, message: Any, metadata: Mapping[str, Any]) -> None:
        if self._stream is not None and isinstance(message, AIMessage) and message.text:
            self._stream.token(str(metadata.get("langgraph_node")), message.text)

    def _updates(self, data: Mapping[str, Any]) -> None:
        if self._stream is not None:
            for node, update in data.items():
                self._stream.state_update(node, update)

    async def _after_node(self, run: NodeRun) -> None:
        if self._stream is not None:
            self._stream.tokens_used = self._used().tokens
        if self._within.on_node is not None:
            await self._within.on_node(run)
        if run.outcome == "finished" and await self._look():
            assert self._stop is not None
            self._control.request_drain(self._stop[1])

    def _used(self) -> Usage:
        return self._within.used_before + self._watch.usage

    async def _look(self) -> bool:
        """Return whether a limit is reached, and note which."""
        limits, used = self._within.limits, self._used()
        seconds = time.monotonic() - self._begun
        if self._within.is_cancelled is not None and await self._within.is_cancelled():
            self._stop = ("cancelled", "cancelled by a person")
        elif limits.seconds is not None and seconds > limits.seconds:
            self._stop = ("time", f"ran {seconds:.0f} s, the limit is {limits.seconds:g} s")
        elif limits.tokens is not None and used.tokens >= limits.tokens:
            self._stop = ("budget", f"used {used.tokens:,} tokens of {limits.tokens:,}")
        elif limits.cost_usd is not None and (used.cost_usd or Decimal(0)) >= limits.cost_usd > 0:
            self._stop = ("budget", f"used ${used.cost_usd} of ${limits.cost_usd}")
        return self._stop is not None

    def _out_of_steps(self, done: int) -> bool:
        if done >= self._within.limits.steps:
            self._stop = self._steps_used_up()
        return self._stop is not None

    def _steps_used_up(self) -> tuple[StopKind, str]:
        return ("steps", f"came to its limit of {self._within.limits.steps} steps")

    def _stopped(self) -> Stopped:
        assert self._stop is not None
        kind, reason = self._stop
        log.info("graph_stopped", extra={"graph": self._name, "thread_id": self._thread_id, "kind": kind})
        return Stopped(self._thread_id, kind, reason, self._watch.usage)


def _questions(state: StateSnapshot) -> tuple[PendingInterrupt, ...]:
    return tuple(PendingInterrupt(asked.id, asked.value) for asked in state.interrupts)


def _steps(state: StateSnapshot | None) -> int:
    """Return how many steps a thread has done; its input is not one."""
    return max(0, int((state.metadata or {}).get("step", 0))) if state is not None else 0
