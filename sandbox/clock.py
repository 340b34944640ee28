"""Time as the sandbox's providers see it: the machine's, moved by whoever tests."""

import time
from datetime import UTC, datetime


class Clock:
    """The machine's clock plus an offset, so that windows, cursors and sessions expire without waiting."""

    def __init__(self) -> None:
        self._offset_s = 0.0
        self._held_at: float | None = None

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        return (time.time() if self._held_at is None else self._held_at) + self._offset_s

    def hold(self) -> None:
        """Let no time pass but what `advance` adds: what counts within a second does not hang on the machine's pace."""
        self._held_at = time.time()

    def moment(self) -> datetime:
        """Return the same as an aware time in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock; a negative number moves it back."""
        self._offset_s += seconds

    def set(self, moment: datetime) -> None:
        """Go on from `moment` (aware); a clock that is held stays there."""
        self._offset_s += moment.timestamp() - self.now()

    def reset(self) -> None:
        """Show the machine's time again."""
        self._offset_s = 0.0
        self._held_at = None
