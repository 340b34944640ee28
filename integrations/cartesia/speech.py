"""Cartesia's speech to text and text to speech, as the ports of speech want them."""

import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.conversation.speech import SAMPLE_RATE
from core.errors import ProviderNotConfigured
from integrations.cartesia.client import CartesiaClient
from integrations.cartesia.listening import Listening
from integrations.cartesia.plug import CartesiaSettings
from integrations.cartesia.speaking import Speaking

_PIECE = SAMPLE_RATE // 10 * 2  # bytes of a tenth of a second


class CartesiaSpeech:
    """Meets `core.ports`: SpeechToText, TurnTaking and TextToSpeech.

    Args:
        client: open; whoever opened it closes it.
        chosen: which models and which voice.
    """

    def __init__(self, client: CartesiaClient, chosen: CartesiaSettings) -> None:
        self._client = client
        self._chosen = chosen

    @asynccontextmanager
    async def live(self, language: str) -> AsyncIterator[Listening]:
        """Open speech to text for live sound."""
        model = self._chosen.transcription_model
        async with self._client.listening(model=model, sample_rate=SAMPLE_RATE, language=language) as listening:
            yield listening

    @asynccontextmanager
    async def turns(self, language: str) -> AsyncIterator[Listening]:
        """Open speech to text that finds where turns begin and end."""
        model = self._chosen.turn_model
        async with self._client.listening(
            model=model, sample_rate=SAMPLE_RATE, language=language, finds_turns=True
        ) as listening:
            yield listening

    async def text_of(self, content: bytes, path: Path, language: str) -> str:
        """Return what is said in a file: raw speech is streamed, other files are sent whole."""
        model = self._chosen.transcription_model
        speech = _speech_of(content)
        if speech is None:
            said = await self._client.transcribe(content, model=model, language=language, file_name=path.name)
            return said.text
        rate, samples = speech
        async with self._client.listening(model=model, sample_rate=rate, language=language) as listening:
            for start in range(0, len(samples), _PIECE):
                await listening.send(samples[start : start + _PIECE])
            await listening.finalize()
            return await listening.turn()

    @asynccontextmanager
    async def voice(self, language: str) -> AsyncIterator[Speaking]:
        """Open a line. Raises ProviderNotConfigured where no voice is chosen."""
        voice_id = self._chosen.voice_id
        if voice_id is None:
            raise ProviderNotConfigured("cartesia has a key and no voice: set CARTESIA_VOICE_ID")
        async with self._client.speaking(
            voice_id=voice_id, model=self._chosen.speech_model, sample_rate=SAMPLE_RATE, language=language
        ) as speaking:
            await speaking.connect()
            yield speaking


def _speech_of(content: bytes) -> tuple[int, bytes] | None:
    """Return rate and samples of a WAV file with one channel of 16 bits, else None."""
    try:
        with wave.open(io.BytesIO(content), "rb") as file:
            is_plain = (file.getnchannels(), file.getsampwidth()) == (1, 2) and 8_000 <= file.getframerate() <= 48_000
            return (file.getframerate(), file.readframes(file.getnframes())) if is_plain else None
    except (wave.Error, EOFError):
        return None
