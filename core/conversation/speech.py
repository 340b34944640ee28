"""Speech as it crosses the border to a provider: raw sound, and what is heard of it while somebody speaks."""

from dataclasses import dataclass
from enum import StrEnum

SAMPLE_RATE = 16_000
"""Samples a second of live sound, both ways: raw little-endian 16-bit PCM of one channel."""


class Hearing(StrEnum):
    """What is heard while somebody speaks."""

    STARTED = "started"
    """Somebody began to speak: whoever is speaking to them should stop. Only where the provider finds the turns."""
    DRAFT = "draft"
    """All of the turn so far; a later draft replaces it."""
    MAYBE_ENDED = "maybe_ended"
    """The turn has probably ended; `RESUMED` takes it back. Only where the provider finds the turns."""
    RESUMED = "resumed"
    """The turn goes on after all."""
    ENDED = "ended"
    """The turn is over; the text is what was said in it, and nothing will be added."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that was heard; `text` is all of the turn so far, as it came."""

    kind: Hearing
    text: str = ""
