"""Small graphs of several shapes, and a model that reports what it used."""

import operator
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langgraph.graph import END, START, StateGraph
from langgraph.types import RetryPolicy, Send, interrupt
from pydantic import Field
from typing_extensions import TypedDict


class Echo(BaseChatModel):
    """Says its words, as often as asked, and what that cost: 3 tokens in, one out for each word."""

    words: Sequence[str] = ("one", "two", "three")
    asked: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "echo"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.asked.append(messages[-1].text)
        message = AIMessage(
            " ".join(self.words),
            usage_metadata={"input_tokens": 3, "output_tokens": len(self.words), "total_tokens": 3 + len(self.words)},
            response_metadata={"model_name": "echo-1"},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        self.asked.append(messages[-1].text)
        run_manager = kwargs.get("run_manager") or (args[1] if len(args) > 1 else None)
        for word in self.words:
            chunk = ChatGenerationChunk(message=AIMessageChunk(f"{word} "))
            if run_manager:
                await run_manager.on_llm_new_token(f"{word} ", chunk=chunk)
            yield chunk
        last = AIMessageChunk(
            "",
            usage_metadata={"input_tokens": 3, "output_tokens": len(self.words), "total_tokens": 3 + len(self.words)},
            response_metadata={"model_name": "echo-1"},
        )
        yield ChatGenerationChunk(message=last)


class Notes(TypedDict, total=False):
    notes: Annotated[list[str], operator.add]
    rounds: int


class Item(TypedDict):
    item: int


def loop(rounds: int, model: Echo | None = None) -> Any:
    """Goes round `rounds` times, asking the model each time."""

    async def work(state: Notes) -> Notes:
        number = state.get("rounds", 0) + 1
        said = (await model.ainvoke(f"round {number}")).text if model else "nothing"
        return {"notes": [f"{number}: {said.strip()}"], "rounds": number}

    def check(state: Notes) -> Notes:
        return {}

    def again(state: Notes) -> Literal["work", "__end__"]:
        return "work" if state["rounds"] < rounds else END

    graph = StateGraph(Notes)
    graph.add_node("work", work)
    graph.add_node("check", check)
    graph.add_edge(START, "work")
    graph.add_edge("work", "check")
    graph.add_conditional_edges("check", again)
    return graph.compile(name="loop")


def fan(width: int, model: Echo | None = None) -> Any:
    """Sends `width` items to a node side by side, beside a branch of its own, and joins them."""

    def begin(state: Notes) -> Notes:
        return {"notes": ["begun"]}

    async def each(state: Item) -> Notes:
        said = (await model.ainvoke(f"item {state['item']}")).text if model else "done"
        return {"notes": [f"{state['item']}: {said.strip()}"]}

    def beside(state: Notes) -> Notes:
        return {"notes": ["beside"]}

    def join(state: Notes) -> Notes:
        return {"rounds": len(state["notes"])}

    def out(state: Notes) -> list[Any]:
        return [*(Send("each", {"item": number}) for number in range(width)), "beside"]

    graph = StateGraph(Notes)
    for node in (begin, each, beside, join):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", out, ["each", "beside"])
    graph.add_edge("each", "join")
    graph.add_edge("beside", "join")
    return graph.compile(name="fan")


def ask(model: Echo | None = None) -> Any:
    """Prepares, asks a person, acts on the answer."""

    async def prepare(state: Notes) -> Notes:
        said = (await model.ainvoke("prepare")).text if model else "ready"
        return {"notes": [said.strip()]}

    def person(state: Notes) -> Notes:
        return {"notes": [f"answer: {interrupt({'question': 'may I?'})}"]}

    def act(state: Notes) -> Notes:
        return {"notes": ["acted"]}

    graph = StateGraph(Notes)
    graph.add_node("prepare", prepare)
    graph.add_node("person", person)
    graph.add_node("act", act)
    graph.add_edge(START, "prepare")
    graph.add_edge("prepare", "person")
    graph.add_edge("person", "act")
    return graph.compile(name="ask")


class Passing(Exception):
    """May go away."""


class Lasting(Exception):
    """Will not."""


def flaky(failures: int, error: type[Exception], policy: RetryPolicy | None = None) -> Any:
    """Fails some times, then works."""
    left = [failures]

    def work(state: Notes) -> Notes:
        if left[0]:
            left[0] -= 1
            raise error("no")
        return {"notes": ["worked"]}

    graph = StateGraph(Notes)
    graph.add_node("work", work, retry_policy=policy)
    graph.add_edge(START, "work")
    return graph.compile(name="flaky")


def outer(rounds: int) -> Any:
    """Has another graph as a node."""
    graph = StateGraph(Notes)
    graph.add_node("inner", loop(rounds))
    graph.add_edge(START, "inner")
    return graph.compile(name="outer")
