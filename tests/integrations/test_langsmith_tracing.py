"""Tracing is off unless asked for, tells nothing it should not, and does not hold the exit up."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from core.errors import ProviderNotConfigured
from integrations.langsmith.tracing import switch_tracing_on
from sandbox.server import SandboxControl

SCRIPT = """
import sys, time
from langchain_core.runnables import RunnableLambda
from integrations.langsmith import tracing

def step(value):
    if value["fail"]:
        raise ValueError("bad address ana@fernhill.example.com")
    return {"out": value["email"]}

mode, url = sys.argv[1], sys.argv[2]
if mode == "off":
    tracing.switch_tracing_off()
else:
    tracing.switch_tracing_on(endpoint=url, api_key="ls-secret", project="tests", show_content=mode == "shown")
chain = RunnableLambda(step)
chain.invoke({"email": "ana@fernhill.example.com", "fail": False})
try:
    chain.invoke({"email": "ana@fernhill.example.com", "fail": True})
except ValueError:
    pass
print(time.time())
"""


class Ingest(BaseHTTPRequestHandler):
    """Takes everything and remembers it."""

    received: list[tuple[str, str, bytes]]

    def do_GET(self) -> None:
        self.answer({"version": "0.1", "batch_ingest_config": {"use_multipart_endpoint": True, "size_limit": 100}})

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        self.received.append((self.path, str(self.headers), self.rfile.read(length)))
        self.answer({}, 202)

    def answer(self, body: dict, status: int = 200) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay silent."""


@contextmanager
def ingest() -> Iterator[tuple[str, list]]:
    received: list = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Ingest,), {"received": received}))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", received
    server.shutdown()
    server.server_close()


def run(mode: str, url: str, **environment: str) -> tuple[float, str]:
    """Run the script; return seconds from its last line to its end, and what it wrote."""
    env = {"PATH": "", "PYTHONPATH": ".", "HOME": "/nonexistent", **environment}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, mode, url], env=env, capture_output=True, text=True, timeout=900, check=True
    )
    return time.time() - float(done.stdout.split()[-1]), done.stdout + done.stderr


FOR_EVER_S = 10.0
"""Less than the dozen seconds for which LangSmith itself would hold an exit up, and enough for a busy machine."""
ON = {"LANGCHAIN_TRACING_V2": "true", "LANGSMITH_TRACING": "true", "LANGCHAIN_BAZ": "planted-value"}


def test_off_is_off_whatever_the_machine_says() -> None:
    with ingest() as (url, received):
        run("off", url, **ON, LANGSMITH_ENDPOINT=url, LANGSMITH_API_KEY="ls-secret")
    assert received == []


@pytest.mark.parametrize("mode", ["hidden", "shown"])
def test_on_sends_runs_and_persons_only_when_asked(mode: str) -> None:
    with ingest() as (url, received):
        _, said = run(mode, url, **ON)
    sent = b"".join(body for _, _, body in received)
    assert b'"name":"step"' in sent
    assert (b"ana@fernhill.example.com" in sent) is (mode == "shown")
    for planted in (b"ls-secret", b"planted-value"):
        assert planted not in sent
    assert "ana@" not in said
    assert "ls-secret" not in said


def test_a_dead_endpoint_does_not_hold_the_exit_up() -> None:
    delay_s, said = run("hidden", "http://127.0.0.1:9")
    assert delay_s < FOR_EVER_S
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "how", ["stall", "html", *(pytest.param(how, marks=pytest.mark.soak) for how in ("stall_after", "slow", "drop"))]
)
def test_an_endpoint_in_trouble_does_not_hold_the_exit_up(sandbox: SandboxControl, how: str) -> None:
    sandbox.fail_next("langsmith", how, times=None, **({"delay_s": 10} if how == "slow" else {}))
    delay_s, said = run("hidden", sandbox.environment["LANGSMITH_ENDPOINT"])
    assert sandbox.requests("langsmith")
    assert delay_s < FOR_EVER_S
    assert "Traceback" not in said
    sandbox.take_violations()


def test_without_a_key_nothing_is_switched_on() -> None:
    with pytest.raises(ProviderNotConfigured, match="LANGSMITH_API_KEY"):
        switch_tracing_on(endpoint="http://127.0.0.1:9", api_key=None, project="x")
