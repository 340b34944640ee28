import base64
import io
import json
import wave

import cartesia as sdk
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from sandbox.cartesia.audio import Format, pcm, samples_of, speech, wav_seconds

RAW = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000}
WAV = {**RAW, "container": "wav"}
VOICE = {"id": "00000000-0000-4000-8000-000000000001"}
SPEAK = {"model_id": "sonic-3.5", "transcript": "Good morning.", "voice": VOICE, "output_format": WAV}
VERSION = {"cartesia-version": "2026-08-14"}


@pytest.fixture(scope="session")
def cartesia_client(serving):
    found = serving.environment
    with sdk.Cartesia(
        api_key=found["CARTESIA_API_KEY"],
        base_url=found["CARTESIA_BASE_URL"],
        websocket_base_url=found["CARTESIA_WEBSOCKET_BASE_URL"],
        max_retries=0,
        timeout=60,
    ) as client:
        yield client


@pytest.fixture
def cartesia(sandbox, cartesia_client):
    return cartesia_client


@pytest.fixture
def speaking(sandbox):
    url = sandbox.environment["CARTESIA_WEBSOCKET_BASE_URL"] + "/tts/websocket"
    url += "?cartesia_version=2026-08-14&access_token=" + sandbox.environment["CARTESIA_API_KEY"]
    with connect(url, proxy=None) as socket:
        yield socket


def say(socket, context, text, **more):
    body = {**SPEAK, "output_format": RAW, "context_id": context, "transcript": text, "continue": False, **more}
    socket.send(json.dumps(body))


def hear(socket):
    return json.loads(socket.recv(timeout=60))


def rules(sandbox):
    return [one["rule"] for one in sandbox.take_violations("cartesia")]


def test_bytes_are_a_valid_wav_as_long_as_the_text(cartesia, sandbox):
    sound = cartesia.tts.generate(**SPEAK).read()
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (16_000, 2)
        assert file.getnframes() == pytest.approx(16_000 * 0.26, abs=2)
    longer = cartesia.tts.generate(**{**SPEAK, "transcript": "Good morning to all of you."}).read()
    assert len(longer) > len(sound)
    assert sandbox.bill()["cartesia"]["characters"] == "40"
    assert sorted(sandbox.state("cartesia")["spoken"].values()) == [1, 1]


@pytest.mark.parametrize("encoding", ["pcm_s16le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"])
def test_every_encoding_lasts_as_long(encoding):
    wanted = Format("wav", encoding, 8_000)
    assert wav_seconds(speech("Good morning.", wanted)) == pytest.approx(0.26, abs=0.01)
    assert samples_of(speech("Good morning.", wanted)) == pcm("Good morning.", wanted)


def test_events_are_chunks_timestamps_and_done(cartesia):
    events = list(cartesia.tts.generate_sse(**{**SPEAK, "output_format": RAW}, add_timestamps=True))
    assert [event.type for event in events][-2:] == ["timestamps", "done"]
    assert b"".join(event.audio for event in events if event.type == "chunk")
    assert events[-2].word_timestamps.words == ["Good", "morning."]


def test_events_can_fail_end_early_and_be_nonsense(cartesia, sandbox):
    raw = {**SPEAK, "output_format": RAW, "transcript": "A rather long sentence, to have several pieces of it."}
    sandbox.fail_next("cartesia", "error_event", after=1)
    events = list(cartesia.tts.generate_sse(**raw))
    assert [event.type for event in events] == ["chunk", "error"]
    sandbox.fail_next("cartesia", "no_done")
    assert list(cartesia.tts.generate_sse(**raw))[-1].type == "chunk"
    sandbox.fail_next("cartesia", "bad_base64")
    first = next(iter(cartesia.tts.generate_sse(**raw)))
    with pytest.raises(ValueError):
        base64.b64decode(first.data, validate=True)
    sandbox.fail_next("cartesia", "cut_stream", path="/tts/bytes", after=1)
    with pytest.raises(sdk.APIConnectionError):
        cartesia.tts.generate(**{**raw, "output_format": WAV}).read()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"model_id": "sonic-2"}, "discontinued_model"),
        ({"model_id": "made-up"}, "unknown_model"),
        ({"voice": {"mode": "embedding", "embedding": [0.1]}}, "voice_embedding"),
        ({"language": "en", "locale": "en-GB"}, "language_and_locale"),
        ({"output_format": {**WAV, "sample_rate": 7_000}}, "bad_format"),
        ({"generation_config": {"speed": 3}}, "bad_generation_config"),
    ],
)
def test_what_cartesia_refuses_gets_400(sandbox, plain, change, rule):
    headers = {**VERSION, "authorization": f"Bearer {sandbox.environment['CARTESIA_API_KEY']}"}
    answer = plain.post(sandbox.urls["cartesia"] + "/tts/bytes", json={**SPEAK, **change}, headers=headers)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error_code", "title", "message", "request_id", "doc_url"}
    assert rules(sandbox) == [rule]


