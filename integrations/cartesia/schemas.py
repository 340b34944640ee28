"""What Cartesia gives back (API version 2026-08-14, checked November 2026)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

BYTES_A_SAMPLE = 2
"""Of the raw audio sent both ways over websockets: little-endian 16-bit PCM, one channel."""

_STREAMED_CREDITS = {"ink-whisper": Decimal(1), "ink-2": Decimal(3)}
_BATCH_CREDITS = Decimal("0.5")
_FEWEST_BYTES_A_SECOND = 1_000


class Container(StrEnum):
    """How audio comes."""

    RAW = "raw"
    WAV = "wav"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Little-endian 16-bit PCM, with or without a WAV header. The size in a streamed header may be a placeholder."""

    sample_rate: int = 16_000
    container: Container = Container.WAV


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said.

    Attributes:
        text: as it came; never stripped, because pieces are joined as they are.
        language: two letters, where Cartesia says.
        duration_s: seconds of audio, where Cartesia says.
    """

    text: str
    language: str | None = None
    duration_s: float | None = None


def streamed_credits(model: str, seconds: Decimal) -> Decimal:
    """Return what listening costs, silence included; a model not known here as much as the dearest one.

    Source: docs.cartesia.ai, "Pricing" (checked November 2026).
    """
    rates = [rate for name, rate in _STREAMED_CREDITS.items() if model.startswith(name)]
    return seconds * (rates[0] if rates else max(_STREAMED_CREDITS.values()))


def batch_credits(seconds: Decimal) -> Decimal:
    """Return what transcribing a file of `seconds` costs. Source: as above."""
    return seconds * _BATCH_CREDITS


def longest_s(size: int) -> Decimal:
    """Return the most seconds of speech a file of `size` bytes can hold, in the tightest of the accepted formats."""
    return Decimal(-(-size // _FEWEST_BYTES_A_SECOND))
