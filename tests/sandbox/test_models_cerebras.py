"""The stand-in of Cerebras, through its own SDK."""

import json

import httpx
import pytest
from cerebras.cloud import sdk as cerebras_sdk
from model_requests import FORMAT, MESSAGES, SCHEMA, TOOL, ask_cerebras


def test_cerebras_answers_say_they_are_the_sandboxs_and_repeat_exactly(cerebras, sandbox):
    first, again = ask_cerebras(cerebras), ask_cerebras(cerebras)
    assert isinstance(first, cerebras_sdk.types.chat.chat_completion.ChatCompletionResponse)
    assert first.choices[0].message.content.startswith("[sandbox]")
    assert first.choices[0].message == again.choices[0].message
    assert first.time_info.total_time > 0
    assert first.usage.total_tokens == first.usage.prompt_tokens + first.usage.completion_tokens
    charge = sandbox.charges("cerebras")[0]
    assert charge["units"]["output_tokens"] == str(first.usage.completion_tokens)
    assert charge["detail"] == {"model": "gpt-oss-120b", "id": first.id}


def test_cerebras_streams_token_by_token_with_usage_and_time_at_the_end(cerebras):
    whole = ask_cerebras(cerebras).choices[0].message
    chunks = list(ask_cerebras(cerebras, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == whole.content
    assert "".join(c.choices[0].delta.reasoning or "" for c in chunks) == whole.reasoning
    assert len(chunks) > 20
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens > 0
    assert chunks[-1].time_info.total_time > 0


def test_a_schema_is_filled_from_the_prompt(cerebras):
    answer = json.loads(ask_cerebras(cerebras, response_format=FORMAT).choices[0].message.content)
    assert answer["company_name"] == "Larkhill Foundry"
    assert answer["email"] == "ida@larkhill.example"
    assert answer["phone"] is None
    assert answer["reasoning"].startswith("[sandbox]")
    assert 0 <= answer["score"] <= 100
    assert answer["tier"] in {"hot", "warm", "cold"}
    assert len(answer["signals"]) == 2


@pytest.mark.parametrize(
    "broken",
    [
        {**SCHEMA, "additionalProperties": True},
        {**SCHEMA, "required": ["score"]},
        {**SCHEMA, "properties": {**SCHEMA["properties"], "score": {"type": ["integer", "null"]}}},
        {**SCHEMA, "properties": {**SCHEMA["properties"], "signals": {"type": "array", "items": True}}},
    ],
)
def test_cerebras_refuses_schemas_that_break_the_strict_rules(cerebras, sandbox, broken):
    wanted = {"type": "json_schema", "json_schema": {"name": "lead", "strict": True, "schema": broken}}
    with pytest.raises(cerebras_sdk.BadRequestError):
        ask_cerebras(cerebras, response_format=wanted)
    assert [one["rule"] for one in sandbox.take_violations()] == ["invalid_schema"]


def test_tools_are_called_when_forced_or_named_and_not_after_their_result(cerebras):
    forced = ask_cerebras(cerebras, tools=[TOOL], tool_choice={"type": "function", "function": {"name": "record_lead"}})
    call = forced.choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments)["company_name"] == "Larkhill Foundry"
    assert forced.choices[0].finish_reason == "tool_calls"
    assert ask_cerebras(cerebras, tools=[TOOL]).choices[0].finish_reason == "stop"
    turns = [
        {"role": "user", "content": "Please record lead now."},
        {
            "role": "assistant",
            "tool_calls": [{"id": call.id, "type": "function", "function": {"name": "record_lead", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": call.id, "content": "done: record lead"},
    ]
    assert ask_cerebras(cerebras, tools=[TOOL], messages=turns[:1]).choices[0].finish_reason == "tool_calls"
    assert ask_cerebras(cerebras, tools=[TOOL], messages=turns).choices[0].finish_reason == "stop"


def test_too_few_tokens_leave_nothing_but_reasoning(cerebras):
    answer = ask_cerebras(cerebras, max_completion_tokens=5).choices[0]
    assert (answer.finish_reason, answer.message.content) == ("length", "")


def test_cerebras_words_its_refusals_flat(cerebras, sandbox, plain):
    url = sandbox.urls["cerebras"] + "/v1/chat/completions"
    body = {"model": "gpt-oss-120b", "messages": MESSAGES}
    assert plain.post(url, json=body).json() == {"detail": "Not authenticated"}
    wrong = plain.post(url, json=body, headers={"authorization": "Bearer x"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_api_key")
    doubled = plain.get(sandbox.urls["cerebras"] + "/v1/v1/models")
    assert (doubled.status_code, doubled.content) == (404, b"")
    for model, code in (("made-up", "model_not_found"), ("llama3.1-8b", "model_archived")):
        with pytest.raises(cerebras_sdk.NotFoundError) as caught:
            ask_cerebras(cerebras, model=model)
        assert caught.value.body["code"] == code
    with pytest.raises(cerebras_sdk.BadRequestError):
        ask_cerebras(cerebras, frequency_penalty=0.1)
    sandbox.settings("cerebras", refused_fields=[])
    assert ask_cerebras(cerebras, frequency_penalty=0.1).id
    sandbox.settings("cerebras", has_credit=False)
    with pytest.raises(cerebras_sdk.APIStatusError) as caught:
        ask_cerebras(cerebras)
    assert (caught.value.status_code, caught.value.body["param"]) == (402, "quota")
    rules = [one["rule"] for one in sandbox.take_violations()]
    assert rules == ["unknown_path", "unknown_model", "archived_model", "unsupported_field"]


def test_cerebras_charges_tokens_in_advance_and_says_so_in_nine_headers(cerebras, sandbox):
    sandbox.settings("cerebras", tokens_per_minute=1_000, requests_per_day=3)
    raw = cerebras.chat.completions.with_raw_response.create(
        model="gpt-oss-120b", messages=MESSAGES, max_completion_tokens=600
    )
    assert {name for name in raw.headers if name.startswith("x-ratelimit")} == {
        f"x-ratelimit-{kind}-{unit}"
        for kind in ("limit", "remaining", "reset")
        for unit in ("requests-minute", "requests-day", "tokens-minute")
    }
    assert raw.headers["inference-id"] == raw.parse().id
    with pytest.raises(cerebras_sdk.RateLimitError) as caught:
        ask_cerebras(cerebras, max_completion_tokens=600)
    assert caught.value.body["message"].startswith("Tokens per minute")
    assert int(caught.value.response.headers["retry-after"]) > 1
    sandbox.settings("cerebras", has_retry_after=False)
    with pytest.raises(cerebras_sdk.RateLimitError) as caught:
        ask_cerebras(cerebras, max_completion_tokens=600)
    assert "retry-after" not in caught.value.response.headers
    with pytest.raises(cerebras_sdk.RateLimitError, match="per day"):
        ask_cerebras(cerebras, max_completion_tokens=1)
    sandbox.advance(86_401)
    assert ask_cerebras(cerebras, max_completion_tokens=1).id


def test_warming_calls_are_counted(sandbox, cerebras):
    assert sandbox.state("cerebras") == {"warming_calls": 0}
    url, key = sandbox.environment["CEREBRAS_BASE_URL"], sandbox.environment["CEREBRAS_API_KEY"]
    with cerebras_sdk.Cerebras(api_key=key, base_url=url) as warmed:
        assert warmed.models.list().data[0].id == "gpt-oss-120b"
    assert sandbox.state("cerebras") == {"warming_calls": 1}


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("empty_length", lambda c: (c.message.content, c.finish_reason) == ("", "length")),
        ("empty_content", lambda c: (c.message.content, c.finish_reason) == ("", "stop")),
        ("fenced", lambda c: c.message.content.startswith("```json")),
        ("trailing_text", lambda c: c.message.content.endswith("helps!")),
        ("wrong_types", lambda c: json.loads(c.message.content)["score"] == "about a dozen"),
        ("extra_keys", lambda c: json.loads(c.message.content)["sandbox_extra"]),
        ("refusal", lambda c: "can't help" in c.message.content),
        ("cut_json", lambda c: not c.message.content.endswith("}")),
        ("reasoning_only", lambda c: c.message.content == "" and "Larkhill" in c.message.reasoning),
        ("insufficient_system_resource", lambda c: c.finish_reason == "insufficient_system_resource"),
    ],
)
def test_answers_can_be_spoiled(cerebras, sandbox, kind, check):
    sandbox.fail_next("cerebras", kind)
    assert check(ask_cerebras(cerebras, response_format=FORMAT).choices[0])
    assert json.loads(ask_cerebras(cerebras, response_format=FORMAT).choices[0].message.content)["score"] >= 0


def test_wrappings_can_be_spoiled(cerebras, sandbox):
    sandbox.fail_next("cerebras", "no_choices")
    assert ask_cerebras(cerebras).choices == []
    sandbox.fail_next("cerebras", "no_usage")
    assert ask_cerebras(cerebras).usage is None
    sandbox.fail_next("cerebras", "error_in_200")
    assert type(ask_cerebras(cerebras)).__name__ == "ErrorChunkResponse"
    sandbox.fail_next("cerebras", "malformed_json")
    with pytest.raises(json.JSONDecodeError):
        ask_cerebras(cerebras)
    sandbox.fail_next("cerebras", "html", status=200)
    assert isinstance(ask_cerebras(cerebras), str)
    for status, error in ((503, cerebras_sdk.InternalServerError), (529, cerebras_sdk.InternalServerError)):
        sandbox.fail_next("cerebras", "status", status=status)
        with pytest.raises(error):
            ask_cerebras(cerebras)


def test_streams_can_be_cut_silenced_and_broken(cerebras, sandbox):
    sandbox.fail_next("cerebras", "no_done")
    chunks = list(ask_cerebras(cerebras, stream=True))
    assert chunks[-1].choices[0].finish_reason is None
    sandbox.fail_next("cerebras", "cut_stream", after=4)
    got = []
    with pytest.raises(httpx.RemoteProtocolError):
        got.extend(ask_cerebras(cerebras, stream=True))
    sandbox.fail_next("cerebras", "error_mid_stream", after=3)
    with pytest.raises(cerebras_sdk.InternalServerError):
        list(ask_cerebras(cerebras, stream=True))


def test_prepared_answers_come_first(cerebras, sandbox):
    sandbox.seed("cerebras", answers=[{"content": "forty-two", "contains": "Larkhill", "times": 1}])
    assert ask_cerebras(cerebras).choices[0].message.content == "forty-two"
    assert ask_cerebras(cerebras).choices[0].message.content.startswith("[sandbox]")
