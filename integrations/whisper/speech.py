"""A model on this machine as speech to text."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import ProviderNotConfigured
from core.ports import TurnFinder
from integrations.whisper.transcriber import Transcriber, samples_of_file, samples_of_pcm


class LocalTurns:
    """Keeps the sound of a turn, and transcribes it once it has ended."""

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
        return await self._transcriber.hear(samples_of_pcm(self._finished))


@dataclass(frozen=True)
class LocalSpeechToText:
    """Hears live sound and files; nothing of it leaves this machine.

    Attributes:
        weights: directory of the model; None: those of the extra.
    """

    weights: Path | None

    @asynccontextmanager
    async def live(self, language: str) -> AsyncIterator[LocalTurns]:
        """Listen to turns whose ends we tell."""
        yield LocalTurns(await self._transcriber(language))

    def turns(self, language: str) -> AbstractAsyncContextManager[TurnFinder]:  # noqa: ARG002 - the port's
        """Refuse: the model hears a turn as a whole."""
        raise ProviderNotConfigured("the model on this machine finds no turns in live sound: set CARTESIA_API_KEY")

    async def transcribe(self, content: bytes, path: Path, language: str) -> str:
        """Hear a file."""
        transcriber = await self._transcriber(language)
        return await transcriber.hear(await asyncio.to_thread(partial(samples_of_file, content, path=path)))

    async def _transcriber(self, language: str) -> Transcriber:
        return await asyncio.to_thread(Transcriber, self.weights, language)
