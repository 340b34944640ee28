"""Speech to text for a conversation, by whoever is set up for it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agents.conversation import Transcribe
from core.errors import InvalidFile
from core.ports import LiveSpeech, LiveTurns, SpeechToText, TurnTaking
from tasks.runtime.providers import Outside

_LARGEST_FILE = 25_000_000


async def _listener(world: Outside) -> SpeechToText:
    """Open who listens: who is named, else the first that is set up. Raises ProviderNotConfigured."""
    named = world.settings.speech.to_text
    found: SpeechToText = await world.open("speech_to_text", None if named == "auto" else named, where="SPEECH_TO_TEXT")
    return found


@asynccontextmanager
async def open_speech_input(world: Outside, language: str) -> AsyncIterator[LiveSpeech]:
    """Open speech to text for live sound.

    Raises:
        ProviderNotConfigured: nobody who listens is set up.
        ConfigurationError: a model on this machine does not fit.
    """
    async with (await _listener(world)).live(language) as speech_input:
        yield speech_input


@asynccontextmanager
async def open_turn_input(world: Outside, language: str) -> AsyncIterator[LiveTurns]:
    """Open speech to text that finds where turns begin and end by itself. Raises ProviderNotConfigured."""
    listener: TurnTaking = await world.open("turn_taking")
    async with listener.turns(language) as turns:
        yield turns


def live_transcriber(speech_input: LiveSpeech) -> Transcribe:
    """Return what transcribes the turn that was sent."""

    async def transcribe(_: Mapping[str, Any]) -> str:
        await speech_input.finalize()
        return await speech_input.turn()

    return transcribe


def file_transcriber(world: Outside, language: str) -> Transcribe:
    """Return what transcribes a file."""

    async def transcribe(turn: Mapping[str, Any]) -> str:
        path = Path(str(turn["audio"]))
        content = await asyncio.to_thread(_read, path)
        return await (await _listener(world)).text_of(content, path, language)

    return transcribe


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise InvalidFile(f"is larger than {_LARGEST_FILE:,} bytes", path=str(path))
        return path.read_bytes()
    except OSError as error:
        raise InvalidFile(f"cannot be read: {error.strerror}", path=str(path)) from error
