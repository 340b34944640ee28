"""What a run says while it runs: batched, bounded, in order, and never in the graph's way."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.checkpoint.memory import InMemorySaver
from langgraph_prefect_graphs import Echo, Lasting, ask, fan, flaky, loop

from langgraph_prefect.running import RunOptions, run_graph
from langgraph_prefect.stream import Message, MessageStream, plain
from langgraph_prefect.values import Finished


class Audience(list[Message]):
    async def hear(self, message: Message) -> None:
        self.append(message)

    def texts(self, node: str) -> list[str]:
        return [heard["content"] for heard in self if heard["type"] == "chunk" and heard["metadata"]["node"] == node]


async def audience_of(graph: Any) -> Audience:
    audience = Audience()
    options = RunOptions(checkpointer=InMemorySaver(), publish=audience.hear)
    await run_graph(graph, {"notes": []}, thread_id="a", options=options)
    return audience


async def test_tokens_come_in_batches_before_the_state_they_made() -> None:
    audience = await audience_of(loop(1, Echo(words=[str(number) for number in range(25)])))
    assert [message["type"] for message in audience] == [*["chunk"] * 3, "state_update", "state_update", "complete"]
    assert [len(text.split()) for text in audience.texts("work")] == [10, 10, 5]
    assert all(message.keys() == {"type", "content", "metadata"} for message in audience)
    assert all(message["metadata"].keys() == {"node", "confidence", "tokens_used"} for message in audience)
    assert audience[3]["content"]["notes"][0].startswith("1: 0 1 2")
    assert audience[-1]["content"] == {"outcome": "finished", "thread_id": "a", "dropped": 0}
    assert audience[-1]["metadata"]["tokens_used"] == 28


async def test_branches_do_not_mix_their_tokens() -> None:
    audience = await audience_of(fan(2, Echo()))
    assert "".join(audience.texts("each")).split() in (
        ["one", "two", "three"] * 2,
        ["one", "one", "two", "two", "three", "three"],
    )
    assert not audience.texts("join")


async def test_a_question_and_a_failure_are_told() -> None:
    waiting = await audience_of(ask(Echo()))
    assert waiting[-1]["content"]["outcome"] == "waiting"
    audience = Audience()
    options = RunOptions(checkpointer=InMemorySaver(), publish=audience.hear)
    with pytest.raises(Lasting):
        await run_graph(flaky(1, Lasting), {"notes": []}, thread_id="a", options=options)
    assert (audience[-1]["type"], audience[-1]["content"]) == ("error", "Lasting")


async def test_a_lone_token_waits_no_longer_than_it_may() -> None:
    audience = Audience()
    async with MessageStream(audience.hear, batch_s=0.02) as stream:
        stream.token("node", "alone")
        await asyncio.sleep(0)
        assert not audience
        await asyncio.sleep(0.2)
        assert audience.texts("node") == ["alone"]


@given(st.lists(st.sampled_from(["token", "state"]), max_size=60), st.integers(1, 8))
def test_only_chunks_are_dropped_and_all_that_is_dropped_is_counted(events: list[str], capacity: int) -> None:
    async def check() -> None:
        heard, gate = Audience(), asyncio.Event()

        async def slow(message: Message) -> None:
            await gate.wait()
            await heard.hear(message)

        async with MessageStream(slow, batch_tokens=1, capacity=capacity) as stream:
            await asyncio.sleep(0)
            for number, event in enumerate(events):
                stream.token("n", str(number)) if event == "token" else stream.state_update("n", {"at": number})
            stream.complete({})
            gate.set()
        states = [message["content"]["at"] for message in heard if message["type"] == "state_update"]
        assert states == [number for number, event in enumerate(events) if event == "state"]
        assert len(heard.texts("n")) + stream.dropped == events.count("token")
        order = [int(message["content"]) for message in heard if message["type"] == "chunk"]
        assert order == sorted(order)
        assert heard[-1]["type"] == "complete"

    asyncio.run(check())


async def test_a_publisher_that_fails_or_hangs_does_not_stop_the_graph() -> None:
    async def fails(message: Message) -> None:
        raise OSError("nobody there")

    async def hangs(message: Message) -> None:
        await asyncio.Event().wait()

    for publish in (fails, hangs):
        options = RunOptions(checkpointer=InMemorySaver(), publish=publish)
        done = await run_graph(loop(2, Echo()), {"notes": []}, thread_id="a", options=options)
        assert isinstance(done, Finished)


def test_any_value_is_made_plain() -> None:
    class Odd:
        def __str__(self) -> str:
            return "odd"

    assert plain({1: (Odd(), {"a"}, None, 2.5)}) == {"1": ["odd", ["a"], None, 2.5]}
