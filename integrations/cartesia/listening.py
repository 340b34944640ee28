"""Listening over a websocket: audio goes in as it is recorded, drafts and finished turns come out.

Source: docs.cartesia.ai, "Realtime Speech-to-Text (Manual)", "Realtime Speech-to-Text (Auto)", "Turn events" (checked
November 2026). Manually, final pieces of text are joined as they are, without adding or taking away a space, and the
caller says where a turn ends; with turn detection Cartesia does, and each event carries all of the turn so far.
"""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosedOK

from core.conversation.speech import SpeechEvent, SpeechEventKind
from integrations.cartesia.schemas import BYTES_A_SAMPLE
from integrations.http_errors import http_error
from integrations.resilience.meter import SpendMeter
from integrations.sdk import fields_of, sdk_errors

MANUAL = "stt/websocket"
TURNS = "stt/turns/websocket"
_PROVIDER = "cartesia"
_TURN_EVENTS = {
    "turn.start": SpeechEventKind.STARTED,
    "turn.update": SpeechEventKind.DRAFT,
    "turn.eager_end": SpeechEventKind.MAYBE_ENDED,
    "turn.resume": SpeechEventKind.RESUMED,
    "turn.end": SpeechEventKind.ENDED,
}


class ListeningSocket(Protocol):
    """The part of the SDK's connection that is used here."""

    async def send(self, event: Any) -> None:
        """Send a command."""
        ...

    async def send_raw(self, data: bytes | str) -> None:
        """Send audio."""
        ...

    async def recv(self) -> Any:
        """Return the next event."""
        ...


class Listening:
    """Live speech to text, from `CartesiaClient.listening`: send audio in one task, iterate over its events in another.

    Args:
        connection: of the SDK.
        meter: books the seconds of audio sent.
        sample_rate: of the audio, samples a second.
        timeout_s: seconds until an answer that is owed counts as missing.
        finds_turns: whether Cartesia finds the ends of turns.
    """

    def __init__(
        self, connection: ListeningSocket, meter: SpendMeter, sample_rate: int, timeout_s: float, *, finds_turns: bool
    ) -> None:
        self._connection = connection
        self._meter = meter
        self._bytes_a_second = sample_rate * BYTES_A_SAMPLE
        self._finds_turns = finds_turns
        self._timeout_s = timeout_s
        self._name = TURNS if finds_turns else MANUAL
        self._text = ""
        self._is_owed = False
        self._patience: asyncio.Timeout | None = None
        self._is_closing = False

    async def send(self, audio: bytes) -> None:
        """Send raw little-endian 16-bit PCM of one channel, in pieces of about a tenth of a second.

        Raises:
            BudgetExhausted: it was not sent.
        """
        await self._meter.use(Decimal(len(audio)) / self._bytes_a_second)
        with sdk_errors(_PROVIDER, self._name):
            await self._connection.send_raw(audio)

    async def finalize(self) -> None:
        """Say that the speaker has finished: the turn ends with all that was sent. Not needed with turn detection."""
        if not self._finds_turns:
            await self._command("finalize")
            self._owe()

    async def end(self) -> None:
        """Say that no more audio comes: the events end with the turn that is under way."""
        self._is_closing = True
        await self._command({"type": "close"} if self._finds_turns else "close")
        self._owe()

    async def _command(self, command: str | dict[str, str]) -> None:
        with sdk_errors(_PROVIDER, self._name):
            await self._connection.send(command)

    async def turn(self) -> str:
        """Return what was said in the turn that ends next; manually, call `finalize` first. '' where nothing was."""
        async for event in self:
            if event.kind is SpeechEventKind.ENDED:
                return event.text
        return ""

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Yield the events until the end; iterating again goes on where it was left.

        Raises:
            Unavailable: the connection was lost, or closed before the end was asked for.
            Timeout: a turn was finished and no text came.
        """
        while True:
            event = await self._next()
            kind = getattr(event, "type", None)
            if event is None or (kind == "done" and not self._text):
                return
            if kind == "error":
                status = getattr(event, "status_code", None) or 500
                raise http_error(_PROVIDER, self._name, status, fields_of(event), headers={})
            found = self._turn_event(kind, event) if self._finds_turns else self._manual_event(kind, event)
            if found is not None:
                self._is_owed = self._is_owed and (self._is_closing or found.kind is not SpeechEventKind.ENDED)
                yield found
            if kind == "done":
                return

    def _turn_event(self, kind: str | None, event: Any) -> SpeechEvent | None:
        kind_of_event = _TURN_EVENTS.get(kind or "")
        return None if kind_of_event is None else SpeechEvent(kind_of_event, getattr(event, "transcript", None) or "")

    def _manual_event(self, kind: str | None, event: Any) -> SpeechEvent | None:
        if kind == "transcript" and event.is_final:
            self._text += event.text or ""
            return SpeechEvent(SpeechEventKind.DRAFT, self._text)
        if kind == "transcript":
            return SpeechEvent(SpeechEventKind.DRAFT, self._text + (event.text or ""))
        if kind in ("flush_done", "done"):
            text, self._text = self._text, ""
            return SpeechEvent(SpeechEventKind.ENDED, text)
        return None

    async def _next(self) -> Any:
        """Return the next event, or None at the end that was asked for."""
        with sdk_errors(_PROVIDER, self._name):
            try:
                async with asyncio.timeout_at(self._latest()) as self._patience:
                    return await self._connection.recv()
            except ConnectionClosedOK:
                if not self._is_closing:
                    raise
                return None
            finally:
                self._patience = None

    def _owe(self) -> None:
        """Expect an answer from now on; an iteration that waits already is told."""
        self._is_owed = True
        if self._patience is not None:
            self._patience.reschedule(self._latest())

    def _latest(self) -> float | None:
        return asyncio.get_running_loop().time() + self._timeout_s if self._is_owed else None
