"""The Cartesia stand-in over HTTP. Source: docs.cartesia.ai and cartesia 4.2, checked August 2026."""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute

from sandbox.cartesia import audio, rules, sockets
from sandbox.cartesia.audio import Format
from sandbox.cartesia.rules import Body, CartesiaSettings
from sandbox.multipart import read_parts
from sandbox.provider import Provider, Refusal, exchange_of, fault_kind, fault_of, json_object

VOICES = {
    "00000000-0000-4000-8000-000000000001": "Sandbox Alto",
    "00000000-0000-4000-8000-000000000002": "Sandbox Tenor",
}
_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "raw": "application/octet-stream"}
_PIECE = 4096


class Cartesia(Provider):
    """Text to speech (bytes, events, websocket), speech to text (file, websockets), voices, access tokens."""

    name = "cartesia"
    faults = frozenset(
        {
            "error_event",
            "no_done",
            "bad_base64",
            "error_context",
            "close_1006",
            "close_1011",
            "late_audio",
            "empty_transcript",
            "wrong_language",
        }
    )
    settings: CartesiaSettings

    def reset(self) -> None:
        """Start with two voices, full credits and nothing spoken."""
        super().reset()
        self.settings = CartesiaSettings()
        self.voices: dict[str, Body] = {voice_id: _voice(voice_id, name) for voice_id, name in VOICES.items()}
        self.active = 0
        self.spoken: Counter[str] = Counter()
        self._heard: dict[str, str] = {}
        self._prepared: list[str] = []
        self._tokens: dict[str, float] = {}

    def routes(self) -> list[BaseRoute]:
        """Return the routes; there is no version in the path."""
        return [
            Route("/tts/bytes", self.speak, methods=["POST"]),
            Route("/tts/sse", self.speak_events, methods=["POST"]),
            WebSocketRoute("/tts/websocket", sockets.Speaking(self).serve),
            Route("/infill/bytes", self.infill, methods=["POST"]),
            Route("/stt", self.transcribe, methods=["POST"]),
            WebSocketRoute("/stt/websocket", sockets.Listening(self).serve),
            WebSocketRoute("/stt/turns/websocket", sockets.TakingTurns(self).serve),
            Route("/voices", self.list_voices, methods=["GET"]),
            Route("/voices/{id}", self.get_voice, methods=["GET"]),
            Route("/access-token", self.make_token, methods=["POST"]),
        ]

    def environment(self, url: str) -> dict[str, str]:
        """Return the variables, a voice among them; the websocket's base must be named apart."""
        sockets_url, voice = url.replace("http://", "ws://"), next(iter(VOICES))
        return super().environment(url) | {"CARTESIA_WEBSOCKET_BASE_URL": sockets_url, "CARTESIA_VOICE_ID": voice}

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return an error in JSON."""
        return rules.error(status, message, "", retry_after_s)

    def seed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Prepare the next transcripts, `{"transcripts": ["hello "]}`, whatever is said."""
        self._prepared += data["transcripts"]
        return {"transcripts": len(self._prepared)}

    def state(self) -> dict[str, Any]:
        """Show how often each text was spoken, by model, voice, format and text, and credits left."""
        return {"spoken": dict(self.spoken), "credits": self.settings.credits, "active": self.active}

    def admit(self, request: HTTPConnection) -> None:
        """Raise what a wrong key or a missing version gets."""
        rules.authenticate(request, self.settings, self._tokens, self.world.clock.now())

    def checked(self, request: HTTPConnection, body: Body, *, raw_only: bool) -> Format:
        """Return the format to speak in, after the rules and the credits have been looked at."""
        wanted = rules.check_speech(body, self.settings, self.voices, raw_only=raw_only)
        if len(body["transcript"]) > self.settings.credits:
            raise Refusal(rules.error(402, "You have run out of credits", rules.version_of(request)))
        return wanted

    def bill(self, request: HTTPConnection, body: Body) -> None:
        """Charge the characters of a text, and count it."""
        text = body["transcript"]
        self.settings.credits -= len(text)
        self.charge(request, {"characters": len(text)}, model=body["model_id"])
        voice = body["voice"]["id"] if isinstance(body["voice"], dict) else body["voice"]
        self.spoken[json.dumps([body["model_id"], voice, body["output_format"], text], sort_keys=True)] += 1

    def remember(self, samples: bytes, text: str) -> None:
        """Know these samples again when they come."""
        self._heard[audio.digest(samples)] = text

    def transcript_of(self, sound: bytes) -> str:
        """Return what is understood: what was prepared, what was spoken here, or a label."""
        if self._prepared:
            return self._prepared.pop(0)
        samples = audio.samples_of(sound)
        return self._heard.get(audio.digest(samples), f"[sandbox] {len(samples)} bytes of unknown sound")

    @contextmanager
    def slot(self, request: HTTPConnection) -> Iterator[None]:
        """Hold one of the plan's concurrent generations, or raise 429."""
        self.take_slot(request)
        try:
            yield
        finally:
            self.give_back()

    def take_slot(self, request: HTTPConnection) -> None:
        """Take a slot without a context; the caller gives it back."""
        if self.active >= self.settings.concurrency:
            message = f"Your plan allows {self.settings.concurrency} concurrent requests"
            raise Refusal(rules.error(429, message, rules.version_of(request), self.settings.retry_after_s))
        self.active += 1

    def give_back(self) -> None:
        """Return a slot back; one taken before a reset is forgotten already."""
        self.active = max(0, self.active - 1)

    async def speak(self, request: Request) -> Response:
        """Speak a text as one file, sent in pieces."""
        self.admit(request)
        body = await json_object(request, rules.invalid("Invalid JSON", "not_json"))
        wanted = self.checked(request, body, raw_only=False)
        self.take_slot(request)
        self.bill(request, body)
        sound = audio.speech(body["transcript"], wanted)
        self.remember(audio.samples_of(sound), body["transcript"])
        headers = {"Cartesia-File-ID": f"file_{exchange_of(request).number}"} if body.get("save") else {}
        return StreamingResponse(self._pieces(sound), media_type=_TYPES[wanted.container], headers=headers)

    async def _pieces(self, sound: bytes) -> AsyncIterator[bytes]:
        try:
            for piece in audio.pieces(sound, _PIECE):
                yield piece
                await asyncio.sleep(self.settings.piece_pause_s)
        finally:
            self.give_back()

    async def speak_events(self, request: Request) -> Response:
        """Speak a text as server-sent events, raw audio in base64."""
        self.admit(request)
        body = await json_object(request, rules.invalid("Invalid JSON", "not_json"))
        wanted = self.checked(request, body, raw_only=True)
        self.take_slot(request)
        self.bill(request, body)
        return StreamingResponse(self._events(request, body, wanted), media_type="text/event-stream")

    async def _events(self, request: Request, body: Body, wanted: Format) -> AsyncIterator[bytes]:
        context = {"context_id": body.get("context_id") or f"ctx-{exchange_of(request).number}"}
        samples = audio.pcm(body["transcript"], wanted)
        self.remember(samples, body["transcript"])
        struck, kind = fault_of(request), fault_kind(request)
        try:
            for number, piece in enumerate(audio.pieces(samples, _PIECE)):
                if kind == "error_event" and struck is not None and number >= struck.fault.after:
                    failure = rules.error_body(500, "The sandbox broke off", "sandbox-request")
                    yield _event({"type": "error", "done": True, "status_code": 500, **context, **failure})
                    return
                data = "*not base64*" if kind == "bad_base64" else base64.b64encode(piece).decode()
                yield _event({**chunk(data, number), **context})
                await asyncio.sleep(self.settings.piece_pause_s)
            if body.get("add_timestamps"):
                yield _event({**timestamps(body["transcript"]), **context})
            if kind != "no_done":
                yield _event({"type": "done", "done": True, "status_code": 200, **context})
        finally:
            self.give_back()

    async def infill(self, request: Request) -> Response:
        """Speak a text between two pieces of audio."""
        self.admit(request)
        form = await self._form(request)
        if not {"model_id", "transcript", "voice_id"} <= set(form) or not {"left_audio", "right_audio"} & set(form):
            raise rules.invalid("left_audio or right_audio, model_id, transcript and voice_id are required", "no_field")
        text = form.get("transcript", b"").decode()
        self.charge(request, {"characters": len(text)}, model=form.get("model_id", b"").decode())
        return Response(audio.speech(text, Format("wav", "pcm_s16le", 16_000)), media_type="audio/wav")

    async def transcribe(self, request: Request) -> Response:
        """Transcribe a file."""
        self.admit(request)
        form = await self._form(request)
        sound, model = form.get("file"), form.get("model", b"").decode()
        if sound is None:
            raise rules.invalid("file is required", "no_file")
        if model not in self.settings.listening_models:
            raise rules.invalid(f"Unknown model {model!r}", "unknown_model")
        if len(sound) > self.settings.largest_file:
            raise Refusal(self.error(413, "The file is too large"), "too_large")
        with self.slot(request):
            rate, width = (
                int(form.get("sample_rate", b"16000")),
                audio.ENCODINGS.get(form.get("encoding", b"").decode(), 2),
            )
            seconds = audio.wav_seconds(sound) or len(sound) / (rate * width)
            text = "" if fault_kind(request) == "empty_transcript" else self.transcript_of(sound)
        self.charge(request, {"seconds": round(seconds, 3)}, model=model)
        language = "xx" if fault_kind(request) == "wrong_language" else form.get("language", b"en").decode()
        answer: Body = {
            "type": "transcript",
            "text": text,
            "language": language,
            "duration": seconds,
            "request_id": f"sandbox-{exchange_of(request).number}",
        }
        if "timestamp_granularities[]" in form:
            answer["words"] = words_of(text)
        return JSONResponse(answer)

    async def _form(self, request: Request) -> dict[str, bytes]:
        try:
            parts = read_parts(request.headers.get("content-type", ""), await request.body())
        except ValueError as mistake:
            raise rules.invalid(f"multipart/form-data is required: {mistake}", "not_multipart") from None
        return {part.name: part.content for part in parts}

    async def list_voices(self, request: Request) -> Response:
        """List the voices; a client pages on with `starting_after` until a page is empty."""
        self.admit(request)
        ids = list(self.voices)
        after = request.query_params.get("starting_after")
        found = ids[ids.index(after) + 1 :] if after in ids else ids
        return JSONResponse({"data": [self.voices[one] for one in found], "has_more": False, "next_page": None})

    async def get_voice(self, request: Request) -> Response:
        """Show a voice."""
        self.admit(request)
        voice = self.voices.get(request.path_params["id"])
        if voice is None:
            raise Refusal(self.error(404, "Voice not found"))
        return JSONResponse(voice)

    async def make_token(self, request: Request) -> Response:
        """Make an access token that lives an hour at most."""
        self.admit(request)
        body = await json_object(request, rules.invalid("Invalid JSON", "not_json"))
        lives_s = body.get("expires_in", 60)
        if not isinstance(lives_s, int) or not 0 < lives_s <= 3600:
            raise rules.invalid("expires_in must be between 1 and 3600", "bad_expiry")
        token = f"sandbox-token-{self.random.getrandbits(64):x}"
        self._tokens[token] = self.world.clock.now() + lives_s
        return JSONResponse({"token": token})


