import asyncio
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import anthropic
import httpx
import pytest
from cerebras.cloud import sdk as cerebras_sdk

from sandbox.provider import World
from sandbox.registry import every_provider
from sandbox.server import Sandbox, SandboxControl
from sandbox.serving import serve


def test_every_provider_has_an_address_and_its_environment(sandbox):
    assert {"close", "apollo", "browserbase", "cerebras", "anthropic", "openai"} <= set(sandbox.urls)
    assert {"deepseek", "openrouter", "cartesia", "langsmith", "linkedin"} <= set(sandbox.urls)
    assert len([name for name in sandbox.urls if name.startswith("site-")]) == 8
    assert sandbox.environment["CLOSE_BASE_URL"] == sandbox.urls["close"] + "/api/v1"
    assert sandbox.environment["CEREBRAS_BASE_URL"] == sandbox.urls["cerebras"]
    assert not any(name.endswith("TRACING") for name in sandbox.environment)
    assert all(url.startswith("http://127.0.0.1:") for url in sandbox.urls.values())


def test_it_can_be_a_process_of_its_own_with_faults_from_the_start(plain):
    fault = json.dumps({"provider": "close", "kind": "status", "status": 503})
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--json", "--fault", fault]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        facts = json.loads(process.stdout.readline())
        environment = facts["environment"]
        auth = (environment["CLOSE_API_KEY"], "")
        answers = [plain.get(environment["CLOSE_BASE_URL"] + "/me/", auth=auth).status_code for _ in range(2)]
        control = SandboxControl(facts["control_url"])
        recorded = len(control.requests("close"))
        control.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=900) in {0, -signal.SIGTERM}
    assert (answers, recorded) == ([503, 200], 2)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": ""}, {"Origin": "http://evil.example"}])
def test_no_web_page_asks_anything_of_the_control(sandbox, plain, headers):
    sandbox.settings("close")
    for method, path in (("GET", "/_sandbox/requests"), ("POST", "/_sandbox/reset"), ("GET", "/_sandbox/")):
        assert plain.request(method, sandbox.control_url + path, headers=headers).status_code == 403


def test_a_wrong_fault_or_a_taken_port_is_told_in_one_line(sandbox):
    with pytest.raises(SystemExit, match="not a fault"):
        serve(0, faults=['{"provider": "close", "kind": "made_up"}'])
    with pytest.raises(SystemExit, match="is taken"):
        serve(int(sandbox.control_url.rsplit(":", 1)[1]))


def test_it_prints_lines_to_paste():
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    expected = {name for provider in every_provider(World()) for name in provider.environment("http://127.0.0.1")}
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while {line.split()[1].split("=")[0] for line in lines if line.startswith("export ")} != expected:
            lines.append(process.stdout.readline())
            assert lines[-1], "the sandbox ended"
        process.send_signal(signal.SIGINT)
        process.wait(timeout=900)
    assert any(line.startswith("export CLOSE_API_KEY=api_sandbox") for line in lines)
    exports = "".join(line for line in lines if line.startswith("export"))
    pasted = subprocess.run(["sh", "-ec", exports + 'printf %s "$SMTP_SENDER"'], stdout=subprocess.PIPE, text=True)
    assert pasted.stdout == "Sales Team <sales@our-company.example>"


