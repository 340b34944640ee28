"""What a calendar is to us: when its owner is busy, and nothing else."""

from datetime import datetime
from typing import Protocol

from core.outreach.meetings import Span


class CalendarProvider(Protocol):
    """A calendar that can be asked."""

    async def busy(self, start: datetime, end: datetime) -> list[Span]:
        """Return when the owner is busy between two moments, aware, in any order; may overlap and reach beyond."""
