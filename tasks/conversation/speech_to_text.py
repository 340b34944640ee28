"""The ear of a conversation: Cartesia's, or a model on this machine."""

import asyncio
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from agents.conversation import Transcribe
from core.errors import InvalidFile, ProviderNotConfigured
from integrations import plugs
from integrations.cartesia import plug as cartesia
from integrations.cartesia.client import CartesiaClient
from integrations.cartesia.listening import Listening
from integrations.cartesia.plug import CartesiaSettings
from integrations.whisper.plug import WhisperSettings
from integrations.whisper.transcriber import Transcriber, is_installed, samples_of_file, samples_of_pcm
from tasks.conversation.text_to_speech import SAMPLE_RATE
from tasks.runtime.providers import Outside

_PIECE = SAMPLE_RATE // 10 * 2  # bytes of a tenth of a second
_LARGEST_FILE = 25_000_000


class Ear(Protocol):
    """Listens to live sound, a turn after the other."""

    async def send(self, audio: bytes) -> None:
        """Hear a piece: raw little-endian 16-bit PCM of one channel, `SAMPLE_RATE` samples a second."""
        ...

    async def finalize(self) -> None:
        """Say that the speaker has finished."""
        ...

    async def turn(self) -> str:
        """Return what was said in the turn that was finished."""
        ...


class LocalEar:
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
        return await self._transcriber.hear(samples_of_pcm(self._finished))


def is_local(world: Outside) -> bool:
    """Tell whether this machine listens: where it is told to, or where Cartesia has no key and the extra is installed.

    Raises:
        ProviderNotConfigured: nobody can listen.
    """
    ear = world.settings.speech.to_text
    if ear != "auto":
        plugs.chosen("speech_to_text", ear, where="SPEECH_TO_TEXT")
    if ear != "auto" or world.read(CartesiaSettings).api_key is not None:
        return ear == "local"
    if not is_installed():
        raise ProviderNotConfigured("nobody can listen: set CARTESIA_API_KEY, or install the extra 'local-speech'")
    return True


async def _transcriber(world: Outside, language: str) -> Transcriber:
    return await asyncio.to_thread(Transcriber, world.read(WhisperSettings).weights, language)


@asynccontextmanager
async def ear_for(world: Outside, language: str) -> AsyncIterator[Ear]:
    """Open an ear for live sound.

    Raises:
        ProviderNotConfigured: there is neither a key nor the extra.
        ConfigurationError: the model on this machine does not fit.
    """
    if is_local(world):
        yield LocalEar(await _transcriber(world, language))
        return
    client: CartesiaClient = await world.client(cartesia.PLUG)
    model = world.read(CartesiaSettings).transcription_model
    async with client.listening(model=model, sample_rate=SAMPLE_RATE, language=language) as listening:
        yield listening


@asynccontextmanager
async def turns_for(world: Outside, language: str) -> AsyncIterator[Listening]:
    """Open an ear that finds where turns begin and end by itself: Cartesia's. Raises ProviderNotConfigured."""
    client: CartesiaClient = await world.client(cartesia.PLUG)
    model = world.read(CartesiaSettings).turn_model
    async with client.listening(model=model, sample_rate=SAMPLE_RATE, language=language, finds_turns=True) as listening:
        yield listening


def live_transcriber(ear: Ear) -> Transcribe:
    """Return what hears the turn that an ear has been sent."""

    async def transcribe(_: Mapping[str, Any]) -> str:
        await ear.finalize()
        return await ear.turn()

    return transcribe


def file_transcriber(world: Outside, language: str) -> Transcribe:
    """Return what hears a file. Cartesia is streamed raw speech, and sent other files whole."""

    async def transcribe(turn: Mapping[str, Any]) -> str:
        path = Path(str(turn["audio"]))
        content = await asyncio.to_thread(_read, path)
        if is_local(world):
            transcriber = await _transcriber(world, language)
            return await transcriber.hear(await asyncio.to_thread(partial(samples_of_file, content, path=path)))
        client: CartesiaClient = await world.client(cartesia.PLUG)
        model = world.read(CartesiaSettings).transcription_model
        speech = _speech_of(path)
        if speech is None:
            said = await client.transcribe(content, model=model, language=language, file_name=path.name)
            return said.text
        rate, samples = speech
        async with client.listening(model=model, sample_rate=rate, language=language) as listening:
            for start in range(0, len(samples), _PIECE):
                await listening.send(samples[start : start + _PIECE])
            await listening.finalize()
            return await listening.turn()

    return transcribe


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise InvalidFile(f"is larger than {_LARGEST_FILE:,} bytes", path=str(path))
        return path.read_bytes()
    except OSError as error:
        raise InvalidFile(f"cannot be read: {error.strerror}", path=str(path)) from error


def _speech_of(path: Path) -> tuple[int, bytes] | None:
    """Return rate and samples of a WAV file with one channel of 16 bits, else None."""
    try:
        with wave.open(str(path), "rb") as file:
            is_plain = (file.getnchannels(), file.getsampwidth()) == (1, 2) and 8_000 <= file.getframerate() <= 48_000
            return (file.getframerate(), file.readframes(file.getnframes())) if is_plain else None
    except (wave.Error, EOFError):
        return None
