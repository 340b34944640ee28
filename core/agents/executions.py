"""One run of a language model or an agent: what was asked, what it used, what it cost, and what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID, uuid4

from core.ledger.prices import NO_TOKENS, TokenUsage
from core.ledger.spend import Receipt, total

ExecutionStatus = Literal["answered", "malformed", "failed", "refused"]
"""answered: usable. malformed: answered and paid, but of no use. failed: no answer. refused: never sent (a budget, a
limit, an open circuit)."""
STATUSES: tuple[ExecutionStatus, ...] = get_args(ExecutionStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One run of a model or an agent.

    Attributes:
        job: what it was for: a model's job, or an agent's name.
        model: `provider:model` that answered, or that was to; empty where none could be opened.
        status: see `ExecutionStatus`.
        started_at: aware UTC.
        latency_ms: from the question to the checked answer.
        usage: tokens as the provider counts them.
        receipts: what the cost book charged for it. Their sum is its cost, so that both ledgers say the same.
        lead_id: of the lead it was about, if it was about one.
        run_id: of the run whose budget it used, as in the cost book.
        node: of a graph.
        prompt_version: of the prompt file.
        reason: why there is no usable answer; never a person's data.
        trace_id: of the trace or of the graph's thread, where there is one.
        id: recording it twice is recording it once.
    """

    job: str
    model: str
    status: ExecutionStatus
    started_at: datetime
    latency_ms: int
    usage: TokenUsage = NO_TOKENS
    receipts: tuple[Receipt, ...] = ()
    lead_id: UUID | None = None
    run_id: UUID | None = None
    node: str | None = None
    prompt_version: str | None = None
    reason: str | None = None
    trace_id: str | None = None
    id: UUID = field(default_factory=uuid4)

    @property
    def cost_usd(self) -> Decimal:
        """What was charged, in US dollars."""
        return total(receipt.cost for receipt in self.receipts).usd

    @property
    def spend_ids(self) -> list[UUID]:
        """The cost book's entries that hold the charge, each once."""
        return list(dict.fromkeys(receipt.entry_id for receipt in self.receipts))


_noting: ContextVar[tuple[list[str | None], ...]] = ContextVar("noting", default=())


@contextmanager
def answers_noted() -> Iterator[list[str | None]]:
    """Collect what the answers read in this block were: None for a usable one, else why it was of no use."""
    noted: list[str | None] = []
    token = _noting.set((*_noting.get(), noted))
    try:
        yield noted
    finally:
        _noting.reset(token)


def note_answer(fault: str | None) -> None:
    """Note an answer for whoever collects them: an agent goes on its own way after one that is of no use."""
    for noted in _noting.get():
        noted.append(fault)


@dataclass(frozen=True, slots=True)
class ModelTotals:
    """What the executions of one model add up to."""

    model: str
    executions: int
    answered: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
