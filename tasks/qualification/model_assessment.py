"""Asking a language model about leads: the agent wired to the configured models, the cost book, and the record."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from agents import qualification
from agents.metering import TokenMeter
from agents.models import Job
from core.agents.executions import Execution, ExecutionStatus
from core.errors import (
    CircuitOpen,
    ConfigurationError,
    LimitReached,
    MalformedAnswer,
    PaymentRequired,
    ProviderError,
    Unauthorized,
)
from core.ledger.spend import receipts
from core.qualification.model_assessment import question_of
from core.qualification.runs import (
    NO_MODEL,
    AssessByModel,
    Assessment,
    LeadFacts,
    ModelAssessment,
    ModelState,
    Opinion,
    QualificationPlan,
    Unanswered,
)
from core.settings.settings import Settings, settings
from integrations import plugs
from tasks.runtime.providers import outside

log = logging.getLogger(__name__)

_PATIENCE = timedelta(seconds=75)
"""How long a batch waits for an open circuit, counted from when it first met it."""
_LOOK_AGAIN_S = 0.2


async def model_state(*, use: bool, of: Settings | None = None) -> ModelState:
    """Find out whether a run asks a model: one is named, has a key, and its provider offers it.

    Args:
        use: False: none is asked, whatever is configured.
        of: other settings than the process's own.
    """
    chosen = of or settings()
    with_key = plugs.models_for(Job.QUALIFICATION.value, chosen)
    if not use or not with_key:
        return NO_MODEL
    async with outside(of=of) as world:
        try:
            async with world.models().chat_model(Job.QUALIFICATION):
                return ModelState(with_key)
        except ConfigurationError as error:
            log.warning("qualifying_by_rules", extra={"reason": error.message})
            return ModelState(why_not=f"no model was asked: {error.message}")


@asynccontextmanager
async def open_assessor(
    plan: QualificationPlan, *, of: Settings | None = None, database: str | None = None
) -> AsyncIterator[AssessByModel | None]:
    """Yield what asks a model about the leads of a batch; None where the rules decide.

    Args:
        plan: the run.
        of: other settings than the process's own.
        database: another database than the settings' own.
    """
    if not plan.model.names:
        yield None
        return
    async with (
        outside(plan.run_id, of=of, database=database) as world,
        world.models().chat_model(Job.QUALIFICATION) as model,
    ):
        yield ModelAssessor(plan, qualification.build(model, plan.profile))


class ModelAssessor:
    """Asks one model about the leads of a batch; see `core.qualification.runs.AssessByModel`."""

    def __init__(self, plan: QualificationPlan, asking: qualification.Asking) -> None:
        self._plan = plan
        self._asking = asking
        self._given_up: ProviderError | None = None
        self._open_since: datetime | None = None

    async def __call__(self, lead: LeadFacts, rules: Assessment) -> ModelAssessment:
        """Ask about one lead. What a person has to put right first is asked once, and then taken as the answer."""
        if self._given_up is not None:
            return ModelAssessment(self._given_up)
        meter, began, started_at = TokenMeter(), time.perf_counter(), datetime.now(UTC)
        with receipts() as charged:
            answer = await self._ask(lead, rules, meter)
        execution = Execution(
            job=Job.QUALIFICATION.value,
            model=meter.model or self._plan.model.names[0],
            status=_status(answer),
            started_at=started_at,
            latency_ms=round(1000 * (time.perf_counter() - began)),
            usage=meter.usage,
            receipts=tuple(charged),
            lead_id=lead.lead_id,
            run_id=self._plan.run_id,
            prompt_version=qualification.PROMPT_VERSION,
            reason=None if isinstance(answer, Opinion) else answer.message,
        )
        return ModelAssessment(answer, (execution,))

    async def _ask(self, lead: LeadFacts, rules: Assessment, meter: TokenMeter) -> Opinion | Unanswered:
        assert rules.rules_score is not None
        question = question_of(
            lead.lead_id, lead.facts_hash, self._plan.sources_names, lead.values, rules.rules_score, rules.breakdown
        )
        while True:
            try:
                said = await qualification.assess(self._asking, question, meter)
            except CircuitOpen as error:
                if not await self._is_closed_again(error):
                    return error
                continue
            except (Unauthorized, PaymentRequired) as error:
                self._given_up = error
                return error
            except (MalformedAnswer, LimitReached, ProviderError) as error:
                return error
            break
        self._open_since = None
        return Opinion(said.score, said.confidence, said.reasoning, meter.model)

    async def _is_closed_again(self, error: CircuitOpen) -> bool:
        """Wait for an open circuit's next chance; False where the provider had its chances and has not come back.

        Without this, a provider that stumbles for a moment would put off every lead that is left.
        """
        now = datetime.now(UTC)
        self._open_since = self._open_since or now
        if error.until - self._open_since > _PATIENCE:
            return False
        await asyncio.sleep(max((error.until - now).total_seconds(), _LOOK_AGAIN_S))
        return True


def _status(answer: Opinion | Unanswered) -> ExecutionStatus:
    if isinstance(answer, Opinion):
        return "answered"
    if isinstance(answer, MalformedAnswer):
        return "malformed"
    return "refused" if isinstance(answer, LimitReached | CircuitOpen) else "failed"
