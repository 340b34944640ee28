"""Answers of no use, of every provider to every agent: each goes its own way on, and what was paid is known."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from profiles import profile
from pydantic import SecretStr

from agents import bdr, conversation, enrichment, growth, marketing, qualification
from agents.metering import TokenMeter
from agents.models import Job, ModelChoice, Models
from agents.openings import write_opening
from agents.price_file import PRICE_FILE
from core.config_files import parse_config
from core.conversation.playbook import EXAMPLE, Playbook
from core.errors import MalformedAnswer
from core.ledger.prices import TokenUsage, read_prices
from core.outreach.markets import MarketEvidence, MarketPage
from core.outreach.meetings import WorkingHours
from core.qualification.model_assessment import question_of
from integrations.model_endpoint import Endpoint
from integrations.resilience.retry import RetryPolicy
from langgraph_prefect.running import RunOptions, run_graph
from langgraph_prefect.values import Finished, NodeRun, Waiting
from tasks.agents.ledger import Charged, charged
from tests.agents.test_conversation import FACTS
from tests.agents.test_marketing import GIVEN

if TYPE_CHECKING:
    from sandbox.server import SandboxControl

PROVIDERS = {
    "cerebras": ("gpt-oss-120b", "tool"),
    "anthropic": ("claude-haiku-5-5", "tool"),
    "deepseek": ("deepseek-flash", "tool"),
    "openrouter": ("sandbox/small", "tool"),
    "openai": ("sandbox-small", "json_schema"),
}
KINDS: dict[str, dict[str, str]] = {
    "cut": {"content": '{"score": 7, "evidence": [', "ends": "length"},
    "filtered": {"content": "I", "ends": "content_filter"},
    "empty": {"content": ""},
    "refused": {"content": "I cannot help with that.", "ends": "refusal"},
    "malformed": {"content": 'a { b ["c'},
}
LEAD = UUID(int=7)


class Place:
    """A provider of the sandbox that gives answers of one kind, and its model."""

    def __init__(self, sandbox: "SandboxControl", guard_of: Any, provider: str) -> None:
        self._provider, self._sandbox = provider, sandbox
        name, by = PROVIDERS[provider]
        environment = sandbox.environment
        url = environment[f"{provider.upper()}_BASE_URL"]
        key = SecretStr(environment[f"{provider.upper()}_API_KEY"])
        guard = guard_of(provider, retry=RetryPolicy(retries=0, base_s=0))
        endpoints = {provider: Endpoint(provider, url, key, guard, 10.0, by)}  # type: ignore[arg-type]
        choices = {"default": (ModelChoice(provider, name),)}
        self._models = Models(endpoints, choices, read_prices(PRICE_FILE))

    @asynccontextmanager
    async def model(self) -> AsyncIterator[BaseChatModel]:
        async with self._models.chat_model(Job.WRITING) as model:
            yield model

    def says(self, kind: str) -> None:
        self._sandbox.seed(self._provider, answers=[KINDS[kind]])

    def paid(self, unit: str = "output_tokens") -> int:
        """Add up what the provider has billed."""
        return round(sum(float(charge["units"][unit]) for charge in self._sandbox.charges(self._provider)))


@pytest.fixture(params=PROVIDERS)
def place(request: pytest.FixtureRequest, sandbox: "SandboxControl", guard_of: Any) -> Place:
    return Place(sandbox, guard_of, request.param)


async def qualify(model: BaseChatModel, meter: TokenMeter) -> None:
    chosen = profile("criteria:\n  - {field: industry, weight: 1, one_of: {values: [Software]}}")
    asked = question_of(LEAD, "hash", ["industry"], ["Software"], Decimal(75), b"[]")
    with pytest.raises(MalformedAnswer):
        await qualification.assess(qualification.build(model, chosen), asked, meter)


async def enrich(model: BaseChatModel, meter: TokenMeter) -> None:
    with pytest.raises(MalformedAnswer):
        await enrichment.read(enrichment.build(model, ["city"]), [("http://a.example", "We are in Graz.")], meter)


async def research(model: BaseChatModel, meter: TokenMeter) -> None:
    async def read(url: str) -> MarketPage:
        return MarketPage(url=url, text="We grow.")

    given = growth.GrowthInput(
        segment="x", terms=["x"], question="Who?", statistics=[evidence()], pages=[], bar=0.5, rounds=1, pages_a_round=1
    )
    done = await finished(growth.build(model, read), given, meter)
    assert (done["findings"], done["rejected"]) == ([], [{"claim": "", "fault": "unusable"}])


def evidence() -> dict[str, Any]:
    return MarketEvidence(id="s1", kind="statistic", source="own", text="12 leads.", weight=12).model_dump()


async def write(model: BaseChatModel, meter: TokenMeter) -> None:
    done = await finished(marketing.build(model), GIVEN, meter)
    assert {one["by"] for one in done["variants"]} == {"template"}


async def propose(model: BaseChatModel, meter: TokenMeter) -> None:
    async def busy(*_: Any) -> list[Any]:
        return []

    async def opening(facts: Any) -> str | None:
        with pytest.raises(MalformedAnswer):
            await write_opening(model, facts)
        return None

    hours = WorkingHours.of("Europe/Vienna", "Mon,Tue,Wed,Thu,Fri", time(9), time(17))
    day = timedelta(days=1)
    terms = bdr.Terms(hours=hours, minutes=30, notice=day, horizon=7 * day, organizer="Ada")
    given: Any = {"facts": FACTS, "tier": "hot", "now": "2030-01-07T09:00:00+00:00"}
    graph = bdr.build(busy=busy, terms=terms, write_opening=opening)
    stopped = await run_graph(graph, given, thread_id="t", options=Noted(meter).options)
    assert isinstance(stopped, Waiting)
    assert "Brightwell" in stopped.questions[0].value["content"]["body"]


async def talk(model: BaseChatModel, meter: TokenMeter) -> None:
    async def opt_out() -> str:
        return "nothing"

    playbook = parse_config(EXAMPLE, Playbook, path="example")
    graph = conversation.build(playbook=playbook, opt_out=opt_out, model=model).copy({"checkpointer": InMemorySaver()})
    config: Any = {"configurable": {"thread_id": "t"}, "callbacks": [meter]}
    await graph.ainvoke({"facts": FACTS}, config)
    done = await graph.ainvoke(Command(resume={"id": "1", "text": "What does it cost?"}), config)
    assert (done["by"], done["answered_by"]) == ("rules", "playbook")
    assert done["turns"][-1]["reply"].startswith("A fixed monthly price.")


class Noted:
    """Options of a graph's run; its nodes' answers of no use are noted with what they used."""

    def __init__(self, meter: TokenMeter) -> None:
        self._meter = meter
        self.options = RunOptions(checkpointer=InMemorySaver(), on_node=self._seen, meter=charged)

    async def _seen(self, run: NodeRun) -> None:
        if not isinstance(run.charge, Charged) or not run.charge.answers:
            return
        assert run.error is None
        assert run.charge.answers[-1] is not None
        self._meter.calls += run.usage.calls
        self._meter.usage = TokenUsage(0, self._meter.usage.output_tokens + run.usage.output_tokens)


async def finished(graph: Any, given: Any, meter: TokenMeter) -> Any:
    done = await run_graph(graph, given, thread_id="t", options=Noted(meter).options)
    assert isinstance(done, Finished)
    return done.values


AGENTS: dict[str, Callable[[BaseChatModel, TokenMeter], Awaitable[None]]] = {
    "qualification": qualify,
    "enrichment": enrich,
    "growth": research,
    "marketing": write,
    "bdr": propose,
    "conversation": talk,
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_agent_goes_on(place: Place, kind: str) -> None:
    place.says(kind)
    async with place.model() as model:
        for name, run in AGENTS.items():
            meter, before = TokenMeter(), place.paid()
            await run(model, meter)
            assert meter.calls > 0, name
            # DeepSeek's and others' empty answers are billed a token.
            assert meter.usage.output_tokens == place.paid() - before > 0, name