def test_mp3_is_for_bytes_only(cartesia, sandbox):
    mp3 = {"container": "mp3", "bit_rate": 128_000, "sample_rate": 44_100}
    assert cartesia.tts.generate(**{**SPEAK, "output_format": mp3}).read().startswith(b"\xff\xfb")
    with pytest.raises(sdk.BadRequestError):
        list(cartesia.tts.generate_sse(**{**SPEAK, "output_format": mp3}))
    assert rules(sandbox) == ["not_raw"]


def test_key_and_version_are_needed_and_old_versions_get_plain_text(cartesia, sandbox, plain):
    url = sandbox.urls["cartesia"] + "/voices"
    key = {"authorization": f"Bearer {sandbox.environment['CARTESIA_API_KEY']}"}
    assert plain.get(url, headers=VERSION).status_code == 401
    old = plain.get(url, headers={"cartesia-version": "2025-04-16"})
    assert (old.status_code, old.text) == (401, "Unauthorized: Invalid API key")
    assert plain.get(url, headers=key).status_code == 400
    assert rules(sandbox) == ["no_version"]
    assert [voice.name for voice in cartesia.voices.list()] == ["Sandbox Alto", "Sandbox Tenor"]
    with pytest.raises(sdk.NotFoundError):
        cartesia.voices.get("made-up")


def test_an_access_token_lives_as_long_as_was_asked(cartesia, sandbox, plain):
    token = cartesia.access_token.create(expires_in=60, grants={"tts": True}).token
    headers = {**VERSION, "authorization": f"Bearer {token}"}
    assert plain.get(sandbox.urls["cartesia"] + "/voices", headers=headers).status_code == 200
    sandbox.advance(61)
    assert plain.get(sandbox.urls["cartesia"] + "/voices", headers=headers).status_code == 401
    with pytest.raises(sdk.BadRequestError):
        cartesia.access_token.create(expires_in=3_601)
    rules(sandbox)


def test_the_plan_has_so_many_generations_at_once_and_so_much_credit(cartesia, sandbox):
    sandbox.settings("cartesia", concurrency=0, retry_after_s=2)
    with pytest.raises(sdk.RateLimitError) as caught:
        cartesia.tts.generate(**SPEAK)
    assert caught.value.body["error_code"] == "concurrency_limited"
    assert caught.value.response.headers["retry-after"] == "2"
    sandbox.settings("cartesia", concurrency=1, credits=5)
    with pytest.raises(sdk.APIStatusError) as poor:
        cartesia.tts.generate(**SPEAK)
    assert poor.value.status_code == 402
    sandbox.settings("cartesia", credits=100)
    for _ in range(3):
        cartesia.tts.generate(**SPEAK).read()
    assert sandbox.state("cartesia")["active"] == 0


