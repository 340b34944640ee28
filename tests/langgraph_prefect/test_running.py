"""Graphs of every shape run to their next stop, go on where they stopped, and say what they used."""

from decimal import Decimal
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import RetryPolicy
from langgraph_prefect_graphs import Echo, Lasting, Passing, ask, fan, flaky, loop, outer

from langgraph_prefect.running import RunOptions, resume_graph, run_graph
from langgraph_prefect.values import Finished, Limits, NodeRun, Stopped, Usage, Waiting


def remembering(**more: Any) -> RunOptions:
    return RunOptions(checkpointer=InMemorySaver(), **more)


class Seen(list[NodeRun]):
    async def take(self, run: NodeRun) -> None:
        self.append(run)

    @property
    def labels(self) -> list[str]:
        return [run.visit.label for run in self]


@pytest.mark.parametrize("has_memory", [True, False])
async def test_a_loop_gives_one_note_a_round_and_every_visit_is_seen(has_memory: bool) -> None:
    seen, model = Seen(), Echo()
    options = RunOptions(checkpointer=InMemorySaver() if has_memory else None, on_node=seen.take)
    done = await run_graph(loop(3, model), {"notes": []}, thread_id="a", options=options)
    assert isinstance(done, Finished)
    assert done.values["notes"] == [f"{number}: one two three" for number in (1, 2, 3)]
    assert seen.labels == ["work-1", "check-2", "work-3", "check-4", "work-5", "check-6"]
    assert done.usage == Usage(3, 9, 9, None)
    assert [run.models for run in seen if run.usage.calls] == [("echo-1",)] * 3


async def test_branches_and_sends_are_seen_each() -> None:
    seen = Seen()
    done = await run_graph(fan(3, Echo()), {"notes": []}, thread_id="a", options=remembering(on_node=seen.take))
    assert isinstance(done, Finished)
    assert done.values["rounds"] == 5
    assert sorted(seen.labels) == ["begin-1", "beside-2", "each-2.1", "each-2.2", "each-2.3", "join-3"]


async def test_nodes_of_a_subgraph_are_seen() -> None:
    seen = Seen()
    done = await run_graph(outer(2), {"notes": []}, thread_id="a", options=remembering(on_node=seen.take))
    assert isinstance(done, Finished)
    assert {run.visit.node for run in seen} == {"inner/work", "inner/check"}
    assert len(seen) == 4


async def test_a_finished_thread_is_not_run_again() -> None:
    model, options = Echo(), remembering()
    first = await run_graph(loop(2, model), {"notes": []}, thread_id="a", options=options)
    again = await run_graph(loop(2, model), {"notes": ["other"]}, thread_id="a", options=options)
    assert isinstance(first, Finished)
    assert isinstance(again, Finished)
    assert (again.values, again.usage) == (first.values, Usage())
    assert len(model.asked) == 2


async def test_a_question_ends_the_run_and_its_answer_resumes_it() -> None:
    model, options = Echo(), remembering()
    waiting = await run_graph(ask(model), {"notes": []}, thread_id="a", options=options)
    assert isinstance(waiting, Waiting)
    assert [question.value for question in waiting.questions] == [{"question": "may I?"}]
    still = await run_graph(ask(model), {"notes": []}, thread_id="a", options=options)
    assert isinstance(still, Waiting)
    assert still.questions == waiting.questions
    done = await resume_graph(ask(model), "yes", thread_id="a", options=options)
    assert isinstance(done, Finished)
    assert done.values["notes"] == ["one two three", "answer: yes", "acted"]
    late = await resume_graph(ask(model), "no", thread_id="a", options=options)
    assert isinstance(late, Finished)
    assert late.values == done.values
    assert model.asked == ["prepare"]


async def test_an_answer_to_nothing_is_refused() -> None:
    with pytest.raises(LookupError, match="has not begun"):
        await resume_graph(ask(), "yes", thread_id="unknown", options=remembering())


