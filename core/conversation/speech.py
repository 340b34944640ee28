"""What is heard and said in a conversation, whoever listens and speaks: the ports of speech.

Sound is raw little-endian 16-bit PCM of one channel.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

SAMPLE_RATE = 16_000
"""Samples a second of live sound."""


class Hearing(StrEnum):
    """What is heard while somebody speaks."""

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
class Heard:
    """Something that was heard; `text` is all of the turn so far, as it came."""

    kind: Hearing
    text: str = ""


class LiveSpeech(Protocol):
    """Listens to live sound, a turn after the other."""

    async def send(self, audio: bytes) -> None:
        """Take a piece, `SAMPLE_RATE` samples a second."""
        ...

    async def finalize(self) -> None:
        """Say that the speaker has finished."""
        ...

    async def turn(self) -> str:
        """Return what was said in the turn that was finished."""
        ...


class LiveTurns(Protocol):
    """Listens to live sound, and finds where turns begin and end."""

    async def send(self, audio: bytes) -> None:
        """Take a piece, `SAMPLE_RATE` samples a second."""
        ...

    async def end(self) -> None:
        """Say that no more sound comes."""
        ...

    def __aiter__(self) -> AsyncIterator[Heard]:
        """Yield what is heard until the end."""
        ...


class SpeechToText(Protocol):
    """Somebody who listens. Raises ProviderNotConfigured, ProviderError, LimitReached."""

    def live(self, language: str) -> AbstractAsyncContextManager[LiveSpeech]:
        """Open an ear for live sound in a language of two letters."""
        ...

    async def text_of(self, content: bytes, path: Path, language: str) -> str:
        """Return what is said in a file, for its content. Raises InvalidFile."""
        ...


class TurnTaking(Protocol):
    """Somebody who listens and finds the turns. Raises as `SpeechToText`."""

    def turns(self, language: str) -> AbstractAsyncContextManager[LiveTurns]:
        """Open an ear for live sound in a language of two letters."""
        ...


class Utterance(Protocol):
    """Something that is being said; iterating yields its sound."""

    @property
    def is_cancelled(self) -> bool: ...  # noqa: D102 - the class tells - see `cancel`

    def push(self, text: str) -> None:
        """Say more."""
        ...

    def end(self) -> None:
        """Say that no more comes."""
        ...

    def cancel(self) -> None:
        """Stop at once."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the sound, `SAMPLE_RATE` samples a second."""
        ...


class Voice(Protocol):
    """An open line that speaks."""

    def utterance(self, *, most_characters: int = 1000) -> Utterance:
        """Begin to say something of so many characters at most, for which room in the budget is taken."""
        ...


class TextToSpeech(Protocol):
    """Somebody who speaks. Raises ProviderNotConfigured, ProviderError, LimitReached."""

    def voice(self, language: str) -> AbstractAsyncContextManager[Voice]:
        """Open a line, so that the first word does not wait for it."""
        ...
