"""The marketing agent: angles → [messages ‖ subject lines] → optimize, once more for what did not pass, then done.

    START → angles ─┬─ message (one for each persona and tone) ─┬→ optimize ─┬─(some did not pass)→ repair ─┬→ finish
                    └─ subjects (one for each persona) ─────────┘            └─(all passed)─────────────────┘

It writes variants with placeholders and never sees a person: names and companies are put in afterwards. Without a
model the same graph runs on templates. A text that fails the checks twice gives way to the template, and says so.
"""

from secrets import token_hex
from typing import Annotated, Any, Literal, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send
from pydantic import BaseModel, ConfigDict, Field

from agents.prompt_files import read_prompt
from core.agents import threads
from core.errors import MalformedAnswer
from core.outreach.campaigns import (
    FIELD_OF,
    MAX_SUBJECT,
    MAX_WORDS,
    Variant,
    best_subject,
    merged,
    problems_of_body,
    template,
)

_PROMPT = read_prompt("marketing")
PROMPT_VERSION = _PROMPT.version
NAME = threads.MARKETING


class Closed(BaseModel):
    """A value of a strict schema."""

    model_config = ConfigDict(extra="forbid")


class Angle(Closed):
    """What of the offer matters to a persona."""

    persona: str
    angle: str = Field(max_length=400)


class Angles(Closed):
    """An angle for each persona."""

    angles: list[Angle] = Field(max_length=10)


class MessageText(Closed):
    """A message with placeholders."""

    body: str


class SubjectLines(Closed):
    """Some subject lines to choose from."""

    subjects: list[str] = Field(max_length=6)


class MarketingInput(TypedDict):
    """What a thread starts with, as JSON. It names no persons."""

    segment: str
    statistics: list[str]
    offer: str
    personas: list[str]
    tones: list[str]


class MarketingState(MarketingInput, total=False):
    """What a thread knows. Parallel runs return their own part; the reducers join them."""

    angles: dict[str, str]
    messages: Annotated[list[dict[str, Any]], merged]
    subjects: Annotated[list[dict[str, Any]], merged]
    failing: list[dict[str, Any]]
    variants: list[dict[str, Any]]


class WritingBrief(TypedDict):
    """What one parallel run is told."""

    offer: str
    persona: str
    tone: str
    angle: str
    problems: list[str]


