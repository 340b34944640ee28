"""What a turn of a conversation costs beside models and speech: from the last word of the prospect to the first sound.

    python -m bench.bench_conversation [--turns 30]

Against the sandbox, with its latencies: half a second of live audio, a model that answers after 100 ms and writes a
token in 2 ms. A turn through the agent (speech to text, thread in PostgreSQL, intent, checked
sentences, text to speech) and the bare calls take turns: the same requests in the same order by httpx and websockets,
without anything around them. Our share is the difference. The first turns are warming up.
"""

import argparse
import asyncio
import base64
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

OUT = Path(__file__).parent / "bench_conversation.json"
ANSWER_AFTER_S = 0.1
TOKEN_PAUSE_S = 0.002
WARM_UP = 3
AUDIO = b"\1\0" * 8_000
PRICE = "A fixed monthly price. A colleague will send you a written offer."
READING = json.dumps({"intent": "question", "topics": ["price"]})
VOICE = "00000000-0000-4000-8000-000000000001"


def prepare(sandbox: Any, turns: int) -> None:
    """Return the sandbox its latencies and its answers."""
    said = [("You listen to one turn", READING), ("You answer a prospect", PRICE)]
    sandbox.seed("cerebras", answers=[{"contains": mark, "content": content} for mark, content in said])
    sandbox.seed("cartesia", transcripts=["What does it cost?"] * (2 * turns + 2))
    sandbox.settings(
        "cerebras",
        answer_after_s=ANSWER_AFTER_S,
        token_pause_s=TOKEN_PAUSE_S,
        tokens_per_minute=None,
        requests_per_minute=None,
    )


class Bare:
    """The same calls with nothing around them."""

    def __init__(self, environment: dict[str, str], http: Any, speech_input: Any, speech_output: Any) -> None:
        self._http, self._speech_input, self._speech_output = http, speech_input, speech_output
        self._url = f"{environment['CEREBRAS_BASE_URL'].rstrip('/')}/v1/chat/completions"
        self._headers = {"Authorization": f"Bearer {environment['CEREBRAS_API_KEY']}"}

    async def turn(self) -> float:
        """Take a turn; return seconds to the first sound."""
        await self._speech_input.send(AUDIO)
        began = time.perf_counter()
        await self._speech_input.send("finalize")
        while json.loads(await self._speech_input.recv())["type"] != "flush_done":
            pass
        body = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "You listen to one turn"}]}
        (await self._http.post(self._url, json=body, headers=self._headers)).raise_for_status()
        first = await self._first_sentence()
        await self._speech_output.send(json.dumps(self._spoken(first)))
        message: dict[str, Any] = {}
        while message.get("type") != "chunk":
            message = json.loads(await self._speech_output.recv())
        base64.b64decode(message["data"])
        took = time.perf_counter() - began
        while json.loads(await self._speech_output.recv())["type"] != "done":
            pass
        return took

    async def _first_sentence(self) -> str:
        body = {
            "model": "gpt-oss-120b",
            "stream": True,
            "messages": [{"role": "user", "content": "You answer a prospect"}],
        }
        text = ""
        async with self._http.stream("POST", self._url, json=body, headers=self._headers) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    delta = json.loads(line[6:])["choices"][0]["delta"]
                    text += delta.get("content") or ""
                    if ". A" in text:
                        break
        return text.partition(". ")[0] + "."

    def _spoken(self, text: str) -> dict[str, Any]:
        output = {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000}
        spoken = {"context_id": uuid4().hex, "model_id": "sonic-3.5", "transcript": text, "voice": {"id": VOICE}}
        return {**spoken, "language": "en", "output_format": output, "continue": False}


