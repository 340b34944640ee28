"""The growth agent: research → analyze → validate, again while confidence is below the bar, then a report.

    START → research → analyze → validate ─┬─(below the bar, rounds and pages left)→ research
                                           └─(else)→ report → END

Which pages are read was decided before the start; nothing a page or a model says can add one. Without a model the same
graph runs by rules: statistics as they stand and sentences quoted from the pages.
"""

import json
import operator
from collections.abc import Awaitable, Callable, Mapping
from secrets import token_hex
from typing import Annotated, Any, Literal, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel, ConfigDict, Field

from agents.prompt_files import read_prompt
from core.agents import threads
from core.errors import MalformedAnswer
from core.outreach.markets import (
    Claim,
    Finding,
    MarketEvidence,
    MarketPage,
    RejectedClaim,
    check_claim,
    claims_by_rules,
    confidence_of,
    joined_by_id,
    merged,
    shortfall,
    without_orders,
)

_PROMPT = read_prompt("growth")
PROMPT_VERSION = _PROMPT.version
NAME = threads.GROWTH
_MAX_EVIDENCE = 4_000
"""Characters of one piece of evidence that a model is shown."""

ReadPage = Callable[[str], Awaitable[MarketPage]]
"""Reads one page, politely; raises nothing for what a page does."""


class Analysis(BaseModel):
    """What the evidence shows."""

    model_config = ConfigDict(extra="forbid")

    findings: list[Claim] = Field(max_length=12)


class GrowthInput(TypedDict):
    """What a thread starts with, as JSON."""

    segment: str
    terms: list[str]
    question: str
    statistics: list[dict[str, Any]]
    pages: list[str]
    bar: float
    rounds: int
    pages_a_round: int


class GrowthState(GrowthInput, total=False):
    """What a thread knows. Nodes return what is new; the reducers join it."""

    round: int
    evidence: Annotated[list[dict[str, Any]], joined_by_id]
    fresh: list[str]
    unreadable: Annotated[list[dict[str, str]], operator.add]
    claims: list[dict[str, Any]]
    findings: Annotated[list[dict[str, Any]], merged]
    rejected: Annotated[list[dict[str, str]], operator.add]
    confidence: float
    reason: str | None


def build(model: BaseChatModel | None, read_page: ReadPage) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Make the graph.

    Args:
        model: any chat model; None: rules.
        read_page: reads the pages that were named at the start.
    """
    graph = StateGraph(GrowthState, input_schema=GrowthInput)
    graph.add_node("research", _Research(read_page).run)
    graph.add_node("analyze", _by_rules if model is None else _Analyst(model).run)
    graph.add_node("validate", validate)
    graph.add_node("report", report)
    graph.add_edge(START, "research")
    graph.add_edge("research", "analyze")
    graph.add_edge("analyze", "validate")
    graph.add_conditional_edges("validate", onward)
    graph.add_edge("report", END)
    return graph.compile(name=NAME)


class _Research:
    """Gathers what is read in a round: the statistics in the first, then the named pages in their order."""

    def __init__(self, read_page: ReadPage) -> None:
        self._read_page = read_page

    async def run(self, state: GrowthState) -> dict[str, Any]:
        number = state.get("round", 0) + 1
        gathered = [MarketEvidence(**one) for one in state["statistics"]] if number == 1 else []
        unreadable = []
        first = (number - 1) * state["pages_a_round"]
        for place, url in enumerate(state["pages"][first : first + state["pages_a_round"]], first + 1):
            page = await self._read_page(url)
            if text := without_orders(page.text):
                gathered.append(MarketEvidence(id=f"p{place}", kind="page", source=page.url, text=text))
            else:
                unreadable.append({"url": page.url, "why": page.why or "it says nothing"})
        return {
            "round": number,
            "evidence": [one.model_dump() for one in gathered],
            "fresh": [one.id for one in gathered],
            "unreadable": unreadable,
        }


def _fresh(state: GrowthState) -> list[MarketEvidence]:
    return [MarketEvidence(**one) for one in state.get("evidence", []) if one["id"] in state["fresh"]]


async def _by_rules(state: GrowthState) -> dict[str, Any]:
    return {"claims": [claim.model_dump() for claim in claims_by_rules(_fresh(state), state["terms"])]}


class _Analyst:
    """Asks the model about what was gathered in this round, and only about that."""

    def __init__(self, model: BaseChatModel) -> None:
        messages = [("system", _PROMPT.parts["system"]), ("human", _PROMPT.parts["human"])]
        self._chain = ChatPromptTemplate.from_messages(messages) | model.with_structured_output(Analysis)

    async def run(self, state: GrowthState) -> dict[str, Any]:
        fresh = _fresh(state)
        if not fresh:
            return {"claims": []}
        try:
            analysis = await self._chain.ainvoke(
                {
                    "segment": state["segment"],
                    "question": state["question"],
                    "known": _listed([finding["claim"] for finding in state.get("findings", [])]),
                    "fence": token_hex(4),
                    "evidence": "\n".join(_shown(one) for one in fresh),
                }
            )
        except MalformedAnswer:
            return {"claims": [], "rejected": [{"claim": "", "fault": "unusable"}]}
        assert isinstance(analysis, Analysis)
        return {"claims": [claim.model_dump() for claim in analysis.findings]}


def _shown(one: MarketEvidence) -> str:
    return json.dumps({"id": one.id, "source": one.source, "text": one.text[:_MAX_EVIDENCE]}, ensure_ascii=False)


def _listed(claims: list[str]) -> str:
    return "\n".join(f"- {claim}" for claim in claims) or "- nothing yet"


async def validate(state: GrowthState) -> dict[str, Any]:
    """Hold every claim of this round against its source."""
    evidence = {one["id"]: MarketEvidence(**one) for one in state.get("evidence", [])}
    judged = [check_claim(Claim(**claim), evidence) for claim in state["claims"]]
    kept = [one.model_dump() for one in judged if isinstance(one, Finding)]
    return {
        "findings": kept,
        "rejected": [one.model_dump() for one in judged if isinstance(one, RejectedClaim)],
        "confidence": confidence_of(merged(state.get("findings", []), kept)),
    }


def onward(state: GrowthState) -> Literal["research", "report"]:
    """Go round again while it is not sure enough and there is something left to try."""
    is_sure = state["confidence"] >= state["bar"] and bool(state.get("findings"))
    if is_sure or state["round"] >= state["rounds"] or not _unread(state):
        return "report"
    return "research"


def _unread(state: Mapping[str, Any]) -> int:
    return max(0, len(state["pages"]) - int(state["round"]) * int(state["pages_a_round"]))


async def report(state: GrowthState) -> dict[str, Any]:
    """Return whether it is enough."""
    found = len(state.get("findings", []))
    return {"reason": shortfall(state["confidence"], state["bar"], findings=found, unread=_unread(state))}
