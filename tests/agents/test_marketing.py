"""The marketing agent: parallel messages and subject lines, one repair, and templates where a text does not pass."""

import json
from collections import Counter
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from scripted_model import ScriptedModel

from agents import marketing
from core.outreach.campaigns import template
from langgraph_prefect.running import RunOptions, run_graph
from langgraph_prefect.values import Finished, NodeRun

OFFER = (
    "We look after server rooms for mid-sized companies, with a fixed team that knows the place and one bill a month."
)
GOOD = f"Hello {{first_name}},\n\nI have an idea for {{company}}. {OFFER} Would a short call suit you in the next days?"
BAD = GOOD + " Act now!"
GIVEN = marketing.MarketingInput(
    segment="Austria", statistics=["12 leads."], offer=OFFER, personas=["CEO", "CFO"], tones=["friendly", "formal"]
)


class Run:
    """A run of the graph and how often it visited which node."""

    def __init__(self) -> None:
        self.nodes: Counter[str] = Counter()

    async def _seen(self, run: NodeRun) -> None:
        self.nodes[run.visit.node] += 1

    async def __call__(self, model: ScriptedModel | None) -> list[dict[str, Any]]:
        options = RunOptions(checkpointer=InMemorySaver(), on_node=self._seen)
        done = await run_graph(marketing.build(model), GIVEN, thread_id="t", options=options)
        assert isinstance(done, Finished)
        variants: list[dict[str, Any]] = done.values["variants"]
        return variants


def says(schema: str, prompt: str, *, first: str = GOOD, second: str = GOOD) -> str:
    match schema:
        case "Angles":
            return json.dumps(
                {"angles": [{"persona": "CEO", "angle": "Less to think of."}, {"persona": "X", "angle": "?"}]}
            )
        case "SubjectLines":
            return json.dumps({"subjects": ["Act now", "An idea for {company}", "x"]})
    return json.dumps({"body": second if "could not be used" in prompt else first})


async def test_all_parts_are_written_side_by_side_and_joined_once() -> None:
    run, model = Run(), ScriptedModel(answer=says)
    variants = await run(model)
    assert run.nodes == {"angles": 1, "message": 4, "subjects": 2, "optimize": 1, "finish": 1}
    assert [(one["persona"], one["tone"], one["by"]) for one in variants] == [
        (persona, tone, "model") for persona in ("CEO", "CFO") for tone in ("formal", "friendly")
    ]
    assert {one["subject"] for one in variants} == {"An idea for {company}"}
    assert len(model.prompts) == 7
    assert "Less to think of." in "".join(model.prompts)


async def test_what_does_not_pass_is_written_once_more() -> None:
    run, model = Run(), ScriptedModel(answer=lambda schema, prompt: says(schema, prompt, first=BAD))
    variants = await run(model)
    assert run.nodes["repair"] == 4
    assert {one["by"] for one in variants} == {"model"}
    assert all("“act now”" in prompt for prompt in model.prompts if "could not be used" in prompt)


@pytest.mark.parametrize("text", [BAD, "", "Hello {contact_email}."])
async def test_what_fails_twice_gives_way_to_the_template_and_says_so(text: str) -> None:
    model = ScriptedModel(answer=lambda schema, prompt: says(schema, prompt, first=text, second=text))
    variants = await Run()(model)
    for one in variants:
        assert (one["by"], one["body"]) == ("template", template(one["persona"], one["tone"], OFFER).body)
        assert one["problems"]


async def test_an_unreadable_answer_costs_no_neighbour() -> None:
    def answer(schema: str, prompt: str) -> str:
        is_bad = schema == "MessageText" and "Persona: CEO" in prompt and "Tone: formal" in prompt
        return "no JSON" if is_bad or schema in ("Angles", "SubjectLines") else says(schema, prompt)

    variants = await Run()(ScriptedModel(answer=answer))
    assert [one["by"] for one in variants] == ["template", "model", "model", "model"]
    assert variants[1]["subject"] == template("CEO", "friendly", OFFER).subject


async def test_without_a_model_there_are_templates() -> None:
    run = Run()
    variants = await run(None)
    assert run.nodes == {"angles": 1, "message": 4, "subjects": 2, "optimize": 1, "finish": 1}
    assert all((one["by"], one["problems"]) == ("template", []) for one in variants)
