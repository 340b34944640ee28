"""The stand-in of Anthropic, through its own SDK."""

import anthropic
import pytest
from model_requests import MESSAGES, SCHEMA, claude_says


def test_claude_answers_streams_and_uses_tools(claude):
    whole = claude_says(claude)
    assert whole.content[0].text.startswith("[sandbox]")
    with claude.messages.stream(model="claude-haiku-5-5", max_tokens=400, messages=MESSAGES) as stream:
        assert "".join(stream.text_stream) == whole.content[0].text
        assert stream.get_final_message().usage.output_tokens == whole.usage.output_tokens
    tools = [{"name": "record_lead", "input_schema": SCHEMA}]
    used = claude_says(claude, tools=tools, tool_choice={"type": "tool", "name": "record_lead"})
    assert (used.stop_reason, used.content[0].input["company_name"]) == ("tool_use", "Larkhill Foundry")
    assert "claude-haiku-5-5" in [one.id for one in claude.models.list()]
    assert claude_says(claude, max_tokens=3).stop_reason == "max_tokens"


def test_claude_refuses_sampling_under_the_new_version_and_an_answer_without_limit(claude, sandbox, plain):
    with pytest.raises(anthropic.BadRequestError, match="temperature"):
        claude_says(claude, extra_body={"temperature": 1.0})
    old = claude_says(claude, extra_body={"temperature": 1.0}, extra_headers={"anthropic-version": "2023-06-01"})
    assert old.type == "message"
    url, key = sandbox.urls["anthropic"] + "/v1/messages", sandbox.environment["ANTHROPIC_API_KEY"]
    headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
    body = {"model": "claude-haiku-5-5", "messages": MESSAGES}
    assert "max_tokens" in plain.post(url, json=body, headers=headers).json()["error"]["message"]
    assert plain.post(url, json=body, headers={"x-api-key": key}).status_code == 400
    assert plain.post(url, json=body, headers={**headers, "x-api-key": "x"}).status_code == 401
    with pytest.raises(anthropic.NotFoundError):
        claude_says(claude, model="claude-3-haiku-20240307")
    rules = [one["rule"] for one in sandbox.take_violations()]
    assert rules == ["sampling_refused", "no_max_tokens", "no_version", "unknown_model"]


def test_claude_without_credit_says_so_the_new_way_or_the_old(claude, sandbox):
    sandbox.settings("anthropic", has_credit=False)
    with pytest.raises(anthropic.APIStatusError) as caught:
        claude_says(claude)
    assert caught.value.status_code == 402
    sandbox.settings("anthropic", credit_error_is_400=True)
    with pytest.raises(anthropic.BadRequestError, match="credit balance is too low"):
        claude_says(claude)


def test_claude_limits_tell_times_not_seconds(claude, sandbox):
    sandbox.hold()
    sandbox.settings("anthropic", requests_per_minute=1)
    raw = claude.messages.with_raw_response.create(model="claude-haiku-5-5", max_tokens=50, messages=MESSAGES)
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert raw.headers["anthropic-ratelimit-requests-reset"].endswith("Z")
    with pytest.raises(anthropic.RateLimitError) as caught:
        claude_says(claude)
    assert int(caught.value.response.headers["retry-after"]) > 50


def test_claude_can_refuse_stay_silent_be_overloaded_or_break_off(claude, sandbox):
    sandbox.fail_next("anthropic", "refusal")
    assert claude_says(claude).stop_reason == "refusal"
    sandbox.fail_next("anthropic", "empty_content")
    assert claude_says(claude).content == []
    sandbox.fail_next("anthropic", "status", status=529)
    with pytest.raises(anthropic.APIStatusError) as caught:
        claude_says(claude)
    assert (caught.value.status_code, caught.value.body["error"]["type"]) == (529, "overloaded_error")
    sandbox.fail_next("anthropic", "error_mid_stream", after=2)
    with (
        pytest.raises(anthropic.APIStatusError),
        claude.messages.stream(model="claude-haiku-5-5", max_tokens=400, messages=MESSAGES) as stream,
    ):
        stream.get_final_message()
