"""Text to speech for a conversation, by whoever is set up for it."""

import asyncio
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from core.conversation.speech import SAMPLE_RATE
from core.errors import InvalidFile
from core.ports import SpeechConnection, TextToSpeech, Utterance
from tasks.runtime.providers import Outside

LONGEST_REPLY = 1_300
"""Characters set aside in the cost book for an answer."""

Sink = Callable[[bytes], None]
"""Takes the sound of answers: raw little-endian 16-bit PCM of one channel, `SAMPLE_RATE` samples a second."""


class StreamedSpeech:
    """An utterance whose sound goes to a sink while it is being spoken."""

    def __init__(self, utterance: Utterance, sink: Sink) -> None:
        self._utterance = utterance
        self._sink = sink
        self._saying = asyncio.create_task(self._say())

    async def _say(self) -> None:
        async for piece in self._utterance:
            self._sink(piece)

    def push(self, text: str) -> None:
        """Say more; after a cancellation nothing more is said."""
        if not self._utterance.is_cancelled:
            self._utterance.push(text)

    def end(self) -> None:
        """Say that no more comes."""
        self._utterance.end()

    def cancel(self) -> None:
        """Stop at once."""
        self._utterance.cancel()

    async def finished(self) -> None:
        """Wait until all of it has been said, or was stopped."""
        try:
            await self._saying
        except asyncio.CancelledError:
            self._utterance.cancel()
            raise


class StreamedSpeechOutput:
    """Speaks over one open connection.

    Attributes:
        first_at: when the first sound of the speech begun last came, by `time.perf_counter`; None before.
    """

    def __init__(self, voice: SpeechConnection, sink: Sink) -> None:
        self._voice = voice
        self._sink = sink
        self.first_at: float | None = None

    def begin(self) -> StreamedSpeech:
        """Begin to say something."""
        self.first_at = None
        return StreamedSpeech(self._voice.utterance(most_characters=LONGEST_REPLY), self._play)

    def _play(self, piece: bytes) -> None:
        if self.first_at is None:
            self.first_at = time.perf_counter()
        self._sink(piece)


@asynccontextmanager
async def open_speech_output(
    world: Outside, sink: Sink | None, language: str
) -> AsyncIterator[StreamedSpeechOutput | None]:
    """Open text to speech and its connection, so that the first answer does not wait for it; None where nobody listens.

    Raises:
        ProviderNotConfigured: there is no key, or no voice is chosen.
    """
    if sink is None:
        yield None
        return
    speaker: TextToSpeech = await world.open("text_to_speech")
    async with speaker.voice(language) as voice:
        yield StreamedSpeechOutput(voice, sink)


def write_wav(path: Path, samples: bytes) -> None:
    """Write the sound of an answer. Raises InvalidFile."""
    try:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(samples)
    except OSError as error:
        raise InvalidFile(f"cannot be written: {error.strerror}", path=str(path)) from error
