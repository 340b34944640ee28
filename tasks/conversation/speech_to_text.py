"""Speech to text for a conversation: who listens, live and to files."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agents.conversation import Transcribe
from core.errors import InvalidFile, ProviderNotConfigured
from core.ports import LiveTurns, SpeechToText, TurnFinder
from integrations.cartesia.speech import CartesiaSpeechToText
from integrations.whisper.speech import LocalSpeechToText
from integrations.whisper.transcriber import is_installed
from tasks.runtime.providers import Outside

_LARGEST_FILE = 25_000_000


def is_local(world: Outside) -> bool:
    """Tell whether this machine listens: where it is told to, or where Cartesia has no key and the extra is installed.

    Raises:
        ProviderNotConfigured: nobody can listen.
    """
    chosen = world.settings.providers.speech.to_text
    if chosen != "auto" or world.settings.providers.cartesia.api_key is not None:
        return chosen == "local"
    if not is_installed():
        raise ProviderNotConfigured("nobody can listen: set CARTESIA_API_KEY, or install the extra 'local-speech'")
    return True


async def speech_to_text(world: Outside) -> SpeechToText:
    """Open who listens, as configured. Raises ProviderNotConfigured."""
    if is_local(world):
        return LocalSpeechToText(world.settings.providers.speech.weights)
    return await _over_the_network(world)


async def _over_the_network(world: Outside) -> SpeechToText:
    section = world.settings.providers.cartesia
    return CartesiaSpeechToText(await world.cartesia(), section.transcription_model, section.turn_model)


@asynccontextmanager
async def ear_for(world: Outside, language: str) -> AsyncIterator[LiveTurns]:
    """Open an ear for live sound.

    Raises:
        ProviderNotConfigured: there is neither a key nor the extra.
        ConfigurationError: the model on this machine does not fit.
    """
    listener = await speech_to_text(world)
    async with listener.live(language) as ear:
        yield ear


@asynccontextmanager
async def turns_for(world: Outside, language: str) -> AsyncIterator[TurnFinder]:
    """Open an ear that finds where turns begin and end, whoever else listens. Raises ProviderNotConfigured."""
    listener = await _over_the_network(world)
    async with listener.turns(language) as ear:
        yield ear


def live_transcriber(ear: LiveTurns) -> Transcribe:
    """Return what hears the turn that an ear has been sent."""

    async def transcribe(_: Mapping[str, Any]) -> str:
        await ear.finalize()
        return await ear.turn()

    return transcribe


def file_transcriber(world: Outside, language: str) -> Transcribe:
    """Return what hears a file."""

    async def transcribe(turn: Mapping[str, Any]) -> str:
        path = Path(str(turn["audio"]))
        content = await asyncio.to_thread(_read, path)
        listener = await speech_to_text(world)
        return await listener.transcribe(content, path, language)

    return transcribe


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise InvalidFile(f"is larger than {_LARGEST_FILE:,} bytes", path=str(path))
        return path.read_bytes()
    except OSError as error:
        raise InvalidFile(f"cannot be read: {error.strerror}", path=str(path)) from error
