"""The agent as a source of enrichment: text of a website in, fields out; each run is noted in the ledger."""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from agents import enrichment as agent
from agents.metering import TokenMeter
from agents.models import Job
from core.agents.executions import Execution, ExecutionStatus
from core.enrichment.config import EnrichmentConfig
from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Answer, Found, Question, Unasked
from core.enrichment.text_readings import MEANINGS
from core.errors import LimitReached, MalformedAnswer, ProviderError
from core.ledger.spend import Receipt, receipts, total
from integrations.sources import AnswersAtOnce, Timing, attempt
from integrations.websites.sources import SiteReading
from tasks.runtime.providers import Outside

RecordExecution = Callable[[Execution], Awaitable[None]]
"""Takes note of one run of a model."""


@dataclass(frozen=True)
class AgentReader(AnswersAtOnce):
    """Reads websites with a model.

    Attributes:
        chain: of `agents.enrichment.build`.
        models: the names of the models it may ask, for runs that never got that far.
        sites: how websites are read; what was read of them already is in the fetcher's cache.
        run_id: whose budget it is.
        record: takes note of each run.
        offer: of the source.
    """

    chain: agent.ReadingChain
    models: str
    sites: SiteReading
    run_id: UUID
    record: RecordExecution | None
    offer: SourceOffer

    async def ask(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        """Have the text of one company's website read."""
        if not questions:
            return []
        (question,) = questions
        timing = Timing()
        answer = await attempt(lambda: self.read(question))
        return answer if isinstance(answer, Unasked) else [replace(answer, **timing.facts())]

    async def read(self, question: Question) -> Answer:
        """Answer a question about a site. Raises LimitReached, ProviderError."""
        text = await self.sites.text(question.address)
        if isinstance(text, Answer):
            return text
        if not text.pages:
            return Answer("miss", "the pages have no text")
        meter, began, started_at = TokenMeter(), time.perf_counter(), datetime.now(UTC)
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
        meter: TokenMeter,
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
    sites: SiteReading,
    config: EnrichmentConfig,
    run_id: UUID,
    record: RecordExecution | None,
    offer: SourceOffer,
) -> AgentReader:
    """Open the model for reading. Raises ConfigurationError where none can be had."""
    models = world.models()
    model = await stack.enter_async_context(models.chat_model(Job.ENRICHMENT))
    fields = [name for name in MEANINGS if any(step.ask == offer.name for step in config.steps(name))]
    named = ", ".join(map(str, models.choices_for(Job.ENRICHMENT)))
    return AgentReader(agent.build(model, fields), named, sites, run_id, record, offer)
