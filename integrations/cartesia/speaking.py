"""Speech over one websocket: text goes in as it is thought of, audio comes out, and what is being said can be stopped.

Source: docs.cartesia.ai, "Text to Speech (WebSocket)", "Contexts" (checked November 2026). Each utterance is a context
of its own on the shared socket, so that one can be cancelled while another goes on. The SDK's own routing of contexts
is not used: it never tells a reader that the connection is lost.
"""

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from uuid import uuid4

from core.errors import InvalidInput, ProviderError, Timeout, Unavailable
from core.ledger.spend import Cost
from integrations.http_errors import http_error
from integrations.resilience.guard import Call, Guard
from integrations.sdk import fields_of, sdk_errors

OPERATION = "tts/websocket"
_PROVIDER = "cartesia"


class SpeakingSocket(Protocol):
    """The part of the SDK's connection that is used here."""

    async def send(self, event: Any) -> None:
        """Send a message."""
        ...

    async def recv(self) -> Any:
        """Return the next event."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(frozen=True, slots=True)
class CartesiaVoice:
    """How everything on one socket is spoken: the fields of a request besides its text."""

    voice_id: str
    model: str
    sample_rate: int = 16_000
    language: str = "en"

    def request(self, context_id: str, text: str, *, goes_on: bool) -> dict[str, Any]:
        """Return the message that speaks `text`."""
        return {
            "context_id": context_id,
            "model_id": self.model,
            "transcript": text,
            "voice": {"id": self.voice_id},
            "language": self.language,
            "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": self.sample_rate},
            "continue": goes_on,
        }


class Socket:
    """The websocket that utterances share: opened by the first of them, and again by the first after a loss."""

    def __init__(self, connect: Callable[[], Awaitable[SpeakingSocket]]) -> None:
        self._connect = connect
        self._connection: SpeakingSocket | None = None
        self._reader: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._events: dict[str, asyncio.Queue[Any]] = {}

    async def join(self, context_id: str) -> asyncio.Queue[Any]:
        """Return the queue of what comes for a context: the SDK's events, or the error that ended the connection."""
        await self.open()
        queue = self._events[context_id] = asyncio.Queue()
        return queue

    async def open(self) -> None:
        """Open the connection, unless it is."""
        async with self._opening:
            if self._connection is None:
                if self._reader is not None:
                    await asyncio.wait({self._reader})  # it is closing the line that was lost
                with sdk_errors(_PROVIDER, OPERATION):
                    self._connection = await self._connect()
                self._reader = asyncio.create_task(self._read(self._connection))

    def leave(self, context_id: str) -> None:
        """Take no notice of what still comes for a context."""
        self._events.pop(context_id, None)

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message. Raises Unavailable where the connection is lost."""
        connection = self._connection
        if connection is None:
            raise Unavailable(f"{_PROVIDER} {OPERATION}: the connection is lost", provider=_PROVIDER)
        with sdk_errors(_PROVIDER, OPERATION):
            await connection.send(message)

    async def _read(self, connection: SpeakingSocket) -> None:
        try:
            with sdk_errors(_PROVIDER, OPERATION):
                while True:
                    self._hand_on(await connection.recv())
        except ProviderError as error:
            if self._connection is connection:
                self._connection = None
            for queue in self._events.values():
                queue.put_nowait(error)
            await connection.close()

    def _hand_on(self, event: Any) -> None:
        context_id = getattr(event, "context_id", None)
        if context_id is None and getattr(event, "type", None) == "error":
            for queue in self._events.values():
                queue.put_nowait(event)
        elif context_id in self._events:
            self._events[context_id].put_nowait(event)

    async def aclose(self) -> None:
        """Close the connection; utterances that still speak end with an error, and the next one opens it again."""
        connection, reader = self._connection, self._reader
        self._connection = self._reader = None
        if reader is not None:
            if connection is not None:  # otherwise it is closing a connection that was lost
                reader.cancel()
            await asyncio.wait({reader})
        lost = Unavailable(f"{_PROVIDER} {OPERATION}: the connection was closed", provider=_PROVIDER)
        for queue in self._events.values():
            queue.put_nowait(lost)
        if connection is not None:
            await connection.close()


class CartesiaUtterance:
    """One thing being said: push its text, end it, iterate over its audio once, cancel it at any time.

    Audio is raw little-endian 16-bit PCM. The iteration ends after the last of it, or at `cancel`.
    """

    def __init__(self, speaking: "Speaking", most_characters: int) -> None:
        self._speaking = speaking
        self._most_characters = most_characters
        self._texts: list[str] = []
        self._has_news = asyncio.Event()
        self._is_ended = False
        self._is_owed = False
        self._sent = 0
        self.is_cancelled = False
        self.sent_characters = 0

    def push(self, text: str) -> None:
        """Say `text` after what was pushed before; pieces are joined as they are, spaces included.

        Raises:
            InvalidInput: it has been ended, or would grow longer than was agreed on.
        """
        if self._is_ended or self.is_cancelled:
            raise InvalidInput("text was pushed to an utterance that has ended")
        if sum(map(len, self._texts)) + len(text) > self._most_characters:
            raise InvalidInput(f"the utterance would grow longer than {self._most_characters} characters")
        if text:
            self._texts.append(text)
            self._has_news.set()

    def end(self) -> None:
        """Say that no more text comes."""
        self._is_ended = True
        self._has_news.set()

    def cancel(self) -> None:
        """Stop speaking at once: no more audio is handed on, and Cartesia is told."""
        self.is_cancelled = True
        self._has_news.set()
        self._speaking.wake(self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the audio, piece by piece.

        Raises:
            LimitReached: all slots are taken, or a budget is used up; nothing was said.
            Unavailable: it was cut off, so that words are missing.
        """
        await self._news()
        if not self._texts or self.is_cancelled:
            return
        characters = sum(map(len, self._texts)) if self._is_ended else self._most_characters
        call = Call(OPERATION, scope=OPERATION, estimate=Cost(credits=Decimal(characters)))
        async with self._speaking.slot():
            pieces = self._speaking.guard.stream(self._spoken, call, cost_of=lambda _: self._cost())
            async for piece in pieces:
                if piece and not self.is_cancelled:
                    yield piece

    def _cost(self) -> Cost:
        return Cost(credits=Decimal(self.sent_characters))

    async def _spoken(self) -> AsyncGenerator[bytes, None]:
        """Speak from the first word; the last piece is empty and tells the guard what was sent in all."""
        self._sent, self.sent_characters = 0, 0
        while True:
            await self._news()
            if self.is_cancelled or self._sent == len(self._texts):
                break
            async with aclosing(self._one_context()) as pieces:
                async for piece in pieces:
                    yield piece
        yield b""

    async def _news(self) -> None:
        """Wait for text that was not sent yet, the end, or the cancellation."""
        while self._sent == len(self._texts) and not (self._is_ended or self.is_cancelled):
            self._has_news.clear()
            await self._has_news.wait()

    async def _one_context(self) -> AsyncGenerator[bytes, None]:
        """Speak until Cartesia ends the context, which it also does when no text came for a second."""
        context_id, kind = uuid4().hex, ""
        events = await self._speaking.begin(self, context_id)
        sending = asyncio.create_task(self._send_texts(context_id, events))
        try:
            while kind != "done" and not self.is_cancelled:
                event = await self._next(events)
                if isinstance(event, ProviderError):
                    raise event
                kind = getattr(event, "type", "")
                if kind == "error":
                    status = getattr(event, "status_code", None) or 500
                    raise http_error(_PROVIDER, OPERATION, status, fields_of(event), headers={})
                if kind == "chunk":
                    self._is_owed = False
                    with sdk_errors(_PROVIDER, OPERATION):
                        yield base64.b64decode(event.data, validate=True)
            if self._is_owed and not self.is_cancelled:
                raise Unavailable(f"{_PROVIDER} {OPERATION}: words were left out", provider=_PROVIDER)
        finally:
            sending.cancel()
            await self._speaking.finish(self, context_id, is_done=kind == "done")

    async def _next(self, events: asyncio.Queue[Any]) -> Any:
        """Return the next event, or None to look around. Silence is a fault only where an answer is owed."""
        try:
            async with asyncio.timeout(self._speaking.timeout_s):
                return await events.get()
        except TimeoutError:
            if self._is_owed or self._is_ended:
                await self._speaking.socket.aclose()  # nothing comes on this line any more
                waited = f"{self._speaking.timeout_s:g} s"
                raise Timeout(f"{_PROVIDER} {OPERATION}: no audio in {waited}", provider=_PROVIDER) from None
            return None

    async def _send_texts(self, context_id: str, events: asyncio.Queue[Any]) -> None:
        """Send what is pushed, then the end; a failure goes to the reader of `events`."""
        voice, socket = self._speaking.voice, self._speaking.socket
        try:
            goes_on = True
            while goes_on and not self.is_cancelled:
                text = "".join(self._texts[self._sent :])
                goes_on = not self._is_ended
                self._is_owed = self._is_owed or bool(text)
                self._sent = len(self._texts)
                self.sent_characters += len(text)
                await socket.send(voice.request(context_id, text, goes_on=goes_on))
                if goes_on:
                    await self._news()
        except ProviderError as error:
            events.put_nowait(error)


