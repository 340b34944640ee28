"""Cartesia's three websockets: speaking, listening, taking turns. Source: docs.cartesia.ai, checked August 2026."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.cartesia import audio, rules
from sandbox.provider import Refusal, exchange_of, fault_kind, fault_of
from sandbox.wire import break_connection

if TYPE_CHECKING:
    from sandbox.cartesia.app import Cartesia
    from sandbox.cartesia.rules import Body

_PIECE = 2048
_BYTES_A_DRAFT = 16_000


class _Socket:
    """A websocket route of one Cartesia."""

    def __init__(self, cartesia: Cartesia) -> None:
        self.cartesia = cartesia

    async def serve(self, socket: WebSocket) -> None:
        """Check the key, then talk until either side leaves."""
        try:
            self.cartesia.admit(socket)
        except Refusal as refusal:
            if refusal.rule is not None:
                self.cartesia.violate(socket, refusal.rule, refusal.detail)
            await socket.send_denial_response(refusal.response)
            return
        await socket.accept()
        try:
            await self.talk(socket)
        except WebSocketDisconnect:
            return

    async def talk(self, socket: WebSocket) -> None:
        """Hold the conversation."""
        raise NotImplementedError


class Speaking(_Socket):
    """`/tts/websocket`: many contexts share one socket."""

    async def talk(self, socket: WebSocket) -> None:
        """Take messages and let each context speak by itself."""
        contexts: dict[str, _Context] = {}
        try:
            while True:
                try:
                    message = json.loads(await socket.receive_text())
                except ValueError:
                    self.cartesia.violate(socket, "not_json", "websocket message")
                    await socket.close(1003)
                    return
                name = message.get("context_id")
                if not name:
                    await self._refuse(socket, rules.invalid("context_id is required", "no_context"), None)
                elif message.get("cancel"):
                    await self._cancel(socket, contexts.pop(name, None))
                else:
                    await self._feed(socket, contexts, name, message)
        finally:
            for context in contexts.values():
                context.task.cancel()

    async def _feed(self, socket: WebSocket, contexts: dict[str, _Context], name: str, message: Body) -> None:
        try:
            wanted = self.cartesia.checked(socket, message, raw_only=True)
            if not 0 <= message.get("max_buffer_delay_ms", 3000) <= 5000:
                raise rules.invalid("max_buffer_delay_ms must be 0-5000", "bad_buffer_delay")
            context = contexts.get(name)
            is_new = context is None or context.task.done()
            if is_new:
                self.cartesia.take_slot(socket)
        except Refusal as refusal:
            await self._refuse(socket, refusal, name)
            return
        if context is None or is_new:
            spoils = fault_kind(socket) == "error_context" and not contexts
            context = contexts[name] = _Context(self.cartesia, socket, name, wanted, fails=spoils)
            context.task.add_done_callback(self._give_back)
        context.messages.put_nowait(message)

    def _give_back(self, _task: asyncio.Task[None]) -> None:
        self.cartesia.give_back()

    async def _refuse(self, socket: WebSocket, refusal: Refusal, name: str | None) -> None:
        if refusal.rule is not None:
            self.cartesia.violate(socket, refusal.rule, refusal.detail)
        status = refusal.response.status_code
        body = rules.error_body(status, refusal.detail, f"sandbox-{exchange_of(socket).number}")
        await socket.send_json({"type": "error", "done": True, "status_code": status, "context_id": name, **body})

    async def _cancel(self, socket: WebSocket, context: _Context | None) -> None:
        if context is not None:
            context.task.cancel()
            if fault_kind(socket) == "late_audio":
                await socket.send_json(context.piece(b"\0" * 64, 0))
            await socket.send_json({"type": "done", "done": True, "status_code": 499, "context_id": context.name})


class _Context:
    """One stream of speech on a socket; its own task sends its audio."""

    def __init__(self, cartesia: Cartesia, socket: WebSocket, name: str, wanted: audio.Format, *, fails: bool) -> None:
        self.name = name
        self.messages: asyncio.Queue[Body] = asyncio.Queue()
        self._cartesia, self._socket, self._wanted, self._fails = cartesia, socket, wanted, fails
        self._spoken, self._samples, self._flushes, self._sent = "", b"", 0, 0
        self.task = asyncio.get_running_loop().create_task(self._speak())

    def piece(self, samples: bytes, number: int) -> Body:
        """Return a chunk message."""
        data = base64.b64encode(samples).decode()
        facts = {"type": "chunk", "data": data, "done": False, "status_code": 206, "step_time": 10.0 + number}
        return {**facts, "context_id": self.name}

    async def _speak(self) -> None:
        try:
            while True:
                if not await self._say(await asyncio.wait_for(self.messages.get(), self._patience_s())):
                    return
        except TimeoutError:
            await self._send({"type": "done", "done": True, "status_code": 206})
        except (WebSocketDisconnect, RuntimeError):
            return  # the client has gone; Starlette says so in either way

    def _patience_s(self) -> float | None:
        """Return how long the context lives without more text; it ends a while after its last audio."""
        return self._cartesia.settings.context_idle_s if self._sent else None

    async def _say(self, message: Body) -> bool:
        """Speak one message; returns whether more may come."""
        text = message["transcript"]
        if self._fails:
            body = rules.error_body(500, "The sandbox broke off", "sandbox-request")
            await self._send({"type": "error", "done": True, "status_code": 500, **body})
            return False
        if text:
            self._cartesia.bill(self._socket, message)
            samples = audio.pcm(text, self._wanted)
            self._spoken, self._samples = self._spoken + text, self._samples + samples
            self._cartesia.remember(self._samples, self._spoken)
            for number, part in enumerate(audio.pieces(samples, _PIECE)):
                if not await self._may_send():
                    return False
                await self._socket.send_json(self.piece(part, number))
                await asyncio.sleep(self._cartesia.settings.piece_pause_s)
            if message.get("add_timestamps"):
                words = text.split()
                times = [round(n * 0.2, 3) for n in range(len(words) + 1)]
                stamps = {"words": words, "start": times[:-1], "end": times[1:]}
                await self._send({"type": "timestamps", "done": False, "status_code": 206, "word_timestamps": stamps})
        if message.get("flush"):
            self._flushes += 1
            facts = {"type": "flush_done", "flush_id": self._flushes, "flush_done": True}
            await self._send({**facts, "done": False, "status_code": 206})
        if not message.get("continue", False):
            await self._send({"type": "done", "done": True, "status_code": 200})
            return False
        return True

    async def _may_send(self) -> bool:
        """Let a scripted close strike once enough pieces are out."""
        struck, kind = fault_of(self._socket), fault_kind(self._socket)
        if struck is not None and self._sent >= struck.fault.after:
            if kind == "close_1011":
                await self._socket.close(1011)
                return False
            if kind == "close_1006":
                await break_connection(self._socket.scope)
                return False
        self._sent += 1
        return True

    async def _send(self, body: Body) -> None:
        await self._socket.send_json({**body, "context_id": self.name})


class _Transcription(_Socket):
    """A websocket that audio is sent over."""

    async def bytes_a_second(self, socket: WebSocket, models: list[str]) -> int | None:
        """Return the rate of the audio that comes, or refuse the query and return None."""
        query = socket.query_params
        encoding, rate = query.get("encoding", ""), query.get("sample_rate", "")
        if encoding in audio.ENCODINGS and rate.isdigit() and query.get("model") in models:
            return int(rate) * audio.ENCODINGS[encoding]
        self.cartesia.violate(socket, "bad_stt_query", str(query))
        body = rules.error_body(400, "encoding, sample_rate and a known model are required", _request_id(socket))
        await socket.send_json({"type": "error", "status_code": 400, **body})
        await socket.close(1008)
        return None


class Listening(_Transcription):
    """`/stt/websocket`: audio in, transcripts out; the client says when to finalise."""

    async def talk(self, socket: WebSocket) -> None:
        """Take audio until `close`, answering `finalize` and drafts in between."""
        bytes_a_second = await self.bytes_a_second(socket, self.cartesia.settings.listening_models)
        if bytes_a_second is None:
            return
        sound, drafted = bytearray(), 0
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("bytes") is not None:
                sound += message["bytes"]
                if self.cartesia.settings.partials and len(sound) - drafted >= _BYTES_A_DRAFT:
                    drafted = len(sound)
                    await self._tell(socket, "[sandbox] listening", len(sound) / bytes_a_second, is_final=False)
            elif message.get("text") in {"finalize", "close"}:
                await self._finish(socket, bytes(sound), len(sound) / bytes_a_second)
                sound, drafted = bytearray(), 0
                kind = "flush_done" if message["text"] == "finalize" else "done"
                await socket.send_json({"type": kind, "request_id": _request_id(socket)})
                if kind == "done":
                    await socket.close(1000)
                    return
            else:
                self.cartesia.violate(socket, "bad_stt_command", repr(message.get("text")))

    async def _finish(self, socket: WebSocket, sound: bytes, seconds: float) -> None:
        """Return what was said, if anything was."""
        if not sound:
            return
        self.cartesia.charge(socket, {"seconds": round(seconds, 3)}, model=socket.query_params["model"])
        text = "" if fault_kind(socket) == "empty_transcript" else self.cartesia.transcript_of(sound)
        await self._tell(socket, text, seconds, is_final=True)

    async def _tell(self, socket: WebSocket, text: str, seconds: float, *, is_final: bool) -> None:
        language = "xx" if fault_kind(socket) == "wrong_language" else socket.query_params.get("language", "en")
        facts = {"type": "transcript", "is_final": is_final, "text": text, "words": None}
        facts |= {"request_id": _request_id(socket), "duration": seconds, "language": language}
        await socket.send_json(facts)


class TakingTurns(_Transcription):
    """`/stt/turns/websocket`: the server finds the ends of turns; here a pause of the client is one."""

    async def talk(self, socket: WebSocket) -> None:
        """Take audio and JSON controls; a pause or `close` ends the turn."""
        bytes_a_second = await self.bytes_a_second(socket, self.cartesia.settings.turn_models)
        if bytes_a_second is None:
            return
        facts = {"request_id": _request_id(socket)}
        await socket.send_json({"type": "connected", **facts})
        sound = bytearray()
        while (message := await _next_message(socket, 0.3 if sound else None))["type"] != "websocket.disconnect":
            if message.get("bytes") is not None:
                if not sound:
                    await socket.send_json({"type": "turn.start", **facts})
                sound += message["bytes"]
                continue
            command = json.loads(message["text"]) if message.get("text") else {"type": "pause"}
            if command["type"] not in {"pause", "close", "config"}:
                self.cartesia.violate(socket, "bad_turn_command", command["type"])
            if sound and command["type"] != "config":
                await self._end_turn(socket, bytes(sound), len(sound) / bytes_a_second)
                sound = bytearray()
            if command["type"] == "close":
                await socket.close(1000)
                return

    async def _end_turn(self, socket: WebSocket, sound: bytes, seconds: float) -> None:
        text = self.cartesia.transcript_of(sound)
        self.cartesia.charge(socket, {"seconds": round(seconds, 3)}, model=socket.query_params["model"])
        for kind in ("turn.update", "turn.eager_end", "turn.end"):
            await socket.send_json({"type": kind, "transcript": text, "request_id": _request_id(socket)})


async def _next_message(socket: WebSocket, patience_s: float | None) -> MutableMapping[str, Any]:
    """Return what comes next; a pause where nothing comes for so long."""
    try:
        return await asyncio.wait_for(socket.receive(), patience_s)
    except TimeoutError:
        return {"type": "pause"}


def _request_id(socket: WebSocket) -> str:
    return f"sandbox-{exchange_of(socket).number}"
