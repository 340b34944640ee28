"""Client of Cartesia's speech API, through its SDK, version 4.

Source: docs.cartesia.ai, "Text to Speech (Bytes)", "Text to Speech (SSE)", "Speech-to-Text (Batch)", "Concurrency
Limits" (checked November 2026). Status 429 means too many calls at once, so calls take one of the slots first. In a
stream errors come as events, and a stream that is cut ends in silence. Characters are counted as credits.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from core.errors import ProviderNotConfigured, Unavailable
from core.spend import FREE, Cost
from integrations.cartesia.schemas import AudioFormat, Container, Transcript
from integrations.refusals import refusal
from integrations.resilience.guard import Call, Guard
from integrations.resilience.rate_limit import Slots
from integrations.sdk import fields_of, sdk_errors

try:
    from cartesia import AsyncCartesia
except ImportError:
    _HAS_SDK = False
else:
    _HAS_SDK = True


class CartesiaClient:
    """Speech from text, text from speech; an async context manager.

    Args:
        base_url: "https://api.cartesia.ai".
        api_key: the key.
        guard: see `integrations.resilience.guard`.
        slots: calls at once, as the plan allows.
        timeout_s: seconds without a byte.

    Raises:
        ProviderNotConfigured: the SDK is not installed.
    """

    provider = "cartesia"

    def __init__(self, base_url: str, api_key: str, guard: Guard, *, slots: Slots, timeout_s: float = 30.0) -> None:
        if not _HAS_SDK:
            raise ProviderNotConfigured("cartesia is off: install sales-agent with its extra 'voice'")
        self.guard = guard
        self._slots = slots
        self._sdk = AsyncCartesia(api_key=api_key, base_url=base_url.rstrip("/"), timeout=timeout_s, max_retries=0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._sdk.close()

    async def has_voice(self, voice_id: str) -> bool:
        """Tell whether the key may use a voice; the cheapest check of both."""
        return bool((await self._voice(voice_id)).get("id"))

    async def voices(self) -> list[str]:
        """Return the ids of the first page of voices; a free check of the key."""

        async def attempt() -> list[str]:
            with sdk_errors(self.provider, "voices"):
                page = await self._sdk.voices.list(limit=1)
                return [str(voice.id) for voice in page.data]

        return await self.guard.run(attempt, Call("voices"))

    async def _voice(self, voice_id: str) -> dict[str, Any]:
        async def attempt() -> dict[str, Any]:
            with sdk_errors(self.provider, "voices/{id}"):
                return fields_of(await self._sdk.voices.get(voice_id))

        return await self.guard.run(attempt, Call("voices/{id}"))

    async def speak(self, text: str, *, voice_id: str, model: str, audio: AudioFormat, language: str = "en") -> bytes:
        """Return `text` spoken, as one piece of audio."""

        async def attempt() -> bytes:
            with sdk_errors(self.provider, "tts/bytes"):
                answer = await self._sdk.tts.generate(**_request(text, voice_id, model, audio, language))
                return await answer.read()

        async with self._slot():
            return await self.guard.run(attempt, _call("tts/bytes", text))

    async def speak_in_pieces(
        self, text: str, *, voice_id: str, model: str, sample_rate: int = 16_000, language: str = "en"
    ) -> AsyncIterator[bytes]:
        """Yield `text` spoken as raw 16-bit PCM, piece by piece.

        Raises:
            Unavailable: the stream was cut off, so that words are missing.
        """
        audio = AudioFormat(sample_rate, Container.RAW)

        async def pieces() -> AsyncGenerator[bytes, None]:
            is_done = False
            with sdk_errors(self.provider, "tts/sse"):
                events = await self._sdk.tts.generate_sse(**_request(text, voice_id, model, audio, language))
                async for event in events:
                    self._check(event)
                    is_done = is_done or event.type == "done"
                    if event.type == "chunk" and event.audio:
                        yield event.audio
            if not is_done:
                raise Unavailable("cartesia tts/sse: the stream was cut off", provider=self.provider)

        async with self._slot():
            async for piece in self.guard.stream(pieces, _call("tts/sse", text)):
                yield piece

    def _check(self, event: Any) -> None:  # noqa: ANN401 - the SDK's event types
        """Raise what an error event stands for; the SDK hands it on as a value."""
        if event.type == "error":
            status = getattr(event, "status_code", None) or 500
            raise refusal(self.provider, "tts/sse", status, fields_of(event), headers={})

    async def transcribe(
        self,
        audio: bytes,
        *,
        model: str,
        language: str = "en",
        file_name: str = "audio.wav",
        estimate: Cost = FREE,
    ) -> Transcript:
        """Return what is said in `audio`, a whole file such as WAV."""

        async def attempt() -> Transcript:
            with sdk_errors(self.provider, "stt"):
                params: dict[str, Any] = {"file": (file_name, audio), "model": model, "language": language}
                answer = await self._sdk.stt.transcribe(**params)
                said = fields_of(answer)
                return Transcript(said["text"], said.get("language"), said.get("duration"))

        async with self._slot():
            return await self.guard.run(attempt, Call("stt", scope="stt", estimate=estimate))

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        holder = uuid4().hex
        await self._slots.take(holder)
        try:
            yield
        finally:
            await self._slots.give_back(holder)


def _request(text: str, voice_id: str, model: str, audio: AudioFormat, language: str) -> dict[str, Any]:
    return {
        "model_id": model,
        "transcript": text,
        "voice": {"id": voice_id},
        "language": language,
        "output_format": {
            "container": audio.container.value,
            "encoding": "pcm_s16le",
            "sample_rate": audio.sample_rate,
        },
    }


def _call(operation: str, text: str) -> Call:
    return Call(operation, scope=operation, estimate=Cost(credits=Decimal(len(text))))
