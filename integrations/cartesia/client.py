"""Client of Cartesia's speech API, through its SDK, version 4.

Source: docs.cartesia.ai, "Text to Speech (Bytes)", "Text to Speech (SSE)", "Speech-to-Text (Batch)", "Concurrency and
WebSocket Limits", "Pricing" (checked November 2026). Status 429 means too many calls at once, so calls take one of the
slots first: speaking and listening are counted apart, and four may be listened to for one that may speak. In a stream
errors come as events, and a stream that is cut ends in silence. A character spoken costs a credit.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from core.errors import ProviderNotConfigured, Unavailable
from core.ledger.spend import Cost
from integrations.cartesia.listening import MANUAL, TURNS, Listening
from integrations.cartesia.schemas import (
    AudioFormat,
    Container,
    Transcript,
    batch_credits,
    longest_s,
    streamed_credits,
)
from integrations.cartesia.speaking import CartesiaVoice, Socket, Speaking
from integrations.http_errors import http_error
from integrations.resilience.guard import Call, Guard
from integrations.resilience.meter import SpendMeter
from integrations.resilience.rate_limit import Slots
from integrations.sdk import fields_of, quiet, sdk_errors

try:
    from cartesia import AsyncCartesia
except ImportError:
    _HAS_SDK = False
else:
    _HAS_SDK = True

quiet("cartesia")

_LISTENERS_A_SPEAKER = 4
_LONGEST_SESSION_S = 3600.0
_BOOKED_S = Decimal(60)
"""Seconds of listening that are set aside at a time."""
_CLOSING_S = 1.0


class CartesiaClient:
    """Speech from text, text from speech; an async context manager.

    Args:
        base_url: "https://api.cartesia.ai".
        api_key: the key.
        guard: see `integrations.resilience.guard`.
        slots: generations at once, as the plan allows.
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
        self._listening_slots = replace(
            slots, name=f"{slots.name}-listening", limit=_LISTENERS_A_SPEAKER * slots.limit, lease_s=_LONGEST_SESSION_S
        )
        self._timeout_s = timeout_s
        # The SDK takes wss for speech whatever the base says.
        self._sdk = AsyncCartesia(
            api_key=api_key,
            base_url=base_url.rstrip("/"),
            websocket_base_url=base_url.rstrip("/").replace("http", "ws", 1),
            timeout=timeout_s,
            max_retries=0,
            http_client=httpx.AsyncClient(
                timeout=timeout_s, trust_env=False, verify=base_url.startswith("https:"), follow_redirects=True
            ),
        )

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
        """Return whether the key may use a voice; the cheapest check of both."""
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

    @asynccontextmanager
    async def speaking(
        self, *, voice_id: str, model: str, sample_rate: int = 16_000, language: str = "en"
    ) -> AsyncIterator[Speaking]:
        """Open a voice that speaks over a websocket, with as little delay as there can be.

        The line is opened by the first utterance and kept for the others.
        """
        options: Any = self._line()

        async def connect() -> Any:
            return await self._sdk.tts.websocket_connect(websocket_connection_options=options).enter()

        socket = Socket(connect)
        try:
            yield Speaking(
                socket, CartesiaVoice(voice_id, model, sample_rate, language), self.guard, self._slot, self._timeout_s
            )
        finally:
            await socket.aclose()

    @asynccontextmanager
    async def listening(
        self, *, model: str, sample_rate: int = 16_000, language: str = "en", finds_turns: bool = False
    ) -> AsyncIterator[Listening]:
        """Open speech to text for raw little-endian 16-bit PCM of one channel.

        Args:
            model: of those that listen in real time; only some find turns.
            sample_rate: samples a second.
            language: two letters; with turn detection Cartesia understands English only.
            finds_turns: let Cartesia find where turns begin and end; otherwise `Listening.finalize` ends one.

        Raises:
            LimitReached: all slots are taken.
        """
        name = TURNS if finds_turns else MANUAL
        params: dict[str, Any] = {"encoding": "pcm_s16le", "model": model, "sample_rate": sample_rate}
        params |= {"websocket_connection_options": self._line()}
        spoken: dict[str, Any] = {"language": language}

        async def connect() -> Any:
            with sdk_errors(self.provider, name):
                if finds_turns:
                    return await self._sdk.stt.auto_finalize.websocket(**params).enter()
                return await self._sdk.stt.manual_finalize.websocket(**params, **spoken).enter()

        def cost_of(seconds: Decimal) -> Cost:
            return Cost(credits=streamed_credits(model, seconds))

        async with self._slot(self._listening_slots):
            meter = SpendMeter(self.guard.book, self.provider, name, cost_of, _BOOKED_S)
            try:
                async with self.guard.session(connect, Call(name, scope=name)) as connection:
                    try:
                        yield Listening(connection, meter, sample_rate, self._timeout_s, finds_turns=finds_turns)
                    finally:
                        await connection.close()
            finally:
                await meter.close()

    def _line(self) -> dict[str, Any]:
        return {"open_timeout": self._timeout_s, "close_timeout": _CLOSING_S, "proxy": None}

    def _check(self, event: Any) -> None:
        """Raise what an error event stands for; the SDK hands it on as a value."""
        if event.type == "error":
            status = getattr(event, "status_code", None) or 500
            raise http_error(self.provider, "tts/sse", status, fields_of(event), headers={})

    async def transcribe(
        self,
        audio: bytes,
        *,
        model: str,
        language: str = "en",
        file_name: str = "audio.wav",
        estimate: Cost | None = None,
    ) -> Transcript:
        """Return what is said in `audio`, a whole file such as WAV.

        Args:
            audio: the file.
            model: of those that take files.
            language: two letters.
            file_name: says what kind of file it is.
            estimate: the most it can cost; None: as long as a file of this size can last.
        """

        async def attempt() -> Transcript:
            with sdk_errors(self.provider, "stt"):
                params: dict[str, Any] = {"file": (file_name, audio), "model": model, "language": language}
                answer = await self._sdk.stt.transcribe(**params)
                said = fields_of(answer)
                return Transcript(said["text"], said.get("language"), said.get("duration"))

        most = Cost(credits=batch_credits(longest_s(len(audio)))) if estimate is None else estimate

        def cost_of(said: Transcript) -> Cost:
            # The length is the provider's; without one, nothing better than the estimate is known.
            return most if said.duration_s is None else Cost(credits=batch_credits(Decimal(str(said.duration_s))))

        async with self._slot(self._listening_slots):
            return await self.guard.run(attempt, Call("stt", scope="stt", estimate=most), cost_of=cost_of)

    @asynccontextmanager
    async def _slot(self, slots: Slots | None = None) -> AsyncIterator[None]:
        chosen, holder = slots or self._slots, uuid4().hex
        await chosen.take(holder)
        try:
            yield
        finally:
            await chosen.give_back(holder)


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