def test_whatever_says_its_name_in_the_sandbox_is_served(tmp_path):
    """Finding is by being there: a new stand-in is a file and stands in no list."""
    stand_in = """
from sandbox.langsmith import LangSmith

class Newcomer(LangSmith):
    name = "newcomer"
"""
    (tmp_path / "sandbox_of_tests.py").write_text(stand_in)
    code = (
        f"import sandbox; sandbox.__path__.append({str(tmp_path)!r})\n"
        "from sandbox.provider import World; from sandbox.registry import every_provider\n"
        "print(*(provider.name for provider in every_provider(World())))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    assert "newcomer" in names
    assert len(set(names)) == len(names)


def test_two_can_run_at_once_and_a_stopped_one_is_gone(plain):
    with Sandbox(names=["langsmith"]) as one, Sandbox(names=["langsmith"]) as other:
        assert one.urls != other.urls
        assert plain.get(one.urls["langsmith"] + "/info").status_code == 200
    with pytest.raises(httpx.ConnectError):
        plain.get(one.urls["langsmith"] + "/info")


def test_control_refuses_what_it_does_not_know(sandbox):
    for call in (
        lambda: sandbox._call("POST", "/faults", json={"provider": "close", "kind": "made_up"}),
        lambda: sandbox._call("POST", "/faults", json={"provider": "close", "kind": "drop", "made_up": 1}),
        lambda: sandbox.settings("made-up"),
        lambda: sandbox.settings("close", made_up=1),
        lambda: sandbox.seed("browserbase", x=1),
    ):
        with pytest.raises(ValueError, match="422"):
            call()


def test_what_the_sandbox_does_not_understand_is_a_violation_not_a_silence(close, sandbox):
    answer = close.post("/data/search/", json={"query": {"type": "match_all"}, "sort": [7]})
    assert answer.status_code == 500
    assert [one["rule"] for one in sandbox.take_violations()] == ["not_understood"]


def test_the_made_up_companies_can_be_imported(sandbox, plain):
    lines = plain.get(sandbox.control_url + "/_sandbox/leads.csv").text.splitlines()
    assert lines[0] == "company_name,company_website,industry,company_size,city,country"
    assert len(lines) == 9
    assert sandbox.urls["site-verdelin"] in "".join(lines)


def test_the_clock_can_be_moved_and_set(sandbox):
    sandbox._call("POST", "/clock", json={"set": "2026-06-01T00:00:00+00:00"})
    sandbox.advance(3600)
    now = datetime.fromisoformat(sandbox._call("GET", "/clock")["now"])
    assert now.isoformat().startswith("2026-06-01T01:00:0")


def test_many_callers_at_once_lose_nothing(close, sandbox):
    sandbox.settings("close", rate_per_s=None, organization_rate_per_s=None)
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: close.post("/lead/", json={"name": f"Lead {n}"}).json()["id"], range(80)))
    assert len(set(ids)) == 80
    assert len(sandbox.requests("close", method="POST")) == 80


async def test_async_sdks_stream_side_by_side(sandbox):
    found = sandbox.environment
    messages = [{"role": "user", "content": "Say something."}]
    cerebras = cerebras_sdk.AsyncCerebras(
        api_key=found["CEREBRAS_API_KEY"], base_url=found["CEREBRAS_BASE_URL"], warm_tcp_connection=False, max_retries=0
    )
    claude = anthropic.AsyncAnthropic(
        api_key=found["ANTHROPIC_API_KEY"], base_url=found["ANTHROPIC_BASE_URL"], max_retries=0
    )

    async def one() -> str:
        stream = await cerebras.chat.completions.create(
            model="gpt-oss-120b", messages=messages, max_completion_tokens=300, stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def other() -> str:
        answer = await claude.messages.create(model="claude-haiku-5-5", max_tokens=300, messages=messages)
        return str(answer.content[0].text)

    async with cerebras, claude:
        answers = await asyncio.gather(one(), other(), one())
    assert all(text.startswith("[sandbox]") for text in answers)
    assert answers[0] == answers[2]


def test_the_sandbox_imports_nothing_of_ours():
    code = "import sandbox.__main__, sys; print([n for n in sys.modules if n.split('.')[0] in %r])"
    ours = ("app", "flows", "tasks", "agents", "db", "integrations", "core")
    done = subprocess.run(
        [sys.executable, "-c", code % (ours,)], capture_output=True, text=True, env={**os.environ}, check=True
    )
    assert done.stdout.strip() == "[]"
