"""The stand-ins that speak OpenAI's protocol, through its SDK."""

import json

import anthropic
import openai
import pytest
from cerebras.cloud import sdk as cerebras_sdk
from model_requests import COMPATIBLE, FORMAT, MESSAGES, TOOL, ask_cerebras, claude_says


@pytest.mark.parametrize(("name", "model"), COMPATIBLE)
def test_compatible_servers_answer_stream_call_tools_and_fill_schemas(compatible, name, model):
    client = compatible(name)
    whole = client.chat.completions.create(model=model, messages=MESSAGES)
    assert whole.choices[0].message.content.startswith("[sandbox]")
    stream = client.chat.completions.create(
        model=model, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == whole.choices[0].message.content
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens
    filled = client.chat.completions.create(model=model, messages=MESSAGES, response_format=FORMAT)
    assert json.loads(filled.choices[0].message.content)["company_name"] == "Larkhill Foundry"
    called = client.chat.completions.create(model=model, messages=MESSAGES, tools=[TOOL], tool_choice="required")
    assert called.choices[0].message.tool_calls[0].function.name == "record_lead"
    assert model in [one.id for one in client.models.list()]


@pytest.mark.parametrize(("name", "model"), COMPATIBLE)
def test_compatible_servers_refuse_in_their_own_words(compatible, sandbox, name, model):
    with pytest.raises(openai.AuthenticationError):
        compatible(name).chat.completions.create(
            model=model, messages=MESSAGES, extra_headers={"authorization": "Bearer wrong"}
        )
    with pytest.raises((openai.NotFoundError, openai.BadRequestError)):
        compatible(name).chat.completions.create(model="made-up", messages=MESSAGES)
    with pytest.raises(openai.BadRequestError):
        compatible(name).chat.completions.create(model=model, messages=[])
    sandbox.settings(name.lower(), has_credit=False)
    with pytest.raises(openai.APIStatusError) as caught:
        compatible(name).chat.completions.create(model=model, messages=MESSAGES)
    assert caught.value.status_code == 402
    sandbox.fail_next(name.lower(), "status", status=429, retry_after_s=3)
    with pytest.raises(openai.RateLimitError) as limited:
        compatible(name).chat.completions.create(model=model, messages=MESSAGES)
    assert limited.value.response.headers["retry-after"] == "3"
    assert len(sandbox.take_violations()) == 2


def test_deepseek_thinks_aloud_keeps_the_line_open_and_counts_its_cache(compatible, sandbox, plain):
    client = compatible("DEEPSEEK")
    sandbox.fail_next("deepseek", "keep_alive", times=2, delay_s=0.2)
    raw = client.chat.completions.with_raw_response.create(model="deepseek-flash", messages=MESSAGES)
    assert raw.text.startswith("\n\n")
    answer = raw.parse()
    assert answer.choices[0].message.reasoning_content.startswith("[sandbox]")
    assert answer.usage.prompt_cache_miss_tokens == answer.usage.prompt_tokens
    assert list(client.chat.completions.create(model="deepseek-flash", messages=MESSAGES, stream=True))
    url = sandbox.environment["DEEPSEEK_BASE_URL"] + "/chat/completions"
    bare = plain.post(url, json={})
    assert (bare.status_code, bare.headers["content-type"].partition(";")[0]) == (401, "text/plain")
    sandbox.settings("deepseek", has_credit=False)
    poor = plain.post(url, json={}, headers={"authorization": "Bearer sk-sandbox-deepseek"}).json()["error"]
    assert (poor["message"], poor["type"]) == ("Insufficient Balance", "unknown_error")


def test_openrouter_prices_its_answers_and_hides_errors_in_successes(compatible, sandbox, plain):
    client = compatible("OPENROUTER")
    answer = client.chat.completions.create(model="sandbox/small", messages=MESSAGES)
    assert answer.usage.cost > 0
    assert answer.provider == "Sandbox"
    assert float(sandbox.bill()["openrouter"]["usd"]) == pytest.approx(answer.usage.cost)
    sandbox.fail_next("openrouter", "error_in_200")
    assert client.chat.completions.create(model="sandbox/small", messages=MESSAGES).error["code"] == 502
    sandbox.fail_next("openrouter", "no_fingerprint")
    assert client.chat.completions.create(model="sandbox/small", messages=MESSAGES).system_fingerprint is None
    listed = plain.get(sandbox.environment["OPENROUTER_BASE_URL"] + "/models").json()["data"]
    assert {one["id"]: one["pricing"]["prompt"] for one in listed}["sandbox/free"] == "0"
    missing = plain.post(sandbox.environment["OPENROUTER_BASE_URL"] + "/chat/completions", json={})
    assert missing.json() == {"error": {"message": "Missing Authentication header", "code": 401}}
    sandbox.fail_next("openrouter", "status", status=402)
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="sandbox/small", messages=MESSAGES)
    assert caught.value.body["metadata"] == {"limit_source": "account"}
    sandbox.fail_next("openrouter", "error_mid_stream", after=2)
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model="sandbox/small", messages=MESSAGES, stream=True))


def test_a_schema_that_is_none_is_refused_by_everyone(cerebras, claude, compatible, sandbox):
    broken = {"type": "object", "properties": {"a": {"type": "no such type"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": broken}}
    with pytest.raises(cerebras_sdk.BadRequestError):
        ask_cerebras(cerebras, response_format=wanted)
    with pytest.raises(openai.BadRequestError):
        compatible("OPENAI").chat.completions.create(model="sandbox-small", messages=MESSAGES, response_format=wanted)
    with pytest.raises(anthropic.BadRequestError):
        claude_says(claude, tools=[{"name": "x", "input_schema": broken}])
    assert [one["rule"] for one in sandbox.take_violations()] == ["invalid_schema"] * 3
