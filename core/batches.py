"""Runs over stored leads, and the batches they are cut into."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

from core.tiers import Tier

B = TypeVar("B")

Selection = Literal["due", "failed", "all"]
"""Which leads a run is about: those it has something to do for, those that failed before, or every lead."""


class Scope(NamedTuple):
    """Which leads a run may take of those that are due; without anything said, any.

    Attributes:
        import_id: only those that this import brought or named.
        tiers: only those that qualification put into one of these.
    """

    import_id: UUID | None = None
    tiers: tuple[Tier, ...] = ()


ANY = Scope()


class LeadRange(NamedTuple):
    """A batch of a run: leads whose id is above `after` and not above `upto`."""

    number: int
    after: UUID
    upto: UUID


@dataclass(frozen=True)
class BatchRun(Generic[B]):
    """A run that has begun; each kind of run adds what it goes by.

    Attributes:
        started_at: by the database's clock, aware.
        leads: how many were due.
        batches: ranges of them, or whatever else a task of this kind works on.
    """

    run_id: UUID
    started_at: datetime
    leads: int
    batches: tuple[B, ...]


def about(selection: Selection, scope: Scope) -> str:
    """Return which leads a run is about, for its name: "due leads, hot or warm, of import 4f0c2d1a"."""
    tiers = f", {' or '.join(scope.tiers)}" if scope.tiers else ""
    of_import = f", of import {str(scope.import_id)[:8]}" if scope.import_id else ""
    return f"{selection} leads{tiers}{of_import}"


def leads_in_words(count: int) -> str:
    """Return how many leads, in words."""
    return f"{count:,} {'lead' if count == 1 else 'leads'}"
