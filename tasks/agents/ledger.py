"""What the nodes of agents cost: measured by the cost book's receipts, kept as executions."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from core.agents.executions import Execution, ExecutionStatus, answers_noted
from core.ledger.prices import TokenUsage
from core.ledger.spend import Receipt, receipts, total
from db.agents import executions
from db.server.engine import own_connection
from db.server.keeping import until_stored
from langgraph_prefect.values import NodeRun, Usage

_REFUSED = {"BudgetExhausted", "LimitReached", "CircuitOpen", "ProviderNotConfigured"}


@dataclass(frozen=True, slots=True)
class Charged:
    """The receipts for what a node's calls cost, and what its answers were (`core.agents.executions.answers_noted`)."""

    receipts: list[Receipt]
    answers: list[str | None]

    @property
    def cost_usd(self) -> Decimal:
        """Their sum."""
        return total(receipt.cost for receipt in self.receipts).usd.normalize()


@contextmanager
def charged() -> Iterator[Charged]:
    """Collect the receipts for calls made in this block."""
    with receipts() as collected, answers_noted() as answers:
        yield Charged(collected, answers)


def recording(
    url: str, agent: str, thread_id: UUID, prompt_version: str, lead_id: UUID | None
) -> Callable[[NodeRun], Awaitable[None]]:
    """Return what keeps an execution for each attempt of a node that asked a model, or failed."""

    async def record(run: NodeRun) -> None:
        charge = run.charge
        fault = charge.answers[-1] if isinstance(charge, Charged) and charge.answers else None
        if not run.usage.calls and run.error is None and fault is None:
            return
        execution = Execution(
            job=agent,
            model=", ".join(run.models),
            status=_status(run) if run.error or fault is None else "malformed",
            started_at=run.started_at,
            latency_ms=round(run.seconds * 1000),
            usage=TokenUsage(run.usage.input_tokens, run.usage.output_tokens),
            receipts=tuple(charge.receipts) if isinstance(charge, Charged) else (),
            lead_id=lead_id,
            run_id=thread_id,
            node=run.visit.label,
            prompt_version=prompt_version,
            reason=run.error if run.error and run.error != "MalformedAnswer" else fault or run.error,
            trace_id=str(thread_id),
        )

        async def write() -> None:
            async with own_connection(url) as connection:
                await executions.record(connection, [execution])

        # The node's answer is not in its checkpoint yet.
        await until_stored(write, f"what a node of {agent} used")

    return record


def _status(run: NodeRun) -> ExecutionStatus:
    if run.error is None:
        return "answered"
    return "malformed" if run.error == "MalformedAnswer" else "refused" if run.error in _REFUSED else "failed"


async def used_before(url: str, thread_id: UUID) -> Usage:
    """Add up what earlier runs of a thread used."""
    async with own_connection(url) as connection:
        totals = await executions.by_model(connection, thread_id)
    return sum((Usage(one.executions, one.input_tokens, one.output_tokens, one.cost_usd) for one in totals), Usage())
