"""What Cartesia gives back (API version 2026-08-14, checked November 2026)."""

from dataclasses import dataclass
from enum import StrEnum


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