def build(model: BaseChatModel | None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Make the graph.

    Args:
        model: any chat model; None: templates.
    """
    writer = _Templates() if model is None else _Writer(model)
    graph = StateGraph(MarketingState, input_schema=MarketingInput)
    graph.add_node("angles", writer.angles)
    graph.add_node("message", writer.message, input_schema=WritingBrief)
    graph.add_node("subjects", writer.subjects, input_schema=WritingBrief)
    graph.add_node("optimize", optimize)
    graph.add_node("repair", writer.message, input_schema=WritingBrief)
    graph.add_node("finish", finish)
    graph.add_edge(START, "angles")
    graph.add_conditional_edges("angles", side_by_side, ["message", "subjects"])
    graph.add_edge(["message", "subjects"], "optimize")
    graph.add_conditional_edges("optimize", once_more, ["repair", "finish"])
    graph.add_edge("repair", "finish")
    graph.add_edge("finish", END)
    return graph.compile(name=NAME)


def side_by_side(state: MarketingState) -> list[Send]:
    """Write messages and subject lines at the same time."""
    written = [Send("message", _part(state, persona, tone)) for persona in state["personas"] for tone in state["tones"]]
    return written + [Send("subjects", _part(state, persona, "")) for persona in state["personas"]]


def _part(state: MarketingState, persona: str, tone: str, problems: list[str] | None = None) -> WritingBrief:
    angle = state["angles"].get(persona, "")
    return {"offer": state["offer"], "persona": persona, "tone": tone, "angle": angle, "problems": problems or []}


async def optimize(state: MarketingState) -> dict[str, Any]:
    """Find the messages that do not pass."""
    judged = [{**message, "problems": _problems(message, state)} for message in state["messages"]]
    return {"failing": [message for message in judged if message["problems"]]}


def _problems(message: dict[str, Any], state: MarketingState) -> list[str]:
    return problems_of_body(message["body"], state["offer"]) if message["by"] == "model" else []


def once_more(state: MarketingState) -> list[Send] | Literal["finish"]:
    """Have what did not pass written once more, each with what was wrong."""
    return [
        Send("repair", _part(state, failing["persona"], failing["tone"], failing["problems"]))
        for failing in state["failing"]
    ] or "finish"


async def finish(state: MarketingState) -> dict[str, Any]:
    """Take the best subject line for each message; a template stands in for what still does not pass."""
    offer, variants = state["offer"], []
    subjects = {one["persona"]: best_subject(one["subjects"], offer) for one in state["subjects"]}
    for message in state["messages"]:
        problems = _problems(message, state)
        stand_in = template(message["persona"], message["tone"], offer, problems=problems)
        if message["by"] == "template" or problems:
            variants.append(stand_in)
            continue
        subject = subjects.get(message["persona"]) or stand_in.subject
        kept = {name: message[name] for name in ("persona", "tone", "body")}
        variants.append(Variant(**kept, subject=subject, by="model"))
    return {"variants": [variant.model_dump() for variant in variants]}


class _Templates:
    """Writes without a model."""

    async def angles(self, state: MarketingState) -> dict[str, Any]:
        return {"angles": dict.fromkeys(state["personas"], "")}

    async def message(self, state: WritingBrief) -> dict[str, Any]:
        return {"messages": [{"persona": state["persona"], "tone": state["tone"], "body": "", "by": "template"}]}

    async def subjects(self, state: WritingBrief) -> dict[str, Any]:
        return {"subjects": [{"persona": state["persona"], "subjects": []}]}


class _Writer:
    """Asks the model, once a node."""

    def __init__(self, model: BaseChatModel) -> None:
        self._angles = _chain("angles", model, Angles)
        self._message = _chain("message", model, MessageText)
        self._repair = _chain("repair", model, MessageText)
        self._subjects = _chain("subjects", model, SubjectLines)

    async def angles(self, state: MarketingState) -> dict[str, Any]:
        asked = {
            "offer": state["offer"],
            "segment": state["segment"],
            "personas": "\n".join(f"- {persona}" for persona in state["personas"]),
            "fence": token_hex(4),
            "statistics": "\n".join(state["statistics"]),
        }
        try:
            said = await self._angles.ainvoke(asked)
        except MalformedAnswer:
            return {"angles": {}}
        return {"angles": {one.persona: one.angle for one in said.angles if one.persona in state["personas"]}}

    async def message(self, state: WritingBrief) -> dict[str, Any]:
        chain = self._repair if state["problems"] else self._message
        named = {"persona": state["persona"], "tone": state["tone"]}
        try:
            said = await chain.ainvoke(
                {**_asked(state), **named, "problems": "\n".join(f"- {p}" for p in state["problems"])}
            )
        except MalformedAnswer:
            return {"messages": [{**named, "body": "", "by": "model"}]}
        return {"messages": [{**named, "body": said.body, "by": "model"}]}

    async def subjects(self, state: WritingBrief) -> dict[str, Any]:
        try:
            said = await self._subjects.ainvoke({**_asked(state), "persona": state["persona"]})
        except MalformedAnswer:
            return {"subjects": [{"persona": state["persona"], "subjects": []}]}
        return {"subjects": [{"persona": state["persona"], "subjects": said.subjects}]}


def _asked(part: WritingBrief) -> dict[str, str]:
    names = ", ".join(f"{{{name}}}" for name in FIELD_OF)
    angle = part["angle"] or "none was found; keep to the offer"
    return {
        "offer": part["offer"],
        "angle": angle,
        "placeholders": names,
        "words": str(MAX_WORDS),
        "longest": str(MAX_SUBJECT),
    }


def _chain(part: str, model: BaseChatModel, schema: type[Closed]) -> Any:
    messages = [("system", _PROMPT.parts["system"]), ("human", _PROMPT.parts[part])]
    return ChatPromptTemplate.from_messages(messages) | model.with_structured_output(schema)