def chunk(data: str, number: int) -> Body:
    """Return a piece of audio; `step_time` is in milliseconds."""
    return {"type": "chunk", "data": data, "done": False, "status_code": 206, "step_time": 10.0 + number}


def words_of(text: str) -> list[Body]:
    """Return when each word is said, in seconds."""
    found, at = [], 0.0
    for word in text.split():
        end = at + (len(word) + 1) * audio.SECONDS_A_CHARACTER
        found.append({"word": word, "start": round(at, 3), "end": round(end, 3)})
        at = end
    return found


def timestamps(text: str) -> Body:
    """Return the timestamps message of a text."""
    words = words_of(text)
    times = {
        "words": [w["word"] for w in words],
        "start": [w["start"] for w in words],
        "end": [w["end"] for w in words],
    }
    return {"type": "timestamps", "done": False, "status_code": 206, "word_timestamps": times}


def _event(body: Body) -> bytes:
    return f"event: {body['type']}\ndata: {json.dumps(body)}\n\n".encode()


def _voice(voice_id: str, name: str) -> Body:
    return {
        "id": voice_id,
        "name": name,
        "description": "A tone, made by the sandbox",
        "tagline": "",
        "language": "en",
        "locales": [{"locale": "en-US", "is_native": True}],
        "access": "public",
        "visibility": "all",
        "is_owner": False,
        "created_at": "2026-01-01T00:00:00Z",
    }
