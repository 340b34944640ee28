"""The agent as a provider of enrichment: text of a website in, fields out; each run is noted in the ledger."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from agents import enrichment as agent
from agents.metering import Meter
from agents.models import Job
from core.agents.executions import Execution, ExecutionStatus
from core.enrichment.config import EnrichmentConfig
from core.enrichment.questions import Answer, Found, Question
from core.enrichment.text_readings import MEANINGS
from core.errors import LimitReached, MalformedAnswer, ProviderError
from core.ledger.spend import Receipt, receipts, total
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.plug import WebsiteSettings
from tasks.enrichment.website_reading import read_text
from tasks.runtime.providers import Outside

Record = Callable[[Execution], Awaitable[None]]
"""Takes note of one run of a model."""


@dataclass(frozen=True)
class AgentReader:
    """Reads websites with a model.

    Attributes:
        chain: of `agents.enrichment.build`.
        models: the names of the models it may ask, for runs that never got that far.
        fetcher: of websites; what the website provider has read is in its cache.
        websites: how long reading a site may take.
        run_id: whose budget it is.
        record: takes note of each run.
    """

    chain: agent.Reading
    models: str
    fetcher: WebsiteFetcher
    websites: WebsiteSettings
    run_id: UUID
    record: Record | None

    async def read(self, question: Question) -> Answer:
        """Answer a question about a site. Raises LimitReached, ProviderError."""
        chosen = self.websites
        text = await read_text(
            question.address, self.fetcher, time_budget_s=chosen.time_budget_s, reading_s=chosen.reading_s
        )
        if isinstance(text, Answer):
            return text
        if not text.pages:
            return Answer("miss", "the pages have no text")
        meter, began, started_at = Meter(), time.perf_counter(), datetime.now(UTC)
        status: ExecutionStatus = "failed"
        reason: str | None = None
        with receipts() as charged:
            try:
                found = await agent.read(self.chain, text.pages, meter)
                status = "answered"
            except MalformedAnswer as error:
                status, reason, found = "malformed", str(error), []
            except LimitReached as error:
                status, reason = "refused", str(error)
                raise
            except ProviderError as error:
                reason = str(error)
                raise
            finally:
                await self._note(meter, status, reason, charged, started_at, began)
        return _answer(found, reason, charged)

    async def _note(
        self,
        meter: Meter,
        status: ExecutionStatus,
        reason: str | None,
        charged: list[Receipt],
        started_at: datetime,
        began: float,
    ) -> None:
        if self.record is None:
            return
        execution = Execution(
            job="enrichment",
            model=meter.model or self.models,
            status=status,
            started_at=started_at,
            latency_ms=round((time.perf_counter() - began) * 1000),
            usage=meter.usage,
            receipts=tuple(charged),
            run_id=self.run_id,
            prompt_version=agent.PROMPT_VERSION,
            reason=reason,
        )
        await self.record(execution)


def _answer(found: list[Found], reason: str | None, charged: list[Receipt]) -> Answer:
    cost = total(receipt.cost for receipt in charged)
    if found:
        return Answer("hit", None, tuple(found), cost=cost)
    if reason is not None:
        return Answer("error", f"the model's answer could not be used: {reason}", cost=cost)
    return Answer("miss", "the text states none of the fields", cost=cost)


async def opened_reader(
    stack: AsyncExitStack,
    world: Outside,
    fetcher: WebsiteFetcher,
    config: EnrichmentConfig,
    run_id: UUID,
    record: Record | None,
    websites: WebsiteSettings,
) -> AgentReader:
    """Open the model for reading. Raises ConfigurationError where none can be had."""
    models = world.models()
    model = await stack.enter_async_context(models.chat_model(Job.ENRICHMENT))
    fields = [name for name in MEANINGS if any(step.ask == "agent" for step in config.steps(name))]
    named = ", ".join(map(str, models.choices_for(Job.ENRICHMENT)))
    return AgentReader(agent.build(model, fields), named, fetcher, websites, run_id, record)
