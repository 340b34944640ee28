"""Runs over stored leads, and the batches they are cut into."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

Selection = Literal["due", "failed", "all"]
"""Which leads a run is about: those it has something to do for, those that failed before, or every lead."""


class LeadRange(NamedTuple):
    """A batch of a run: leads whose id is above `after` and not above `upto`."""

    number: int
    after: UUID
    upto: UUID


@dataclass(frozen=True)
class BatchRun:
    """A run that has begun; each kind of run adds what it goes by.

    Attributes:
        started_at: by the database's clock, aware.
        leads: how many were due.
        ranges: the batches they are in.
    """

    run_id: UUID
    started_at: datetime
    leads: int
    ranges: tuple[LeadRange, ...]
