"""A model on this machine that listens, as the port of speech to text wants it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from integrations.whisper.transcriber import Transcriber, samples_of_file, samples_of_pcm


class WhisperSpeech:
    """Meets `core.ports.SpeechToText`.

    Args:
        weights: directory of the model; None: the one of the extra.
    """

    def __init__(self, weights: Path | None) -> None:
        self._weights = weights

    @asynccontextmanager
    async def live(self, language: str) -> "AsyncIterator[KeptTurn]":
        """Open speech to text for live sound. Raises ProviderNotConfigured, ConfigurationError."""
        yield KeptTurn(await self._transcriber(language))

    async def text_of(self, content: bytes, path: Path, language: str) -> str:
        """Return what is said in a file. Raises ProviderNotConfigured, ConfigurationError, InvalidFile."""
        transcriber = await self._transcriber(language)
        return await transcriber.transcribe(await asyncio.to_thread(partial(samples_of_file, content, path=path)))

    async def _transcriber(self, language: str) -> Transcriber:
        return await asyncio.to_thread(Transcriber, self._weights, language)


class KeptTurn:
    """Keeps the sound of a turn, and transcribes it on this machine once it has ended."""

    def __init__(self, transcriber: Transcriber) -> None:
        self._transcriber = transcriber
        self._sound = bytearray()
        self._finished = b""

    async def send(self, audio: bytes) -> None:
        """Keep a piece."""
        self._sound += audio

    async def finalize(self) -> None:
        """End the turn."""
        self._finished, self._sound = bytes(self._sound), bytearray()

    async def turn(self) -> str:
        """Return what was said in the turn that was ended."""
        return await self._transcriber.transcribe(samples_of_pcm(self._finished))
