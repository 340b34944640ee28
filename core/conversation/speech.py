"""What speech to text makes of a conversation, whoever offers it (`core.ports`).

Sound is raw little-endian 16-bit PCM of one channel.
"""

from dataclasses import dataclass
from enum import StrEnum

SAMPLE_RATE = 16_000
"""Samples a second of live sound."""


class SpeechEventKind(StrEnum):
    """What can happen while somebody speaks."""

    STARTED = "started"
    """Somebody began to speak: whoever is speaking to them should stop. Only where turns are found."""
    DRAFT = "draft"
    """All of the turn so far; a later draft replaces it."""
    MAYBE_ENDED = "maybe_ended"
    """The turn has probably ended; `RESUMED` takes it back. Only where turns are found."""
    RESUMED = "resumed"
    """The turn goes on after all."""
    ENDED = "ended"
    """The turn is over; the text is what was said in it, and nothing will be added."""


@dataclass(frozen=True, slots=True)
class SpeechEvent:
    """An event of speech to text; `text` is all of the turn so far, as it came."""

    kind: SpeechEventKind
    text: str = ""
