"""Threads of agents: one piece of work each, run to its end over any number of runs and processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

BDR, CONVERSATION, GROWTH, MARKETING = "bdr", "conversation", "growth", "marketing"
"""The agents that have threads, by the names under which these are kept."""

ThreadStatus = Literal["running", "waiting", "finished", "stopped", "failed"]
"""running: somebody is at it, or was when its process died. waiting: for a person. stopped: by a limit or a person."""
THREAD_STATUSES: tuple[ThreadStatus, ...] = get_args(ThreadStatus)


@dataclass(frozen=True, slots=True)
class AgentThread:
    """What is remembered of a thread besides its state.

    Attributes:
        agent: whose it is.
        request: what it was asked for, as JSON.
        reason: why it is stopped or failed; never a person's data.
        is_cancelled: a person has asked it to stop; it does so after the node it is at.
        changed_at: when its status changed last, aware UTC.
    """

    thread_id: UUID
    agent: str
    status: ThreadStatus
    request: Mapping[str, Any]
    started_at: datetime
    changed_at: datetime
    reason: str | None = None
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class PrunedThreads:
    """Threads that were forgotten by age.

    Attributes:
        ended: finished, stopped or failed ones.
        expired: ones that waited, or lay about, for too long.
    """

    ended: int = 0
    expired: int = 0

    @property
    def count(self) -> int:
        """All of them."""
        return self.ended + self.expired


NOTHING_PRUNED = PrunedThreads()


@dataclass(frozen=True, slots=True)
class ThreadAges:
    """Seconds after which threads are forgotten.

    Attributes:
        ended_s: since they ended.
        open_s: since an unfinished one last changed.
    """

    ended_s: float = field(default=2_592_000)
    open_s: float = field(default=7_776_000)
