"""The growth agent round by round: every way it can go, with a model, without one, and with one that misbehaves."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from scripted_model import ScriptedModel

from agents import growth
from core.outreach.markets import MarketEvidence, MarketPage
from langgraph_prefect.running import RunOptions, run_graph
from langgraph_prefect.values import Finished, NodeRun

STATISTIC = MarketEvidence(
    id="s1", kind="statistic", source="our own leads", text="12 of 40 leads (30 %) are in Software.", weight=40
)


def page_text(url: str) -> str:
    return f"Page {url[-1]} tells that pumps sell well in Austria, and that demand is {url[-1]}0 percent up."


async def read(url: str) -> MarketPage:
    return MarketPage(url=url, why="HTTP 404") if "missing" in url else MarketPage(url=url, text=page_text(url))


def given(pages: int = 0, **more: Any) -> growth.GrowthInput:
    base: dict[str, Any] = {
        "segment": "pumps",
        "terms": ["Austria"],
        "question": "What sells?",
        "statistics": [STATISTIC.model_dump()],
        "pages": [f"https://trade.example/{number}" for number in range(1, pages + 1)],
        "bar": 0.6,
        "rounds": 5,
        "pages_a_round": 1,
    }
    return growth.GrowthInput(**(base | more))  # type: ignore[typeddict-item]


class Run:
    """A run of the graph and the nodes it visited."""

    def __init__(self) -> None:
        self.nodes: list[str] = []

    async def _seen(self, run: NodeRun) -> None:
        self.nodes.append(run.visit.node)

    async def __call__(self, model: ScriptedModel | None, start: growth.GrowthInput) -> dict[str, Any]:
        options = RunOptions(checkpointer=InMemorySaver(), on_node=self._seen)
        done = await run_graph(growth.build(model, read), start, thread_id="t", options=options)
        assert isinstance(done, Finished)
        return dict(done.values)


def repeating(confidence: float = 1.0) -> Callable[[str, str], str]:
    """Repeat each piece of evidence as a finding."""

    def answer(schema: str, prompt: str) -> str:
        assert schema == "Analysis"
        shown = [json.loads(line) for line in prompt.splitlines() if line.startswith('{"id"')]
        found = [
            {"claim": one["text"], "source": one["id"], "quote": one["text"], "confidence": confidence} for one in shown
        ]
        return json.dumps({"findings": found})

    return answer


@pytest.mark.parametrize("rounds", [1, 2, 3, 4])
async def test_n_rounds_give_n_findings(rounds: int) -> None:
    run, model = Run(), ScriptedModel(answer=repeating())
    values = await run(model, given(pages=rounds, statistics=[], bar=1.0))
    assert values["round"] == rounds
    assert len(values["findings"]) == len(values["evidence"]) == rounds
    assert run.nodes == [*["research", "analyze", "validate"] * rounds, "report"]
    assert all(prompt.count('{"id"') == 1 for prompt in model.prompts)


async def test_it_ends_when_it_is_sure() -> None:
    values = await Run()(ScriptedModel(answer=repeating()), given(pages=5, pages_a_round=2))
    assert (values["round"], values["confidence"], values["reason"]) == (1, 0.733, None)


async def test_it_ends_when_the_rounds_are_used_up() -> None:
    values = await Run()(ScriptedModel(answer=repeating()), given(pages=5, bar=0.99, rounds=2))
    assert values["round"] == 2
    assert "rounds were used up" in values["reason"]


async def test_it_ends_when_nothing_is_left_to_read() -> None:
    values = await Run()(None, given(bar=0.99))
    assert (values["round"], len(values["findings"])) == (1, 1)
    assert "nothing left to read" in values["reason"]


async def test_nothing_at_all_is_not_enough() -> None:
    values = await Run()(None, given(statistics=[], pages=0, bar=0.0))
    assert values["findings"] == []
    assert "no claim" in values["reason"]


async def test_without_a_model_pages_are_quoted() -> None:
    values = await Run()(None, given(pages=2, bar=1.0))
    claims = [finding["claim"] for finding in values["findings"]]
    assert claims[0] == STATISTIC.text
    assert claims[1:] == [f"trade.example says: “{page_text(str(number))}”" for number in (1, 2)]


async def test_pages_that_cannot_be_read_are_told() -> None:
    values = await Run()(None, given(pages=0, bar=1.0) | {"pages": ["https://missing.example/1"]})  # type: ignore[arg-type]
    assert values["unreadable"] == [{"url": "https://missing.example/1", "why": "HTTP 404"}]


@pytest.mark.parametrize("text", ["no idea", '{"findings": [{"claim": "x"}]}', "{}"])
async def test_an_answer_of_no_use_is_counted_and_the_next_round_tried(text: str) -> None:
    answers = iter([text])
    model = ScriptedModel(answer=lambda schema, prompt: next(answers, None) or repeating()(schema, prompt))
    values = await Run()(model, given(pages=2, bar=1.0))
    assert [one["fault"] for one in values["rejected"]] == ["unusable"]
    assert len(values["findings"]) == 1


async def test_what_does_not_hold_is_left_out_with_its_fault() -> None:
    bad = [
        {"claim": "Half of them.", "source": "s7", "quote": "12 of 40 leads", "confidence": 1},
        {"claim": "99 of them.", "source": "s1", "quote": "12 of 40 leads", "confidence": 1},
        {"claim": "Some of them.", "source": "s1", "quote": "never said like that", "confidence": 1},
    ]
    values = await Run()(ScriptedModel(answer=lambda *_: json.dumps({"findings": bad})), given())
    assert values["findings"] == []
    assert [one["fault"] for one in values["rejected"]] == ["no_such_source", "number_not_in_source", "not_quoted"]
    assert "no claim" in values["reason"]