async def measure(environment: dict[str, str], lead_id: UUID, playbook: str, turns: int) -> dict[str, list[float]]:
    """Return milliseconds by the way of taking turns."""
    import httpx
    from websockets.asyncio.client import connect

    from core.conversation.runs import TalkRequest
    from tasks.conversation.live import conversing
    from tasks.conversation.steps import plan_turn

    base = environment["CARTESIA_BASE_URL"].replace("http", "ws", 1)
    headers = {"Authorization": f"Bearer {environment['CARTESIA_API_KEY']}", "Cartesia-Version": "2026-08-14"}
    listening_url = f"{base}/stt/websocket?model=ink-whisper&encoding=pcm_s16le&sample_rate=16000&language=en"
    found: dict[str, list[float]] = {"agent": [], "bare": []}
    begun = await plan_turn(TalkRequest(lead_id=lead_id, playbook=playbook))
    async with (
        httpx.AsyncClient(timeout=10, trust_env=False) as http,
        connect(listening_url, additional_headers=headers, proxy=None) as speech_input,
        connect(f"{base}/tts/websocket", additional_headers=headers, proxy=None) as speech_output,
        conversing(begun, sink=lambda _: None, takes_live_audio=True) as live,
    ):
        bare = Bare(environment, http, speech_input, speech_output)
        await live.take(None)
        for number in range(WARM_UP + turns):
            await live.listen(AUDIO)
            report = await live.end_turn()
            assert (report.answered_by, report.refused) == ("model", 0), report
            assert report.first_audio_ms is not None
            one = {"agent": report.first_audio_ms, "bare": 1000 * await bare.turn()}
            if number >= WARM_UP:
                for way, took in one.items():
                    found[way].append(took)
    return found


def quantiles(values: list[float]) -> dict[str, float]:
    """Return median and 95th percentile."""
    return {"p50": round(statistics.median(values), 1), "p95": round(statistics.quantiles(values, n=20)[18], 1)}


def add_lead(url: str) -> UUID:
    """Store a made-up lead."""
    import psycopg

    lead_id = uuid4()
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO leads (id, company_name) VALUES (%s, 'Brightwell')", [lead_id])
        connection.execute(
            "INSERT INTO contacts (id, lead_id, person_id, contact_email)"
            " VALUES (%s, %s, %s, 'ada@brightwell.example')",
            [uuid4(), lead_id, uuid4()],
        )
    return lead_id


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=30)
    turns = parser.parse_args().turns
    from core.conversation.playbook import EXAMPLE
    from sandbox.server import Sandbox

    with tempfile.TemporaryDirectory(prefix="bench-conversation-") as scratch, Sandbox() as sandbox:
        home = Path(scratch)
        environment = dict(sandbox.environment)
        names = ("CEREBRAS_", "CARTESIA_")
        os.environ.update({name: value for name, value in environment.items() if name.startswith(names)})
        os.environ.update(SALES_AGENT_HOME=scratch, CARTESIA_VOICE_ID=VOICE, MODELS_DEFAULT="cerebras:gpt-oss-120b")
        os.environ.setdefault("SALES_AGENT_LOG_LEVEL", "WARNING")
        (home / "playbook.yaml").write_text(EXAMPLE)
        from db.server import embedded
        from tasks.runtime.resources import database_url

        try:
            prepare(sandbox, WARM_UP + turns)
            lead_id = add_lead(database_url())
            found = asyncio.run(measure(environment, lead_id, str(home / "playbook.yaml"), turns))
        finally:
            embedded.stop_postgres(home)
            embedded.stop_redis(home)
    ours = [agent - bare for agent, bare in zip(found["agent"], found["bare"], strict=True)]
    figures = {"through the agent": found["agent"], "bare calls": found["bare"], "our share": ours}
    result = {
        "turns": turns,
        "unit": "ms from the end of the prospect's words to the first sound",
        "model_answers_after_ms": 1000 * ANSWER_AFTER_S,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        **{name: quantiles(values) for name, values in figures.items()},
    }
    for name in figures:
        sys.stdout.write(f"{name:20} p50 {result[name]['p50']:8.1f} ms   p95 {result[name]['p95']:8.1f} ms\n")  # type: ignore[index]
    OUT.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
