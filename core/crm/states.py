"""The state of a record, and when one that fails is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.errors import CircuitOpen, LimitReached, SalesAgentError, Transient, Unauthorized

FIRST_DISTANCE = timedelta(minutes=10)
LONGEST_DISTANCE = timedelta(days=2)
LOOK_UP_AFTER = timedelta(minutes=5)
"""How long what was created may stay out of a search: until then a create without an answer is not tried again."""


class SyncState(StrEnum):
    """How far a record is."""

    IN_SYNC = "in_sync"
    PENDING = "pending"
    EXCLUDED = "excluded"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error means for a record.

    Attributes:
        reason: for people.
        retry_at: when it is tried again; each failure makes that later.
        is_dead: whether it goes to the dead letters.
        is_everybodys: whether it is the provider's trouble rather than this record's: nothing else needs to be tried.
    """

    reason: str
    retry_at: datetime
    is_dead: bool = False
    is_everybodys: bool = False


def distance(failures: int) -> timedelta:
    """Return how long to wait after the n-th failure in a row (from 1): doubled each time, within bounds."""
    doubled: int = 2 ** min(max(failures, 1) - 1, 20)
    return min(FIRST_DISTANCE * doubled, LONGEST_DISTANCE)


def failure_of(error: SalesAgentError, failures: int, now: datetime) -> Failure:
    """Return what becomes of a record whose operation failed.

    Args:
        error: what happened.
        failures: in a row, this one included.
        now: aware UTC.
    """
    reason = str(error)
    if isinstance(error, CircuitOpen | Unauthorized | LimitReached):
        return Failure(reason, now, is_everybodys=True)
    if isinstance(error, Transient):
        return Failure(reason, now + distance(failures))
    return Failure(reason, now + distance(failures), is_dead=True)
