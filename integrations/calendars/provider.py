"""What stands for a calendar where none is configured."""

from datetime import datetime

from core.outreach.meetings import Span


class NoCalendar:
    """Nothing is known to be taken."""

    async def busy(self, start: datetime, end: datetime) -> list[Span]:  # noqa: ARG002 - the port's
        """Return nothing."""
        return []
