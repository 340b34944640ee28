"""Rate limits as providers keep them: a token bucket and fixed windows that open at the first call."""

import math
from collections.abc import Hashable
from dataclasses import dataclass


class TokenBucket:
    """A bucket that holds `capacity` tokens and gains `rate` a second."""

    def __init__(self, capacity: float, rate: float, now: float) -> None:
        self.capacity = capacity
        self.rate = rate
        self.level = capacity
        self._at = now

    def refill(self, now: float) -> None:
        """Add what has flowed in since the last look; a clock moved back adds nothing."""
        self.level = min(self.capacity, self.level + max(0.0, now - self._at) * self.rate)
        self._at = now

    def take(self, tokens: float, now: float) -> float:
        """Take tokens; return 0, or the seconds until there will be enough, taking none."""
        self.refill(now)
        if tokens <= self.level + 1e-9:
            self.level -= tokens
            return 0.0
        return (tokens - self.level) / self.rate if self.rate else math.inf

    def full_in(self) -> float:
        """Return the seconds until the bucket is full again."""
        return (self.capacity - self.level) / self.rate if self.rate else math.inf


@dataclass(slots=True)
class Window:
    """What is used of a fixed window that ends at `ends_at`."""

    used: int
    ends_at: float


class FixedWindows:
    """Fixed windows a key: each opens at its first call and starts anew when it has ended."""

    def __init__(self) -> None:
        self._windows: dict[Hashable, Window] = {}

    def look(self, key: Hashable, length_s: float, now: float) -> Window:
        """Return the window that is open now, opening one if there is none."""
        window = self._windows.get(key)
        if window is None or now >= window.ends_at:
            window = self._windows[key] = Window(0, now + length_s)
        return window

    def clear(self) -> None:
        """Forget every window."""
        self._windows.clear()