@pytest.mark.parametrize("steps", range(1, 7))
async def test_a_thread_takes_as_many_steps_as_it_may_over_all_its_runs(steps: int) -> None:
    seen, saver = Seen(), InMemorySaver()
    options = RunOptions(checkpointer=saver, on_node=seen.take, limits=Limits(steps=steps))
    for _ in range(2):
        outcome = await run_graph(loop(3), {"notes": []}, thread_id="a", options=options)
    assert len(seen) == steps
    if steps < 6:
        assert isinstance(outcome, Stopped)
        assert outcome.kind == "steps"
    more = RunOptions(checkpointer=saver, on_node=seen.take)
    done = await run_graph(loop(3), {"notes": []}, thread_id="a", options=more)
    assert isinstance(done, Finished)
    assert len(seen) == 6
    assert len(done.values["notes"]) == 3


async def test_tokens_of_earlier_runs_count_towards_the_budget() -> None:
    options = remembering(limits=Limits(tokens=20), used_before=Usage(1, 10, 4))
    stopped = await run_graph(loop(3, Echo()), {"notes": []}, thread_id="a", options=options)
    assert isinstance(stopped, Stopped)
    assert (stopped.kind, stopped.usage.calls) == ("budget", 1)
    assert stopped.reason == "used 20 tokens of 20"


class Fixed:
    """Says that a node has cost a dollar."""

    cost_usd = Decimal(1)

    def __enter__(self) -> "Fixed":
        return self

    def __exit__(self, *_: object) -> None:
        return None


async def test_money_is_counted_by_the_meter() -> None:
    options = remembering(limits=Limits(cost_usd=Decimal(3)), meter=Fixed)
    stopped = await run_graph(loop(9, Echo()), {"notes": []}, thread_id="a", options=options)
    assert isinstance(stopped, Stopped)
    assert (stopped.kind, stopped.usage.cost_usd) == ("budget", Decimal(3))


async def test_time_is_looked_at_between_nodes() -> None:
    options = remembering(limits=Limits(seconds=0.0000001))
    stopped = await run_graph(loop(2), {"notes": []}, thread_id="a", options=options)
    assert isinstance(stopped, Stopped)
    assert stopped.kind == "time"


async def test_a_cancelled_run_stops_after_its_node() -> None:
    seen = Seen()

    async def is_cancelled() -> bool:
        return bool(seen)

    options = remembering(on_node=seen.take, is_cancelled=is_cancelled)
    stopped = await run_graph(loop(2), {"notes": []}, thread_id="a", options=options)
    assert isinstance(stopped, Stopped)
    assert (stopped.kind, seen.labels) == ("cancelled", ["work-1"])


def transient(attempts: int = 3) -> RetryPolicy:
    return RetryPolicy(
        max_attempts=attempts, initial_interval=0.001, jitter=False, retry_on=lambda error: isinstance(error, Passing)
    )


async def test_what_may_pass_is_tried_again_and_every_attempt_is_seen() -> None:
    seen = Seen()
    options = remembering(on_node=seen.take, retry=transient())
    done = await run_graph(flaky(2, Passing), {"notes": []}, thread_id="a", options=options)
    assert isinstance(done, Finished)
    assert seen.labels == ["work-1", "work-1 (attempt 2)", "work-1 (attempt 3)"]
    assert [run.error for run in seen] == ["Passing", "Passing", None]


async def test_what_will_not_pass_ends_the_run_and_the_next_one_goes_on() -> None:
    seen, graph = Seen(), flaky(1, Lasting)
    options = remembering(on_node=seen.take, retry=transient())
    with pytest.raises(Lasting):
        await run_graph(graph, {"notes": []}, thread_id="a", options=options)
    assert len(seen) == 1
    assert isinstance(await run_graph(graph, None, thread_id="a", options=options), Finished)


async def test_a_nodes_own_policy_wins() -> None:
    graph = flaky(2, Passing, transient(attempts=1))
    with pytest.raises(Passing):
        await run_graph(graph, {"notes": []}, thread_id="a", options=remembering(retry=transient(5)))