def test_what_was_spoken_is_understood_again(cartesia, sandbox):
    sound = cartesia.tts.generate(**SPEAK).read()
    heard = cartesia.stt.transcribe(file=("a.wav", sound), model="ink-whisper", timestamp_granularities=["word"])
    assert heard.text == "Good morning."
    assert [word.word for word in heard.words] == ["Good", "morning."]
    assert cartesia.stt.transcribe(file=("b.wav", b"\0" * 320), model="ink-whisper").text.startswith("[sandbox]")
    sandbox.seed("cartesia", transcripts=[" and so on"])
    assert cartesia.stt.transcribe(file=("b.wav", b"\0" * 320), model="ink-whisper").text == " and so on"
    sandbox.fail_next("cartesia", "empty_transcript")
    assert cartesia.stt.transcribe(file=("a.wav", sound), model="ink-whisper").text == ""
    sandbox.fail_next("cartesia", "wrong_language")
    assert cartesia.stt.transcribe(file=("a.wav", sound), model="ink-whisper", language="en").language == "xx"
    sandbox.settings("cartesia", largest_file=10)
    with pytest.raises(sdk.APIStatusError) as caught:
        cartesia.stt.transcribe(file=("a.wav", sound), model="ink-whisper")
    assert caught.value.status_code == 413
    rules(sandbox)


def test_infill_needs_sound_on_one_side(cartesia, sandbox):
    sound = cartesia.tts.generate(**SPEAK).read()
    wanted = {"model_id": "sonic-3.5", "transcript": "and", "voice_id": VOICE["id"], "language": "en"}
    filled = cartesia.tts.infill(**wanted, output_format=WAV, left_audio=("left.wav", sound)).read()
    assert filled.startswith(b"RIFF")
    with pytest.raises(sdk.BadRequestError):
        cartesia.tts.infill(**wanted, output_format=WAV)
    assert rules(sandbox) in (["no_field"], ["not_multipart"])


def test_a_form_must_be_a_form(sandbox, plain):
    headers = {**VERSION, "authorization": f"Bearer {sandbox.environment['CARTESIA_API_KEY']}"}
    assert plain.post(sandbox.urls["cartesia"] + "/stt", json={}, headers=headers).status_code == 400
    assert rules(sandbox) == ["not_multipart"]


def test_the_sdk_speaks_over_a_websocket(cartesia):
    with cartesia.tts.websocket_connect() as connection:
        context = connection.context(model_id="sonic-3.5", voice=VOICE, output_format=RAW)
        context.push("Good ")
        context.push("morning.")
        context.no_more_inputs()
        events = list(context.receive())
    assert events[-1].type == "done"
    sound = b"".join(event.audio for event in events if event.type == "chunk")
    with cartesia.stt.manual_finalize.websocket(
        encoding="pcm_s16le", model="ink-whisper", sample_rate=16_000
    ) as socket:
        socket.send_raw(sound)
        socket.send("finalize")
        got = []
        for event in socket:
            got.append(event)
            if event.type == "flush_done":
                break
        assert "".join(one.text for one in got if one.type == "transcript" and one.is_final) == "Good morning."
        socket.send("close")
        assert next(iter(socket)).type == "done"


def test_contexts_are_interleaved_flushed_and_cancelled(speaking, sandbox):
    sandbox.settings("cartesia", piece_pause_s=0.005)
    text = "A rather long sentence, to have several pieces of it."
    say(speaking, "one", text, flush=True)
    say(speaking, "two", text)
    got = []
    while sum(one["type"] == "done" for one in got) < 2:
        got.append(hear(speaking))
    chunks = [one["context_id"] for one in got if one["type"] == "chunk"]
    assert chunks != sorted(chunks)
    assert [one["flush_id"] for one in got if one["type"] == "flush_done"] == [1]
    say(speaking, "three", text)
    assert hear(speaking)["context_id"] == "three"
    speaking.send(json.dumps({"context_id": "three", "cancel": True}))
    while hear(speaking)["type"] != "done":
        pass


def test_contexts_count_as_generations_and_audio_may_come_after_a_cancel(sandbox):
    sandbox.settings("cartesia", concurrency=1, piece_pause_s=0.01)
    sandbox.fail_next("cartesia", "late_audio", method="WEBSOCKET")
    url = sandbox.environment["CARTESIA_WEBSOCKET_BASE_URL"] + "/tts/websocket?cartesia_version=2026-08-14"
    headers = {"authorization": f"Bearer {sandbox.environment['CARTESIA_API_KEY']}"}
    with connect(url, additional_headers=headers, proxy=None) as socket:
        say(socket, "one", "A rather long sentence, to have several pieces of it.")
        say(socket, "two", "Hello.")
        got = [hear(socket)]
        while got[-1]["type"] != "error":
            got.append(hear(socket))
        assert (got[-1]["context_id"], got[-1]["error_code"]) == ("two", "concurrency_limited")
        socket.send(json.dumps({"context_id": "one", "cancel": True}))
        while got[-1]["type"] != "done":
            got.append(hear(socket))
        assert base64.b64decode(got[-2]["data"]) == b"\0" * 64
    assert sandbox.state("cartesia")["active"] == 0


