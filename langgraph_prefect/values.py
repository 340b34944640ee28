"""What a run of a graph takes and gives: limits, outcomes, and what each node used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

StopKind = Literal["steps", "time", "budget", "cancelled"]
"""Which limit ended a run between two nodes."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What language models were asked for.

    Attributes:
        cost_usd: None where nobody knows the price of some of it.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)

    @property
    def tokens(self) -> int:
        """Tokens both ways."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "Usage") -> "Usage":
        unknown = self.cost_usd is None or other.cost_usd is None
        return Usage(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            None if unknown else (self.cost_usd or Decimal(0)) + (other.cost_usd or Decimal(0)),
        )


class Charge(Protocol):
    """What a meter measured between a node's start and its end."""

    @property
    def cost_usd(self) -> Decimal | None:
        """What the node cost; None where that is not known."""


@dataclass(frozen=True, slots=True)
class NodeVisit:
    """One attempt at one node.

    Attributes:
        node: its name; nodes of a subgraph are named `graph/node`.
        step: of the thread; nodes that run side by side share it.
        branch: which of several runs of this node in this step, from 1; None where `Send` made none.
        attempt: from 1.
    """

    node: str
    step: int
    branch: int | None = None
    attempt: int = 1

    @property
    def label(self) -> str:
        """The name of its task run before it is known what it used, as `draft-2.1 (attempt 2)`."""
        branch = "" if self.branch is None else f".{self.branch}"
        attempt = "" if self.attempt == 1 else f" (attempt {self.attempt})"
        return f"{self.node}-{self.step}{branch}{attempt}"


@dataclass(frozen=True, slots=True)
class NodeRun:
    """What became of a visit.

    Attributes:
        outcome: `waiting` where the node asked a person; it will run again from its first line.
        error: the class of what went wrong; None otherwise.
        models: that answered, in order of their first answer.
        charge: what the meter gave, for whoever gave the meter.
    """

    visit: NodeVisit
    outcome: Literal["finished", "waiting", "failed"]
    started_at: datetime
    seconds: float
    usage: Usage
    models: tuple[str, ...] = ()
    error: str | None = None
    charge: Charge | None = None

    @property
    def summary(self) -> str:
        """Models, tokens and cost in a line; empty where no model was asked."""
        if not self.usage.calls:
            return ""
        cost = "" if self.usage.cost_usd is None else f", ${self.usage.cost_usd:f}"
        return f"{' + '.join(self.models) or 'model'}, {self.usage.tokens:,} tokens{cost}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a thread may use; looked at before its first node and after each one. None: no limit.

    Attributes:
        steps: of the whole thread, over all its runs.
        seconds: of one run.
        tokens: of the whole thread.
        cost_usd: of the whole thread.
    """

    steps: int = 50
    seconds: float | None = None
    tokens: int | None = None
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PendingInterrupt:
    """What a node asked a person by `interrupt`. `id` names it in an answer to several."""

    id: str
    value: Any


@dataclass(frozen=True, slots=True)
class Finished:
    """The graph came to its end.

    Attributes:
        values: its output.
        usage: of this run; nothing where the thread had finished before.
    """

    thread_id: str
    values: Mapping[str, Any]
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The graph asks; nothing is held until `resume_graph` brings the answer."""

    thread_id: str
    questions: tuple[PendingInterrupt, ...]
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A limit was reached between two nodes; running the thread again goes on from there."""

    thread_id: str
    kind: StopKind
    reason: str
    usage: Usage = field(default_factory=Usage)


GraphOutcome = Finished | Waiting | Stopped
