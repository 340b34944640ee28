"""Cartesia as speech to text and text to speech."""

import wave
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core.conversation.speech import SAMPLE_RATE
from integrations.cartesia.client import CartesiaClient
from integrations.cartesia.listening import Listening
from integrations.cartesia.speaking import Speaking

_PIECE = SAMPLE_RATE // 10 * 2  # bytes of a tenth of a second


@dataclass(frozen=True)
class CartesiaSpeechToText:
    """Hears live sound and files.

    Attributes:
        client: open.
        model: listens in real time, and to files.
        turn_model: listens and finds where turns begin and end.
    """

    client: CartesiaClient
    model: str
    turn_model: str

    def live(self, language: str) -> AbstractAsyncContextManager[Listening]:
        """Listen to turns whose ends we tell."""
        return self.client.listening(model=self.model, sample_rate=SAMPLE_RATE, language=language)

    def turns(self, language: str) -> AbstractAsyncContextManager[Listening]:
        """Listen to turns that Cartesia finds."""
        return self.client.listening(
            model=self.turn_model, sample_rate=SAMPLE_RATE, language=language, finds_turns=True
        )

    async def transcribe(self, content: bytes, path: Path, language: str) -> str:
        """Hear a file: raw speech is streamed, and other files are sent whole."""
        speech = _speech_of(path)
        if speech is None:
            said = await self.client.transcribe(content, model=self.model, language=language, file_name=path.name)
            return said.text
        rate, samples = speech
        async with self.client.listening(model=self.model, sample_rate=rate, language=language) as listening:
            for start in range(0, len(samples), _PIECE):
                await listening.send(samples[start : start + _PIECE])
            await listening.finalize()
            return await listening.turn()


def _speech_of(path: Path) -> tuple[int, bytes] | None:
    """Return rate and samples of a WAV file with one channel of 16 bits, else None."""
    try:
        with wave.open(str(path), "rb") as file:
            is_plain = (file.getnchannels(), file.getsampwidth()) == (1, 2) and 8_000 <= file.getframerate() <= 48_000
            return (file.getframerate(), file.readframes(file.getnframes())) if is_plain else None
    except (wave.Error, EOFError):
        return None


@dataclass(frozen=True)
class CartesiaTextToSpeech:
    """Speaks with one voice.

    Attributes:
        client: open.
        model: speaks.
        voice_id: with which voice.
    """

    client: CartesiaClient
    model: str
    voice_id: str

    @asynccontextmanager
    async def speaking(self, language: str) -> AsyncIterator[Speaking]:
        """Open a line, at once, so that the first answer does not wait for it."""
        async with self.client.speaking(
            voice_id=self.voice_id, model=self.model, sample_rate=SAMPLE_RATE, language=language
        ) as speaking:
            await speaking.connect()
            yield speaking
