"""Batches of stored leads."""

from typing import NamedTuple
from uuid import UUID


class LeadRange(NamedTuple):
    """A batch of a run: leads whose id is above `after` and not above `upto`."""

    number: int
    after: UUID
    upto: UUID
