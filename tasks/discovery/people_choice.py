"""A model's help with pages in doubt, one record for each question: off unless `DISCOVERY_MODEL` is true."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from agents.models import Job
from agents.people import PROMPT_VERSION, choose_people
from core.agents.executions import Execution, ExecutionStatus
from core.discovery.choosing import ChosenPairs, PageQuestion
from core.errors import LimitReached, MalformedAnswer, ProviderError
from core.ledger.spend import receipts
from core.settings.settings import Settings
from tasks.runtime.providers import outside

MOST_QUESTIONS = 2
"""Pages of one site asked about at most."""


@dataclass(frozen=True)
class ChoosingModel:
    """An open model, with what its questions are recorded under."""

    ask: Callable[[PageQuestion], Awaitable[ChosenPairs]]
    name: str
    run_id: UUID | None


@dataclass
class Asked:
    """The questions about one site, and what became of each."""

    by: ChoosingModel
    executions: list[Execution] = field(default_factory=list)

    async def choose(self, question: PageQuestion) -> ChosenPairs:
        """Ask, unless the site's questions are used up; no answer is an empty one, recorded with its reason."""
        if len(self.executions) >= MOST_QUESTIONS:
            return ()
        started_at, began = datetime.now(UTC), time.monotonic()
        pairs: ChosenPairs = ()
        status: ExecutionStatus = "answered"
        reason = None
        with receipts() as charged:
            try:
                pairs = await self.by.ask(question)
            except MalformedAnswer as error:
                status, reason = "malformed", str(error)
            except LimitReached as error:
                status, reason = "refused", str(error)
            except ProviderError as error:
                status, reason = "failed", str(error)
        self.executions.append(
            Execution(
                job="discovery",
                model=self.by.name,
                status=status,
                started_at=started_at,
                latency_ms=round((time.monotonic() - began) * 1000),
                receipts=tuple(charged),
                run_id=self.by.run_id,
                prompt_version=PROMPT_VERSION,
                reason=reason,
            )
        )
        return pairs


@asynccontextmanager
async def choosing_model(chosen: Settings, run_id: UUID | None) -> AsyncIterator[ChoosingModel | None]:
    """Yield the model for reading fields out of text, or None where discovery is to do without.

    Raises:
        ConfigurationError: a model is asked for and none is configured.
    """
    if not chosen.discovery.model:
        yield None
        return
    async with outside(run_id, of=chosen) as world:
        models = world.models()
        async with models.chat_model(Job.ENRICHMENT) as model:
            yield ChoosingModel(partial(choose_people, model=model), str(models.choices_for(Job.ENRICHMENT)[0]), run_id)