class Speaking:
    """A voice on an open line, from `CartesiaClient.speaking`.

    Args:
        socket: the shared connection.
        voice: how everything is spoken.
        guard: of Cartesia.
        slot: takes one of the generations the plan allows at once.
        timeout_s: seconds of silence that count as a fault, where audio is owed.
    """

    def __init__(
        self,
        socket: Socket,
        voice: CartesiaVoice,
        guard: Guard,
        slot: Callable[[], AbstractAsyncContextManager[None]],
        timeout_s: float,
    ) -> None:
        self.socket, self.voice, self.guard, self.slot, self.timeout_s = socket, voice, guard, slot, timeout_s
        self._queues: dict[CartesiaUtterance, asyncio.Queue[Any]] = {}

    async def connect(self) -> None:
        """Open the line ahead of the first utterance, which then does not wait for it. Raises ProviderError."""
        await self.socket.open()

    def utterance(self, *, most_characters: int = 1000) -> CartesiaUtterance:
        """Begin to say something whose text comes bit by bit; so many characters are set aside in the cost book."""
        return CartesiaUtterance(self, most_characters)

    def say(self, text: str) -> CartesiaUtterance:
        """Say a whole text."""
        utterance = CartesiaUtterance(self, len(text))
        utterance.push(text)
        utterance.end()
        return utterance

    async def begin(self, utterance: CartesiaUtterance, context_id: str) -> asyncio.Queue[Any]:
        """Open the context of an utterance."""
        queue = self._queues[utterance] = await self.socket.join(context_id)
        return queue

    def wake(self, utterance: CartesiaUtterance) -> None:
        """Let an utterance that waits for audio look around."""
        if utterance in self._queues:
            self._queues[utterance].put_nowait(None)

    async def finish(self, utterance: CartesiaUtterance, context_id: str, *, is_done: bool) -> None:
        """Close the context of an utterance; where Cartesia still speaks, tell it to stop."""
        self._queues.pop(utterance, None)
        self.socket.leave(context_id)
        if not is_done:
            with suppress(ProviderError):  # a lost connection has stopped it as well
                await self.socket.send({"context_id": context_id, "cancel": True})
