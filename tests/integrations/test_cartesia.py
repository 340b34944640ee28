"""Cartesia through its SDK: speech in one piece and in many, transcripts, faults."""

import base64
import json
from decimal import Decimal

import pytest

from core.errors import Gone, LimitReached, PaymentRequired, RateLimited, Rejected, Timeout, Unauthorized, Unavailable
from core.ledger.spend import Cost
from integrations.cartesia.client import CartesiaClient
from integrations.cartesia.schemas import AudioFormat, Transcript
from integrations.resilience.rate_limit import Slots
from integrations.resilience.retry import RetryPolicy
from tests.integrations.conftest import Reply

ONCE = RetryPolicy(retries=0, base_s=0)
SAY = {"voice_id": "v1", "model": "sonic-3.5"}


@pytest.fixture
def client_of(server, guard_of, store):
    def make(timeout_s: float = 10.0, **changes) -> CartesiaClient:
        slots = Slots("cartesia", 2, store, max_wait_s=0)
        return CartesiaClient(
            server.url, "sk_car_secret", guard_of("cartesia", **changes), slots=slots, timeout_s=timeout_s
        )

    return make


def sse(*events: dict) -> Reply:
    body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return Reply(body=body.encode(), headers={"content-type": "text/event-stream"})


def chunk(audio: bytes) -> dict:
    data = base64.b64encode(audio).decode()
    return {"type": "chunk", "data": data, "done": False, "status_code": 206, "step_time": 1.0, "context_id": "c1"}


DONE = {"type": "done", "done": True, "status_code": 200, "context_id": "c1"}
ERROR = {"type": "error", "done": True, "title": "Bad", "message": "no", "status_code": 400, "request_id": "r1"}


async def test_speech_comes_whole(server, client_of, book) -> None:
    server.then(Reply(body=b"RIFFaudio", headers={"content-type": "audio/wav"}))
    async with client_of() as client:
        assert await client.speak("Hello", **SAY, audio=AudioFormat(8000)) == b"RIFFaudio"
    sent = server.seen[0].json
    assert sent["output_format"] == {"container": "wav", "encoding": "pcm_s16le", "sample_rate": 8000}
    assert (sent["voice"], sent["language"]) == ({"id": "v1"}, "en")
    assert server.seen[0].headers["authorization"] == "Bearer sk_car_secret"
    assert book.events[-1] == ("settle", Cost(credits=Decimal(5)))


async def test_speech_comes_in_pieces(server, client_of) -> None:
    server.then(sse(chunk(b"ab"), chunk(b"cd"), DONE))
    async with client_of() as client:
        assert [piece async for piece in client.speak_in_pieces("Hello", **SAY)] == [b"ab", b"cd"]


@pytest.mark.parametrize(
    ("broken", "kind"), [((chunk(b"ab"),), Unavailable), ((chunk(b"ab"), ERROR), Rejected), ((ERROR,), Rejected)]
)
async def test_broken_speech_is_an_error(server, client_of, broken: tuple, kind: type) -> None:
    server.route = lambda _: sse(*broken)
    async with client_of(retry=ONCE) as client:
        with pytest.raises(kind):
            _ = [piece async for piece in client.speak_in_pieces("Hello", **SAY)]


async def test_a_transcript_is_kept_as_it_came(server, client_of) -> None:
    server.then(
        Reply(body={"type": "transcript", "text": " hello ", "language": "en", "duration": 1.2}),
        Reply(body={"type": "transcript", "text": ""}),
    )
    async with client_of() as client:
        assert await client.transcribe(b"RIFF", model="ink-whisper") == Transcript(" hello ", "en", 1.2)
        assert await client.transcribe(b"RIFF", model="ink-whisper") == Transcript("")
    assert b'name="model"' in server.seen[0].body


METHODS = {
    "speak": lambda c: c.speak("Hello", **SAY, audio=AudioFormat()),
    "pieces": lambda c: anext(c.speak_in_pieces("Hello", **SAY)),
    "transcribe": lambda c: c.transcribe(b"RIFF", model="ink-whisper"),
    "voice": lambda c: c.has_voice("v1"),
}
FAULTS = [
    (Reply(401, {"error_code": None, "title": "Unauthorized", "message": "no"}), Unauthorized),
    (Reply(402, {"title": "Credits", "message": "none left"}), PaymentRequired),
    (Reply(404, b"Not found: no such voice", {"content-type": "text/plain"}), Gone),
    (Reply(422, {"title": "Bad", "message": "x"}), Rejected),
    (Reply(429, {"error_code": "concurrency_limited", "title": "Too many"}), RateLimited),
    (Reply(429, {}, {"retry-after": "0.01"}), RateLimited),
    (Reply(500, b"oops", {"content-type": "text/plain"}), Unavailable),
    (Reply(drop=True), Unavailable),
]


@pytest.mark.parametrize("name", METHODS)
async def test_every_method_says_what_went_wrong(server, client_of, name: str) -> None:
    async with client_of(retry=ONCE) as client:
        for fault, kind in FAULTS:
            server.route = lambda _, fault=fault: fault
            with pytest.raises(kind):
                await METHODS[name](client)


@pytest.mark.parametrize("name", METHODS)
async def test_every_method_ends_a_stall(server, client_of, name: str) -> None:
    server.route = lambda _: Reply(stall_s=0.4)
    async with client_of(timeout_s=0.1, retry=ONCE) as client:
        with pytest.raises(Timeout):
            await METHODS[name](client)


@pytest.mark.parametrize("body", [b"{", b"<html>"])
async def test_a_garbled_transcript_is_a_fault(server, client_of, body: bytes) -> None:
    server.route = lambda _: Reply(body=body)
    async with client_of(retry=ONCE) as client:
        with pytest.raises(Unavailable):
            await client.transcribe(b"RIFF", model="ink-whisper")


async def test_calls_at_once_are_limited(server, client_of, store) -> None:
    for holder in ("a", "b"):
        await Slots("cartesia", 2, store).take(holder)
    async with client_of() as client:
        with pytest.raises(LimitReached):
            await client.speak("Hello", **SAY, audio=AudioFormat())
    assert server.seen == []
