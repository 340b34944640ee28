"""The vendors' own clients make the calls that users make, streams and tools included, and find nothing odd.

Nothing of them is changed but address and key. The other tests of this folder ask for one thing at a time; here each
client goes through what it is used for, so that a stand-in which only fits our own clients is noticed.
"""

import asyncio
import io
import json
import uuid
import wave
from datetime import UTC, datetime

import anthropic
import browserbase
import cartesia
import closeio_api
import langsmith
import openai
import pytest
from cerebras.cloud import sdk as cerebras_sdk
from model_requests import COMPATIBLE, FORMAT, MESSAGES, SCHEMA, TOOL, ask_cerebras

pytestmark = pytest.mark.installed

RAW = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000}
VOICE = {"id": "00000000-0000-4000-8000-000000000001"}


@pytest.fixture
def close_api(sandbox):
    env = sandbox.environment
    api = closeio_api.API(env["CLOSE_BASE_URL"] + "/", env["CLOSE_API_KEY"], tz_offset="1", max_retries=2)
    api.session.trust_env = False
    yield api
    api.session.close()


def test_closeio_keeps_leads_and_contacts(close_api):
    me = close_api.get("me")
    status = me["organizations"][0]["lead_statuses"][1]
    person = {"name": "Ida Prosser", "emails": [{"email": "ida@larkhill.example", "type": "office"}]}
    lead = close_api.post("lead", {"name": "Larkhill Foundry", "contacts": [person]})
    (contact,) = lead["contacts"]
    assert close_api.put(f"lead/{lead['id']}", {"status_id": status["id"]})["status_label"] == status["label"]
    assert close_api.put(f"contact/{contact['id']}", {"title": "Head of Ops"})["title"] == "Head of Ops"
    for number in range(3):
        close_api.post("lead", {"name": f"Another {number}"})
    pages = [close_api.get("lead", params={"_skip": skip, "_limit": 2, "_fields": "id,name"}) for skip in (0, 2)]
    assert [page["has_more"] for page in pages] == [True, False]
    assert len({each["id"] for page in pages for each in page["data"]}) == 4
    note = close_api.post("activity/note", {"lead_id": lead["id"], "note": "Rang"})
    assert [each["id"] for each in close_api.get("activity/note", params={"lead_id": lead["id"]})["data"]] == [
        note["id"]
    ]
    kinds = {each["object_type"] for each in close_api.get("event", params={"lead_id": lead["id"]})["data"]}
    assert {"lead", "contact"} <= kinds
    assert close_api.delete(f"lead/{lead['id']}") == {}
    with pytest.raises(closeio_api.APIError):
        close_api.get(f"lead/{lead['id']}")


def test_closeio_reads_refusals_and_both_spellings_of_the_rate_header(close_api, sandbox):
    with pytest.raises(closeio_api.ValidationError) as refused:
        close_api.post("lead", {"name": "x", "addresses": [{"country": "United Kingdom"}]})
    assert "country" in json.dumps(refused.value.field_errors)
    sandbox.take_violations("close")
    for style in ("docs", "recorded", "none"):
        sandbox.settings("close", header_style=style)
        sandbox.fail_next("close", "status", status=429, retry_after_s=0)
        assert close_api.get("me")["id"] == "user_sandbox"