def test_one_context_can_fail_while_another_goes_on(sandbox):
    sandbox.fail_next("cartesia", "error_context", path="/tts/websocket")
    url = sandbox.environment["CARTESIA_WEBSOCKET_BASE_URL"] + "/tts/websocket?cartesia_version=2026-08-14"
    headers = {"authorization": f"Bearer {sandbox.environment['CARTESIA_API_KEY']}"}
    with connect(url, additional_headers=headers, proxy=None) as socket:
        say(socket, "bad", "Hello.")
        assert hear(socket)["type"] == "error"
        say(socket, "good", "Hello.")
        kinds = [hear(socket)["type"]]
        while kinds[-1] != "done":
            kinds.append(hear(socket)["type"])
        say(socket, "refused", "Hello.", output_format=WAV)
        assert hear(socket)["status_code"] == 400
    assert kinds[0] == "chunk"
    assert rules(sandbox) == ["not_raw"]


@pytest.mark.parametrize(("kind", "code"), [("close_1011", 1011), ("close_1006", None)])
def test_the_server_can_leave_in_the_middle(sandbox, kind, code):
    sandbox.fail_next("cartesia", kind, after=1)
    url = sandbox.environment["CARTESIA_WEBSOCKET_BASE_URL"] + "/tts/websocket?cartesia_version=2026-08-14"
    headers = {"authorization": f"Bearer {sandbox.environment['CARTESIA_API_KEY']}"}
    with connect(url, additional_headers=headers, proxy=None) as socket:
        say(socket, "one", "A rather long sentence, to have several pieces of it.")
        assert hear(socket)["type"] == "chunk"
        with pytest.raises(ConnectionClosedError) as caught:
            hear(socket)
    assert (caught.value.rcvd.code if caught.value.rcvd else None) == code


def test_a_websocket_needs_a_key(sandbox):
    url = sandbox.environment["CARTESIA_WEBSOCKET_BASE_URL"] + "/tts/websocket?cartesia_version=2026-08-14"
    with pytest.raises(InvalidStatus) as caught:
        connect(url, proxy=None)
    assert caught.value.response.status_code == 401


def test_drafts_come_before_the_final_transcript_and_a_bad_query_is_refused(sandbox):
    url = sandbox.environment["CARTESIA_WEBSOCKET_BASE_URL"] + "/stt/websocket?cartesia_version=2026-08-14"
    url += "&access_token=" + sandbox.environment["CARTESIA_API_KEY"]
    sandbox.seed("cartesia", transcripts=[" good", " morning"])
    with connect(f"{url}&encoding=pcm_s16le&model=ink-2&sample_rate=16000", proxy=None) as socket:
        socket.send(b"\0" * 20_000)
        assert hear(socket)["is_final"] is False
        socket.send("finalize")
        assert (hear(socket)["text"], hear(socket)["type"]) == (" good", "flush_done")
        socket.send(b"\0" * 100)
        socket.send("close")
        assert (hear(socket)["text"], hear(socket)["type"]) == (" morning", "done")
    with connect(f"{url}&encoding=pcm_s16le&model=made-up&sample_rate=16000", proxy=None) as socket:
        assert hear(socket)["status_code"] == 400
    assert rules(sandbox) == ["bad_stt_query"]


def test_turns_end_at_a_pause(cartesia, sandbox):
    sandbox.seed("cartesia", transcripts=["good morning"])
    options = {"encoding": "pcm_s16le", "model": "ink-2", "sample_rate": 16_000}
    with cartesia.stt.auto_finalize.websocket(**options) as socket:
        socket.send_raw(b"\0" * 640)
        kinds = []
        for event in socket:
            kinds.append(event.type)
            if event.type == "turn.end":
                assert event.transcript == "good morning"
                break
    assert kinds == ["connected", "turn.start", "turn.update", "turn.eager_end", "turn.end"]