def test_cerebras_answers_streams_fills_schemas_and_calls_tools(cerebras):
    assert "gpt-oss-120b" in [model.id for model in cerebras.models.list().data]
    whole = ask_cerebras(cerebras)
    chunks = list(ask_cerebras(cerebras, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert chunks[-1].usage.total_tokens == whole.usage.total_tokens
    assert set(SCHEMA["required"]) == set(
        json.loads(ask_cerebras(cerebras, response_format=FORMAT).choices[0].message.content)
    )
    called = ask_cerebras(cerebras, tools=[TOOL], tool_choice="required").choices[0].message.tool_calls[0]
    assert called.function.name == "record_lead"
    streamed = list(ask_cerebras(cerebras, tools=[TOOL], tool_choice="required", stream=True))
    deltas = [chunk.choices[0].delta.tool_calls for chunk in streamed if chunk.choices]
    pieces = [piece for delta in deltas for piece in delta or []]
    assert {type(piece).__name__ for piece in pieces} != {"dict"}, "each piece has a type that the client knows"
    assert json.loads("".join(piece.function.arguments or "" for piece in pieces))


async def test_cerebras_answers_several_at_once(sandbox):
    env = sandbox.environment
    async with cerebras_sdk.AsyncCerebras(
        api_key=env["CEREBRAS_API_KEY"], base_url=env["CEREBRAS_BASE_URL"], warm_tcp_connection=False, max_retries=0
    ) as client:
        answers = await asyncio.gather(*(ask_cerebras(client) for _ in range(5)))
    assert {answer.choices[0].finish_reason for answer in answers} == {"stop"}


def test_anthropic_answers_streams_and_calls_tools(claude, sandbox):
    ask = {"model": "claude-haiku-5-5", "max_tokens": 400, "messages": MESSAGES}
    whole = claude.messages.create(**ask)
    with claude.messages.stream(**ask) as stream:
        assert "".join(stream.text_stream) == whole.content[0].text
    tools = [{"name": "record_lead", "input_schema": SCHEMA}]
    with claude.messages.stream(**ask, tools=tools, tool_choice={"type": "tool", "name": "record_lead"}) as stream:
        final = stream.get_final_message()
    assert (final.stop_reason, final.content[-1].type) == ("tool_use", "tool_use")
    assert set(final.content[-1].input) == set(SCHEMA["required"])
    with pytest.raises(anthropic.BadRequestError):
        claude.messages.create(**ask, extra_body={"temperature": 0})
    assert len(sandbox.take_violations()) == 1


@pytest.mark.parametrize(("name", "model"), COMPATIBLE)
def test_openai_answers_streams_and_calls_tools(compatible, sandbox, name, model):
    client = compatible(name)
    assert client.models.list().data
    stream = client.chat.completions.create(
        model=model, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert chunks[-1].usage
    asked = {"model": model, "messages": MESSAGES, "tools": [TOOL], "tool_choice": "required"}
    streamed = list(client.chat.completions.create(**asked, stream=True))
    deltas = [chunk.choices[0].delta.tool_calls or [] for chunk in streamed if chunk.choices]
    assert json.loads("".join(piece.function.arguments or "" for delta in deltas for piece in delta))
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="retired/none", messages=MESSAGES)
    assert refused.value.status_code in (400, 404)
    assert [each["rule"] for each in sandbox.take_violations()] == ["unknown_model"]


def test_cartesia_speaks_in_bytes_events_and_sockets_and_listens(sandbox):
    env = sandbox.environment
    with cartesia.Cartesia(
        api_key=env["CARTESIA_API_KEY"],
        base_url=env["CARTESIA_BASE_URL"],
        websocket_base_url=env["CARTESIA_WEBSOCKET_BASE_URL"],
        max_retries=0,
        timeout=60,
    ) as client:
        speak = {"model_id": "sonic-3.5", "transcript": "Good morning.", "voice": VOICE}
        sound = client.tts.generate(**speak, output_format={**RAW, "container": "wav"}).read()
        with wave.open(io.BytesIO(sound)) as file:
            assert file.getframerate() == 16_000
        events = list(client.tts.generate_sse(**speak, output_format=RAW))
        assert events[-1].type == "done"
        with client.tts.websocket_connect() as connection:
            context = connection.context(model_id="sonic-3.5", voice=VOICE, output_format=RAW)
            context.push("Good morning.")
            context.no_more_inputs()
            assert b"".join(event.audio for event in context.receive() if event.type == "chunk")
        assert client.stt.transcribe(file=("a.wav", sound), model="ink-whisper").text == "Good morning."
        assert [voice.id for voice in client.voices.list()]


def test_browserbase_starts_lists_and_releases_sessions(sandbox):
    env = sandbox.environment
    with browserbase.Browserbase(
        api_key=env["BROWSERBASE_API_KEY"], base_url=env["BROWSERBASE_BASE_URL"], max_retries=0
    ) as client:
        private = {"recordSession": False, "logSession": False, "solveCaptchas": False}
        session = client.sessions.create(project_id="prj_sandbox", browser_settings=private)
        assert session.connect_url.startswith("ws://127.0.0.1:")
        assert client.sessions.retrieve(session.id).status == "RUNNING"
        assert [each.id for each in client.sessions.list(status="RUNNING")] == [session.id]
        ended = client.sessions.update(session.id, status="REQUEST_RELEASE", project_id="prj_sandbox")
        assert ended.status == "COMPLETED"


def test_langsmith_delivers_a_trace_of_steps(sandbox):
    client = langsmith.Client(api_url=sandbox.environment["LANGSMITH_ENDPOINT"], api_key="lsv2_sandbox")
    root, child, now = uuid.uuid4(), uuid.uuid4(), datetime.now(UTC)
    order = now.strftime("%Y%m%dT%H%M%S%fZ") + str(root)
    client.create_run("graph", {"q": 1}, "chain", id=root, trace_id=root, dotted_order=order, start_time=now)
    inner = f"{order}.{now.strftime('%Y%m%dT%H%M%S%fZ')}{child}"
    facts = {"trace_id": root, "dotted_order": inner}
    client.create_run("model", {"q": 2}, "llm", id=child, parent_run_id=root, start_time=now, **facts)
    client.update_run(child, outputs={"a": 2}, end_time=now, **facts)
    client.flush()
    client.cleanup()
    runs = sandbox.state("langsmith")["runs"]
    assert (runs[str(child)]["parent_run_id"], runs[str(child)]["outputs"]) == (str(root), {"a": 2})
